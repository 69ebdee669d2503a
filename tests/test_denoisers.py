"""Denoisers: what they predict, how an objective uses them, and what a story says about them."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import photograph
from safetensors.torch import save_file

from pixray_motion.denoisers.base import Denoiser, alpha_sigma, denoiser
from pixray_motion.denoisers.colours import ANCHOR_RATE
from pixray_motion.denoisers.embedded import WEIGHTS, EmbeddedDenoiser
from pixray_motion.denoisers.guidance import GUIDANCE_RESCALE, Guidance, PromptedDenoiser, guided_x0
from pixray_motion.denoisers.sampler import ddim_sample
from pixray_motion.denoisers.unet import UNet
from pixray_motion.drawers.fft import FftDrawer
from pixray_motion.engine import render
from pixray_motion.errors import ModelError, StoryError
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.picture import Picture
from pixray_motion.story.plan import Component, DenoiserSettings
from pixray_motion.story.reading.story import parse
from pixray_motion.studio import Studio

CANVAS = Canvas(96, 48)


@denoiser("painter")
class Painter(Denoiser):
    """Predicts grey without a text, and with one the colour that the text is."""

    side, multiple = 16, 8
    asked: list[float]

    def __init__(self) -> None:
        self.asked = []

    def embed_text(self, texts: list[str]) -> torch.Tensor:
        return torch.tensor([[float(part) for part in text.split()] for text in texts])

    def predict_x0(self, noisy: torch.Tensor, noise_level: float, texts: torch.Tensor) -> torch.Tensor:
        self.asked.append(noise_level)
        colours = torch.cat([torch.zeros(1, 3), texts])
        return colours[:, :, None, None].expand(-1, -1, *noisy.shape[-2:])

    def fingerprint(self) -> str:
        return "painter"


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedDenoiser:
    """The real network and its file, with random weights."""
    folder = tmp_path_factory.mktemp("denoiser")
    write_weights(folder)
    return EmbeddedDenoiser(folder=folder)


def write_weights(folder: Path, metadata: dict[str, str] | None = None, **more: object) -> None:
    torch.manual_seed(0)
    net = UNet(channels=(16, 32, 64), blocks=(1, 1, 1), **more)
    for tensor in net.parameters():
        torch.nn.init.normal_(tensor, std=0.05)
    save_file(net.state_dict(), folder / WEIGHTS, {"config": json.dumps(net.config)} | (metadata or {}))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def guidance(
    text: str = "denoiser: painter\nscenes: [{length: 1s, prompts: '0.5 -0.5 1'}]", frame: int = 0
) -> Guidance:
    story = parse(f"story: 1\ncanvas: {CANVAS}\n{text}")
    painter = Painter()
    texts = {key.text for scene in story.scenes for line in scene.segments[0].prompts for key in line.texts}
    known = PromptedDenoiser(painter, {text: painter.embed_text([text])[0] for text in texts})
    drawing = story.plan(frame).drawing
    return Guidance(known, drawing.denoiser, drawing.prompts, story.canvas, rng())


def grey() -> Picture:
    return Picture(torch.full((1, 3, 48, 96), 0.5), (48.0, 48.0), Motion.identity())


@given(st.floats(0, 1))
def test_picture_and_noise_keep_the_variance(noise_level: float) -> None:
    a, b = alpha_sigma(noise_level)
    assert a * a + b * b == pytest.approx(1)
    assert a >= -1e-12
    assert alpha_sigma(0) == (1, 0)


@given(st.floats(0, 3), st.floats(0.1, 2), st.floats(0.1, 2))
def test_guidance_goes_from_any_picture_towards_texts_by_their_weights(g: float, u: float, v: float) -> None:
    red, blue = torch.tensor([0.1, 0.0, 0.0]), torch.tensor([0.0, 0.0, 0.1])
    noisy = torch.zeros(1, 3, 2, 2)
    far = 0.1 * ((1 - GUIDANCE_RESCALE) * g + GUIDANCE_RESCALE * min(g, 1))
    seen = guided_x0(Painter(), noisy, 0.5, [(red, u), (blue, v)], g)[0, :, 0, 0]
    assert seen.tolist() == pytest.approx([far * u / (u + v), 0, far * v / (u + v)], abs=1e-6)
    away = guided_x0(Painter(), noisy, 0.5, [(red, u), (blue, -v)], g)[0, :, 0, 0]
    assert away.tolist() == pytest.approx([far, 0, max(-1, -far * v / u)], abs=1e-6)


@pytest.mark.parametrize(
    ("canvas", "native"),
    [
        (Canvas(192, 108), (88, 48)),
        (Canvas(108, 192), (48, 88)),
        (Canvas(64, 64), (48, 48)),
        (Canvas(16, 16), (48, 48)),
    ],
)
def test_the_native_size_has_the_canvas_shape(
    denoiser: EmbeddedDenoiser, canvas: Canvas, native: tuple[int, int]
) -> None:
    size = denoiser.native(canvas)
    assert (size.width, size.height) == native
    predicted = denoiser.predict_x0(
        torch.zeros(1, 3, size.height, size.width), 0.5, denoiser.embed_text(["a dog", ""])
    )
    assert predicted.shape == (3, 3, size.height, size.width)
    assert torch.isfinite(predicted).all()


def test_texts_change_what_the_denoiser_predicts(denoiser: EmbeddedDenoiser) -> None:
    noisy = torch.randn((1, 3, 48, 48), generator=rng())
    nothing, apple, sea = denoiser.predict_x0(noisy, 0.95, denoiser.embed_text(["a red apple", "the ocean"]))
    assert not torch.allclose(apple, sea)
    assert not torch.allclose(nothing, sea)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedDenoiser:
    """A network of the next kind, with random weights: it attends to tokens and has an innermost stage."""
    folder = tmp_path_factory.mktemp("reader")
    write_weights(folder, tokens=256, inner=(32, 1), guided=True)
    return EmbeddedDenoiser(folder=folder)


def test_a_denoiser_that_reads_tokens_sees_a_text_and_a_vector_without_any(reader: EmbeddedDenoiser) -> None:
    noisy = torch.randn((1, 3, 64, 64), generator=rng())
    texts = reader.embed_text(["a red car on a green hill", "fire"])
    together = reader.predict_x0(noisy, 0.8, texts)
    alone = torch.cat([reader.predict_x0(noisy, 0.8, text[None])[1:] for text in texts])
    assert torch.allclose(together[1:], alone, atol=1e-4)  # a longer neighbour adds no tokens
    between = torch.nn.functional.normalize(
        texts[:1] + 1e-5, dim=-1
    )  # as good as the same vector, but no text
    assert not torch.allclose(reader.predict_x0(noisy, 0.8, between)[1], together[1], atol=1e-3)
    assert torch.allclose(reader.predict_x0(noisy, 0.8, between)[0], together[0], atol=1e-5)


def test_the_innermost_stage_halves_once_more(reader: EmbeddedDenoiser) -> None:
    assert reader.multiple == 16
    size = reader.native(Canvas(192, 108))
    assert (size.width, size.height) == (80, 48)
    assert reader.predict_x0(torch.zeros(1, 3, 48, 80), 0.5, reader.embed_text([""])).shape == (2, 3, 48, 80)


class OnePass(Painter):
    """A painter that has learned guidance; ``rows`` are the scales that it was asked for."""

    distilled = True

    def predict_guided(
        self, noisy: torch.Tensor, noise_level: float, texts: torch.Tensor, guidance_scales: list[float]
    ) -> torch.Tensor:
        self.asked.append(noise_level)
        self.rows = list(guidance_scales)
        colours = texts * torch.tensor(guidance_scales)[:, None]
        return colours[:, :, None, None].expand(-1, -1, *noisy.shape[-2:])


@given(st.floats(0, 3), st.floats(0.1, 2), st.floats(0.1, 2))
def test_distilled_guidance_takes_a_pass_for_each_text_and_more_only_to_push_away(
    g: float, u: float, v: float
) -> None:
    red, blue = torch.tensor([0.1, 0.0, 0.0]), torch.tensor([0.0, 0.0, 0.1])
    noisy, painter = torch.zeros(1, 3, 2, 2), OnePass()
    seen = guided_x0(painter, noisy, 0.5, [(red, u), (blue, v)], g)[0, :, 0, 0]
    assert seen.tolist() == pytest.approx([0.1 * g * u / (u + v), 0, 0.1 * g * v / (u + v)], abs=1e-6)
    assert painter.rows == [g, g]
    away = guided_x0(painter, noisy, 0.5, [(red, u), (blue, -v)], g)[0, :, 0, 0]
    pushed = max(-1, -0.1 * g * v / u * (1 - GUIDANCE_RESCALE))
    assert away.tolist() == pytest.approx([0.1 * g, 0, pushed], abs=1e-6)
    assert painter.rows == [g, 1, 0]
    only = guided_x0(painter, noisy, 0.5, [(blue, -v)], g)[0, :, 0, 0]
    assert only[2] <= 0
    assert painter.rows == [1, 0]


def test_a_distilled_network_takes_the_scale(tmp_path: Path) -> None:
    write_weights(tmp_path, {"distilled": "true"}, tokens=256, inner=(32, 1), guided=True)
    quick = EmbeddedDenoiser(folder=tmp_path)
    assert quick.distilled
    noisy, texts = torch.randn((1, 3, 48, 48), generator=rng()), quick.embed_text(["fire", "the sea", "fire"])
    none, sea, fire = quick.predict_guided(noisy, 0.8, texts, [0.0, 5.0, 5.0])
    (again,) = quick.predict_guided(noisy, 0.8, texts[:1], [8.0])
    assert not torch.allclose(none, fire, atol=1e-4)
    assert not torch.allclose(sea, fire, atol=1e-4)
    assert not torch.allclose(again, fire, atol=1e-4)
    attracted, repelled = (
        guided_x0(quick, noisy, 0.8, [(texts[0], 1.0), (texts[1], w)], 5.0) for w in (1.0, -1.0)
    )
    assert not torch.allclose(attracted, repelled, atol=1e-3)


def test_a_picture_without_noise_is_what_it_is(denoiser: EmbeddedDenoiser) -> None:
    image = torch.from_numpy(photograph(48, 48, 3))[None].float() * 2 - 1
    seen = denoiser.predict_x0(image, 0.0, denoiser.embed_text(["a picture"]))
    assert torch.allclose(seen, image.expand(2, -1, -1, -1), atol=1e-6)


def test_the_shipped_denoiser_knows_colours() -> None:
    shipped = EmbeddedDenoiser()
    sea, fire = shipped.embed_text(["the ocean", "fire"])
    noisy = torch.randn((1, 3, 48, 48), generator=rng())
    blue = guided_x0(shipped, noisy, 0.95, [(sea, 1.0)], 3.0).mean((0, 2, 3))
    red = guided_x0(shipped, noisy, 0.95, [(fire, 1.0)], 3.0).mean((0, 2, 3))
    assert blue[2] > blue[0] + 0.2
    assert red[0] > red[2] + 0.2


def test_every_story_has_the_shipped_denoiser_unless_it_says_none() -> None:
    story = parse(TINY.replace("DRAWER", "pixel"))
    assert list(Studio.open(story).denoisers) == [Component("embedded")]
    assert not Studio.open(parse(TINY.replace("DRAWER", "pixel") + "denoiser: none")).denoisers


def test_missing_or_damaged_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"denoiser\.safetensors: the denoiser's weights are missing; reinstall"
    ):
        EmbeddedDenoiser(folder=tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(
        ModelError,
        match=r"not a file of denoiser weights \(.*\); reinstall the package, or say 'denoiser: none'",
    ):
        EmbeddedDenoiser(folder=tmp_path)


def test_a_calm_frame_keeps_its_tones_and_a_new_one_does_not() -> None:
    text = "denoiser: {weight: 0.5, guidance_scale: 1}\nscenes: [{length: 2s, prompts: '0.5 -0.5 1'}]"
    image = torch.from_numpy(photograph(96, 48, 1))[None].float()
    picture = Picture(image, (48.0, 48.0), Motion.identity())
    calm, new = (guidance(text, frame).distillation_update(lambda: picture, 0.0) for frame in (20, 0))
    assert calm.mean((2, 3)).abs().max() < 0.01
    assert new.mean((2, 3)).abs().max() > 0.05


def test_a_calm_frame_goes_a_little_towards_the_tones_to_keep() -> None:
    text = "denoiser: {weight: 0.5, guidance_scale: 1}\nscenes: [{length: 2s, prompts: '0.5 -0.5 1'}]"
    picture = Picture(torch.from_numpy(photograph(96, 48, 1))[None].float(), (48.0, 48.0), Motion.identity())
    now = guidance(text, frame=0).next_anchor(lambda: picture)
    calm = replace(guidance(text, frame=20), anchor=now + torch.tensor([[0.1], [0.0]]))
    update = calm.distillation_update(lambda: picture, 0.0)
    assert update.mean((2, 3)).tolist()[0] == pytest.approx([0.1 * ANCHOR_RATE / 2] * 3, abs=0.004)


def test_a_step_goes_part_of_the_way_to_the_predicted_picture() -> None:
    guide = guidance(
        "denoiser: {weight: 0.25, guidance_scale: 1}\nscenes: [{length: 1s, prompts: '0.5 -0.5 1'}]"
    )
    change = guide.distillation_update(grey, 0.0)
    assert change.shape == (1, 3, 16, 32)
    assert change[0, :, 3, 3].tolist() == pytest.approx([0.0625, -0.0625, 0.125], abs=1e-6)


def test_levels_fall_over_a_frame_and_start_high_where_all_is_new() -> None:
    fresh, warm = guidance(), guidance(frame=5)
    for guide, start in ((fresh, 0.9), (warm, 0.35)):
        for share in np.linspace(0, 1, 60):
            guide.distillation_update(grey, share)
        asked = np.array(guide.prompted.denoiser.asked)
        wanted = start + (0.15 - start) * np.linspace(0, 1, 60)
        assert abs((asked - wanted).mean()) < 0.03
        assert 0.03 < (asked - wanted).std() < 0.09


def test_without_a_denoiser_nothing_is_pulled() -> None:
    for text in ("denoiser: none", "denoiser: {weight: 0}"):
        story = parse(f"story: 1\nperceptor: none\n{text}\nscenes: [{{length: 1s, prompts: '0 0 0'}}]")
        assert Studio.open(story).guidance(story.plan(0).drawing, rng()) is None


def test_sampling_ends_at_the_predicted_picture_and_depends_on_the_seed_alone() -> None:
    image = torch.zeros(1, 3, 16, 32)
    one, two = (ddim_sample(image, 0.9, 5, guidance().predict_x0, rng(seed)) for seed in (1, 2))
    assert one[0, :, 0, 0].tolist() == pytest.approx([1, -1, 1])  # guidance 5, clipped
    assert torch.equal(one, two)  # this denoiser does not look at the noise


def noise_levels(text: str, rate: str = "10") -> list[tuple[float, int]]:
    story = parse(f"story: 1\nrate: {rate}\ndenoiser: painter\n{text}")
    return [
        (round(story.plan(f).drawing.denoiser.noise_level, 4), story.plan(f).drawing.steps)
        for f in story.frames
    ]


def test_levels_and_steps_rise_while_prompts_change() -> None:
    found = noise_levels("scenes: [{length: 10f, prompts: a}, {length: 20f, prompts: b}]")
    assert found[0] == (0.9, 80)
    assert found[1:10] == [(0.35, 4)] * 9
    assert found[10:16] == [(0.9, 24)] * 6
    assert found[16:20] == sorted(found[16:20], reverse=True)
    assert len({noise_level for noise_level, _ in found[15:21]}) == 6  # every frame a little calmer
    assert found[20:] == [(0.35, 4)] * 10
    assert (
        noise_levels("scenes: [{length: 10f, prompts: a}, {length: 5f, prompts: a}]")[1:] == [(0.35, 4)] * 14
    )


def test_a_morph_is_at_work_early_and_goes_on_for_a_while() -> None:
    morph = noise_levels("scenes: [{length: 40f, prompts: [{text: {0s: a, 1s: a, 2s: b, 3s: b}}]}]")
    assert morph[10] == (0.35, 4)
    assert morph[13][0] > 0.5
    assert morph[20] == (0.9, 24)
    assert 0.6 < morph[25][0] < 0.8
    assert morph[30] == (0.35, 4)


def test_what_swings_to_and_fro_stays_new_but_a_little_is_nearly_nothing() -> None:
    """Also where a period is just as long as something new takes to settle."""
    swing = noise_levels("scenes: [{length: 60f, prompts: [a, {text: b, weight: 1+sin(2*pi*t)}]}]")
    assert max(swing[30:])[0] > 0.5
    slight = noise_levels("scenes: [{length: 60f, prompts: [a, {text: b, weight: 1+0.1*sin(t)}]}]")
    assert max(slight[1:])[0] < 0.4


def test_in_the_slowest_film_a_new_prompt_is_new_for_one_frame() -> None:
    found = noise_levels("scenes: [{length: 3f, prompts: a}, {length: 3f, prompts: b}]", rate="1/60")
    assert found[1:] == [(0.35, 4), (0.35, 4), (0.9, 24), (0.35, 4), (0.35, 4)]


def test_a_new_scene_after_a_cut_is_fresh_and_then_calm() -> None:
    found = noise_levels("scenes: [{length: 10f, prompts: a}, {length: 10f, prompts: b, cut: true}]")
    assert found[10] == (0.9, 80)
    assert found[11:] == [(0.35, 4)] * 9


def test_a_story_says_what_the_denoiser_does() -> None:
    story = parse(
        "story: 1\ndenoiser: {weight: 0.5, strength: {0s: 0, 1s: 1}}\n"
        "scenes: [{length: 12f}, {length: 12f, denoiser: none}, {length: 12f, denoiser: embedded}]"
    )
    assert story.plan(6).drawing.denoiser == DenoiserSettings(Component("embedded"), 0.5, 5.0, 0.5)
    assert story.plan(15).drawing.denoiser is None
    assert story.plan(26).drawing.denoiser == DenoiserSettings(Component("embedded"), 0.1, 5.0, 0.35)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "denoiser: ember",
            "unknown denoiser 'ember'; did you mean 'embedded'? allowed: embedded, painter, none",
        ),
        ("denoiser: {model: x}", "unknown denoiser 'x'; allowed: embedded, painter, none"),
        ("denoiser: {weight: 2}", "'weight' is '2'; 0..1 (share) is allowed"),
        ("denoiser: {guide: 2}", "unknown key 'guide' in 'denoiser'"),
        ("denoiser: [a]", "'denoiser' is a mapping"),
        ("drawer: {diffusion: {noise: loud}}", "'noise' is fresh or fixed. Got 'loud'"),
        ("drawer: {diffusion: {pixelate: 1}}", "'pixelate' is true or false. Got '1'"),
    ],
)
def test_mistakes_about_the_denoiser_are_told_once(text: str, message: str) -> None:
    with pytest.raises(StoryError) as caught:
        parse(f"story: 1\n{text}\nscenes: [{{length: 1s}}, {{length: 1s}}]")
    lines = str(caught.value).split("\n")
    assert len(lines) == 1
    assert message in lines[0]


TINY = """
story: 1
canvas: 32x24
drawer: DRAWER
scenes: [{length: 4f, prompts: 0.9 -0.9 -0.9, steps: 3, move: [{zoom: {factor: 1.5/s}}]}]
"""


def film(drawer: str, more: str = "denoiser: painter") -> list[np.ndarray]:
    story = parse(TINY.replace("DRAWER", drawer) + more)
    studio = Studio.open(story)
    return [studio.image(state) for state in render(story, studio)]


@pytest.mark.parametrize("drawer", ["fft", "pixel", "clipdraw", "diffusion", "{diffusion: {pixelate: true}}"])
def test_films_with_a_denoiser_are_repeatable_and_differ_from_those_without(drawer: str) -> None:
    with_it, again, without = film(drawer), film(drawer), film(drawer, "denoiser: none")
    assert all(np.array_equal(a, b) for a, b in zip(with_it, again, strict=True))
    assert not np.array_equal(with_it[-1], without[-1])


def test_a_denoiser_alone_draws() -> None:
    alone = film("pixel", "perceptor: none\ndenoiser: painter")
    assert np.abs(alone[-1].astype(float) - 127).mean() > 5
    still = film("pixel", "perceptor: none\ndenoiser: none")
    assert np.abs(still[0].astype(float) - 127).mean() < 5


def test_between_its_beats_a_diffusion_only_moves() -> None:
    story = parse(TINY.replace("DRAWER", "{diffusion: {cadence: 3}}") + "denoiser: painter")
    studio = Studio.open(story)
    states = list(render(story, studio))
    for before, state in pairwise(states):
        only_moved = studio.drawer.warp(before.params, state.plan.drawing.motion, "mirror", rng())
        same = torch.equal(studio.drawer.draw(only_moved).pixels, studio.drawer.draw(state.params).pixels)
        assert same == (state.frame % 3 != 0)


def test_a_pixelated_diffusion_shows_cells() -> None:
    text = TINY.replace("DRAWER", "{diffusion: {pixelate: true}}").replace("32x24", "192x96")
    story = parse(text)
    studio = Studio.open(story)
    image = studio.image(next(iter(render(story, studio)))).astype(int)
    assert (image[::2] == image[1::2]).all()
    assert (image[:, ::2] == image[:, 1::2]).all()
    assert (np.diff(image, axis=0) != 0).any()


def test_every_denoiser_is_told_apart_by_its_fingerprint(denoiser: EmbeddedDenoiser) -> None:
    assert denoiser.fingerprint() != Painter().fingerprint()
    assert denoiser.fingerprint().startswith("embedded ")


KEPT = """
story: 1
canvas: 32x24
drawer: fft
denoiser: painter
scenes:
  - {length: 3f, prompts: 0.9 -0.9 -0.9, steps: 3, move: [{zoom: {factor: 1.5/s}}]}
  - {length: 2f, prompts: -0.9 0.9 -0.9, steps: 3, cut: true}
"""


def test_tones_are_taken_from_what_is_new_and_kept_while_nothing_is() -> None:
    story = parse(KEPT)
    first, second, third, new, last = (
        next(iter(state.drawings.values())).colour_anchor for state in render(story, Studio.open(story))
    )
    assert first.shape == (2, 3)
    assert torch.equal(first, second)
    assert torch.equal(first, third)
    assert torch.equal(new, last)
    assert new[0, 1] > first[0, 1] + 0.05


def test_without_a_denoiser_no_tones_are_kept() -> None:
    story = parse(KEPT.replace("painter", "none"))
    for state in render(story, Studio.open(story)):
        assert [drawing.colour_anchor for drawing in state.drawings.values()] == [None]


@pytest.mark.parametrize("basis", ["fft", "dwt", "rgb"])
def test_a_spectrum_that_is_pulled_to_white_and_darkened_again_has_no_more_grain(basis: str) -> None:
    made = FftDrawer(Canvas(64, 48), basis=basis)
    grain = torch.rand((1, 3, 48, 64), generator=rng()) - 0.5
    params = made.encode(0.97 + 0.02 * grain)
    whiter = made.apply_update(params, torch.full((1, 3, 12, 16), 0.02))
    before, after = (torch.logit(made.pixels(some)) for some in (params, whiter))
    assert after.mean() > before.mean() + 0.8
    assert after.std() < before.std() * 1.1
