"""Saved states: what a frame's key depends on, what is refused, and that no crash costs the old state."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from learning import Eye, Painter, studio
from PIL import Image

from pixray_motion import checkpoint
from pixray_motion.checkpoint import DamagedState, frame_keys, load, save
from pixray_motion.errors import CheckpointError
from pixray_motion.state import DrawingState, State
from pixray_motion.story.reading.story import read
from pixray_motion.studio import Studio

STORY = """
story: 1
canvas: 32x18
rate: 10
seed: 3
drawer: {fft: {decay: 0.9}}
perceptor: {embedded: {cuts: 3}}
denoiser: {weight: 0.2, guidance_scale: 4, strength: 0.4}
scenes:
  - length: 2f
    prompts: [{text: 1 0 0, weight: 2, stop: 0.1}]
    losses: {smoothness: 0.1}
    filters: [{contrast: {amount: 1.1}}]
    move: [{zoom: {factor: 1.5/s}}, {wave: {height: 0.1*t, length: 0.5}}]
    border: wrap
    steps: 5
    init_image: start.png
  - length: 2f
    cut: true
    layers:
      - {prompts: 1 0 0, opacity: 0.5, blend: screen, mask: {image: mask.png}}
      - {text: hello}
"""
SECOND = "  - length: 2f\n    cut: true"


def laid(folder: Path, text: str = STORY, grey: int = 40) -> Path:
    """The story in a file, with the pictures that it names."""
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (8, 8), (grey, 0, 0)).save(folder / "start.png")
    Image.new("L", (8, 8), grey).save(folder / "mask.png")
    path = folder / "story.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def opened(
    folder: Path, text: str = STORY, grey: int = 40, eye: str = "eye", painter: str = "painter"
) -> Studio:
    return studio(read(laid(folder, text, grey)), Eye(name=eye), Painter(name=painter))


def keys(folder: Path, *changes: tuple[str, str], **models: Any) -> list[str]:
    text = STORY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return list(frame_keys(opened(folder, text, **models)))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return keys(tmp_path_factory.mktemp("usual"))


def test_every_frame_has_its_own_key(usual: list[str]) -> None:
    assert len(usual) == len(set(usual)) == 4
    assert all(len(key) == 64 for key in usual)


FIRST_CHANGES = {
    "canvas": ("32x18", "32x20"),
    "seed": ("seed: 3", "seed: 4"),
    "drawer": ("{fft: {decay: 0.9}}", "pixel"),
    "drawer's parameter": ("decay: 0.9", "decay: 1"),
    "drawer's further parameter": ("decay: 0.9", "decay: 0.9, basis: dwt"),
    "perceptor's parameter": ("cuts: 3", "cuts: 4"),
    "perceptor's weight": ("cuts: 3", "cuts: 3, weight: 2"),
    "perceptor": ("{embedded: {cuts: 3}}", "none"),
    "no denoiser": ("{weight: 0.2, guidance_scale: 4, strength: 0.4}", "none"),
    "denoiser's weight": ("weight: 0.2", "weight: 0.3"),
    "denoiser's guidance": ("guidance_scale: 4", "guidance_scale: 5"),
    "denoiser's strength": ("strength: 0.4", "strength: 0.5"),
    "prompt": ("text: 1 0 0", "text: 1 0 1"),
    "prompt's weight": ("weight: 2", "weight: 3"),
    "prompt's stop": ("stop: 0.1", "stop: 0.2"),
    "no stop": (", stop: 0.1", ""),
    "loss": ("smoothness: 0.1", "saturation: 0.1"),
    "loss's weight": ("smoothness: 0.1", "smoothness: 0.2"),
    "filter": ("filters: [{contrast: {amount: 1.1}}]", "filters: []"),
    "filter's parameter": ("amount: 1.1", "amount: 1.2"),
    "border": ("border: wrap", "border: edge"),
    "steps": ("steps: 5", "steps: 6"),
    "no picture to begin with": ("    init_image: start.png\n", ""),
}


@pytest.mark.parametrize("change", FIRST_CHANGES.values(), ids=FIRST_CHANGES)
def test_what_the_first_frame_is_made_from_changes_all_keys(
    change: tuple[str, str], tmp_path: Path, usual: list[str]
) -> None:
    assert not set(keys(tmp_path, change)) & set(usual)


@pytest.mark.parametrize("models", [{"eye": "other eye"}, {"painter": "other painter"}])
def test_other_weights_of_a_model_change_all_keys(
    models: dict[str, str], tmp_path: Path, usual: list[str]
) -> None:
    assert not set(keys(tmp_path, **models)) & set(usual)


def test_another_version_of_the_program_changes_all_keys(
    tmp_path: Path, usual: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "__version__", "0.0.0")
    assert not set(keys(tmp_path)) & set(usual)


def test_the_content_of_a_picture_to_begin_with_changes_all_keys(tmp_path: Path, usual: list[str]) -> None:
    assert not set(keys(tmp_path, grey=41)) & set(usual)


LATER_CHANGES = {
    "movement": (1, ("factor: 1.5/s", "factor: 1.6/s")),
    "distortion": (1, ("height: 0.1*t", "height: 0.2*t")),
    "distortion's other parameter": (1, ("length: 0.5}", "length: 0.6}")),
    "length": (1, (SECOND, "  - length: 1f\n    cut: true")),
    "opacity": (2, ("opacity: 0.5", "opacity: 0.6")),
    "blend": (2, ("blend: screen", "blend: add")),
    "mask": (2, ("mask: {image: mask.png}", "mask: {rect: {}}")),
    "inverted mask": (2, ("{image: mask.png}", "{image: {file: mask.png, invert: true}}")),
    "mask's file": (2, ("image: mask.png", "image: start.png")),
    "words": (2, ("text: hello", "text: hallo")),
    "a later prompt": (2, ("prompts: 1 0 0, opacity", "prompts: 0 1 0, opacity")),
    "a later transition": (2, (SECOND, "  - length: 2f\n    transition: {crossfade: 1f}")),
    "a later frame": (3, ("opacity: 0.5", "opacity: {0f: 0.5, 1f: 0.6}")),
}


@pytest.mark.parametrize(("frame", "change"), LATER_CHANGES.values(), ids=LATER_CHANGES)
def test_a_change_at_a_frame_changes_its_key_and_all_later_ones(
    frame: int, change: tuple[str, str], tmp_path: Path, usual: list[str]
) -> None:
    found = keys(tmp_path, change)
    if change[0] != SECOND or "transition" in change[1]:
        assert found[:frame] == usual[:frame]
        assert not set(found[frame:]) & set(usual)
    else:  # a shorter film is the same as far as it goes
        assert found == usual[: len(found)]


def test_a_change_in_the_middle_lasts(tmp_path: Path) -> None:
    """Though the frames after it ask for the same, they come from another one."""
    plain = keys(tmp_path, ("smoothness: 0.1", "smoothness: {0f: 0.1 hold, 1f: 0.1}"))
    swell = keys(tmp_path, ("smoothness: 0.1", "smoothness: {0f: 0.1 hold, 1f: 0.3}"))
    assert plain[0] == swell[0]
    assert not set(plain[1:]) & set(swell[1:])


@pytest.mark.parametrize(
    "change",
    [
        ("seed: 3", "seed: 3  # a remark"),
        ("canvas: 32x18\nrate: 10\n", "rate: 10\ncanvas: 32x18\n"),
        ("bpm", "bpm"),
        ("markers", "markers"),
    ],
    ids=["remark", "order", "beat", "markers"],
)
def test_what_no_frame_is_made_from_changes_no_key(
    change: tuple[str, str], tmp_path: Path, usual: list[str]
) -> None:
    heads = {"bpm": ("seed: 3", "seed: 3\nbpm: 90"), "markers": ("seed: 3", "seed: 3\nmarkers: {hit: 1f}")}
    assert keys(tmp_path, heads.get(change[0], change)) == usual


def test_where_the_story_lies_changes_no_key(tmp_path: Path, usual: list[str]) -> None:
    assert keys(tmp_path / "elsewhere") == usual
    path = laid(tmp_path)
    renamed = path.rename(tmp_path / "renamed.yaml")
    assert list(frame_keys(studio(read(renamed), Eye(), Painter()))) == usual


def test_the_models_that_a_studio_opens_are_those_of_the_keys(tmp_path: Path) -> None:
    """With the real ones: their weights' fingerprints are in."""
    real = Studio.open(read(laid(tmp_path, STORY.replace("1 0 0", "a dog"))))
    several = [
        next(frame_keys(one)) for one in (real, replace(real, perceptors={}), replace(real, denoisers={}))
    ]
    assert len(set(several)) == 3


def full_state(made: Studio) -> State:
    """Two drawings and a stored one, with anchors, shared tensors, odd layouts and slashes in names."""
    rng = torch.Generator().manual_seed(0)
    shared = torch.randn((2, 3), generator=rng)
    return State(
        made.story.plan(2),
        {
            "0": DrawingState(
                {"spectrum": torch.randn((1, 3, 4), generator=rng), "view": torch.eye(3).double()}
            ),
            "2/sky": DrawingState({"a": shared, "b": torch.randn((4, 3), generator=rng).T}, torch.rand(2, 3)),
            "2/sky/far": DrawingState({"a": shared, "counts": torch.arange(3)}, shared[:, :3]),
        },
        {"score": 0.25, "score embedded": -0.5},
    )


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Studio, State]:
    made = opened(tmp_path / "story")
    path, state = tmp_path / "state.safetensors", full_state(made)
    save(path, state, made, list(frame_keys(made))[2])
    return path, made, state


def test_everything_comes_back(saved: tuple[Path, Studio, State]) -> None:
    path, made, state = saved
    found = load(path, made)
    assert found.plan == made.story.plan(2)
    assert dict(found.scores) == dict(state.scores)
    assert set(found.drawings) == set(state.drawings)
    for name, drawing in state.drawings.items():
        other = found.drawings[name]
        assert set(other.params) == set(drawing.params)
        for key, tensor in drawing.params.items():
            assert other.params[key].dtype == tensor.dtype
            assert torch.equal(other.params[key], tensor)
        if drawing.colour_anchor is None:
            assert other.colour_anchor is None
        else:
            assert other.colour_anchor is not None
            assert torch.equal(other.colour_anchor, drawing.colour_anchor)
    assert checkpoint.read(path).frame == 2


def refusal(path: Path, made: Studio) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(path, made)
    return str(caught.value).partition(": ")[2]


CHANGED = "the story, the models or the program changed at or before frame 2; start over with --restart"


@pytest.mark.parametrize(
    "change", [("32x18", "32x20"), ("strength: 0.4", "strength: 0.5"), ("opacity: 0.5", "opacity: 0.6")]
)
def test_a_state_of_another_film_is_refused(
    saved: tuple[Path, Studio, State], tmp_path: Path, change: tuple[str, str]
) -> None:
    assert refusal(saved[0], opened(tmp_path / "story", STORY.replace(*change))) == CHANGED


@pytest.mark.parametrize("models", [{"eye": "other"}, {"painter": "other"}])
def test_a_state_of_other_models_is_refused(
    saved: tuple[Path, Studio, State], tmp_path: Path, models: dict[str, str]
) -> None:
    assert refusal(saved[0], opened(tmp_path / "story", **models)) == CHANGED


def test_a_state_of_a_longer_film_is_refused(saved: tuple[Path, Studio, State], tmp_path: Path) -> None:
    short = STORY[: STORY.index(SECOND)]
    assert refusal(saved[0], opened(tmp_path / "story", short)) == (
        "the saved state is frame 2, but the film ends before it; start over with --restart"
    )


def test_other_threads_are_refused(saved: tuple[Path, Studio, State]) -> None:
    path, made, _ = saved
    assert (
        refusal(path, replace(made, threads=2))
        == "saved with threads 1, now 2; use that one again, or start over with --restart"
    )


def contents(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """A state's facts, without their checksum, and its tensors."""
    with safetensors.safe_open(path, framework="pt") as file:
        facts = file.metadata()
    del facts["check"]
    return facts, safetensors.torch.load_file(path)


def rewritten(path: Path, **changes: str) -> None:
    """Other facts, as another program would have saved them."""
    facts, tensors = contents(path)
    facts |= changes
    safetensors.torch.save_file(tensors, path, facts | {"check": checkpoint._digest(facts, tensors)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"device": "cuda"},
            "saved with device cuda, now cpu; use that one again, or start over with --restart",
        ),
        (
            {"dtype": "float16"},
            "saved with dtype float16, now float32; use that one again, or start over with --restart",
        ),
        (
            {"format": "pixray-motion state 4"},
            "another version of the program has saved this state; finish the render with that one, or start over "
            "with --restart",
        ),
        ({"key": "0" * 64}, CHANGED),
    ],
)
def test_other_facts_are_refused(
    saved: tuple[Path, Studio, State], changes: dict[str, str], message: str
) -> None:
    path, made, _ = saved
    rewritten(path, **changes)
    assert refusal(path, made) == message


def without(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    del facts["scores"]


def misspelt(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    facts["plugins"] = "{"


def unnumbered(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    facts["frame"] = "two"


def renamed(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    tensors["params/3/spectrum"] = tensors.pop("params/0/spectrum")


def swapped(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    one, other = "params/2/sky/a", "params/2/sky/far/a"
    tensors[one], tensors[other] = tensors[other] + 1, tensors[one].clone()


def reshaped(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    tensors["params/0/spectrum"] = tensors["params/0/spectrum"].reshape(1, 4, 3)


def altered(facts: dict[str, str], tensors: dict[str, torch.Tensor]) -> None:  # noqa: ARG001
    tensors["params/2/sky/far/counts"][1] += 1


@pytest.mark.parametrize("damage", [without, misspelt, unnumbered, renamed, swapped, reshaped, altered])
@pytest.mark.parametrize("checked", [False, True])
def test_a_damaged_state_is_told_from_a_whole_one(
    saved: tuple[Path, Studio, State], damage: Callable[..., None], checked: bool
) -> None:
    """``checked``: what is damaged has a checksum that fits, so that only the facts can tell."""
    path, made, _ = saved
    facts, tensors = contents(path)
    before = checkpoint._digest(facts, tensors)
    damage(facts, tensors)
    check = checkpoint._digest(facts, tensors) if checked else before
    safetensors.torch.save_file(tensors, path, facts | {"check": check})
    if checked and damage in (renamed, swapped, reshaped, altered):
        assert load(path, made).frame == 2  # a checksum that fits is all that there is to tell
        return
    with pytest.raises(DamagedState, match=r"the saved state is damaged \(.*\); start over with --restart"):
        load(path, made)


@pytest.mark.parametrize("share", [0, 0.1, 0.9])
def test_half_a_state_is_damaged(saved: tuple[Path, Studio, State], share: float) -> None:
    path, made, _ = saved
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedState):
        load(path, made)


def dying_half_way(tensors: object, filename: str, metadata: object = None) -> None:  # noqa: ARG001
    Path(filename).write_bytes(b"half of a state")
    raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")


def killed_half_way(tensors: object, filename: str, metadata: object = None) -> None:  # noqa: ARG001
    Path(filename).write_bytes(b"half of a state")
    raise KeyboardInterrupt


def failing(*_: object) -> None:
    raise OSError(13, "Permission denied")


@pytest.mark.parametrize(
    ("where", "name", "crash", "error", "words"),
    [
        (safetensors.torch, "save_file", dying_half_way, CheckpointError, "free some space"),
        (safetensors.torch, "save_file", killed_half_way, KeyboardInterrupt, ""),
        (os, "replace", failing, CheckpointError, "or change its permissions"),
    ],
    ids=["full disk", "killed", "no permission"],
)
def test_a_crash_while_saving_leaves_the_old_state(
    where: Any,
    name: str,
    crash: Callable[..., None],
    error: type[BaseException],
    words: str,
    saved: tuple[Path, Studio, State],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, made, state = saved
    before = path.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(where, name, crash)
        later = replace(state, plan=made.story.plan(3))
        with pytest.raises(error) as caught:
            save(path, later, made, "another key")
    if error is CheckpointError:
        assert "the state cannot be saved" in str(caught.value)
        assert str(caught.value).endswith(words)
    assert path.read_bytes() == before
    assert load(path, made).frame == 2


def test_a_new_state_takes_the_place_of_the_old_one(saved: tuple[Path, Studio, State]) -> None:
    path, made, state = saved
    save(path, replace(state, plan=made.story.plan(3)), made, list(frame_keys(made))[3])
    assert load(path, made).frame == 3
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == ["state.safetensors"]
