"""Strokes: cubic Bezier paths with a width and a colour -> pictures, differentiable.

Convention: pixels; the centre of pixel (column, row) is at (column + 0.5, row + 0.5), x right, y down. A *curve* is one
cubic, a *stroke* one or more curves that share a half width and a colour; ends and joins are round. Strokes cover each
other in order, the last on top.

Each pixel's distance to the nearest point of a stroke decides how much of it is covered. Which curve is nearest, and
where on it, is found without gradients; the distance to that point is then written down again with them. Its derivative
is exact, since the nearest point is stationary (envelope theorem). Only pixels that a stroke can touch are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

PIECE = (
    6.0  # pixels: the length of the straight pieces that stand in for a curve in the search, for thin strokes
)
FLAT = 0.25  # pixels: how far a piece may lie from its curve
MOST_PIECES = 256
CHUNK = 1 << 19  # candidates that are looked at together
OPAQUE = 1 - 1e-6  # the most that one stroke may hide, so that logarithms stay finite


@dataclass(frozen=True)
class Touched:
    """The (pixel, stroke) pairs where something is drawn: by pixel, and for each pixel from the top stroke down.

    ``pixel`` (M,) row * width + column; ``stroke`` (M,); ``curve`` (M,) the nearest one; ``t`` (M,) where on it, 0..1.
    """

    pixel: Tensor
    stroke: Tensor
    curve: Tensor
    t: Tensor


@dataclass(frozen=True)
class Pieces:
    """Straight pieces of curves: ``curve`` (P,), ``start`` and ``share`` (P,) of its t, ``ends`` (P, 2, 2)."""

    curve: Tensor
    start: Tensor
    share: Tensor
    ends: Tensor


@dataclass(frozen=True)
class Runs:
    """Pixels side by side near one piece: ``piece`` (R,), the first ``pixel`` (R,), and how many, ``length`` (R,)."""

    piece: Tensor
    pixel: Tensor
    length: Tensor

    def part(self, part: slice) -> Runs:
        return Runs(self.piece[part], self.pixel[part], self.length[part])


def drawn(
    curves: Tensor,
    owner: Tensor,
    half_widths: Tensor,
    colours: Tensor,
    paper: Tensor,
    height: int,
    width: int,
) -> Tensor:
    """(3, height, width): ``curves`` (C, 4, 2), each of the stroke ``owner`` (C,), over ``paper`` (3,).

    ``half_widths`` (S,) and ``colours`` (S, 4), red, green, blue, opacity in [0, 1]. Gradients reach all but ``owner``.
    """
    rgb, through = premultiplied(curves, owner, half_widths, colours, height, width)
    return rgb + through * paper[:, None, None]


def premultiplied(
    curves: Tensor, owner: Tensor, half_widths: Tensor, colours: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor]:
    """Colours times opacity (3, height, width), and how much shines through (height, width)."""
    touched = found(curves.detach(), owner, half_widths.detach(), height, width)
    opacity = colours.index_select(0, touched.stroke)
    alpha = coverage(touched, curves, half_widths, width) * opacity[:, 3]
    return _composited(touched.pixel, alpha, opacity[:, :3], height, width)


def coverage(touched: Touched, curves: Tensor, half_widths: Tensor, width: int) -> Tensor:
    """(M,): how much of each pixel its stroke covers: the overlap of the stroke with a pixel-wide box across it."""
    weights = bernstein(touched.t)[..., None]
    nearest = (curves.index_select(0, touched.curve) * weights).sum(1)
    # A pixel right on the curve has no direction away from it; the tiny number keeps its gradient finite.
    distance = ((_centres(touched.pixel, width).to(curves) - nearest).square().sum(-1) + 1e-12).sqrt()
    half = half_widths.index_select(0, touched.stroke)
    overlap = torch.minimum(half, distance + 0.5) + torch.minimum(half, 0.5 - distance)
    return overlap.clamp(min=0)


def bernstein(t: Tensor) -> Tensor:
    """(..., 4): the weights of a cubic's four points at ``t``."""
    s = 1 - t
    return torch.stack([s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t], -1)


def found(curves: Tensor, owner: Tensor, half_widths: Tensor, height: int, width: int) -> Touched:
    """All pixels that each stroke touches, with the nearest point of the stroke."""
    reach = half_widths[owner] + 0.5
    pieces = _pieces(curves, reach)
    margin = reach[pieces.curve] + FLAT
    rows = _rows(pieces.ends, margin, height)
    runs = _runs(pieces.ends, margin, *rows, width)
    keys, curve, t = [], [], []
    for part in _chunks(runs.length):
        distance, on, at, pixel = _near(pieces, runs.part(part), curves, reach, width)
        keys.append(_key(pixel, owner[on], distance, len(half_widths)))
        curve.append(on)
        t.append(at)
    return _nearest(torch.cat(keys), torch.cat(curve), torch.cat(t), len(half_widths))


def _pieces(curves: Tensor, reach: Tensor) -> Pieces:
    """As many pieces of each curve as keep them flat and their boxes small."""
    steps = curves[:, 1:] - curves[:, :-1]
    length = steps.norm(dim=-1).sum(1)
    bend = (steps[:, 1:] - steps[:, :-1]).norm(dim=-1).amax(1)
    # A chord over a share 1/n of t leaves a cubic by at most 6 bend / (8 n n).
    count = torch.maximum(length / (PIECE + reach), (0.75 * bend / FLAT).sqrt()).ceil()
    count = count.nan_to_num(1).clamp(1, MOST_PIECES).long()
    curve = torch.repeat_interleave(torch.arange(len(curves)), count)
    first = count.cumsum(0) - count
    share = 1 / count[curve].to(curves)
    start = (torch.arange(len(curve)) - first[curve]).to(curves) * share
    t = torch.stack([start, start + share], 1)
    return Pieces(curve, start, share, (bernstein(t) @ curves[curve]))


def _chunks(counts: Tensor) -> list[slice]:
    """Runs of pieces that have about ``CHUNK`` candidates together."""
    number = torch.div(counts.cumsum(0), CHUNK, rounding_mode="floor")
    edges = (number.diff().nonzero()[:, 0] + 1).tolist()
    return [slice(a, b) for a, b in zip([0, *edges], [*edges, len(counts)], strict=True)]


def _repeated(counts: Tensor) -> tuple[Tensor, Tensor]:
    """For each of N things ``counts`` times its number, and beside it 0, 1, 2, ..."""
    number = torch.repeat_interleave(torch.arange(len(counts)), counts)
    return number, torch.arange(len(number)) - (counts.cumsum(0) - counts)[number]


def _rows(ends: Tensor, margin: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """(R,) piece and (R,) row: the rows of pixels that each piece comes near to."""
    y = ends[..., 1]
    low = (y.amin(1) - margin - 0.5).ceil().clamp(0, height)
    high = (y.amax(1) + margin + 0.5).floor().clamp(0, height)
    piece, below = _repeated((high - low).clamp(min=0).long())
    return piece, low.long()[piece] + below


def _runs(ends: Tensor, margin: Tensor, piece: Tensor, row: Tensor, width: int) -> Runs:
    """The pixels of each row that lie within the margin of its piece: what is near a line is convex, so one run."""
    (x0, y0), (x1, y1) = (ends[:, k].index_select(0, piece).unbind(1) for k in (0, 1))
    m, y = margin.index_select(0, piece), row + 0.5
    ax, ay = x1 - x0, y1 - y0
    length = torch.hypot(ax, ay)
    half0, half1 = ((m * m - (y - at) ** 2).clamp(min=0).sqrt() for at in (y0, y1))
    near0, near1 = (y - y0).abs() <= m, (y - y1).abs() <= m
    none = torch.full_like(m, torch.inf)
    low = torch.minimum(torch.where(near0, x0 - half0, none), torch.where(near1, x1 - half1, none))
    high = torch.maximum(torch.where(near0, x0 + half0, -none), torch.where(near1, x1 + half1, -none))
    # Between the ends: points whose foot lies on the piece, and whose distance from its line is below the margin.
    foot0, foot1 = _between(ax, ay * (y - y0) - ax * x0, torch.zeros_like(m), length * length)
    side0, side1 = _between(-ay, ax * (y - y0) + ay * x0, -m * length, m * length)
    band0, band1 = torch.maximum(foot0, side0), torch.minimum(foot1, side1)
    real = (band0 <= band1) & (length > 1e-6)
    low = torch.where(real, torch.minimum(low, band0), low)
    high = torch.where(real, torch.maximum(high, band1), high)
    first = (low - 0.5).ceil().clamp(0, width)
    count = ((high - 0.5).floor().clamp(-1, width - 1) - first + 1).clamp(min=0)
    return Runs(piece, row * width + first.long(), count.long())


def _between(slope: Tensor, offset: Tensor, least: Tensor, most: Tensor) -> tuple[Tensor, Tensor]:
    """The x between which ``slope * x + offset`` lies in [least, most]; inf, -inf where for none."""
    flat = slope.abs() < 1e-9
    a, b = (least - offset) / slope, (most - offset) / slope
    inside = (offset >= least) & (offset <= most)
    everything = torch.full_like(a, torch.inf)
    low = torch.where(flat, torch.where(inside, -everything, everything), torch.minimum(a, b))
    high = torch.where(flat, torch.where(inside, everything, -everything), torch.maximum(a, b))
    return low, high


def _centres(pixel: Tensor, width: int) -> Tensor:
    row = torch.div(pixel, width, rounding_mode="floor")
    return torch.stack([pixel - row * width, row], -1) + 0.5


def _near(
    pieces: Pieces, runs: Runs, curves: Tensor, reach: Tensor, width: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The pixels of the runs that lie within reach: distance, curve, t, pixel."""
    run, right = _repeated(runs.length)
    pixel = runs.pixel[run] + right
    of = runs.piece[run]
    begin, along = pieces.ends[:, 0], pieces.ends[:, 1] - pieces.ends[:, 0]
    along = along / along.square().sum(-1, keepdim=True).clamp(min=1e-12)
    row = torch.div(runs.pixel, width, rounding_mode="floor")
    # Along a run only x changes, so the foot's place does by a constant.
    gap = torch.stack([runs.pixel - row * width, row], -1) + 0.5 - begin[runs.piece]
    start = (gap * along[runs.piece]).sum(-1)
    u = (start[run] + along[:, 0][runs.piece][run] * right).clamp_(0, 1)
    centre = _centres(pixel, width).to(curves)
    foot = begin[of] + u[:, None] * (pieces.ends[:, 1] - begin)[of]
    distance = (centre - foot).norm(dim=-1)
    t = pieces.start[of] + u * pieces.share[of]
    curve = pieces.curve[of]
    # Well inside a stroke a pixel is covered whatever its distance is; at the edge it must be exact.
    edge = (distance > reach[curve] - 1 - FLAT).nonzero()[:, 0]
    t[edge], distance[edge] = _refined(curves, curve[edge], t[edge], centre[edge])
    inside = (distance < reach[curve]).nonzero()[:, 0]
    return distance[inside], curve[inside], t[inside], pixel[inside]


def _refined(curves: Tensor, curve: Tensor, t: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """``t`` after a Newton step towards the nearest point, and the distance there."""
    p = curves.transpose(1, 2)  # (C, 2, 4)
    a, b, c, d = p.unbind(-1)
    coefficients = torch.stack([d - a + 3 * (b - c), 3 * (a - 2 * b + c), 3 * (b - a), a], 1)  # cubic first
    k3, k2, k1, k0 = coefficients.index_select(0, curve).unbind(1)
    for _ in range(2):
        s = t[:, None]
        gap = ((k3 * s + k2) * s + k1) * s + k0 - centre
        slope = (3 * k3 * s + 2 * k2) * s + k1
        bend = 6 * k3 * s + 2 * k2
        first = (gap * slope).sum(-1)
        second = slope.square().sum(-1) + (gap * bend).sum(-1)
        step = torch.where(second > 1e-9, first / second.clamp(min=1e-9), torch.zeros_like(t))
        t = (t - step.clamp(-0.1, 0.1)).clamp(0, 1)
    s = t[:, None]
    return t, (((k3 * s + k2) * s + k1) * s + k0 - centre).norm(dim=-1)


def _key(pixel: Tensor, stroke: Tensor, distance: Tensor, strokes: int) -> Tensor:
    place = pixel * strokes + (strokes - 1 - stroke)
    return place * 4096 + (distance * 4095 / (1 + distance)).long()


def _nearest(keys: Tensor, curve: Tensor, t: Tensor, strokes: int) -> Touched:
    """The nearest candidate of each (pixel, stroke)."""
    keys, order = keys.sort()
    place = torch.div(keys, 4096, rounding_mode="floor")
    first = torch.ones(len(place), dtype=torch.bool)
    first[1:] = place[1:] != place[:-1]
    chosen = order[first]
    place = place[first]
    pixel = torch.div(place, strokes, rounding_mode="floor")
    return Touched(pixel, strokes - 1 - (place - pixel * strokes), curve[chosen], t[chosen])


def _composited(pixel: Tensor, alpha: Tensor, rgb: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Colours laid over each other, the first of a pixel on top."""
    clear = torch.log1p(-alpha.double() * OPAQUE)
    total = clear.cumsum(0)
    first = torch.ones_like(pixel, dtype=torch.bool)
    first[1:] = pixel[1:] != pixel[:-1]
    begin = first.nonzero()[:, 0]
    group = first.cumsum(0) - 1
    above = total - clear
    above = (above - above.index_select(0, begin).index_select(0, group)).exp().to(alpha)
    weighted = (above * alpha)[:, None] * rgb
    summed = torch.zeros(height * width, 3, dtype=rgb.dtype).index_add(0, pixel, weighted)
    hidden = torch.zeros(height * width, dtype=torch.float64).index_add(0, pixel, clear)
    return summed.T.view(3, height, width), hidden.exp().to(alpha).view(height, width)
