"""Alpha compositing of flat shapes by "over" (Porter and Duff, 1984), the last on top, with a hand-written gradient.

Autograd would keep one picture for each shape; here a shape reads and writes only the pixels that it touches.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


def composite(pixels: Tensor, covered: Tensor, counts: list[int], colours: Tensor, ground: Tensor) -> Tensor:
    """Composite S shapes over ``ground`` -> (h * w, 4): premultiplied red, green, blue, and transmittance, in [0, 1].

    ``pixels`` (M,): the indices row * w + column that the first shape touches, then the second, and so on, ``counts``
    of each, without repetition within a shape. ``covered`` (M,): the coverage of each, in [0, 1]. ``colours`` (S, 4):
    red, green, blue, opacity, in [0, 1]. ``ground`` (h * w, 4): what lies below all shapes. Gradients reach ``covered``
    and ``colours``; they are computed from the top shape down, so that nothing is divided by a transmittance.
    """
    result: Tensor = _make_function().apply(pixels, covered, counts, colours, ground)
    return result


@cache
def _make_function() -> Any:
    """The autograd function, defined at first use because torch is imported then."""

    class Composite(torch.autograd.Function):
        @staticmethod
        def forward(
            ctx: Any, pixels: Tensor, covered: Tensor, counts: list[int], colours: Tensor, ground: Tensor
        ) -> Tensor:
            picture = ground.clone()
            paints = torch.cat([colours[:, :3], torch.zeros_like(colours[:, :1])], 1)
            places = torch.split(pixels, counts)
            opacity = colours[:, 3].repeat_interleave(torch.tensor(counts))
            alphas = torch.split((covered * opacity)[:, None], counts)
            steps = torch.empty(len(pixels), 4, dtype=picture.dtype)
            for place, alpha, step, paint in zip(
                places, alphas, torch.split(steps, counts), paints, strict=True
            ):
                below = picture.index_select(0, place)
                torch.sub(paint, below, out=step)
                picture.index_copy_(0, place, below.addcmul_(alpha, step))
            ctx.counts = counts
            ctx.save_for_backward(pixels, covered, colours, steps)
            return picture

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Any:
            pixels, covered, colours, steps = ctx.saved_tensors
            counts = ctx.counts
            opacity = colours[:, 3].repeat_interleave(torch.tensor(counts))
            alphas = torch.split((covered * opacity)[:, None], counts)
            gradient = gradient.clone()
            to_pixels = torch.empty_like(steps)
            places = torch.split(pixels, counts)
            for place, alpha, to_pixel in reversed(
                list(zip(places, alphas, torch.split(to_pixels, counts), strict=True))
            ):
                torch.index_select(gradient, 0, place, out=to_pixel)
                gradient.index_copy_(0, place, to_pixel - alpha * to_pixel)
            to_alpha = (to_pixels * steps).sum(1)
            shape = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
            parts = torch.cat(
                [to_pixels[:, :3] * (covered * opacity)[:, None], (to_alpha * covered)[:, None]], 1
            )
            to_colours = torch.zeros_like(colours).index_add_(0, shape, parts)
            return None, to_alpha * opacity, None, to_colours, None

    return Composite
