"""DDIM: what is left of a picture and of its noise, step by step."""

import math
from collections.abc import Callable

import pytest
import torch
from learning import rng

from pixray_motion.denoisers.base import alpha_sigma
from pixray_motion.denoisers.sampler import ddim_sample

LARGE = (1, 3, 64, 64)
Predict = Callable[[torch.Tensor, float], torch.Tensor]


def recorded(x0: torch.Tensor) -> tuple[Predict, list[torch.Tensor], list[float]]:
    """A denoiser that knows the picture, what it was shown, and at which levels."""
    noisy_ones: list[torch.Tensor] = []
    levels: list[float] = []

    def predict(noisy: torch.Tensor, level: float) -> torch.Tensor:
        noisy_ones.append(noisy.clone())
        levels.append(level)
        return x0

    return predict, noisy_ones, levels


@pytest.mark.parametrize(
    ("level", "alpha", "sigma"), [(0, 1, 0), (1 / 3, 0.75**0.5, 0.5), (0.5, 0.5**0.5, 0.5**0.5), (1, 0, 1)]
)
def test_how_much_picture_and_how_much_noise(level: float, alpha: float, sigma: float) -> None:
    assert alpha_sigma(level) == pytest.approx((alpha, sigma), abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_denoiser_that_knows_the_picture_gives_it_back(steps: int) -> None:
    x0 = torch.rand((1, 3, 6, 8), generator=rng()) * 2 - 1
    predict, noisy, _ = recorded(x0)
    assert torch.equal(ddim_sample(torch.zeros_like(x0), 0.8, steps, predict, rng(1)), x0)
    assert len(noisy) == steps


def test_levels_fall_evenly_to_the_last_step() -> None:
    predict, _, levels = recorded(torch.zeros(1, 3, 2, 2))
    ddim_sample(torch.zeros(1, 3, 2, 2), 0.8, 4, predict, rng())
    assert levels == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_at_first_the_given_picture_is_covered_with_noise_of_the_level() -> None:
    predict, noisy, _ = recorded(torch.zeros(LARGE))
    ddim_sample(torch.ones(LARGE), 0.6, 1, predict, rng())
    assert float(noisy[0].mean()) == pytest.approx(math.cos(0.3 * math.pi), abs=0.02)
    assert float(noisy[0].std()) == pytest.approx(math.sin(0.3 * math.pi), rel=0.02)


@pytest.mark.parametrize("level", [0.99, 0.5])
def test_at_each_step_there_is_as_much_noise_as_its_level_says(level: float) -> None:
    """And as much of the predicted picture: what is kept and what is fresh make up the whole variance."""
    x0 = torch.full(LARGE, 0.5)
    predict, noisy, levels = recorded(x0)
    ddim_sample(x0, level, 5, predict, rng())
    for seen, now in list(zip(noisy, levels, strict=True))[1:]:
        assert float(seen.std()) == pytest.approx(math.sin(now * math.pi / 2), rel=0.02)
        assert float(seen.mean()) == pytest.approx(0.5 * math.cos(now * math.pi / 2), abs=0.02)


def test_all_noise_is_renewed_that_can_be() -> None:
    """Ancestral sampling: a part of each step's noise is that of the step before, as the variances say."""
    predict, noisy, levels = recorded(torch.zeros(LARGE))
    ddim_sample(torch.zeros(LARGE), 0.9, 6, predict, rng())
    for step in range(5):
        (alpha, sigma), (then_alpha, then_sigma) = alpha_sigma(levels[step]), alpha_sigma(levels[step + 1])
        common = torch.corrcoef(torch.stack([noisy[step].flatten(), noisy[step + 1].flatten()]))[0, 1]
        # the posterior of q(x_s | x_t, x0): its mean holds alpha_t / alpha_s * sigma_s^2 / sigma_t^2 of x_t
        wanted = alpha / then_alpha * then_sigma**2 / sigma**2 * sigma / then_sigma
        assert float(common) == pytest.approx(wanted, abs=0.03)


def test_a_nudge_is_told_its_progress_and_its_word_counts() -> None:
    told: list[float] = []
    predict, noisy, _ = recorded(torch.zeros(LARGE))

    def nudge(x0: torch.Tensor, progress: float) -> torch.Tensor:
        told.append(progress)
        return x0 + 0.5

    image = torch.full(LARGE, 0.5)
    assert torch.equal(ddim_sample(image, 0.5, 4, predict, rng(), nudge), image)
    assert told == [0, 0.25, 0.5, 0.75]
    for seen, level in zip(noisy, (0.5, 0.375, 0.25, 0.125), strict=True):  # each begins from what was nudged
        assert float(seen.mean()) == pytest.approx(0.5 * math.cos(level * math.pi / 2), abs=0.02)


def test_noise_depends_on_the_generator_alone() -> None:
    def shown(seed: int) -> list[torch.Tensor]:
        predict, noisy, _ = recorded(torch.zeros(1, 3, 4, 4))
        ddim_sample(torch.zeros(1, 3, 4, 4), 0.9, 3, predict, rng(seed))
        return noisy

    one, again, other = shown(1), shown(1), shown(2)
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(torch.allclose(a, b) for a, b in zip(one, other, strict=True))


def test_without_noise_the_picture_stays_for_a_denoiser_that_sees_it() -> None:
    image = torch.rand((1, 3, 4, 4), generator=rng())
    assert torch.allclose(ddim_sample(image, 1e-6, 2, lambda noisy, _: noisy, rng()), image, atol=1e-4)
