"""Random cutouts of a picture for a perceptor: augmented crops, as in CLIP-guided synthesis (Crowson et al., 2022)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

# The side of a cutout over the canvas' shorter side, uniform. Smaller cutouts make the perceptor draw its subject many
# times over the picture; ones above 1 look over the edge.
SCALE_RANGE = (0.85, 1.2)
# The augmentations below keep the perceptor from rewarding patterns that hold at one exact position and angle only.
# Larger values make it blind to the picture's composition, smaller ones let such patterns through.
ROTATION_STD = math.radians(7.5)  # radians, standard deviation
STRETCH_STD = 0.08  # standard deviation of the logarithm of the aspect ratio's square root
SHEAR_STD = 0.06  # standard deviation, horizontal shift per height
# Contrast varies by +-0.1, brightness by half of that, single channels by two fifths of it.
COLOUR_JITTER = 0.1
# The most noise, as a standard deviation on a scale of 0..1; each cutout draws its own share of it.
MAX_NOISE_STD = 0.15


def sample_cutout_transforms(canvas: Canvas, count: int, rng: Generator) -> Tensor:
    """Draw random affine maps (count, 3, 3), float64, from the square [-1, 1] of a cutout to canvas units.

    Cutouts are squares of about the canvas' shorter side, slightly rotated, sheared and stretched. On a canvas that is
    not square every second one is widened at random, up to the whole picture, so that the perceptor also sees the
    composition. The order and number of draws from ``rng`` (a CPU generator) are part of a film's reproducibility.
    """
    scale = _sample_uniform(count, rng, *SCALE_RANGE)
    short, long = min(canvas.half), max(canvas.half)
    wide = torch.where(torch.arange(count) % 2 == 1, _sample_uniform(count, rng, 0, 1), torch.zeros(count))
    lengths = short * (long / short) ** wide * scale
    across, down = (lengths, short * scale) if canvas.width >= canvas.height else (short * scale, lengths)
    turn = torch.randn(count, generator=rng, dtype=torch.float64) * ROTATION_STD
    stretch = torch.exp(torch.randn(count, generator=rng, dtype=torch.float64) * STRETCH_STD)
    shear = torch.randn(count, generator=rng, dtype=torch.float64) * SHEAR_STD
    x = _sample_uniform(count, rng, -1, 1) * _compute_margin(canvas.half[0], across)
    y = _sample_uniform(count, rng, -1, 1) * _compute_margin(canvas.half[1], down)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [
        torch.stack([across * cos * stretch, down * (shear - sin), x], -1),
        torch.stack([across * sin, down * cos / stretch, y], -1),
        torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(count, 3),
    ]
    return torch.stack(rows, 1)


def jitter_colours(cutouts: Tensor, rng: Generator) -> Tensor:
    """Vary contrast, brightness and tint of each cutout (N, 3, S, S), add noise, and clip to [0, 1].

    Numbers are drawn from ``rng`` on the CPU and moved to the cutouts' device, so that the seed alone decides them.
    """
    count = len(cutouts)
    contrast = 1 + COLOUR_JITTER * _sample_uniform(count, rng, -1, 1)
    light = 0.5 * COLOUR_JITTER * _sample_uniform(count, rng, -1, 1)
    tint = 1 + 0.4 * COLOUR_JITTER * _sample_uniform((count, 3), rng, -1, 1)
    gain = (contrast[:, None] * tint)[..., None, None].to(cutouts)
    lift = ((0.5 - 0.5 * contrast + light)[:, None] * tint)[..., None, None].to(cutouts)
    noise = torch.randn(cutouts.shape, generator=rng).to(cutouts)
    strength = _sample_uniform(count, rng, 0, MAX_NOISE_STD)[:, None, None, None].to(cutouts)
    return torch.addcmul(torch.addcmul(lift, cutouts, gain), noise, strength).clamp(0, 1)


def _sample_uniform(size: int | tuple[int, ...], rng: Generator, low: float, high: float) -> Tensor:
    """Uniform float64 numbers of shape ``size`` in [low, high)."""
    return torch.rand(size, generator=rng, dtype=torch.float64) * (high - low) + low


def _compute_margin(half: float, length: Tensor) -> Tensor:
    """How far the centres of cutouts may lie from the canvas' centre along one axis: to the edge and a little over it.

    ``half`` is half the canvas along the axis and ``length`` (N,) half of each cutout, in canvas units.
    """
    return (half - length).abs() + 0.03
