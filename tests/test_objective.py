"""Prompts, losses and filters, as a frame is refined towards them."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.cutouts import jitter_colours, sample_cutout_transforms
from pixray_motion.embeddings import great_circle_distance, prompt_loss, slerp
from pixray_motion.filters import apply_filters, image_filter
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.losses import LossInput, loss
from pixray_motion.perceptors.embedded import EmbeddedPerceptor
from pixray_motion.picture import Picture
from pixray_motion.story.plan import Component, Prompt
from pixray_motion.story.reading.story import parse


def unit(seed: int) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(8, generator=torch.Generator().manual_seed(seed)), dim=0)


def picture(pixels: torch.Tensor) -> Picture:
    return Picture(pixels, (pixels.shape[-2], pixels.shape[-2]), Motion.identity())


def look(pixels: torch.Tensor) -> LossInput:
    drawing = parse("story: 1\nscenes: [{length: 1f}]").plan(0).drawing
    return LossInput(picture(pixels), Canvas(16, 12), drawing, {}, 0.0, lambda _: None)


@given(st.integers(0, 99), st.floats(0, 1))
def test_slerp_turns_steadily_along_the_great_circle_distance(seed: int, share: float) -> None:
    a, b = unit(seed), unit(seed + 1000)
    mixed = slerp(a, b, share)
    assert float(mixed.norm()) == pytest.approx(1, abs=1e-5)
    assert float(great_circle_distance(a, mixed)) == pytest.approx(
        share * float(great_circle_distance(a, b)), abs=2e-3
    )


def test_great_circle_is_the_angle() -> None:
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([math.cos(0.3), math.sin(0.3)])
    assert float(great_circle_distance(a, b)) == pytest.approx(0.3, abs=1e-5)
    assert float(great_circle_distance(a, -a)) == pytest.approx(math.pi, abs=1e-2)


def test_a_negative_weight_pushes_away() -> None:
    target = unit(1)
    for weight, sign in ((2.0, 1.0), (-2.0, -1.0)):
        seen = unit(2)[None].clone().requires_grad_()
        term = prompt_loss(seen, target, Prompt((("x", 1.0),), weight))
        assert float(term.detach()) == pytest.approx(
            sign * 2 * float(great_circle_distance(unit(2), target)) ** 2 / 2, rel=1e-4
        )
        (gradient,) = torch.autograd.grad(term, seen)
        nearer = seen - 0.01 * gradient
        closer = (nearer[0] / nearer.norm() @ target) > (seen[0] @ target)
        assert bool(closer) == (weight > 0)


def test_below_its_stop_a_prompt_pulls_no_more() -> None:
    seen = unit(2)[None].clone().requires_grad_()
    term = prompt_loss(seen, unit(1), Prompt((("x", 1.0),), 1.0, 100.0))
    (gradient,) = torch.autograd.grad(term, seen, allow_unused=True)
    assert gradient is None or not gradient.any()


@pytest.mark.parametrize("name", loss.names())
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_losses_are_finite_numbers_with_finite_gradients(name: str, value: float) -> None:
    pixels = torch.full((1, 3, 12, 16), value, requires_grad=True)
    term = loss.make(name)(look(pixels))
    assert term.shape == ()
    (gradient,) = torch.autograd.grad(term, pixels)
    assert torch.isfinite(term)
    assert torch.isfinite(gradient).all()


def test_losses_do_what_their_names_say() -> None:
    grey, red = torch.full((1, 3, 12, 16), 0.5), torch.zeros(1, 3, 12, 16)
    red[:, 0] = 1
    noise = torch.rand((1, 3, 12, 16), generator=torch.Generator().manual_seed(0))
    values = {
        name: [float(loss.make(name)(look(p))) for p in (grey, red, noise)]
        for name in ("saturation", "smoothness")
    }
    assert values["saturation"][1] < values["saturation"][0]
    assert values["smoothness"][2] > values["smoothness"][0] == pytest.approx(0, abs=1e-6)


def apply(name: str, image: torch.Tensor) -> torch.Tensor:
    canvas = Canvas(image.shape[-1], image.shape[-2])
    return apply_filters(picture(image), [Component(name)], canvas).pixels


@pytest.mark.parametrize("name", image_filter.names())
def test_filters_keep_shape_and_range_and_pass_gradients(name: str) -> None:
    image = torch.rand((1, 3, 9, 16), generator=torch.Generator().manual_seed(0)).requires_grad_()
    changed = apply(name, image)
    assert changed.shape == image.shape
    assert 0 <= float(changed.detach().min()) <= float(changed.detach().max()) <= 1
    (gradient,) = torch.autograd.grad(changed.sum(), image)
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", image_filter.names())
def test_filters_change_nothing_by_default(name: str) -> None:
    image = torch.rand((1, 3, 9, 16), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(apply(name, image), image, atol=1e-6)


def test_contrast_spreads_about_middle_grey() -> None:
    image = torch.tensor([0.25, 0.5, 0.6]).view(1, 3, 1, 1)
    assert image_filter.make("contrast")(image, amount=2.0).flatten().tolist() == pytest.approx(
        [0.0, 0.5, 0.7]
    )


@pytest.mark.parametrize("canvas", [Canvas(64, 64), Canvas(192, 108), Canvas(108, 192), Canvas(300, 16)])
def test_cutouts_look_at_the_canvas(canvas: Canvas) -> None:
    """Their middles lie on the canvas, none is mirrored, and together they reach its ends."""
    maps = sample_cutout_transforms(canvas, 400, torch.Generator().manual_seed(0))
    x, y = canvas.half
    assert (maps[:, 0, 2].abs() <= x + 0.031).all()
    assert (maps[:, 1, 2].abs() <= y + 0.031).all()
    assert (torch.linalg.det(maps[:, :2, :2]) > 0).all()
    right = (maps @ torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64))[:, 0]
    assert right.max() > 0.9 * x


def test_a_cutout_of_the_whole_is_the_picture() -> None:
    pixels = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    whole = torch.diag(torch.tensor([0.5, 0.5, 1.0], dtype=torch.float64))[None]
    assert torch.allclose(picture(pixels).cutouts(whole, 32), pixels, atol=1e-5)


def test_small_cutouts_average_and_miss_no_pixel() -> None:
    """Sampled point by point, stripes of one pixel would alias; averaged they are grey."""
    pixels = torch.zeros(1, 3, 96, 96)
    pixels[..., ::2] = 1
    whole = torch.diag(torch.tensor([0.5, 0.5, 1.0], dtype=torch.float64))[None]
    assert (picture(pixels).cutouts(whole, 24) - 0.5).abs().max() < 0.01


def test_perceptors_see_true_brightness() -> None:
    """No stretch between minimum and maximum: a faded picture looks faded."""
    faded = torch.full((64, 3, 8, 8), 0.5)
    faded[..., ::2] = 0.55
    looks = jitter_colours(faded, torch.Generator().manual_seed(0))
    assert 0.4 < float(looks.mean()) < 0.6
    assert float(looks.mean((2, 3)).std()) < 0.1


@pytest.fixture(scope="module")
def embedded() -> EmbeddedPerceptor:
    return EmbeddedPerceptor()


@pytest.mark.parametrize(
    "text", ["", " ", "a dog", "🐶", "zxqv blorp", "日本", "\x00\n", "dog " * 500, "a" * 5000]
)
def test_any_text_has_an_embedding(embedded: EmbeddedPerceptor, text: str) -> None:
    vector = embedded.embed_text([text])
    assert vector.shape[0] == 1
    assert float(vector.norm()) == pytest.approx(1, abs=1e-4)


def test_texts_do_not_depend_on_their_company(embedded: EmbeddedPerceptor) -> None:
    together = embedded.embed_text(["a dog", "a very long description of a city at night in the rain"])
    assert torch.allclose(together[0], embedded.embed_text(["a dog"])[0], atol=1e-6)


def test_emoji_are_read_by_name(embedded: EmbeddedPerceptor) -> None:
    dog, face, fire = embedded.embed_text(["🐶", "dog face", "fire"])
    assert dog @ face > 0.99 > dog @ fire


def test_the_end_of_a_long_text_counts(embedded: EmbeddedPerceptor) -> None:
    plain, longer = embedded.embed_text(["a dog " * 40, "a dog " * 40 + "in a burning city at night " * 40])
    assert plain @ longer < 0.99
