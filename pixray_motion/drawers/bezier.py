"""A differentiable rasteriser of cubic Bezier shapes: strokes with a width, and filled outlines.

Convention: pixels; the centre of pixel (column, row) is at (column + 0.5, row + 0.5), x right, y down. A *curve* is one
cubic; a *shape* is one or more consecutive curves of one colour: a stroke with round caps and joins, or, where
``filled``, the area that its curves enclose by the non-zero rule. Shapes are composited in order, the last on top.

The coverage of a pixel is a function of its distance to the nearest point of the shape's curves. Which curve is
nearest, and where, is searched without gradients; the distance to that point is then computed again with them. Its
derivative is exact, since the nearest point is stationary (the envelope theorem). Most pixels lie well inside a shape,
where only the colour matters: they are found as spans of rows, and no distance is computed for them. Pictures and
gradients are tested against those of diffvg (Li et al., "Differentiable Vector Graphics Rasterization", 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixray_motion.drawers.nearest import EDGE_BLUR, WINDOW_RADIUS, Coverage, bernstein, find_coverage
from pixray_motion.drawers.painting import composite
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Shapes:
    """S shapes of C curves in all.

    ``curves`` (C, 4, 2): control points in pixels, in the order of the shapes. ``owner`` (C,), int64: the shape of each
    curve. ``half_widths`` (S,): in pixels, 0 for filled shapes. ``colours`` (S, 4): red, green, blue, opacity, in
    [0, 1]. ``filled`` (S,), bool: None if all are strokes. The curves of a filled shape end where they began.
    """

    curves: Tensor
    owner: Tensor
    half_widths: Tensor
    colours: Tensor
    filled: Tensor | None = None


def rasterise(shapes: Shapes, paper: Tensor, height: int, width: int) -> Tensor:
    """Rasterise shapes over a ``paper`` (3,) of one colour -> (3, height, width), in [0, 1] if all colours are.

    Gradients reach everything but ``owner`` and ``filled``.
    """
    rgb, through = rasterise_premultiplied(shapes, height, width)
    return rgb + through * paper[:, None, None]


def rasterise_premultiplied(shapes: Shapes, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Rasterise shapes over nothing: premultiplied colours (3, height, width) and transmittance (height, width)."""
    solid = torch.zeros(len(shapes.colours), dtype=torch.bool) if shapes.filled is None else shapes.filled
    found = find_coverage(
        shapes.curves.detach(), shapes.owner, shapes.half_widths.detach(), solid, height, width
    )
    covered = torch.ones(len(found.pixel)).to(shapes.curves)
    covered = covered.index_copy(0, found.edge, compute_coverage(found, shapes, width))
    ground = torch.tensor([0, 0, 0, 1]).to(shapes.curves).expand(height * width, 4)
    planes = composite(found.pixel, covered, found.counts, shapes.colours, ground).T.view(4, height, width)
    return planes[:3], planes[3]


def compute_coverage(found: Coverage, shapes: Shapes, width: int) -> Tensor:
    """The coverage (E,), in [0, 1], of pixels at edges: the part of a window, normal to the edge, that lies inside."""
    weights = bernstein(found.t)[..., None]
    nearest = (shapes.curves.index_select(0, found.curve) * weights).sum(1)
    pixel = found.pixel[found.edge]
    row = torch.div(pixel, width, rounding_mode="floor")
    centre = torch.stack([pixel - row * width, row], -1).to(nearest) + 0.5
    # At distance 0 the square root has no gradient; the tiny number keeps it finite.
    distance = ((centre - nearest).square().sum(-1) + 1e-12).sqrt()
    half = shapes.half_widths.index_select(0, shapes.owner[found.curve])
    stroke = filter_edge(half - distance) - filter_edge(-half - distance)
    return torch.where(found.side == 0, stroke, filter_edge(found.side * distance))


def filter_edge(depth: Tensor) -> Tensor:
    """The anti-aliased coverage (E,), in [0, 1], of pixels whose centres lie ``depth`` (E,) pixels inside of an edge.

    The integral of a box filter one pixel wide, convolved with a narrow box of ``EDGE_BLUR``, so that the gradient is
    continuous where an edge enters the window.
    """
    near, far = WINDOW_RADIUS - EDGE_BLUR, WINDOW_RADIUS
    terms = [
        sign * (depth + at).clamp(min=0).square()
        for sign, at in ((1, far), (-1, near), (-1, -near), (1, -far))
    ]
    return sum(terms[1:], terms[0]) / (2 * EDGE_BLUR)
