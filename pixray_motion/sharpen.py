"""Enlarging a small picture without soft edges and without halos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

AMOUNT = 1.5
DETAIL = 48  # lines of detail that a picture has which is worth sharpening


def sharpen_clamped(pixels: Tensor, lines: int) -> Tensor:
    """(N, 3, h, w) in [0, 1] -> the same with steeper edges; ``lines`` are shown of what has ``DETAIL`` of detail.

    An unsharp mask, held between the darkest and the brightest value nearby, so that edges steepen and never ring.
    """
    reach = round(lines / DETAIL / 2)
    if reach < 1:
        return pixels
    size = 2 * reach + 1
    padded = torch.nn.functional.pad(pixels, [reach] * 4, mode="replicate")
    pool = torch.nn.functional
    soft = pool.avg_pool2d(padded, size, 1)
    high, low = pool.max_pool2d(padded, size, 1), -pool.max_pool2d(-padded, size, 1)
    return torch.minimum(torch.maximum(pixels + AMOUNT * (pixels - soft), low), high)
