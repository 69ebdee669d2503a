"""The scripts that make the models, on synthetic drawings: what is packed comes back, and what is learned goes on."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from pixray_motion.denoisers.embedded import EmbeddedDenoiser
from pixray_motion.denoisers.guidance import guided_x0
from pixray_motion.denoisers.unet import UNet
from pixray_motion.perceptors.embedded import EmbeddedPerceptor
from training import denoise, gpu
from training.captions import Spec, Writer, last_noun
from training.composed import Composed
from training.denoise import Batch, export_parts, grow, guided, join_parts, joined, parser, train
from training.easel import SIDE, Easel, Palette, encoded
from training.fresh_prompts import FRESH, KINDS
from training.landscapes import LANDS, SKIES, painted
from training.pack import Pack, load, packed, save, scene_coefficients, scene_pictures, with_few_colours
from training.prompts import CHOSEN, LOT, UNSEEN
from training.student import guidance, steps
from training.vocabulary import COLOURS, NOUNS, SCENES, STYLES
from training.words import FOLDER, WordPieces, Words

TINY = {"channels": (16, 16, 32), "blocks": (1, 1, 1), "tokens": 256, "inner": (32, 1), "guided": True}


def disc(colour: tuple[int, int, int]) -> np.ndarray:
    """uint8 (SIDE, SIDE, 4): a round drawing with a soft edge."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - SIDE / 2 + 0.5
    alpha = np.clip((40 - np.hypot(x, y)) * 255, 0, 255)
    return np.dstack([np.full((SIDE, SIDE, 3), colour), alpha]).astype(np.uint8)


@pytest.fixture(scope="module")
def pack() -> Pack:
    sets = ("noto", "openclipart", "streamline-color", "noto")
    names = ("dog face", "bored dog", "dog", "balloon")
    meta = [
        {"set": kind, "name": name, "words": [], "mono": False}
        for kind, name in zip(sets, names, strict=True)
    ]
    sprites = np.stack([disc(colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200), (120, 130, 140))])
    grounds = np.random.default_rng(0).integers(90, 160, (len(SCENES), SIDE, SIDE, 3), dtype=np.uint8)
    return packed(sprites, meta, grounds)


def test_a_pack_comes_back_as_it_was(pack: Pack, tmp_path: Path) -> None:
    save(pack, tmp_path / "pack.bin")
    back = load(tmp_path / "pack.bin")
    assert back.names == pack.names
    assert all(
        np.array_equal(getattr(back, name), getattr(pack, name)) for name in ("indices", "colours", "scenes")
    )
    assert torch.equal(back.palette().sprites, pack.palette().sprites)
    (tmp_path / "other.bin").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"other\.bin: not a pack"):
        load(tmp_path / "other.bin")


def test_emoji_and_clip_art_come_before_other_sets(pack: Pack) -> None:
    assert pack.names["dog"] == [(0, 1.0), (1, 0.4), (2, 0.3)]
    assert set(pack.names) >= {"dog", "balloon"}
    assert last_noun("cartoon hot dog b and w") == "hot dog"
    assert last_noun("a bone of a dog") == ""


def test_few_colours_keep_the_drawing() -> None:
    generator = torch.Generator().manual_seed(0)
    smooth = torch.nn.functional.interpolate(
        torch.rand(1, 3, 3, 3, generator=generator), size=SIDE, mode="bilinear"
    )
    drawing = disc((0, 0, 0))
    drawing[..., :3] = (smooth[0].permute(1, 2, 0) * 255).byte().numpy()
    indices, colours = with_few_colours(torch.from_numpy(drawing)[None])
    seen = colours[0][indices[0]].astype(float)
    assert ((seen[..., 3] > 127) == (drawing[..., 3] > 127)).mean() > 0.99
    solid = drawing[..., 3] == 255
    assert np.abs(seen - drawing)[solid].mean() < 9
    assert seen[drawing[..., 3] == 0].max() == 0


def test_scenes_survive_their_coefficients() -> None:
    rows = torch.linspace(20, 230, SIDE)[:, None].expand(SIDE, SIDE)
    picture = torch.stack([rows, rows.T, 255 - rows]).byte()[None]
    seen = scene_pictures(scene_coefficients(picture))
    assert (seen.float() - picture.float()).abs().mean() < 4


def test_specifications_show_what_they_say(pack: Pack) -> None:
    easel = pack.easel("cpu", 1)
    specs = [
        Spec("object", ("dog",), "blue", 1, ("colour", "yellow")),
        Spec("pair", ("dog", "balloon"), "red", 1, ("colour", "white"), "", "green"),
        Spec("on", ("dog", "dog"), "blue", 1, ("colour", "white"), "", "red"),
        Spec("shape", ("circle",), "green", 1, ("colour", "black")),
        Spec("texture", ground=("horizontal stripes", "red", "blue")),
    ]
    one, pair, stack, shape, stripes = easel.paint(encoded(specs, list(pack.names)))
    middle = slice(SIDE // 2 - 5, SIDE // 2 + 5)

    def share(picture: torch.Tensor, colour: str) -> float:
        wanted = torch.tensor(COLOURS[colour])[:, None, None] / 255
        return float(((picture - wanted).abs().amax(0) < 0.25).float().mean())

    assert share(one[:, middle, middle], "blue") > 0.9
    assert share(one[:, :4, :4], "yellow") == 1
    assert min(share(pair, "red"), share(pair, "green")) > 0.05
    assert share(stack[:, : SIDE // 3], "blue") > share(stack[:, : SIDE // 3], "red")
    assert share(stack[:, -SIDE // 3 :], "red") > share(stack[:, -SIDE // 3 :], "blue")
    assert share(shape[:, middle, middle], "green") > 0.9
    assert share(stripes, "red") + share(stripes, "blue") > 0.9


def test_every_kind_of_specification_is_painted_at_every_size(pack: Pack) -> None:
    writer = Writer(["dog", "balloon"], {}, 0)
    writer.others = ["balloon"]
    specs = [spec for spec in (writer.rich_spec() for _ in range(400)) if spec.kind != "wear"]
    specs += [Spec("object", ("dog",), "", 1, (), style) for style in STYLES]
    assert {spec.ground[0] for spec in specs if spec.ground} >= {"colour", "gradient", "scene", "land"}
    assert all(len(writer.caption(spec)) > 2 for spec in specs)
    known = encoded(specs, list(pack.names))
    for size in ((SIDE, SIDE), (SIDE, 2 * SIDE), (2 * SIDE, SIDE)):
        seen = pack.easel("cpu", 2).paint(known.rows(torch.arange(0, len(specs), 9)), size)
        assert seen.shape[1:] == (3, *size)
        assert torch.isfinite(seen).all()
        assert seen.min() >= 0 and seen.max() <= 1  # noqa: PT018 - one range


def test_landscapes_have_their_sky_above_their_land() -> None:
    skies, lands = list(SKIES), list(LANDS)
    wanted = [("day", "meadow"), ("night", "snow"), ("sunset", "sea")]
    numbers = torch.tensor([(skies.index(sky), lands.index(land)) for sky, land in wanted])
    day, night, sunset = painted(numbers[:, 0], numbers[:, 1], (48, 64), torch.Generator().manual_seed(0))
    assert day[2, :12].mean() > day[0, :12].mean() + 0.2
    assert day[1, -12:].mean() > day[2, -12:].mean() + 0.2
    assert night.mean() < 0.4 < day.mean()
    assert sunset[0, 12:24].mean() > sunset[2, 12:24].mean()


def test_words_are_read_as_the_product_reads_them() -> None:
    texts = ["a red car on a green hill", "an x ray's flying-saucer, 8 bit", "zzyzx", "a"]
    exact = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    exact.no_padding()
    pieces = WordPieces()
    assert [pieces(text) for text in texts] == [exact.encode(text).ids for text in texts]
    words = Words()
    pooled, states, mask = words(words.tokens(texts))
    assert torch.allclose(pooled, EmbeddedPerceptor().sentences(texts), atol=1e-5)
    assert states.shape[:2] == mask.shape


@pytest.fixture
def options(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    monkeypatch.setattr(denoise, "NETWORK", TINY)
    monkeypatch.setattr(Writer, "rich_spec", lambda self: Spec("object", ("dog",), self.colour()))
    save(pack, tmp_path / "pack.bin")
    told = [
        "--work",
        str(tmp_path),
        "--pack",
        str(tmp_path / "pack.bin"),
        "--batch",
        "4",
        "--side",
        "32",
        "--specs",
        "20",
    ]
    return parser().parse_args([*told, "--minutes", "0.005", "--wide", "0.5"])


def test_a_run_goes_on_and_its_average_comes_back_in_parts(
    options: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(options)
    assert first.step > 0
    options.resume = True
    second = train(options)
    assert second.step > first.step
    assert second.minutes >= first.minutes + 0.004
    late = argparse.Namespace(**vars(options) | {"deadline": time.monotonic() - 60})
    assert train(late).step == second.step
    monkeypatch.setattr(denoise, "PART", 100_000)
    export_parts(second.average, tmp_path / "parts")
    assert len(list((tmp_path / "parts").iterdir())) > 2
    tensors, config = join_parts(tmp_path / "parts")
    kept = second.average.state_dict()
    assert all(torch.equal(tensors[name], kept[name].half()) for name in kept)
    joined(tmp_path / "parts", tmp_path / "denoiser.pt")
    assert train(options).model.config == config
    with torch.no_grad():
        for value in second.average.parameters():
            value += 0.01 * torch.randn_like(value)
    export_parts(second.average, tmp_path / "parts", "student", "average")
    student, _ = join_parts(tmp_path / "parts", "student")
    kept = second.average.state_dict()
    assert max(float((student[name].float() - kept[name]).abs().max()) for name in kept) < 1e-3
    assert sum(path.stat().st_size for path in (tmp_path / "parts").glob("student.*")) < 1.1 * sum(
        map(torch.numel, kept.values())
    )
    (tmp_path / "parts" / "average.1").unlink()
    with pytest.raises(ValueError, match="a part is missing"):
        join_parts(tmp_path / "parts")


def test_a_grown_network_does_at_first_what_the_small_one_did(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = UNet(channels=(16, 16, 32), blocks=(1, 1, 1))
    for tensor in small.parameters():
        torch.nn.init.normal_(tensor, std=0.05)
    save_file(small.state_dict(), tmp_path / "denoiser.safetensors", {"config": json.dumps(small.config)})
    large = UNet(**TINY)
    grow(large, tmp_path)
    x, text = torch.randn(2, 3, 32, 48), torch.nn.functional.normalize(torch.randn(2, 384), dim=-1)
    level, absent = torch.tensor([0.3, 0.8]), torch.tensor([True, False])
    tokens = (torch.randn(2, 5, 256), torch.ones(2, 5, dtype=torch.bool))
    with torch.no_grad():
        grown = large(x, level, text, absent, tokens, torch.tensor([1.0, 7.0]))
        assert torch.allclose(grown, small(x, level, text, absent), atol=1e-5)


def test_the_command_for_a_gpu_writes_what_goes_on(
    options: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "TAIL", 2.0)
    told = ["--pack", str(options.pack), "--out", str(tmp_path / "out"), "--device", "cpu", "--fresh"]
    told += ["--seconds", "6", "--batch", "4", "--specs", "20", "--students", "0.4"]
    monkeypatch.setattr("sys.argv", ["gpu", *told])
    monkeypatch.setattr(gpu, "drawn", lambda *_: torch.zeros(2, 3, 8, 8))
    gpu.main()
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"average.0", "student.0", "denoiser.log"}
    assert "scratch" not in names
    options.side = 64
    for part in ("average", "student"):
        joined(tmp_path / "out", tmp_path / "denoiser.pt", part)
        options.resume = True
        assert denoise.Run(options).model.config == join_parts(tmp_path / "out", part)[1]


def question(net: UNet, count: int) -> tuple[Batch, torch.Generator]:
    generator = torch.Generator().manual_seed(3)
    texts = torch.nn.functional.normalize(torch.randn(count, 384, generator=generator), dim=-1)
    pictures = torch.rand(count, 3, 32, 32, generator=generator) * 2 - 1
    states = torch.randn(count, 4, net.tokens, generator=generator)
    return Batch(pictures, texts, states, torch.ones(count, 4, dtype=torch.bool)), generator


def test_students_learn_the_guidance_of_the_product(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = UNet(**TINY).eval()
    for tensor in net.parameters():
        torch.nn.init.normal_(tensor, std=0.05)
    save_file(net.state_dict(), tmp_path / "denoiser.safetensors", {"config": json.dumps(net.config)})
    model, (batch, _) = EmbeddedDenoiser(folder=tmp_path), question(net, 1)
    mask = torch.zeros_like(batch.mask)
    with torch.no_grad():
        mine = guided(net, batch.pictures, torch.tensor([0.7]), batch, mask, torch.tensor([5.0]))
    its = guided_x0(model, batch.pictures, 0.7, [(batch.texts[0], 1.0)], 5.0)
    assert torch.allclose(mine, its, atol=2e-2)
    assert (mine - its).abs().mean() < 2e-3


def test_a_students_loss_reaches_the_scale() -> None:
    torch.manual_seed(0)
    teacher, student = UNet(**TINY), UNet(**TINY)
    for tensor in teacher.parameters():
        torch.nn.init.normal_(tensor, std=0.05)
    student.load_state_dict(teacher.state_dict())
    batch, generator = question(teacher, 6)
    for objective in (guidance(teacher), steps(teacher, student)):
        student.zero_grad()
        error, plain = objective(student, batch, generator)
        error.backward()
        assert float(plain) > 0
        assert student.strength[0].weight.grad.abs().max() > 0


def test_the_towers_batches_say_what_they_show(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writer, "rich_spec", lambda self: Spec("object", (self.noun(),)))
    source = Composed(pack, 40, 16, 0, "cpu")
    batch = source(0, 3)
    again, other = source(0, 3), source(0, 4)
    assert torch.equal(batch.pictures, again.pictures)
    assert not torch.equal(batch.pictures, other.pictures)
    nouns, scenes = source.classes()
    names = list(NOUNS)
    assert {names[number] for number in batch.nouns.tolist()} == {"dog", "puppy", "balloon"}
    assert nouns.texts.shape[1:] == (len(NOUNS), 384)
    assert scenes.alike.shape == (len(SCENES), len(SCENES))
    same = (batch.texts @ batch.texts.T)[batch.meanings[:, None] == batch.meanings[None]]
    assert same.mean() > 0.8


def test_fresh_prompts_are_new_and_of_every_kind() -> None:
    assert len(FRESH) == len(set(FRESH)) == 48
    assert set(map(len, KINDS.values())) == {6}
    assert not set(FRESH) & {*CHOSEN, *UNSEEN, *LOT}


def test_drawings_of_one_colour_and_heads_are_found() -> None:
    white, red = disc((255, 255, 255)), disc((200, 0, 0))
    sprites = torch.from_numpy(np.stack([white, red])).permute(0, 3, 1, 2).contiguous()
    easel = Easel(
        Palette(
            sprites,
            torch.zeros(len(SCENES), 3, SIDE, SIDE, dtype=torch.uint8),
            {"a": [(0, 1.0)], "b": [(1, 1.0)]},
        )
    )
    assert easel.mono[:2].tolist() == [True, False]
    assert easel.head[0].tolist() == pytest.approx([0.5, 8 / SIDE], abs=0.02)
