"""Random views of a picture for a perceptor to look at: many small looks instead of one large one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

SCALES = (0.85, 1.2)  # a cutout's height over the canvas'
TURN = math.radians(7.5)  # standard deviations, from here on
STRETCH = 0.08
SHEAR = 0.06
JITTER = 0.1  # of contrast, brightness and, by two fifths, of single colours
NOISE = 0.15  # the most, drawn for each cutout


def sample_cutout_transforms(canvas: Canvas, count: int, rng: Generator) -> Tensor:
    """(count, 3, 3) float64: maps from a cutout's corners (+-1, +-1) to canvas units.

    Cutouts are squares of about the canvas' shorter side, slightly turned, sheared and stretched. On a canvas that is
    not square every second one is widened at random up to the whole picture, so that the perceptor sees it as one.
    """
    scale = _uniform(count, rng, *SCALES)
    short, long = min(canvas.half), max(canvas.half)
    wide = torch.where(torch.arange(count) % 2 == 1, _uniform(count, rng, 0, 1), torch.zeros(count))
    lengths = short * (long / short) ** wide * scale
    across, down = (lengths, short * scale) if canvas.width >= canvas.height else (short * scale, lengths)
    turn = torch.randn(count, generator=rng, dtype=torch.float64) * TURN
    stretch = torch.exp(torch.randn(count, generator=rng, dtype=torch.float64) * STRETCH)
    shear = torch.randn(count, generator=rng, dtype=torch.float64) * SHEAR
    x = _uniform(count, rng, -1, 1) * _room(canvas.half[0], across)
    y = _uniform(count, rng, -1, 1) * _room(canvas.half[1], down)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [
        torch.stack([across * cos * stretch, down * (shear - sin), x], -1),
        torch.stack([across * sin, down * cos / stretch, y], -1),
        torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(count, 3),
    ]
    return torch.stack(rows, 1)


def jitter_colours(cutouts: Tensor, rng: Generator) -> Tensor:
    """(N, 3, S, S) with the colours of each cutout changed a little, noise added, and clipped to [0, 1]."""
    count = len(cutouts)
    contrast = 1 + JITTER * _uniform(count, rng, -1, 1)
    light = 0.5 * JITTER * _uniform(count, rng, -1, 1)
    tint = 1 + 0.4 * JITTER * _uniform((count, 3), rng, -1, 1)
    gain = (contrast[:, None] * tint)[..., None, None].to(cutouts)
    lift = ((0.5 - 0.5 * contrast + light)[:, None] * tint)[..., None, None].to(cutouts)
    noise = torch.randn(cutouts.shape, generator=rng).to(cutouts)
    strength = _uniform(count, rng, 0, NOISE)[:, None, None, None].to(cutouts)
    return torch.addcmul(torch.addcmul(lift, cutouts, gain), noise, strength).clamp(0, 1)


def _uniform(size: int | tuple[int, ...], rng: Generator, low: float, high: float) -> Tensor:
    return torch.rand(size, generator=rng, dtype=torch.float64) * (high - low) + low


def _room(half: float, length: Tensor) -> Tensor:
    """How far a cutout may move from the middle: to the edge, and a little over it."""
    return (half - length).abs().clamp(max=half) + 0.03
