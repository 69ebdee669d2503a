"""Which pixels a shape touches; and of those at its edge, the nearest point of its curves. Without gradients.

Every shape has a sheet of cells, one for each pixel of its bounding box; the sheets of many shapes lie side by side.
For each row of each straight piece of a curve, the pixels that lie near it are one run, because what is near a line is
convex. Runs well inside a stroke are laid on the sheets by their ends and summed up, and so are the crossings of an
outline, which say what it encloses. What is left at the edges is measured.
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
SOFT = 0.1  # pixels: how much the edge of a pixel's window is blurred
REACH = 0.5 + SOFT / 2  # pixels: half the window
FLAT = 0.25  # pixels: how far a piece may lie from its curve
SHARP = 0.02  # the same for a filled outline, whose pieces decide what is inside
MOST_PIECES = 256
CELLS = 1 << 21  # of the sheets that are looked at together
NEWTON = 2  # steps towards the nearest point


@dataclass(frozen=True)
class Coverage:
    """The pixels that shapes touch, ``counts`` of each, one shape after the other.

    ``pixel`` (M,) row * width + column; ``edge`` (E,) which of these are not wholly covered, perhaps; of each of them
    the nearest ``curve`` (E,), where on it, ``t`` (E,) 0..1, and ``side`` (E,): 1 inside and -1 outside of a filled
    shape, 0 for a stroke.
    """

    pixel: Tensor
    counts: list[int]
    edge: Tensor
    curve: Tensor
    t: Tensor
    side: Tensor


@dataclass(frozen=True)
class Pieces:
    """Straight pieces of curves: ``curve`` (P,), ``start`` and ``share`` (P,) of its t, ``ends`` (P, 2, 2)."""

    curve: Tensor
    start: Tensor
    share: Tensor
    ends: Tensor

    def part(self, part: slice) -> Pieces:
        return Pieces(self.curve[part], self.start[part], self.share[part], self.ends[part])


@dataclass(frozen=True)
class Runs:
    """Pixels side by side near one piece: ``piece``, ``row`` and columns from ``first`` to ``end``, (R,) each."""

    piece: Tensor
    row: Tensor
    first: Tensor
    end: Tensor


@dataclass(frozen=True)
class ShapeTiles:
    """Where each shape's cells begin, ``start`` (S + 1,), and its box: ``left``, ``top`` and ``width`` (S,)."""

    start: Tensor
    left: Tensor
    top: Tensor
    width: Tensor

    def cell(self, shape: Tensor, row: Tensor, column: Tensor) -> Tensor:
        start = self.start - torch.nn.functional.pad(self.top * self.width + self.left, (0, 1))
        return start[shape] + row * self.width[shape] + column

    def pixel(self, cell: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """The shape and the pixel of each cell, which are in order."""
        ends = torch.searchsorted(cell, self.start)
        shape = torch.arange(len(self.left)).repeat_interleave(ends.diff())
        across = self.width[shape]
        place = cell - self.start[shape]
        row = torch.div(place, across, rounding_mode="floor")
        return shape, (row + self.top[shape]) * width + place - row * across + self.left[shape]


def find(
    curves: Tensor, owner: Tensor, half_widths: Tensor, filled: Tensor, height: int, width: int
) -> Coverage:
    """See ``Coverage``. ``filled`` (S,) bool."""
    half = torch.where(filled, 0.0, half_widths)
    pieces = _pieces(curves, half[owner] + REACH, torch.where(filled[owner], SHARP, FLAT).to(curves))
    boxes = _boxes(pieces, owner, half + REACH + FLAT, height, width)
    areas = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    found = []
    for part in _chunks(areas):
        first = torch.searchsorted(owner[pieces.curve], torch.tensor([part.start, part.stop])).tolist()
        some = pieces.part(slice(*first))
        sheets = _sheets(*(side[part] for side in boxes))
        shape = owner[some.curve] - part.start
        found.append(_found(some, shape, curves, half[part], filled[part], sheets, height, width))
    return _joined(found)


def _found(
    pieces: Pieces,
    shape: Tensor,
    curves: Tensor,
    half: Tensor,
    filled: Tensor,
    sheets: ShapeTiles,
    height: int,
    width: int,
) -> Coverage:
    """``shape`` (P,) of each piece, among those that ``half`` (S,) and ``sheets`` are about."""
    cells = int(sheets.start[-1])
    reach = half[shape] + REACH
    outer = _runs(pieces.ends, reach + FLAT, height, width)
    inner = _within(outer, pieces.ends, reach - 2 * REACH - FLAT, width)
    inside = _summed(sheets, shape, inner, cells) > 0
    winding = _windings(pieces, shape, filled, sheets, cells, height)
    fringe = _fringe(outer, inner)
    run, right = repeated((fringe.end - fringe.first).clamp(min=0))
    of = shape[fringe.piece]
    cell = sheets.cell(of, fringe.row, fringe.first)[run] + right
    left_over = (~inside[cell]).nonzero()[:, 0]
    run, right, cell = run[left_over], right[left_over], cell[left_over]
    column, row, piece = fringe.first[run] + right, fringe.row[run], fringe.piece[run]
    centre = torch.stack([column, row], -1).to(curves) + 0.5
    distance, t = _measured(pieces, piece, curves, centre)
    near = (distance < reach[piece]).nonzero()[:, 0]
    chosen = near[_nearest(cell[near], distance[near], cells)]
    nearest = curves[pieces.curve[piece[chosen]]]
    beyond = winding[cell[chosen]] + _crossed(nearest, t[chosen], centre[chosen])
    fill = filled[shape[piece[chosen]]]
    inner_line = fill & (beyond != 0) & (winding[cell[chosen]] != 0)
    chosen, fill = chosen[~inner_line], fill[~inner_line]
    at = cell[chosen]
    edge = torch.zeros(cells, dtype=torch.bool)
    edge[at] = True
    touched = (inside | (winding != 0) | edge).nonzero()[:, 0]
    whose, pixel = sheets.pixel(touched, width)
    side = torch.where(fill, torch.where(winding[at] != 0, 1, -1), 0)
    return Coverage(
        pixel,
        torch.bincount(whose, minlength=len(half)).tolist(),
        edge[touched].nonzero()[:, 0],
        pieces.curve[piece[chosen]],
        t[chosen],
        side,
    )


def _joined(parts: list[Coverage]) -> Coverage:
    first, offset = [], 0
    for part in parts:
        first.append(part.edge + offset)
        offset += len(part.pixel)
    return Coverage(
        torch.cat([part.pixel for part in parts]),
        [count for part in parts for count in part.counts],
        torch.cat(first),
        torch.cat([part.curve for part in parts]),
        torch.cat([part.t for part in parts]),
        torch.cat([part.side for part in parts]),
    )


def bernstein(t: Tensor) -> Tensor:
    """(..., 4): the weights of a cubic's four points at ``t``."""
    s = 1 - t
    return torch.stack([s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t], -1)


def repeated(counts: Tensor) -> tuple[Tensor, Tensor]:
    """For each of N things ``counts`` times its number, and beside it 0, 1, 2, ..."""
    number = torch.repeat_interleave(torch.arange(len(counts)), counts)
    return number, torch.arange(len(number)) - (counts.cumsum(0) - counts)[number]


def _pieces(curves: Tensor, reach: Tensor, flat: Tensor) -> Pieces:
    """As many pieces of each curve as keep them flat, and the search for the nearest point short."""
    steps = curves[:, 1:] - curves[:, :-1]
    length = steps.norm(dim=-1).sum(1)
    bend = (steps[:, 1:] - steps[:, :-1]).norm(dim=-1).amax(1)
    # A chord over a share 1/n of t leaves a cubic by at most 6 bend / (8 n n).
    count = torch.maximum(length / (PIECE + reach), (0.75 * bend / flat).sqrt()).ceil()
    count = count.nan_to_num(1).clamp(1, MOST_PIECES).long()
    curve = torch.repeat_interleave(torch.arange(len(curves)), count)
    first = count.cumsum(0) - count
    number, all_of_it = torch.arange(len(curve)) - first[curve], count[curve].to(curves)
    t = torch.stack([number, number + 1], 1) / all_of_it[:, None]  # so that pieces meet to the last bit
    return Pieces(curve, t[:, 0], 1 / all_of_it, bernstein(t) @ curves[curve])


def _boxes(
    pieces: Pieces, owner: Tensor, margin: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(S,) each: the first column and row that a shape may touch, and those behind the last."""
    shape = owner[pieces.curve][:, None].expand(-1, 2)
    size = torch.tensor([width, height])
    bounds = []
    for ends, how, sign in ((pieces.ends.amin(1), "amin", -1), (pieces.ends.amax(1), "amax", 1)):
        start = torch.full((len(margin), 2), -sign * torch.inf, dtype=ends.dtype)
        bound = start.scatter_reduce(0, shape, ends, how) + sign * margin[:, None]
        bounds.append(bound.nan_to_num(0, 1e9, -1e9))
    low = torch.minimum(bounds[0].floor().clamp(min=0).long(), size)
    high = torch.maximum(torch.minimum(bounds[1].ceil().clamp(min=0).long(), size), low)
    return low[:, 0], low[:, 1], high[:, 0], high[:, 1]


def _sheets(left: Tensor, top: Tensor, right: Tensor, bottom: Tensor) -> ShapeTiles:
    areas = (right - left) * (bottom - top)
    start = torch.nn.functional.pad(areas.cumsum(0), (1, 0))
    return ShapeTiles(start, left, top, right - left)


def _chunks(counts: Tensor) -> list[slice]:
    """Runs of shapes that have about ``CELLS`` together."""
    number = torch.div(counts.cumsum(0), CELLS, rounding_mode="floor")
    edges = (number.diff().nonzero()[:, 0] + 1).tolist()
    return [slice(a, b) for a, b in zip([0, *edges], [*edges, len(counts)], strict=True)]


def _runs(ends: Tensor, margin: Tensor, height: int, width: int) -> Runs:
    """The pixels of each row that lie within the margin of a piece."""
    y = ends[..., 1]
    low = (y.amin(1) - margin - 0.5).ceil().clamp(0, height)
    high = (y.amax(1) + margin + 0.5).floor().clamp(0, height)
    piece, below = repeated((high - low).clamp(min=0).long())
    row = low.long()[piece] + below
    first, end = _columns(ends, margin, piece, row, width)
    return Runs(piece, row, first, end)


def _within(outer: Runs, ends: Tensor, margin: Tensor, width: int) -> Runs:
    """The same rows within another margin; no pixel where it is negative."""
    first, end = _columns(ends, margin, outer.piece, outer.row, width)
    end = torch.where((margin > 0)[outer.piece], end, first)
    return Runs(outer.piece, outer.row, first, end)


def _columns(ends: Tensor, margin: Tensor, piece: Tensor, row: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """The first pixel of each row whose centre lies within the margin of the piece, and the one behind the last."""
    x0, y0, x1, y1 = (ends.flatten(1).index_select(0, piece)).unbind(1)
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
    end = torch.maximum((high - 0.5).floor().clamp(-1, width - 1) + 1, first)
    return first.long(), end.long()


def _between(slope: Tensor, offset: Tensor, least: Tensor, most: Tensor) -> tuple[Tensor, Tensor]:
    """The x between which ``slope * x + offset`` lies in [least, most]; inf, -inf where for none."""
    flat = slope.abs() < 1e-9
    a, b = (least - offset) / slope, (most - offset) / slope
    inside = (offset >= least) & (offset <= most)
    all_scenes = torch.full_like(a, torch.inf)
    low = torch.where(flat, torch.where(inside, -all_scenes, all_scenes), torch.minimum(a, b))
    high = torch.where(flat, torch.where(inside, all_scenes, -all_scenes), torch.maximum(a, b))
    return low, high


def _summed(sheets: ShapeTiles, shape: Tensor, runs: Runs, cells: int) -> Tensor:
    """(cells,): how many runs lie over each cell."""
    some = (runs.end > runs.first).nonzero()[:, 0]
    of, row = shape[runs.piece[some]], runs.row[some]
    ends = torch.zeros(cells + 1, dtype=torch.int32)
    one = torch.ones(len(some), dtype=torch.int32)
    ends.index_add_(0, sheets.cell(of, row, runs.first[some]), one)
    ends.index_add_(0, sheets.cell(of, row, runs.end[some]), -one)
    return ends[:-1].cumsum(0)


def _windings(
    pieces: Pieces, shape: Tensor, filled: Tensor, sheets: ShapeTiles, cells: int, height: int
) -> Tensor:
    """(cells,): how often a filled shape's outline goes round each pixel's centre."""
    some = filled[shape].nonzero()[:, 0]
    ends, of = pieces.ends[some], shape[some]
    y = ends[..., 1]
    low, high = (bound.sub(0.5).ceil().clamp(0, height).long() for bound in (y.amin(1), y.amax(1)))
    piece, below = repeated((high - low).clamp(min=0))
    row = low[piece] + below
    (x0, y0), (x1, y1) = (ends[piece, k].unbind(1) for k in (0, 1))
    x = x0 + (row + 0.5 - y0) / (y1 - y0) * (x1 - x0)
    owner = of[piece]
    left = sheets.left[owner]
    column = torch.minimum(torch.maximum((x - 0.5).ceil().long(), left), left + sheets.width[owner])
    turns = torch.zeros(cells + 1, dtype=torch.int32)
    turns.index_add_(0, sheets.cell(owner, row, column), torch.where(y1 > y0, 1, -1).int())
    return turns[:-1].cumsum(0)


def _fringe(outer: Runs, inner: Runs) -> Runs:
    """What the outer runs have and the inner ones have not."""
    empty = inner.end <= inner.first
    left_end = torch.where(empty, outer.end, inner.first)
    right_first = torch.where(empty, outer.end, inner.end)
    return Runs(
        torch.cat([outer.piece, outer.piece]),
        torch.cat([outer.row, outer.row]),
        torch.cat([outer.first, right_first]),
        torch.cat([left_end, outer.end]),
    )


def _measured(pieces: Pieces, piece: Tensor, curves: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """The distance of each centre from its piece's curve, and the nearest point's ``t``, by Newton's method."""
    begin, along = pieces.ends[:, 0], pieces.ends[:, 1] - pieces.ends[:, 0]
    along = along / along.square().sum(-1, keepdim=True).clamp(min=1e-12)
    a, b, c, d = curves[pieces.curve].unbind(1)
    places = torch.stack([pieces.start, pieces.share], 1)
    cubic = torch.cat((d - a + 3 * (b - c), 3 * (a - 2 * b + c), 3 * (b - a), a, begin, along, places), 1)
    table = cubic.index_select(0, piece)
    k3, k2, k1, k0 = (table[:, 2 * k : 2 * k + 2] for k in range(4))
    foot = ((centre - table[:, 8:10]) * table[:, 10:12]).sum(-1).clamp(0, 1)
    t = table[:, 12] + foot * table[:, 13]
    k0 = k0 - centre
    for _ in range(NEWTON):
        s = t[:, None]
        gap = ((k3 * s + k2) * s + k1) * s + k0
        slope = (3 * k3 * s + 2 * k2) * s + k1
        bend = 6 * k3 * s + 2 * k2
        first = (gap * slope).sum(-1)
        second = slope.square().sum(-1) + (gap * bend).sum(-1)
        step = torch.where(second > 1e-9, first / second.clamp(min=1e-9), torch.zeros_like(t))
        t = (t - step.clamp(-0.1, 0.1)).clamp(0, 1)
    s = t[:, None]
    return (((k3 * s + k2) * s + k1) * s + k0).norm(dim=-1), t


def _crossed(curve: Tensor, t: Tensor, centre: Tensor) -> Tensor:
    """(N,): how the winding changes, by 1 or -1, from each centre to the other side of its curve (N, 4, 2)."""
    s, u = (1 - t)[:, None], t[:, None]
    a, b, c, d = curve.unbind(1)
    along = s * s * (b - a) + 2 * s * u * (c - b) + u * u * (d - c)
    away = centre - (bernstein(t)[..., None] * curve).sum(1)
    return torch.where(along[:, 0] * away[:, 1] < along[:, 1] * away[:, 0], -1, 1)


def _nearest(cell: Tensor, distance: Tensor, cells: int) -> Tensor:
    """The candidate that is nearest in each cell, by cells; of equal ones the first."""
    best = torch.full((cells,), torch.inf, dtype=distance.dtype)
    best.scatter_reduce_(0, cell, distance, "amin")
    equal = (distance == best[cell]).nonzero()[:, 0]
    none = len(cell)
    first = torch.full((cells,), none).scatter_reduce_(0, cell[equal], equal, "amin")
    return first[first < none]
