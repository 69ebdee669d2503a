"""The search of the rasteriser: the pixels that each shape touches, and the nearest curve points of those at its edges.

No gradients pass through it. Every shape has a tile of cells, one for each pixel of its bounding box; the tiles of many
shapes lie behind one another in one array. Curves are flattened into straight pieces. Around a piece, the pixels of a
row within some distance form one span, because the set of points near a segment is convex. Spans well inside a stroke
are counted on the tiles by prefix sums of their ends, and so are the crossings of outlines, which give winding numbers.
Only for the pixels that are left, at the edges, is the nearest point of a curve computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

# Lengths are in pixels.

# Length of the straight pieces around which pixels are searched, besides the stroke's half width. It only costs time:
# shorter pieces are more, longer ones have more pixels near them that turn out not to be touched.
PIECE_LENGTH = 6.0
# Blur of the pixel's window. Without it gradients to points jump where an edge runs along pixels.
EDGE_BLUR = 0.1
# Half the width of the window: an edge that is further away does not change a pixel.
WINDOW_RADIUS = 0.5 + EDGE_BLUR / 2
STROKE_FLATNESS = 0.25  # how far a piece of a stroke may lie from its curve; spans are widened by as much
# The same for a filled outline, whose pieces alone decide which pixels lie inside.
FILL_FLATNESS = 0.02
MAX_PIECES = 256  # of one curve, so that one with runaway control points cannot use up the memory
CHUNK_CELLS = 1 << 21  # of the tiles that are searched at once: bounds the memory
NEWTON_STEPS = 2  # steps from the projection onto a piece to that onto its curve


@dataclass(frozen=True)
class Coverage:
    """The pixels that shapes touch, one shape after the other.

    ``pixel`` (M,), int64: row * width + column. ``counts``: how many of them belong to each shape. ``edge`` (E,): the
    indices in ``pixel`` of those that may be partly covered; all others are covered wholly. Of each of these, ``curve``
    (E,) is the nearest curve, ``t`` (E,), in 0..1, the nearest point's parameter, and ``side`` (E,) is 1 inside and -1
    outside of a filled shape, and 0 for a stroke.
    """

    pixel: Tensor
    counts: list[int]
    edge: Tensor
    curve: Tensor
    t: Tensor
    side: Tensor


@dataclass(frozen=True)
class Pieces:
    """Straight pieces of flattened curves.

    ``curve`` (P,): the curve of each. ``start`` and ``share`` (P,): the interval of its parameter, from ``start`` on.
    ``ends`` (P, 2, 2): both end points, in pixels.
    """

    curve: Tensor
    start: Tensor
    share: Tensor
    ends: Tensor

    def part(self, part: slice) -> Pieces:
        """The pieces of a range of indices."""
        return Pieces(self.curve[part], self.start[part], self.share[part], self.ends[part])


@dataclass(frozen=True)
class Spans:
    """Pixels side by side near a piece: ``piece``, ``row``, and columns ``first`` to ``end``, exclusive; (R,) each."""

    piece: Tensor
    row: Tensor
    first: Tensor
    end: Tensor


@dataclass(frozen=True)
class ShapeTiles:
    """The cells of S shapes in one array.

    ``start`` (S + 1,): the first cell of each shape, and the number of all cells. ``left``, ``top`` and ``width``
    (S,): the bounding box of each, in pixels.
    """

    start: Tensor
    left: Tensor
    top: Tensor
    width: Tensor

    def cell(self, shape: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """The cells (N,) of pixels (row, column) in the tiles of shapes, (N,) each."""
        start = self.start - torch.nn.functional.pad(self.top * self.width + self.left, (0, 1))
        return start[shape] + row * self.width[shape] + column

    def pixel(self, cell: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """The shape and the pixel, row * width + column, of each of the cells (N,), which are sorted."""
        ends = torch.searchsorted(cell, self.start)
        shape = torch.arange(len(self.left)).repeat_interleave(ends.diff())
        across = self.width[shape]
        place = cell - self.start[shape]
        row = torch.div(place, across, rounding_mode="floor")
        return shape, (row + self.top[shape]) * width + place - row * across + self.left[shape]


def find_coverage(
    curves: Tensor, owner: Tensor, half_widths: Tensor, filled: Tensor, height: int, width: int
) -> Coverage:
    """Find the pixels that shapes touch. For the arguments see ``bezier.Shapes``; ``filled`` is (S,), bool."""
    half = torch.where(filled, 0.0, half_widths)
    pieces = _flatten_curves(
        curves,
        half[owner] + WINDOW_RADIUS,
        torch.where(filled[owner], FILL_FLATNESS, STROKE_FLATNESS).to(curves),
    )
    boxes = _bound_shapes(pieces, owner, half + WINDOW_RADIUS + STROKE_FLATNESS, height, width)
    areas = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    found = []
    for part in _split_into_chunks(areas):
        bounds = torch.searchsorted(owner[pieces.curve], torch.tensor([part.start, part.stop])).tolist()
        some = pieces.part(slice(*bounds))
        tiles = _make_tiles(*(side[part] for side in boxes))
        shape = owner[some.curve] - part.start
        found.append(_find_coverage(some, shape, curves, half[part], filled[part], tiles, height, width))
    return _concatenate(found)


def _find_coverage(
    pieces: Pieces,
    shape: Tensor,
    curves: Tensor,
    half: Tensor,
    filled: Tensor,
    tiles: ShapeTiles,
    height: int,
    width: int,
) -> Coverage:
    """Find the coverage of some of the shapes.

    ``shape`` (P,): the shape of each piece, counted among those of ``half`` (S,), ``filled`` (S,) and ``tiles``.
    """
    cells = int(tiles.start[-1])
    reach = half[shape] + WINDOW_RADIUS
    outer = _scan_pieces(pieces.ends, reach + STROKE_FLATNESS, height, width)
    inner = _rescan(outer, pieces.ends, reach - 2 * WINDOW_RADIUS - STROKE_FLATNESS, width)
    inside = _count_spans(tiles, shape, inner, cells) > 0
    winding = _compute_winding_numbers(pieces, shape, filled, tiles, cells, height)
    edges = _subtract_spans(outer, inner)
    run, right = expand_counts((edges.end - edges.first).clamp(min=0))
    of = shape[edges.piece]
    cell = tiles.cell(of, edges.row, edges.first)[run] + right
    left_over = (~inside[cell]).nonzero()[:, 0]
    run, right, cell = run[left_over], right[left_over], cell[left_over]
    column, row, piece = edges.first[run] + right, edges.row[run], edges.piece[run]
    centre = torch.stack([column, row], -1).to(curves) + 0.5
    distance, t = _project_onto_curves(pieces, piece, curves, centre)
    near = (distance < reach[piece]).nonzero()[:, 0]
    chosen = near[_select_nearest(cell[near], distance[near], cells)]
    nearest = curves[pieces.curve[piece[chosen]]]
    beyond = winding[cell[chosen]] + _step_winding(nearest, t[chosen], centre[chosen])
    fill = filled[shape[piece[chosen]]]
    inner_line = fill & (beyond != 0) & (winding[cell[chosen]] != 0)
    chosen, fill = chosen[~inner_line], fill[~inner_line]
    at = cell[chosen]
    edge = torch.zeros(cells, dtype=torch.bool)
    edge[at] = True
    touched = (inside | (winding != 0) | edge).nonzero()[:, 0]
    whose, pixel = tiles.pixel(touched, width)
    side = torch.where(fill, torch.where(winding[at] != 0, 1, -1), 0)
    return Coverage(
        pixel,
        torch.bincount(whose, minlength=len(half)).tolist(),
        edge[touched].nonzero()[:, 0],
        pieces.curve[piece[chosen]],
        t[chosen],
        side,
    )


def _concatenate(parts: list[Coverage]) -> Coverage:
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
    """The weights (..., 4) of a cubic's four control points at parameters ``t`` (...): Bernstein polynomials."""
    s = 1 - t
    return torch.stack([s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t], -1)


def expand_counts(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Repeat each index i of ``counts`` (N,) ``counts[i]`` times, and beside it count 0, 1, 2, ...: (M,) and (M,)."""
    number = torch.repeat_interleave(torch.arange(len(counts)), counts)
    return number, torch.arange(len(number)) - (counts.cumsum(0) - counts)[number]


def _flatten_curves(curves: Tensor, reach: Tensor, flat: Tensor) -> Pieces:
    """Flatten curves (C, 4, 2) into pieces that stay within ``flat`` (C,) of them, no longer than the search needs.

    ``reach`` (C,): the distance within which pixels are searched. All are in pixels.
    """
    steps = curves[:, 1:] - curves[:, :-1]
    length = steps.norm(dim=-1).sum(1)
    second = (steps[:, 1:] - steps[:, :-1]).norm(dim=-1).amax(1)
    # A chord over 1/n of the parameter deviates from a cubic by at most 6 * second difference / (8 n n).
    count = torch.maximum(length / (PIECE_LENGTH + reach), (0.75 * second / flat).sqrt()).ceil()
    count = count.nan_to_num(1).clamp(1, MAX_PIECES).long()
    curve = torch.repeat_interleave(torch.arange(len(curves)), count)
    first = count.cumsum(0) - count
    number, total = torch.arange(len(curve)) - first[curve], count[curve].to(curves)
    t = (
        torch.stack([number, number + 1], 1) / total[:, None]
    )  # computed alike at both ends, so that pieces meet exactly
    return Pieces(curve, t[:, 0], 1 / total, bernstein(t) @ curves[curve])


def _bound_shapes(
    pieces: Pieces, owner: Tensor, margin: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The bounding boxes of shapes and a margin (S,), clipped to the picture: left, top, right, bottom, (S,) each.

    Right and bottom are exclusive.
    """
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


def _make_tiles(left: Tensor, top: Tensor, right: Tensor, bottom: Tensor) -> ShapeTiles:
    """Allocate a tile of cells for each bounding box."""
    areas = (right - left) * (bottom - top)
    start = torch.nn.functional.pad(areas.cumsum(0), (1, 0))
    return ShapeTiles(start, left, top, right - left)


def _split_into_chunks(counts: Tensor) -> list[slice]:
    """Split shapes with ``counts`` (S,) of cells into consecutive ranges of about ``CHUNK_CELLS`` each."""
    number = torch.div(counts.cumsum(0), CHUNK_CELLS, rounding_mode="floor")
    edges = (number.diff().nonzero()[:, 0] + 1).tolist()
    return [slice(a, b) for a, b in zip([0, *edges], [*edges, len(counts)], strict=True)]


def _scan_pieces(ends: Tensor, margin: Tensor, height: int, width: int) -> Spans:
    """Find the pixels, in every row, whose centres lie within a margin (P,) of a piece with ``ends`` (P, 2, 2)."""
    y = ends[..., 1]
    low = (y.amin(1) - margin - 0.5).ceil().clamp(0, height)
    high = (y.amax(1) + margin + 0.5).floor().clamp(0, height)
    piece, below = expand_counts((high - low).clamp(min=0).long())
    row = low.long()[piece] + below
    first, end = _intersect_rows(ends, margin, piece, row, width)
    return Spans(piece, row, first, end)


def _rescan(outer: Spans, ends: Tensor, margin: Tensor, width: int) -> Spans:
    """The spans of the same pieces and rows within another margin (P,); empty where it is not positive."""
    first, end = _intersect_rows(ends, margin, outer.piece, outer.row, width)
    end = torch.where((margin > 0)[outer.piece], end, first)
    return Spans(outer.piece, outer.row, first, end)


def _intersect_rows(
    ends: Tensor, margin: Tensor, piece: Tensor, row: Tensor, width: int
) -> tuple[Tensor, Tensor]:
    """The columns, first and exclusive end, of the pixels in each row that lie within the margin of its piece."""
    x0, y0, x1, y1 = (ends.flatten(1).index_select(0, piece)).unbind(1)
    m, y = margin.index_select(0, piece), row + 0.5
    ax, ay = x1 - x0, y1 - y0
    length = torch.hypot(ax, ay)
    half0, half1 = ((m * m - (y - at) ** 2).clamp(min=0).sqrt() for at in (y0, y1))
    near0, near1 = (y - y0).abs() <= m, (y - y1).abs() <= m
    none = torch.full_like(m, torch.inf)
    low = torch.minimum(torch.where(near0, x0 - half0, none), torch.where(near1, x1 - half1, none))
    high = torch.maximum(torch.where(near0, x0 + half0, -none), torch.where(near1, x1 + half1, -none))
    # Between the ends: points that project onto the piece, and whose distance from its line is at most the margin.
    foot0, foot1 = _solve_interval(ax, ay * (y - y0) - ax * x0, torch.zeros_like(m), length * length)
    side0, side1 = _solve_interval(-ay, ax * (y - y0) + ay * x0, -m * length, m * length)
    band0, band1 = torch.maximum(foot0, side0), torch.minimum(foot1, side1)
    real = (band0 <= band1) & (length > 1e-6)
    low = torch.where(real, torch.minimum(low, band0), low)
    high = torch.where(real, torch.maximum(high, band1), high)
    first = (low - 0.5).ceil().clamp(0, width)
    end = torch.maximum((high - 0.5).floor().clamp(-1, width - 1) + 1, first)
    return first.long(), end.long()


def _solve_interval(slope: Tensor, offset: Tensor, least: Tensor, most: Tensor) -> tuple[Tensor, Tensor]:
    """Solve least <= slope * x + offset <= most for an interval of x; it is (inf, -inf) where there is no solution."""
    flat = slope.abs() < 1e-9
    a, b = (least - offset) / slope, (most - offset) / slope
    inside = (offset >= least) & (offset <= most)
    infinity = torch.full_like(a, torch.inf)
    low = torch.where(flat, torch.where(inside, -infinity, infinity), torch.minimum(a, b))
    high = torch.where(flat, torch.where(inside, infinity, -infinity), torch.maximum(a, b))
    return low, high


def _count_spans(tiles: ShapeTiles, shape: Tensor, runs: Spans, cells: int) -> Tensor:
    """How many spans cover each cell: (cells,)."""
    some = (runs.end > runs.first).nonzero()[:, 0]
    of, row = shape[runs.piece[some]], runs.row[some]
    ends = torch.zeros(cells + 1, dtype=torch.int32)
    one = torch.ones(len(some), dtype=torch.int32)
    ends.index_add_(0, tiles.cell(of, row, runs.first[some]), one)
    ends.index_add_(0, tiles.cell(of, row, runs.end[some]), -one)
    return ends[:-1].cumsum(0)


def _compute_winding_numbers(
    pieces: Pieces, shape: Tensor, filled: Tensor, tiles: ShapeTiles, cells: int, height: int
) -> Tensor:
    """The winding number of a filled shape's flattened outline about the pixel centre of each cell: (cells,)."""
    some = filled[shape].nonzero()[:, 0]
    ends, of = pieces.ends[some], shape[some]
    y = ends[..., 1]
    low, high = (bound.sub(0.5).ceil().clamp(0, height).long() for bound in (y.amin(1), y.amax(1)))
    piece, below = expand_counts((high - low).clamp(min=0))
    row = low[piece] + below
    (x0, y0), (x1, y1) = (ends[piece, k].unbind(1) for k in (0, 1))
    x = x0 + (row + 0.5 - y0) / (y1 - y0) * (x1 - x0)
    owner = of[piece]
    left = tiles.left[owner]
    column = torch.minimum(torch.maximum((x - 0.5).ceil().long(), left), left + tiles.width[owner])
    turns = torch.zeros(cells + 1, dtype=torch.int32)
    turns.index_add_(0, tiles.cell(owner, row, column), torch.where(y1 > y0, 1, -1).int())
    return turns[:-1].cumsum(0)


def _subtract_spans(outer: Spans, inner: Spans) -> Spans:
    """The pixels of the outer spans that the inner ones lack: up to two spans for each, left and right."""
    empty = inner.end <= inner.first
    left_end = torch.where(empty, outer.end, inner.first)
    right_first = torch.where(empty, outer.end, inner.end)
    return Spans(
        torch.cat([outer.piece, outer.piece]),
        torch.cat([outer.row, outer.row]),
        torch.cat([outer.first, right_first]),
        torch.cat([left_end, outer.end]),
    )


def _project_onto_curves(
    pieces: Pieces, piece: Tensor, curves: Tensor, centre: Tensor
) -> tuple[Tensor, Tensor]:
    """Project points ``centre`` (N, 2) onto the curves of pieces ``piece`` (N,): distance and parameter, (N,) each.

    By Newton's method on the squared distance, from the projection onto the straight piece.
    """
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
    for _ in range(NEWTON_STEPS):
        s = t[:, None]
        gap = ((k3 * s + k2) * s + k1) * s + k0
        slope = (3 * k3 * s + 2 * k2) * s + k1
        curvature = 6 * k3 * s + 2 * k2
        first = (gap * slope).sum(-1)
        second = slope.square().sum(-1) + (gap * curvature).sum(-1)
        step = torch.where(second > 1e-9, first / second.clamp(min=1e-9), torch.zeros_like(t))
        t = (t - step.clamp(-0.1, 0.1)).clamp(0, 1)
    s = t[:, None]
    return (((k3 * s + k2) * s + k1) * s + k0).norm(dim=-1), t


def _step_winding(curve: Tensor, t: Tensor, centre: Tensor) -> Tensor:
    """How the winding number changes, by 1 or -1, from each centre to the other side of its curve (N, 4, 2): (N,)."""
    s, u = (1 - t)[:, None], t[:, None]
    a, b, c, d = curve.unbind(1)
    along = s * s * (b - a) + 2 * s * u * (c - b) + u * u * (d - c)
    away = centre - (bernstein(t)[..., None] * curve).sum(1)
    return torch.where(along[:, 0] * away[:, 1] < along[:, 1] * away[:, 0], -1, 1)


def _select_nearest(cell: Tensor, distance: Tensor, cells: int) -> Tensor:
    """The index of the candidate with the least distance in each cell, sorted by cell; of equal ones the first."""
    best = torch.full((cells,), torch.inf, dtype=distance.dtype)
    best.scatter_reduce_(0, cell, distance, "amin")
    equal = (distance == best[cell]).nonzero()[:, 0]
    none = len(cell)
    first = torch.full((cells,), none).scatter_reduce_(0, cell[equal], equal, "amin")
    return first[first < none]
