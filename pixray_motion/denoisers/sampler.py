"""Sampling with a denoiser."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from pixray_motion.denoisers.base import alpha_sigma
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor


def ddim_sample(
    image: Tensor,
    noise_level: float,
    steps: int,
    predict_x0: Callable[[Tensor, float], Tensor],
    rng: Generator,
    nudge: Callable[[Tensor, float], Tensor] | None = None,
) -> Tensor:
    """(1, 3, h, w) in -1..1: ``image`` with noise of a level in 0..1, denoised in ``steps`` (at least 1).

    DDIM with all of its noise renewed at each step (Song 2020, algorithm with eta = 1). ``predict_x0`` takes a noisy
    picture and its level; ``nudge`` takes every prediction and the share of steps that are done, and returns a
    better one.
    """
    levels = [noise_level * (1 - index / steps) for index in range(steps + 1)]

    def noise() -> Tensor:
        return torch.randn(image.shape, generator=rng).to(image)

    alpha, sigma = alpha_sigma(noise_level)
    noisy, x0 = alpha * image + sigma * noise(), image
    for index, (now, then) in enumerate(pairwise(levels)):
        (alpha, sigma), (next_alpha, next_sigma) = alpha_sigma(now), alpha_sigma(then)
        x0 = predict_x0(noisy, now)
        if nudge is not None:
            x0 = nudge(x0, index / steps)
        fresh = next_sigma / sigma * (1 - (alpha / next_alpha) ** 2) ** 0.5
        kept = max(next_sigma**2 - fresh**2, 0.0) ** 0.5
        noisy = next_alpha * x0 + kept * ((noisy - alpha * x0) / sigma) + fresh * noise()
    return x0
