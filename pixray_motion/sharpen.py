"""Sharpening of an enlarged picture: steep edges without halos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

# How much of the difference from the blurred picture is added. 0 changes nothing; larger values make edges steeper, and
# the clamp below keeps them from ringing.
UNSHARP_GAIN = 1.5
# Rows of detail that the picture is taken to have: the size at which the embedded denoiser paints. A larger number
# narrows the blur, until it has no effect.
DETAIL_LINES = 48


def sharpen_clamped(pixels: Tensor, lines: int) -> Tensor:
    """Sharpen pictures (N, 3, h, w) in [0, 1] whose detail is coarser than their pixels; shape and range are kept.

    ``lines`` is the height, in pixels, at which the whole picture is shown; its detail is worth ``DETAIL_LINES``. An
    unsharp mask, clamped between the darkest and the brightest value nearby, so that edges steepen and never ring. Up
    to ``DETAIL_LINES`` lines the picture is returned as it is.
    """
    reach = round(lines / DETAIL_LINES / 2)
    if reach < 1:
        return pixels
    size = 2 * reach + 1
    padded = torch.nn.functional.pad(pixels, [reach] * 4, mode="replicate")
    pool = torch.nn.functional
    soft = pool.avg_pool2d(padded, size, 1)
    high, low = pool.max_pool2d(padded, size, 1), -pool.max_pool2d(-padded, size, 1)
    return torch.minimum(torch.maximum(pixels + UNSHARP_GAIN * (pixels - soft), low), high)
