"""Tilings of the plane by cells of one shape: where each cell lies, which cell a point is in, and its outline.

Convention: canvas units, x right, y down; a cell's index is (row, column), counted from the first cell that is seen. In
the shifted tilings, the cells of every other row lie half a cell to the left, so that both sides of the screen look
alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pixray_motion.geometry import Canvas

Index = NDArray[np.int64]
Points = NDArray[np.float64]

KINDS = ("rect", "rectshift", "hex", "tri", "diamond", "knit")
# Pitch of the columns over that of the rows at which a cell is a regular hexagon, triangle or square; 1 for all others.
REGULAR_PITCH = {"hex": 2 / 3**0.5, "tri": 1 / 3**0.5, "diamond": 2.0}
STITCH_SAG = 0.6  # rows by which the middle of a stitch hangs below its ends; 0 would be a rectangle
MAX_OVERSAMPLING = 3  # sample points across a pixel; with fewer, slanted edges of cells look more jagged
# Pixels of a canvas above which only two sample points across are taken, to save memory; above 8 times that, one.
MANY_PIXELS = 500_000


@dataclass(frozen=True)
class Tiling:
    """Cells of a ``kind``, ``width`` and ``height`` (canvas units) apart, beginning at the canvas' upper left."""

    kind: str
    width: float
    height: float
    canvas: Canvas

    @property
    def size(self) -> Points:
        """The pitch (2,) of columns and of rows, in canvas units."""
        return np.array([self.width, self.height])

    @cached_property
    def first(self) -> Index:
        """The least row and the least column (2,) that are seen, as ``_locate`` counts them."""
        low: Index = self._border_cells.min(0)
        return low

    @cached_property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns that are seen."""
        rows, columns = (self._border_cells.max(0) - self.first + 1).tolist()
        return rows, columns

    def rasterise(self, oversampling: int) -> NDArray[np.int32]:
        """The cell that each sample point of the canvas lies in: (H * oversampling, W * oversampling).

        A cell's number is row * columns + column. Sample points are spread evenly over each pixel.
        """
        across, down = (
            (np.arange(length * oversampling) + 0.5) / (self.canvas.height * oversampling) - half
            for length, half in zip((self.canvas.width, self.canvas.height), self.canvas.half, strict=True)
        )
        cells = np.empty((len(down), len(across)), np.int32)
        for row, y in enumerate(down):  # row by row, to save memory
            index = self.index(np.stack([across, np.full_like(across, y)], -1))
            cells[row] = index[..., 0] * self.shape[1] + index[..., 1]
        return cells

    def compute_coverage(self, oversampling: int) -> tuple[Index, Index, Points]:
        """The coverage of pixels by cells, as three arrays (M,): pixel, cell, and the fraction of the pixel in 0..1.

        Pixels, row * W + column, are in order, and the fractions of each sum to 1. For cells see ``rasterise``.
        """
        sampled = self.rasterise(oversampling).astype(np.int64)
        cells = self.shape[0] * self.shape[1]
        blocks = sampled.reshape(self.canvas.height, oversampling, self.canvas.width, oversampling).swapaxes(
            1, 2
        )
        pixel = np.arange(blocks.shape[0] * blocks.shape[1]).reshape(*blocks.shape[:2], 1, 1)
        found, counts = np.unique(pixel * cells + blocks, return_counts=True)
        return found // cells, found % cells, counts / oversampling**2

    def index(self, points: Points) -> Index:
        """The row and column (..., 2) of the cells that points (..., 2) in canvas units lie in."""
        return self._locate(points) - self.first

    def centre(self, index: Index) -> Points:
        """The centres (..., 2), in canvas units, of the cells with indices (..., 2)."""
        row, column = np.moveaxis(index + self.first, -1, 0)
        x, y = column + 0.5 - self._row_shift(row), row + 0.5
        if self.kind == "diamond":
            y = y - 0.5
        elif self.kind == "tri":
            y = y + np.where((row + column) % 2, -1, 1) / 6
        elif self.kind == "knit":
            y = y + STITCH_SAG / 2
        centre: Points = np.stack([x, y], -1) * self.size - np.array(self.canvas.half)
        return centre

    def outline(self, index: Index) -> Points:
        """The corners (..., K, 2), in canvas units, of the cells with indices (..., 2)."""
        row, column = np.moveaxis(index + self.first, -1, 0)
        corners = np.broadcast_to(np.array(_CORNERS[self.kind]), (*row.shape, len(_CORNERS[self.kind]), 2))
        x, y = column + 0.5 - self._row_shift(row), row + (0.0 if self.kind == "diamond" else 0.5)
        if self.kind == "tri":
            corners = corners * np.where((row + column) % 2, -1, 1)[..., None, None] * [1, 1]
        places = np.stack([x, y], -1)[..., None, :] + corners
        outline: Points = places * self.size - np.array(self.canvas.half)
        return outline

    def cell_distance(self, vectors: Points) -> Points:
        """The lengths (...) of vectors (..., 2) in canvas units, by the norm whose unit ball has the shape of a cell.

        About 1 from a cell's centre to its neighbour's.
        """
        x, y = np.moveaxis(np.abs(vectors) / self.size, -1, 0)
        norms: dict[str, Points] = {
            "diamond": x + y / 2,
            "hex": np.hypot(x * REGULAR_PITCH["hex"], y),
            "tri": np.hypot(x * REGULAR_PITCH["tri"], y),
        }
        return np.asarray(norms.get(self.kind, np.maximum(x, y)), np.float64)

    def choose_oversampling(self) -> int:
        """How many sample points across a pixel are worth their memory: 1 to ``MAX_OVERSAMPLING``."""
        pixels = self.canvas.width * self.canvas.height
        return MAX_OVERSAMPLING if pixels <= MANY_PIXELS else 2 if pixels <= 8 * MANY_PIXELS else 1

    @cached_property
    def _border_cells(self) -> Index:
        """The cells (N, 2) along the canvas' edges, which include the outermost ones."""
        x, y = self.canvas.half
        sides = [
            np.linspace(-1 + 1e-6, 1 - 1e-6, MAX_OVERSAMPLING * length)
            for length in (self.canvas.width, self.canvas.height)
        ]
        edge = [(sides[0] * x, end * y) for end in (-1, 1)] + [(end * x, sides[1] * y) for end in (-1, 1)]
        near = 1 - 1e-6
        places = [np.stack(np.broadcast_arrays(across, down), -1) * near for across, down in edge]
        return self._locate(np.concatenate(places))

    def _row_shift(self, row: Index) -> Points:
        """How many columns to the left each row (...) lies: 0 or 0.5."""
        shifted = self.kind in ("rectshift", "hex", "diamond")
        return np.asarray((row % 2) * (0.5 * shifted), np.float64)

    def _locate(self, points: Points) -> Index:
        """As ``index``, but counted from the canvas' upper left."""
        x, y = np.moveaxis((points + np.array(self.canvas.half)) / self.size, -1, 0)
        row, column = getattr(self, f"_locate_{self.kind}")(x, y)
        return np.stack([row, column], -1).astype(np.int64)

    def _locate_rect(self, x: Points, y: Points) -> tuple[Points, Points]:
        return np.floor(y), np.floor(x)

    def _locate_rectshift(self, x: Points, y: Points) -> tuple[Points, Points]:
        row: Points = np.floor(y)
        return row, np.floor(x + self._row_shift(row.astype(np.int64)))

    def _locate_hex(self, x: Points, y: Points) -> tuple[Points, Points]:
        """The nearest of three centres, in a metric in which the hexagons are regular."""
        rows = np.floor(y) + np.array([0, -1, 1]).reshape(-1, *[1] * y.ndim)
        shift = self._row_shift(rows.astype(np.int64))
        columns = np.floor(x + shift)
        away = 3 * (x - columns - 0.5 + shift) ** 2 + 2.25 * (y - rows - 0.5) ** 2
        nearest = away.argmin(0)[None]
        return np.take_along_axis(rows, nearest, 0)[0], np.take_along_axis(columns, nearest, 0)[0]

    def _locate_tri(self, x: Points, y: Points) -> tuple[Points, Points]:
        """Between two centres, one triangle points up and the other down; ``p`` is how far the point is on the way."""
        row, column = np.floor(y), np.floor(x - 0.5)
        p, down = x - 0.5 - column, y - row
        upright = (row + column) % 2 == 0
        return row, column + (p > np.where(upright, down, 1 - down))

    def _locate_diamond(self, x: Points, y: Points) -> tuple[Points, Points]:
        """A square grid, indexed along its diagonals."""
        right, left = np.rint(x - 0.5 + y / 2), np.rint(y / 2 - x + 0.5)
        return right + left, np.floor((right - left + 1) / 2)

    def _locate_knit(self, x: Points, y: Points) -> tuple[Points, Points]:
        column = np.floor(x)
        hang = STITCH_SAG * (1 - np.abs(2 * (x - column) - 1))
        return np.floor(y - hang), column


_CORNERS: dict[
    str, list[tuple[float, float]]
] = {  # relative to a cell's place in its row and column, in units of their pitch
    "rect": [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)],
    "rectshift": [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)],
    "hex": [(0, -2 / 3), (0.5, -1 / 3), (0.5, 1 / 3), (0, 2 / 3), (-0.5, 1 / 3), (-0.5, -1 / 3)],
    "tri": [(0, -0.5), (1, 0.5), (-1, 0.5)],
    "diamond": [(0, -1), (0.5, 0), (0, 1), (-0.5, 0)],
    "knit": [
        (-0.5, -0.5),
        (0, STITCH_SAG - 0.5),
        (0.5, -0.5),
        (0.5, 0.5),
        (0, STITCH_SAG + 0.5),
        (-0.5, 0.5),
    ],
}


def make_tiling(
    kind: str, canvas: Canvas, grid: tuple[int, int] | None, rows: float, regular: bool
) -> Tiling:
    """Make the tiling of a canvas by ``grid``, columns x rows, or else by ``rows`` over the height.

    Without a ``grid``, cells are ``regular``, or as wide as they are high, and never smaller than a pixel.
    """
    if grid is None:
        pitch = REGULAR_PITCH.get(kind, 1.0) if regular else 1.0
        down = max(1, min(round(rows), canvas.height))
        across = max(1, min(round(down * canvas.width / canvas.height / pitch), canvas.width))
        if kind not in ("rect", "knit"):  # their pattern repeats only after an even number
            across, down = (max(2, count // 2 * 2) for count in (across, down))
        grid = across, down
    return Tiling(kind, 2 * canvas.half[0] / grid[0], 1 / grid[1], canvas)
