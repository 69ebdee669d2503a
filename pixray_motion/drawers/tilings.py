"""How cells of one shape tile the plane: where each lies, which one a point is in, and its outline.

A cell's index is (row, column). In every other row of the shifted tilings the cells lie half a cell to the left, so
that both sides of the screen look alike.
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
REGULAR = {"hex": 2 / 3**0.5, "tri": 1 / 3**0.5, "diamond": 2.0}  # the pitch of columns over that of rows
LEAN = 0.6  # how far the middle of a stitch hangs down, in rows
FINE = 3  # points across a pixel that decide what cells a picture shows in it,
MANY = 500_000  # fewer in pictures of more pixels


@dataclass(frozen=True)
class Tiling:
    """Cells of a ``kind``, ``width`` and ``height`` (canvas units) apart, from a canvas' upper left on."""

    kind: str
    width: float
    height: float
    canvas: Canvas

    @property
    def size(self) -> Points:
        """(2,): from column to column and from row to row, in canvas units."""
        return np.array([self.width, self.height])

    @cached_property
    def first(self) -> Index:
        """(2,): the row and column of the first cells that are seen."""
        low: Index = self._seen.min(0)
        return low

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that are seen."""
        rows, columns = (self._seen.max(0) - self.first + 1).tolist()
        return rows, columns

    def shown(self, fine: int) -> NDArray[np.int32]:
        """(H * fine, W * fine): the number, row by row, of the cell that each point of the canvas lies in."""
        across, down = (
            (np.arange(length * fine) + 0.5) / (self.canvas.height * fine) - half
            for length, half in zip((self.canvas.width, self.canvas.height), self.canvas.half, strict=True)
        )
        shown = np.empty((len(down), len(across)), np.int32)
        for row, y in enumerate(down):  # row by row, since a picture may have many points
            index = self.index(np.stack([across, np.full_like(across, y)], -1))
            shown[row] = index[..., 0] * self.shape[1] + index[..., 1]
        return shown

    def shares(self, fine: int) -> tuple[Index, Index, Points]:
        """(M,) each: the pixels of the canvas, the cells in them, and how much of a pixel each cell fills."""
        shown = self.shown(fine).astype(np.int64)
        cells = self.shape[0] * self.shape[1]
        blocks = shown.reshape(self.canvas.height, fine, self.canvas.width, fine).swapaxes(1, 2)
        pixel = np.arange(blocks.shape[0] * blocks.shape[1]).reshape(*blocks.shape[:2], 1, 1)
        found, counts = np.unique(pixel * cells + blocks, return_counts=True)
        return found // cells, found % cells, counts / fine**2

    def index(self, points: Points) -> Index:
        """(..., 2): the row and column, counted from the first ones, of the cells that (..., 2) points lie in."""
        return self._index(points) - self.first

    def centre(self, index: Index) -> Points:
        """(..., 2): where the cells (row, column) have their middle, in canvas units."""
        row, column = np.moveaxis(index + self.first, -1, 0)
        x, y = column + 0.5 - self._shift(row), row + 0.5
        if self.kind == "diamond":
            y = y - 0.5
        elif self.kind == "tri":
            y = y + np.where((row + column) % 2, -1, 1) / 6
        elif self.kind == "knit":
            y = y + LEAN / 2
        centre: Points = np.stack([x, y], -1) * self.size - np.array(self.canvas.half)
        return centre

    def outline(self, index: Index) -> Points:
        """(..., K, 2): the corners of the cells (row, column), in canvas units."""
        row, column = np.moveaxis(index + self.first, -1, 0)
        corners = np.broadcast_to(np.array(_CORNERS[self.kind]), (*row.shape, len(_CORNERS[self.kind]), 2))
        x, y = column + 0.5 - self._shift(row), row + (0.0 if self.kind == "diamond" else 0.5)
        if self.kind == "tri":
            corners = corners * np.where((row + column) % 2, -1, 1)[..., None, None] * [1, 1]
        places = np.stack([x, y], -1)[..., None, :] + corners
        outline: Points = places * self.size - np.array(self.canvas.half)
        return outline

    def cell_distance(self, ways: Points) -> Points:
        """(...): how long (..., 2) ways are for a cell: about 1 to a neighbour, by the norm that has its shape."""
        x, y = np.moveaxis(np.abs(ways) / self.size, -1, 0)
        norms: dict[str, Points] = {
            "diamond": x + y / 2,
            "hex": np.hypot(x * REGULAR["hex"], y),
            "tri": np.hypot(x * REGULAR["tri"], y),
        }
        return np.asarray(norms.get(self.kind, np.maximum(x, y)), np.float64)

    def fine(self) -> int:
        """How many points across a pixel are worth their memory."""
        pixels = self.canvas.width * self.canvas.height
        return FINE if pixels <= MANY else 2 if pixels <= 8 * MANY else 1

    @cached_property
    def _seen(self) -> Index:
        """(N, 2): the cells along the canvas' edges, which are the outermost."""
        x, y = self.canvas.half
        sides = [
            np.linspace(-1 + 1e-6, 1 - 1e-6, FINE * length)
            for length in (self.canvas.width, self.canvas.height)
        ]
        edge = [(sides[0] * x, end * y) for end in (-1, 1)] + [(end * x, sides[1] * y) for end in (-1, 1)]
        near = 1 - 1e-6
        places = [np.stack(np.broadcast_arrays(across, down), -1) * near for across, down in edge]
        return self._index(np.concatenate(places))

    def _shift(self, row: Index) -> Points:
        """How far to the left a row lies, in columns."""
        shifted = self.kind in ("rectshift", "hex", "diamond")
        return np.asarray((row % 2) * (0.5 * shifted), np.float64)

    def _index(self, points: Points) -> Index:
        x, y = np.moveaxis((points + np.array(self.canvas.half)) / self.size, -1, 0)
        row, column = getattr(self, f"_{self.kind}")(x, y)
        return np.stack([row, column], -1).astype(np.int64)

    def _rect(self, x: Points, y: Points) -> tuple[Points, Points]:
        return np.floor(y), np.floor(x)

    def _rectshift(self, x: Points, y: Points) -> tuple[Points, Points]:
        row: Points = np.floor(y)
        return row, np.floor(x + self._shift(row.astype(np.int64)))

    def _hex(self, x: Points, y: Points) -> tuple[Points, Points]:
        """The nearest of three centres, where the hexagons are regular."""
        rows = np.floor(y) + np.array([0, -1, 1]).reshape(-1, *[1] * y.ndim)
        shift = self._shift(rows.astype(np.int64))
        columns = np.floor(x + shift)
        away = 3 * (x - columns - 0.5 + shift) ** 2 + 2.25 * (y - rows - 0.5) ** 2
        nearest = away.argmin(0)[None]
        return np.take_along_axis(rows, nearest, 0)[0], np.take_along_axis(columns, nearest, 0)[0]

    def _tri(self, x: Points, y: Points) -> tuple[Points, Points]:
        """Between two middles, one triangle points up and the other down; ``p`` is how far the point is on the way."""
        row, column = np.floor(y), np.floor(x - 0.5)
        p, down = x - 0.5 - column, y - row
        upright = (row + column) % 2 == 0
        return row, column + (p > np.where(upright, down, 1 - down))

    def _diamond(self, x: Points, y: Points) -> tuple[Points, Points]:
        """A square grid, seen along its diagonals."""
        right, left = np.rint(x - 0.5 + y / 2), np.rint(y / 2 - x + 0.5)
        return right + left, np.floor((right - left + 1) / 2)

    def _knit(self, x: Points, y: Points) -> tuple[Points, Points]:
        column = np.floor(x)
        hang = LEAN * (1 - np.abs(2 * (x - column) - 1))
        return np.floor(y - hang), column


_CORNERS: dict[str, list[tuple[float, float]]] = {  # from the middle of a row and column, in their sizes
    "rect": [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)],
    "rectshift": [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)],
    "hex": [(0, -2 / 3), (0.5, -1 / 3), (0.5, 1 / 3), (0, 2 / 3), (-0.5, 1 / 3), (-0.5, -1 / 3)],
    "tri": [(0, -0.5), (1, 0.5), (-1, 0.5)],
    "diamond": [(0, -1), (0.5, 0), (0, 1), (-0.5, 0)],
    "knit": [(-0.5, -0.5), (0, LEAN - 0.5), (0.5, -0.5), (0.5, 0.5), (0, LEAN + 0.5), (-0.5, 0.5)],
}


def fitted(kind: str, canvas: Canvas, grid: tuple[int, int] | None, rows: float, regular: bool) -> Tiling:
    """A tiling of columns x rows as in ``grid``; else of ``rows`` over the height, ``regular`` or as wide as high."""
    if grid is None:
        pitch = REGULAR.get(kind, 1.0) if regular else 1.0
        down = max(1, min(round(rows), canvas.height))
        across = max(1, min(round(down * canvas.width / canvas.height / pitch), canvas.width))
        if kind not in ("rect", "knit"):  # whose pattern closes only over an even number
            across, down = (max(2, count // 2 * 2) for count in (across, down))
        grid = across, down
    return Tiling(kind, 2 * canvas.half[0] / grid[0], 1 / grid[1], canvas)
