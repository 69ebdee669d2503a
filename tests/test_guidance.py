"""Guidance towards texts, and what a step of distillation adds to a picture."""

import math

import numpy as np
import pytest
import torch
from learning import Painter, picture, rng
from numpy.typing import NDArray

from pixray_motion.denoisers.colours import colour_stats
from pixray_motion.denoisers.guidance import Guidance, PromptedDenoiser, guided_x0
from pixray_motion.geometry import Canvas
from pixray_motion.picture import Picture
from pixray_motion.story.plan import Component, DenoiserSettings, Prompt

Array = NDArray[np.float64]
PATTERN = torch.tensor([[0.1, -0.1], [-0.05, 0.05]]).repeat(2, 2).expand(1, 3, 4, 4)


class Known(Painter):
    """Predicts the pictures that it was given: first without a text, then for each."""

    def __init__(self, *pictures: torch.Tensor) -> None:
        super().__init__(side=pictures[0].shape[-2])
        self.pictures = torch.cat(pictures)

    def predict_x0(self, noisy: torch.Tensor, noise_level: float, texts: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        return self.pictures[: 1 + len(texts)]


def towards(scale: float, *pictures: torch.Tensor, weights: tuple[float, ...] = (1.0,)) -> torch.Tensor:
    texts = [(torch.zeros(3), weight) for weight in weights]
    return guided_x0(Known(*pictures), torch.zeros(1, 3, 4, 4), 0.5, texts, scale)


def flat(value: float) -> torch.Tensor:
    return torch.full((1, 3, 4, 4), value)


def test_a_scale_of_nothing_forgets_the_texts_and_one_of_1_follows_them() -> None:
    assert torch.allclose(towards(0, PATTERN, -2 * PATTERN), PATTERN, atol=1e-6)
    assert torch.allclose(towards(0.25, 0 * PATTERN, PATTERN), 0.25 * PATTERN, atol=1e-6)
    assert torch.allclose(towards(1, 0.5 * PATTERN, -2 * PATTERN), -2 * PATTERN, atol=1e-6)


def test_a_large_scale_is_brought_back_to_the_colours_of_1_by_seven_tenths() -> None:
    unconditional, conditional = 0.5 * PATTERN + 0.1, PATTERN - 0.2
    guided = unconditional + 5 * (conditional - unconditional)
    own, plain = colour_stats(guided)[..., None, None], colour_stats(conditional)[..., None, None]
    matched = (guided - own[0]) / (own[1] + 1e-3) * (plain[1] + 1e-3) + plain[0]
    wanted = 0.3 * guided + 0.7 * matched
    assert torch.allclose(towards(5, unconditional, conditional), wanted, atol=1e-6)
    # in plain numbers: the mean would be at -1.4 and comes back to -0.2 by seven tenths
    assert float(wanted.mean()) == pytest.approx(0.3 * -1.4 + 0.7 * -0.2, abs=1e-5)


def test_texts_share_the_scale_and_push_away_by_their_part_of_it() -> None:
    """Two texts that attract, 3 to 1, and one that repels by half of what both weigh."""
    pictures = (flat(0.0), flat(0.1), flat(0.2), flat(0.05))
    found = towards(2, *pictures, weights=(3.0, 1.0, -2.0))
    one = (3 * 0.1 + 1 * 0.2 - 2 * 0.05) / 4
    assert torch.allclose(found, flat(0.3 * 2 * one + 0.7 * one), atol=1e-6)


def test_texts_that_only_repel_push_by_their_own_weight() -> None:
    assert torch.allclose(towards(1, flat(0.0), flat(0.2), weights=(-0.5,)), flat(-0.1), atol=1e-6)


def test_predictions_stay_in_range() -> None:
    assert torch.allclose(towards(1, flat(0.0), flat(3.0)), flat(1.0))
    assert torch.allclose(towards(1, flat(0.0), flat(-3.0)), flat(-1.0))


SMALL = Canvas(4, 4)


def guidance(
    painter: Painter,
    *prompts: Prompt,
    seed: int = 0,
    canvas: Canvas = SMALL,
    anchor: torch.Tensor | None = None,
    **settings: float,
) -> Guidance:
    """A painter that guides a canvas; what is not said is a weight of 1, a scale of 1, and new prompts."""
    values = {"weight": 1.0, "guidance_scale": 1.0, "noise_level": 0.5, "prompt_change": 1.0} | settings
    names = {text for prompt in prompts for text, _ in prompt.texts}
    texts = {name: painter.embed_text([name])[0] for name in names}
    known = DenoiserSettings(Component("painter"), **values)
    return Guidance(PromptedDenoiser(painter, texts), known, prompts, canvas, rng(seed), anchor)


def saying(text: str, weight: float = 1.0) -> Prompt:
    return Prompt(((text, 1.0),), weight)


RED = saying("0.4 0 -0.4")


def grey(side: int = 4) -> Picture:
    return picture(torch.full((1, 3, side, side), 0.5))


def test_prompts_are_embedded_and_weighted_and_those_without_weight_are_nobody() -> None:
    morph = Prompt((("0.8 0 0", 0.5), ("0 0.8 0", 0.5)), 1.0)
    made = guidance(Painter(), RED, saying("1 1 1", 0.0), saying("0 0 0.4", 1.0))
    assert made.predict_x0(torch.zeros(1, 3, 4, 4), 0.5)[0, :, 0, 0].tolist() == pytest.approx(
        [0.2, 0, 0], abs=1e-6
    )
    assert guidance(Painter(), morph).predict_x0(torch.zeros(1, 3, 4, 4), 0.5)[0, 2].abs().max() < 1e-6


def test_prompts_that_repel_push_away() -> None:
    made = guidance(Painter(), RED, saying("0 0 0.4", -0.5))
    assert made.predict_x0(torch.zeros(1, 3, 4, 4), 0.5)[0, :, 0, 0].tolist() == pytest.approx(
        [0.4, 0, -0.6], abs=1e-6
    )


def test_the_scale_is_the_settings() -> None:
    made = guidance(Painter(), RED, guidance_scale=0.5)
    assert made.predict_x0(torch.zeros(1, 3, 4, 4), 0.5)[0, 0, 0, 0] == pytest.approx(0.2)


def levels(progress: float, start: float, count: int = 600) -> Array:
    painter = Painter()
    made = guidance(painter, RED, noise_level=start)
    shown = grey()
    for _ in range(count):
        made.distillation_update(lambda: shown, progress)
    return np.array(painter.levels)


@pytest.mark.parametrize(
    ("start", "progress", "middle"),
    [(0.7, 0.0, 0.7), (0.7, 0.4, 0.48), (0.7, 1.0, 0.15), (0.35, 0.5, 0.25), (0.12, 0.5, 0.12)],
)
def test_noise_levels_scatter_around_a_line_from_the_settings_to_a_low_one(
    start: float, progress: float, middle: float
) -> None:
    """A frame that begins below the last level stays where it is."""
    found = levels(progress, start)
    inside = (found > 0.03) & (found < 0.97)
    assert float(np.median(found)) == pytest.approx(middle, abs=0.009)
    if inside.all():
        assert float(found.std()) == pytest.approx(0.06, rel=0.1)
    below, above = np.quantile(found, (0.1587, 0.8413))
    assert float(above - below) == pytest.approx(0.12, rel=0.12)


def test_noise_levels_keep_off_both_ends() -> None:
    high, low = levels(0.0, 1.0, 60), levels(0.0, 0.02, 60)
    assert (high.max(), low.min()) == (0.97, 0.03)
    assert (high == 0.97).mean() > 0.5 < (low == 0.03).mean()


def test_the_denoiser_sees_the_picture_through_noise_of_the_level() -> None:
    painter = Painter(side=64)
    white = picture(torch.ones(1, 3, 64, 64))
    guidance(painter, RED, canvas=Canvas(64, 64), noise_level=0.5).distillation_update(lambda: white, 0.0)
    [seen], [level] = painter.noisy, painter.levels
    assert float(seen.mean()) == pytest.approx(math.cos(level * math.pi / 2), abs=0.03)  # white is 1
    assert float(seen.std()) == pytest.approx(math.sin(level * math.pi / 2), rel=0.03)


def test_noise_comes_from_the_generator() -> None:
    def seen(seed: int) -> torch.Tensor:
        painter = Painter()
        guidance(painter, RED, seed=seed).distillation_update(grey, 0.0)
        return painter.noisy[0]

    assert torch.equal(seen(1), seen(1))
    assert not torch.allclose(seen(1), seen(2))


def test_the_picture_is_seen_at_the_denoisers_size() -> None:
    painter = Painter(side=4)
    made = guidance(painter, RED, canvas=Canvas(32, 16))
    shown = torch.zeros(1, 3, 16, 32)
    shown[..., :8] = 1
    assert made.view(picture(shown))[0, 0].tolist() == [[1, 1, -1, -1, -1, -1, -1, -1]] * 4
    assert made.distillation_update(lambda: picture(shown), 0.0).shape == (1, 3, 4, 8)


def blurred(image: Array) -> Array:
    """A binomial kernel of 3 x 3, with the border repeated: written once more."""
    padded = np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[..., :-2, :] / 4 + padded[..., 1:-1, :] / 2 + padded[..., 2:, :] / 4
    whole: Array = rows[..., :-2] / 4 + rows[..., 1:-1] / 2 + rows[..., 2:] / 4
    return whole


def test_an_update_is_half_of_the_way_in_minus_1_to_1_without_its_finest_waves() -> None:
    point = torch.zeros(1, 3, 5, 5)
    point[..., 2, 2] = 0.8
    made = guidance(Known(point, point), RED, canvas=Canvas(5, 5), weight=0.5)
    update = made.distillation_update(lambda: grey(5), 0.0)
    kernel = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    assert torch.allclose(update[0, 0, 1:4, 1:4], 0.8 * 0.5 / 2 * kernel, atol=1e-6)
    assert float(update.sum()) == pytest.approx(3 * 0.8 * 0.5 / 2, abs=1e-5)
    stripes = (torch.arange(8) % 2 * 2.0 - 1).expand(1, 3, 8, 8) * 0.5
    striped = guidance(Known(stripes, stripes), RED, canvas=Canvas(8, 8)).distillation_update(
        lambda: grey(8), 0.0
    )
    assert float(striped[..., 1:-1].abs().max()) < 1e-6


def test_a_flat_update_reaches_the_border() -> None:
    update = guidance(Known(flat(0.4), flat(0.4)), RED, weight=0.25).distillation_update(grey, 0.0)
    assert torch.allclose(update, flat(0.05), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "freedom", "part"), [(0, 0, 0.5), (0.125, 0.5, 0.75), (0.25, 1, 1), (1, 1, 1)]
)
def test_while_nothing_is_new_an_update_is_of_half_the_weight_and_keeps_colours(
    change: float, freedom: float, part: float
) -> None:
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    shown = (torch.cos(x * math.pi / 4) * 0.4).expand(1, 3, 8, 8)
    wanted = (torch.cos(y * math.pi / 4) * 0.6 + 0.2).expand(1, 3, 8, 8)
    made = guidance(Known(wanted, wanted), RED, canvas=Canvas(8, 8), weight=0.4, prompt_change=change)
    update = made.distillation_update(lambda: picture((shown + 1) / 2), 0.0)
    before, goal = shown.double().numpy(), wanted.double().numpy()
    mixed = before + 0.4 * part * (goal - before)
    spread = [image.std(ddof=1) + 1e-3 for image in (before[:, :1], mixed[:, :1])]
    calm = (mixed - mixed.mean()) * spread[0] / spread[1] + before.mean()
    after = calm + freedom * (mixed - calm)
    assert update.numpy() == pytest.approx(blurred((after - before) / 2), abs=1e-5)


def test_the_anchor_stays_where_nothing_is_new_without_a_look() -> None:
    anchor = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])

    def never() -> Picture:
        raise AssertionError("nobody has to draw")

    assert guidance(Painter(), RED, anchor=anchor, prompt_change=0.0).next_anchor(never) is anchor
    half = guidance(Painter(), RED, anchor=anchor, prompt_change=0.125).next_anchor(grey)
    assert torch.allclose(half, anchor / 2, atol=1e-6)  # a grey picture has a mean and a spread of 0
    assert torch.allclose(guidance(Painter(), RED, anchor=anchor).next_anchor(grey), 0 * anchor)
    assert torch.allclose(guidance(Painter(), RED, prompt_change=0.0).next_anchor(grey), 0 * anchor)
