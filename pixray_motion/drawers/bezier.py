"""Shapes of cubic Bezier curves -> pictures, differentiable: strokes with a width, and filled outlines.

Convention: pixels; the centre of pixel (column, row) is at (column + 0.5, row + 0.5), x right, y down. A *curve* is one
cubic; a *shape* one or more curves in a row, painted with one colour: a stroke with round ends and joins, or, where
``filled``, all that its curves enclose. Shapes cover each other in order, the last on top.

How much of a pixel is covered follows from its distance to the nearest point of the shape's curves. Which curve is
nearest, and where on it, is found without gradients; the distance to that point is then written down again with them.
Its derivative is exact, since the nearest point is stationary (envelope theorem). Most pixels lie well inside, where
nothing but the colour matters: they are found as runs, and no distance is computed for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixray_motion.drawers.nearest import REACH, SOFT, Coverage, bernstein, find
from pixray_motion.drawers.painting import painted
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Shapes:
    """What is painted: ``curves`` (C, 4, 2), each of the shape ``owner`` (C,), in the shapes' order.

    ``half_widths`` (S,), pixels, 0 of filled ones; ``colours`` (S, 4), red, green, blue, opacity in [0, 1]; ``filled``
    (S,) bool, none if it is None. The curves of a filled shape lead back to where they began.
    """

    curves: Tensor
    owner: Tensor
    half_widths: Tensor
    colours: Tensor
    filled: Tensor | None = None


def drawn(shapes: Shapes, paper: Tensor, height: int, width: int) -> Tensor:
    """(3, height, width): the shapes over ``paper`` (3,). Gradients reach all but ``owner`` and ``filled``."""
    rgb, through = premultiplied(shapes, height, width)
    return rgb + through * paper[:, None, None]


def premultiplied(shapes: Shapes, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Colours times opacity (3, height, width), and how much shines through (height, width)."""
    solid = torch.zeros(len(shapes.colours), dtype=torch.bool) if shapes.filled is None else shapes.filled
    found = find(shapes.curves.detach(), shapes.owner, shapes.half_widths.detach(), solid, height, width)
    covered = torch.ones(len(found.pixel)).to(shapes.curves)
    covered = covered.index_copy(0, found.edge, coverage(found, shapes, width))
    ground = torch.tensor([0, 0, 0, 1]).to(shapes.curves).expand(height * width, 4)
    planes = painted(found.pixel, covered, found.counts, shapes.colours, ground).T.view(4, height, width)
    return planes[:3], planes[3]


def coverage(found: Coverage, shapes: Shapes, width: int) -> Tensor:
    """(E,): how much of each pixel at an edge is covered: how much of its window, laid across the edge, lies inside."""
    weights = bernstein(found.t)[..., None]
    nearest = (shapes.curves.index_select(0, found.curve) * weights).sum(1)
    pixel = found.pixel[found.edge]
    row = torch.div(pixel, width, rounding_mode="floor")
    centre = torch.stack([pixel - row * width, row], -1).to(nearest) + 0.5
    # A pixel right on the curve has no direction away from it; the tiny number keeps its gradient finite.
    distance = ((centre - nearest).square().sum(-1) + 1e-12).sqrt()
    half = shapes.half_widths.index_select(0, shapes.owner[found.curve])
    stroke = windowed(half - distance) - windowed(-half - distance)
    return torch.where(found.side == 0, stroke, windowed(found.side * distance))


def windowed(depth: Tensor) -> Tensor:
    """0..1: how much of a pixel's window lies inside of an edge that its centre is ``depth`` inside of.

    The window is a box of a pixel that is blurred a little, so that gradients do not jump where an edge touches it.
    """
    near, far = REACH - SOFT, REACH
    parts = [
        sign * (depth + at).clamp(min=0).square()
        for sign, at in ((1, far), (-1, near), (-1, -near), (1, -far))
    ]
    return sum(parts[1:], parts[0]) / (2 * SOFT)
