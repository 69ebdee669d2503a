"""How a drawing is refined: by descent or by sampling, in which frames, with which noise, and how far."""

from dataclasses import replace

import pytest
import torch
from learning import Eye, Painter, Sheets, picture, rng
from pictures import photograph

from pixray_motion.denoisers.guidance import Guidance, PromptedDenoiser
from pixray_motion.drawers.base import LearningRate, Params
from pixray_motion.drawers.diffusion import DiffusionDrawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.objective import Objective, PromptedPerceptor
from pixray_motion.refinement import perceptor_step, refine
from pixray_motion.story.plan import Component, DenoiserSettings, Drawing, Prompt

CANVAS = Canvas(16, 16)
GOLD = "0.9 0.6 0.1"
UNIT = (16 * 16) ** 0.5 / 64


def drawing(**changes: object) -> Drawing:
    """A frame in the middle of a scene whose prompt has just become new."""
    usual = Drawing(
        "0",
        "scene",
        local=3,
        cut=False,
        motion=Motion.identity(),
        distortions=(),
        border="mirror",
        drawer=Component("diffusion"),
        prompts=(Prompt(((GOLD, 1.0),), 1.0),),
        losses=(),
        filters=(),
        perceptors=(),
        denoiser=DenoiserSettings(Component("painter"), 0.2, 1.0, 0.4, 1.0),
        steps=3,
    )
    return replace(usual, **changes)


def objective(of: Drawing, eye: Eye | None = None, canvas: Canvas = CANVAS, seed: int = 0) -> Objective:
    known = [PromptedPerceptor("eye", eye, {GOLD: eye.embed_text([GOLD])[0]})] if eye else []
    return Objective(of, canvas, known, rng(seed))


def guidance(of: Drawing, painter: Painter, seed: int = 0) -> Guidance:
    assert of.denoiser is not None
    texts = {GOLD: painter.embed_text([GOLD])[0]}
    return Guidance(PromptedDenoiser(painter, texts), of.denoiser, of.prompts, CANVAS, rng(seed))


def sampled(
    of: Drawing, drawer: DiffusionDrawer, frame_seed: int = 0, seed: int = 3, eye: Eye | None = None
) -> tuple[Params, Params, Painter]:
    """The params before and after, and the denoiser that was asked."""
    painter, before = Painter(side=16), drawer.encode(torch.full((1, 3, 16, 16), 0.25))
    after, _ = refine(before, drawer, objective(of, eye), guidance(of, painter, frame_seed), seed)
    return before, after, painter


def plain(**values: object) -> DiffusionDrawer:
    return DiffusionDrawer(CANVAS, perceptor_scale=0.0, **values)


def test_a_sampled_picture_is_what_the_denoiser_predicts() -> None:
    drawer = plain()
    _, after, painter = sampled(drawing(), drawer)
    shown = drawer.draw_raw(after).image(CANVAS)[0, :, 4:12, 4:12]
    assert painter.levels == pytest.approx([0.4, 0.4 * 2 / 3, 0.4 / 3])
    for colour, wanted in zip(shown, (0.9, 0.6, 0.1), strict=True):
        assert colour.flatten().tolist() == pytest.approx([(wanted + 1) / 2] * 64, abs=1e-4)


@pytest.mark.parametrize(
    ("cadence", "local", "cut", "draws"),
    [
        (1, 0, True, True),
        (1, 5, False, True),
        (3, 0, True, True),
        (3, 1, False, False),
        (3, 2, False, False),
        (3, 3, False, True),
        (3, 4, True, True),
        (4, 6, False, False),
        (4, 8, False, True),
    ],
)
def test_frames_are_sampled_at_their_cadence_and_after_a_cut(
    cadence: int, local: int, cut: bool, draws: bool
) -> None:
    before, after, painter = sampled(drawing(local=local, cut=cut), plain(cadence=cadence))
    assert bool(painter.levels) == draws
    assert (after is before) != draws


@pytest.mark.parametrize(
    ("cut", "init", "level"),
    [(True, None, 0.99), (True, ("start.png", "1234"), 0.4), (False, None, 0.4)],
)
def test_only_a_picture_from_nothing_begins_with_pure_noise(
    cut: bool, init: tuple[str, str] | None, level: float
) -> None:
    _, _, painter = sampled(drawing(cut=cut, init=init), plain())
    assert painter.levels[0] == level


def test_fixed_noise_is_the_films_and_fresh_noise_the_frames() -> None:
    def seen(noise: str, frame_seed: int, seed: int) -> torch.Tensor:
        return torch.stack(sampled(drawing(), plain(noise=noise), frame_seed, seed)[2].noisy)

    assert torch.equal(seen("fixed", 1, 3), seen("fixed", 2, 3))
    assert not torch.allclose(seen("fixed", 1, 3), seen("fixed", 1, 4))
    assert not torch.allclose(seen("fresh", 1, 3), seen("fresh", 2, 3))
    assert torch.equal(seen("fresh", 1, 3), seen("fresh", 1, 4))


def test_what_is_covered_with_noise_is_the_raw_picture_before() -> None:
    _, _, painter = sampled(
        drawing(denoiser=DenoiserSettings(Component("painter"), 0.2, 1.0, 1e-6, 1.0)), plain()
    )
    assert torch.allclose(painter.noisy[0], torch.full((1, 3, 16, 16), -0.5), atol=1e-3)


def test_what_is_shown_more_crisply_is_not_covered_with_noise() -> None:
    """Else a picture would be sharpened again in every frame."""
    canvas = Canvas(96, 96)
    drawer, painter = DiffusionDrawer(canvas, perceptor_scale=0.0), Painter(side=96)
    of = drawing(denoiser=DenoiserSettings(Component("painter"), 0.2, 1.0, 1e-6, 1.0))
    small = torch.from_numpy(photograph(32, 32))[None].float()
    soft = torch.nn.functional.interpolate(small, (96, 96), mode="bilinear")
    params = drawer.encode(soft)
    guide = replace(guidance(of, painter), canvas=canvas)
    refine(params, drawer, objective(of, canvas=canvas), guide, 3)
    raw, crisp = (picture.image(canvas) * 2 - 1 for picture in (drawer.draw_raw(params), drawer.draw(params)))
    assert torch.allclose(painter.noisy[0], raw, atol=1e-3)
    assert not torch.allclose(painter.noisy[0], crisp, atol=0.02)


def test_a_calm_frame_keeps_the_colours_that_it_had() -> None:
    calm = drawing(denoiser=DenoiserSettings(Component("painter"), 0.2, 1.0, 0.4, 0.0))
    drawer = plain()
    before, after, _ = sampled(calm, drawer)
    assert torch.allclose(drawer.draw_raw(after).pixels, drawer.draw_raw(before).pixels, atol=1e-3)


@pytest.mark.parametrize(("steps", "share"), [(1, 1.0), (2, 0.6), (4, 0.4)])
def test_the_perceptors_last_step_is_shorter_by_what_is_done(steps: int, share: float) -> None:
    """By up to four fifths; the picture that comes out has gone just that far from the predicted one."""
    drawer = DiffusionDrawer(CANVAS, perceptor_scale=2.0)
    _, with_it, _ = sampled(drawing(steps=steps), drawer, eye=Eye(size=16))
    _, without, _ = sampled(drawing(steps=steps), plain())
    moved = drawer.draw_raw(with_it).image(CANVAS) - drawer.draw_raw(without).image(CANVAS)
    assert float(moved.norm()) == pytest.approx(2.0 * share * UNIT, rel=0.03)


def test_a_sampled_frame_has_scores_of_what_is_shown() -> None:
    drawer, eye, painter = plain(), Eye(), Painter(side=16)
    of = drawing()
    params, scores = refine(drawer.init_params(rng()), drawer, objective(of, eye), guidance(of, painter), 3)
    assert scores == objective(of, Eye())(drawer.draw(params), 1.0).scores()
    assert list(scores) == ["score"]


@pytest.mark.parametrize("length", [0.1, 1.0, 3.0])
def test_a_perceptors_step_is_as_long_as_it_is_told(length: float) -> None:
    image = torch.rand((1, 3, 16, 16), generator=rng()) * 0.2
    of = drawing()
    moved = perceptor_step(image, objective(of, Eye(size=16), seed=1), length, 0.5)
    assert float((moved - image).norm()) / 2 == pytest.approx(length * UNIT, rel=1e-3)
    before, after = (objective(of, Eye(size=16), seed=1)(picture((one + 1) / 2)) for one in (image, moved))
    assert float(after.terms["prompt 1"]) < float(before.terms["prompt 1"])


def test_a_perceptors_step_stays_in_range() -> None:
    image = torch.rand((1, 3, 16, 16), generator=rng()) * 2 - 1
    moved = perceptor_step(image, objective(drawing(), Eye(size=16)), 1000.0, 0.5)
    assert (float(moved.min()), float(moved.max())) == (-1, 1)


def test_without_anything_to_please_a_perceptor_takes_no_step() -> None:
    image = torch.zeros(1, 3, 16, 16)
    assert perceptor_step(image, objective(drawing()), 1.0, 0.5) is image


def test_a_drawer_that_is_sampled_descends_without_a_denoiser() -> None:
    drawer, of = DiffusionDrawer(CANVAS, cadence=3), drawing(local=1, steps=8)
    before = drawer.init_params(rng())
    after, scores = refine(before, drawer, objective(of, Eye()), None, 3)
    assert not torch.equal(before["plane"], after["plane"])
    assert set(scores) == {"prompt 1", "score"}


RATES = {"left": LearningRate(1.0), "right": LearningRate(1.0)}


def test_a_descent_tells_its_last_terms_and_scores() -> None:
    drawer, of = Sheets(RATES), drawing(steps=1)
    params = drawer.init_params(rng())
    after, told = refine(params, drawer, objective(of, Eye(), drawer.canvas), None, 3)
    evaluation = objective(of, Eye(), drawer.canvas)(drawer.draw_raw(params), 0.0)
    terms = {name: float(term) for name, term in evaluation.terms.items()}
    assert dict(told) == pytest.approx(terms | evaluation.scores())
    assert not torch.equal(after["left"], params["left"])


def test_without_steps_nothing_is_told() -> None:
    drawer, of = Sheets(RATES), drawing(steps=0)
    params = drawer.init_params(rng())
    after, told = refine(params, drawer, objective(of, Eye(), drawer.canvas), None, 3)
    assert told == {}
    assert torch.equal(after["left"], params["left"])
