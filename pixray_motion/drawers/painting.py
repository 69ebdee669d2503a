"""Flat shapes laid over each other, the last on top: each hides what lies below it as far as it is opaque there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


def painted(pixels: Tensor, covered: Tensor, counts: list[int], colours: Tensor, ground: Tensor) -> Tensor:
    """(h * w, 4): premultiplied colour, and how much shines through, after all shapes are laid on ``ground``.

    ``pixels`` (M,) are those of the first shape, then of the second, and so on, ``counts`` of each, and each only once
    in a shape; ``covered`` (M,) in [0, 1]; ``colours`` (S, 4), red, green, blue, opacity. Gradients reach ``covered``
    and ``colours``. They are worked out from the top down, so that nothing is divided by what shines through.
    """
    result: Tensor = _function().apply(pixels, covered, counts, colours, ground)
    return result


def _function() -> Any:
    """The class is made when it is first needed, since torch is."""
    global _painting
    if _painting is None:
        _painting = _made()
    return _painting


_painting: Any = None


def _made() -> Any:
    class Painting(torch.autograd.Function):
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
            pulls = torch.empty_like(steps)
            places = torch.split(pixels, counts)
            for place, alpha, pull in reversed(
                list(zip(places, alphas, torch.split(pulls, counts), strict=True))
            ):
                torch.index_select(gradient, 0, place, out=pull)
                gradient.index_copy_(0, place, pull - alpha * pull)
            to_alpha = (pulls * steps).sum(1)
            shape = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
            parts = torch.cat([pulls[:, :3] * (covered * opacity)[:, None], (to_alpha * covered)[:, None]], 1)
            to_colours = torch.zeros_like(colours).index_add_(0, shape, parts)
            return None, to_alpha * opacity, None, to_colours, None

    return Painting
