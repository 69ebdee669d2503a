"""What an objective finds in a picture: terms by name, scores, and all that a loss may see."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from learning import Eye, picture, rng, studio

from pixray_motion.embeddings import great_circle_distance, slerp
from pixray_motion.engine import render
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas
from pixray_motion.losses import LossInput, loss
from pixray_motion.objective import Evaluation, Objective, PromptedPerceptor, prompt_loss
from pixray_motion.picture import Picture
from pixray_motion.story.plan import Component, Drawing, Prompt, Weighted
from pixray_motion.story.reading.story import parse

CANVAS = Canvas(32, 16)
TEXTS = ("1 0 0", "0 1 0", "0 0 1")


@pytest.fixture(autouse=True)
def own_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for one in (loss, image_filter):
        one.names()
        monkeypatch.setattr(one, "_entries", dict(one._entries))


def prompt(text: str, weight: float = 1.0, stop: float | None = None) -> Prompt:
    return Prompt(((text, 1.0),), weight, stop)


def drawing(*prompts: Prompt, **changes: object) -> Drawing:
    one = parse(f"story: 1\ncanvas: {CANVAS}\nscenes: [{{length: 1f}}]").plan(0).drawing
    return replace(one, prompts=prompts, **changes)


def prompted(eye: Eye, name: str = "eye", weight: float = 1.0) -> PromptedPerceptor:
    return PromptedPerceptor(name, eye, dict(zip(TEXTS, eye.embed_text(TEXTS), strict=True)), weight)


def objective(
    of: Drawing, *perceptors: PromptedPerceptor, before: Callable[[], Picture] | None = None
) -> Objective:
    return Objective(of, CANVAS, perceptors, rng(), before)


def red() -> Picture:
    return picture(torch.tensor([0.9, 0.1, 0.1])[None, :, None, None].expand(1, 3, 16, 32).contiguous())


def test_terms_are_the_prompts_by_number() -> None:
    one = objective(drawing(prompt("1 0 0"), prompt("0 1 0", 0.0), prompt("0 0 1", -0.5)), prompted(Eye()))
    terms = one(red()).terms
    assert list(terms) == ["prompt 1", "prompt 3"]
    assert float(terms["prompt 1"]) > 0 > float(terms["prompt 3"])


def test_with_several_perceptors_each_says_its_own() -> None:
    one = objective(drawing(prompt("1 0 0"), prompt("0 1 0")), prompted(Eye(), "a"), prompted(Eye(), "b"))
    assert list(one(red()).terms) == ["prompt 1, a", "prompt 2, a", "prompt 1, b", "prompt 2, b"]


def test_weights_of_perceptors_and_prompts_multiply() -> None:
    def term(weight: float, prompt_weight: float) -> float:
        one = objective(drawing(prompt("0 1 0", prompt_weight)), prompted(Eye(), weight=weight))
        return float(one(red()).terms["prompt 1"])

    assert term(2.0, 1.0) == pytest.approx(2 * term(1.0, 1.0))
    assert term(1.0, 3.0) == pytest.approx(3 * term(1.0, 1.0))
    assert term(0.5, -3.0) == pytest.approx(-1.5 * term(1.0, 1.0))


def test_a_term_is_half_the_mean_squared_distance_of_the_cutouts() -> None:
    eye = Eye()
    one = objective(drawing(prompt("0 1 0", 2.0)), prompted(eye))
    term = one(red()).terms["prompt 1"]
    embeddings = Eye().embed_images(eye.seen[0])
    away = great_circle_distance(embeddings, eye.embed_text(["0 1 0"])[0])
    assert float(term) == pytest.approx(2 * float((away**2 / 2).mean()))


def test_a_morph_pulls_towards_the_point_between_its_texts() -> None:
    eye = Eye()
    between = Prompt((("1 0 0", 0.25), ("0 1 0", 0.75)), 1.0)
    target = slerp(*eye.embed_text(["1 0 0", "0 1 0"]), 0.75)
    term = objective(drawing(between), prompted(eye))(red()).terms["prompt 1"]
    away = great_circle_distance(Eye().embed_images(eye.seen[0]), target)
    assert float(term) == pytest.approx(float((away**2 / 2).mean()))


def test_a_perceptor_sees_as_many_cutouts_as_it_asks_for_of_its_size() -> None:
    few, many = Eye(cuts=3, size=8), Eye(cuts=5, size=12)
    objective(drawing(prompt("1 0 0")), prompted(few, "few"), prompted(many, "many"))(red())
    assert [tuple(seen.shape) for seen in few.seen + many.seen] == [(3, 3, 8, 8), (5, 3, 12, 12)]
    assert all(0 <= float(seen.min()) <= float(seen.max()) <= 1 for seen in few.seen + many.seen)
    assert float(few.seen[0].std()) > 0.01  # their colours are varied


def test_a_perceptor_without_weight_is_not_asked_and_draws_no_numbers() -> None:
    idle, eye, alone = Eye(), Eye(), Eye()
    objective(drawing(prompt("1 0 0")), prompted(idle, "idle", 0.0), prompted(eye))(red())
    objective(drawing(prompt("1 0 0")), prompted(alone))(red())
    assert not idle.seen
    assert torch.equal(eye.seen[0], alone.seen[0])


def test_every_call_looks_at_other_cutouts() -> None:
    eye = Eye()
    one = objective(drawing(prompt("1 0 0")), prompted(eye))
    one(red())
    one(red())
    assert not torch.allclose(*eye.seen)


def test_the_score_is_the_mean_cosine_to_what_attracts() -> None:
    eye = Eye()
    prompts = prompt("1 0 0"), prompt("0 1 0", 9.0), prompt("0 0 1", -5.0), prompt("0 0 1", 0.0)
    evaluation = objective(drawing(*prompts), prompted(eye))(red())
    cosines = Eye().embed_images(eye.seen[0]) @ eye.embed_text(["1 0 0", "0 1 0"]).T
    assert evaluation.scores() == pytest.approx({"score": float(cosines.mean())})


def test_the_score_of_several_is_their_mean_by_weight() -> None:
    def seen(**parts: tuple[float, float]) -> dict[str, float]:
        found = {name: (torch.tensor(cosine), weight) for name, (cosine, weight) in parts.items()}
        return Evaluation({}, found).scores()

    assert seen() == {}
    assert seen(a=(0.5, 3.0)) == {"score": 0.5}
    told = seen(a=(0.5, 3.0), b=(1.0, 1.0))
    assert told == pytest.approx({"score": 0.625, "score a": 0.5, "score b": 1.0})


def test_without_anything_that_attracts_the_score_is_nothing() -> None:
    assert objective(drawing(prompt("1 0 0", -1.0)), prompted(Eye()))(red()).scores() == {"score": 0}


@pytest.mark.parametrize(
    ("weight", "stop", "pulls"), [(1, 0.05, True), (1, 0.4, False), (-1, -0.4, True), (-1, 0.0, False)]
)
def test_a_stop_is_a_limit_of_the_signed_loss(weight: float, stop: float, pulls: bool) -> None:
    """A prompt at a distance of 0.8: half its square is 0.32. Its value is told all the same."""
    seen = torch.tensor([[math.cos(0.8), math.sin(0.8)]], requires_grad=True)
    term = prompt_loss(seen, torch.tensor([1.0, 0.0]), prompt("x", weight, stop))
    assert float(term.detach()) == pytest.approx(weight * 0.32, abs=1e-6)
    assert term.requires_grad
    (gradient,) = torch.autograd.grad(term, seen)
    assert bool(gradient.abs().max() > 0.1) == pulls


def test_a_stop_is_of_each_cutout() -> None:
    seen = torch.tensor([[math.cos(angle), math.sin(angle)] for angle in (0.2, 0.8)], requires_grad=True)
    term = prompt_loss(seen, torch.tensor([1.0, 0.0]), prompt("x", 1.0, 0.1))
    (gradient,) = torch.autograd.grad(term, seen)
    assert float(gradient[0].abs().max()) == 0 < float(gradient[1].abs().max())


def spying() -> list[tuple[LossInput, float]]:
    """A loss that keeps what it is told and finds 0.25."""
    told: list[tuple[LossInput, float]] = []

    @loss("spy")
    def spy(look: LossInput, much: float = 1.0) -> torch.Tensor:
        """Keep what is told."""
        told.append((look, much))
        return 0 * look.image.sum() + 0.25

    return told


SPY = Weighted(Component("spy"), 0.5)


def test_a_loss_is_weighted_and_told_what_it_may_set() -> None:
    told = spying()
    others = Weighted(Component("spy", (("much", 7.0),)), -2.0), Weighted(Component("spy"), 0.0)
    terms = objective(drawing(losses=(SPY, *others)))(red()).terms
    assert {name: float(term) for name, term in terms.items()} == {"spy": 0.125, "spy 2": -0.5}
    assert [much for _, much in told] == [1.0, 7.0]


def test_a_loss_sees_what_each_perceptor_saw() -> None:
    told, eye, other = spying(), Eye(cuts=3), Eye(cuts=2)
    of = drawing(prompt("1 0 0"), losses=(SPY,))
    objective(of, prompted(eye), prompted(other, "other"), prompted(Eye(), "idle", 0.0))(red(), 0.75)
    [(look, _)] = told
    assert list(look.cutouts) == ["eye", "other"]
    assert torch.equal(look.cutouts["eye"].images, eye.seen[0])
    assert look.cutouts["eye"].transforms.shape == (3, 3, 3)
    assert torch.equal(look.cutouts["other"].embeddings, Eye().embed_images(other.seen[0]))
    assert (look.progress, look.canvas, look.drawing) == (0.75, CANVAS, of)


def test_gradients_reach_the_picture_through_all_that_a_loss_sees() -> None:
    told = spying()
    pixels = red().pixels.requires_grad_()
    objective(drawing(prompt("1 0 0"), losses=(SPY,)), prompted(Eye()))(picture(pixels))
    [(look, _)] = told
    for part in (look.image, look.cutouts["eye"].images, look.cutouts["eye"].embeddings[:, 0]):
        (gradient,) = torch.autograd.grad(part.sum(), pixels, retain_graph=True)
        assert float(gradient.abs().sum()) > 0


def test_the_frame_before_is_drawn_once_a_frame_and_has_no_gradient() -> None:
    told, drawn = spying(), []
    pixels = (red().pixels * 0.5).requires_grad_()

    def before() -> Picture:
        drawn.append(1)
        return picture(pixels)

    one = objective(drawing(losses=(SPY, SPY)), before=before)
    for progress in (0.0, 0.5):
        one(red(), progress)
    assert not drawn  # nobody has asked
    for look, _ in told:
        assert look.before is not None
        assert look.before.shape == look.image.shape
        assert not look.before.requires_grad
        assert torch.allclose(look.before, look.image * 0.5, atol=1e-5)
    assert drawn == [1]


def test_after_a_cut_there_is_no_frame_before() -> None:
    told = spying()
    objective(drawing(losses=(SPY,)))(red())
    assert told[0][0].before is None


def test_in_a_film_the_frame_before_has_moved_into_this_one() -> None:
    """By eight columns of 32, to the right; the first frame and one after a cut have none before them."""
    told = spying()
    story = parse(
        f"{{story: 1, canvas: {CANVAS}, rate: 10, denoiser: none, drawer: {{pixel: {{grid: 32x16}}}}, scenes: ["
        "{length: 2f, prompts: 1 0 0, losses: [spy], steps: 1, move: [{pan: {x: 5/s}}]}, "
        "{length: 1f, cut: true, prompts: 1 0 0, losses: [spy], steps: 1}]}"
    )
    made = studio(story, Eye())
    first, *_ = render(story, made)
    list(render(story, made))
    assert [look.before is None for look, _ in told[-3:]] == [True, False, True]
    before = told[-2][0].before
    assert before is not None
    shown = made.drawer.draw(first.params).image(CANVAS)
    assert torch.allclose(before[..., 8:], shown[..., :-8], atol=1e-5)


def test_losses_and_perceptors_see_the_picture_through_its_filters() -> None:
    @image_filter("night", pointwise=True)
    def night(image: torch.Tensor, share: float = 0.5) -> torch.Tensor:
        """Darken."""
        return image * share

    told, eye = spying(), Eye(cuts=32)
    of = drawing(prompt("1 0 0"), losses=(SPY,), filters=(Component("night", (("share", 0.25),)),))
    objective(of, prompted(eye), before=red)(red())
    [(look, _)] = told
    assert torch.allclose(look.image, red().pixels * 0.25, atol=1e-5)
    assert look.before is not None
    assert torch.allclose(look.before, red().pixels * 0.25, atol=1e-5)
    assert float(eye.seen[0][:, 0].mean()) == pytest.approx(0.9 * 0.25, abs=0.05)


@pytest.mark.parametrize(
    ("canvas", "size"),
    [
        (Canvas(32, 16), (32, 16)),
        (Canvas(512, 256), (128, 64)),
        (Canvas(160, 320), (64, 128)),
        (Canvas(8000, 16), (128, 1)),
        (Canvas(16, 8000), (1, 128)),
    ],
)
def test_losses_see_a_small_picture_of_the_canvas_shape(canvas: Canvas, size: tuple[int, int]) -> None:
    look = LossInput(red(), canvas, drawing(), {}, 0.0, lambda _: None)
    assert (look.size.width, look.size.height) == size
    assert look.image.shape == (1, 3, size[1], size[0])


def found(name: str, pixels: torch.Tensor) -> float:
    height, width = pixels.shape[-2:]
    return float(
        loss.make(name)(LossInput(picture(pixels), Canvas(width, height), drawing(), {}, 0.0, lambda _: None))
    )


def test_known_values_of_saturation() -> None:
    def flat(*colour: float) -> torch.Tensor:
        return torch.tensor(colour)[None, :, None, None].expand(1, 3, 12, 16).contiguous()

    assert found("saturation", flat(0.4, 0.4, 0.4)) == pytest.approx(-1e-3, abs=1e-5)
    assert found("saturation", flat(1.0, 0.0, 0.0)) == pytest.approx(-((2 / 3) ** 0.5), rel=1e-5)
    assert found("saturation", flat(0.2, 0.5, 0.8)) == pytest.approx(-(0.18**0.5), rel=1e-4)
    half = torch.cat([flat(1.0, 0.0, 0.0)[..., :8], flat(0.5, 0.5, 0.5)[..., :8]], -1)
    assert found("saturation", half) == pytest.approx(-((2 / 3) ** 0.5 + 1e-3) / 2, rel=1e-4)


def test_known_values_of_smoothness() -> None:
    columns = torch.arange(16).expand(1, 3, 12, 16)
    rows = torch.arange(12)[:, None].expand(1, 3, 12, 16)
    assert found("smoothness", (columns % 2).float()) == pytest.approx(1, abs=1e-5)
    assert found("smoothness", ((columns + rows) % 2).float()) == pytest.approx(2, abs=1e-5)
    assert found("smoothness", columns / 20) == pytest.approx(0.05, abs=1e-5)
    assert found("smoothness", columns / 20 + rows / 50) == pytest.approx(0.07, abs=1e-5)
    one_edge = (rows >= 6).float()
    assert found("smoothness", one_edge) == pytest.approx(1 / 11, abs=1e-5)
