"""A grid of cells, each of one colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from pixray_motion.bends import Bend, Points
from pixray_motion.descend import descend
from pixray_motion.drawers.base import Drawer, Params, Picture, drawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.sampling import folded
from pixray_motion.units import Grid, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.descend import Scores
    from pixray_motion.objective import Objective

ROWS = 40  # of the default grid, over the canvas' height
NEIGHBOURS = np.array([(row, column) for row in (0, -1, 1) for column in (0, -1, 1)])
Index = NDArray[np.int64]
Map = Callable[[Points], Points]


@drawer("pixel")
class PixelDrawer(Drawer):
    """Square cells of one colour each, always aligned with the screen.

    Params: ``cells`` (1, 3, rows, columns) in [0, 1], and ``offset`` (rows, columns, 2) float64, in canvas units: where
    the bit of the picture that a cell stands for lies, from the cell's centre. A movement moves these points; every
    cell then takes on the nearest point, colour and all, so colours never mix and small motions add up.
    """

    def __init__(
        self,
        canvas: Canvas,
        grid: Annotated[tuple[int, int] | None, Grid()] = None,
        rate: Annotated[float, Real(0, 100)] = 1.0,
    ) -> None:
        """``grid``: columns and rows, by default cells of 1/40 of the height; ``rate``: how far a step goes."""
        self.canvas = canvas
        self.rate = rate
        columns, rows = grid or (max(1, round(ROWS * canvas.width / canvas.height)), min(ROWS, canvas.height))
        self.shape = (rows, columns)
        self.size = np.array([2 * canvas.half[0] / columns, 1 / rows])  # of a cell, canvas units

    @property
    def learned(self) -> tuple[str, ...]:
        return ("cells",)

    def fresh(self, rng: Generator) -> Params:
        cells = 0.5 + 0.01 * torch.randn((1, 3, *self.shape), generator=rng)
        return {"cells": cells, "offset": torch.zeros((*self.shape, 2), dtype=torch.float64)}

    def draw(self, params: Params) -> Picture:
        across, down = 1 / self.size
        return Picture(params["cells"], (across, down), Motion.identity(), cells=True)

    def encode(self, image: Tensor) -> Params:
        cells = torch.nn.functional.interpolate(image, self.shape, mode="area").float().clamp(0, 1)
        return {"cells": cells, "offset": torch.zeros((*self.shape, 2), dtype=torch.float64)}

    def pull(self, params: Params, change: Tensor) -> Params:
        """See ``Drawer.pull``."""
        if change.shape[-2:] != self.shape:
            change = torch.nn.functional.interpolate(change, self.shape, mode="bilinear", antialias=True)
        return params | {"cells": (params["cells"] + change).clamp(0, 1)}

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        """See ``Drawer.warp``. Beyond the screen the grid goes on, coloured by the border mode."""
        if motion.is_identity:
            return params
        return self._moved(params, motion.apply, motion.inverse().apply, border, rng)

    def bend(self, params: Params, bend: Bend, border: str, rng: Generator) -> Params:
        return self._moved(params, bend.apply, bend.source, border, rng)

    def _moved(self, params: Params, apply: Map, source: Map, border: str, rng: Generator) -> Params:
        """Every cell takes on the point that comes nearest; what a fold copies has no such point, only a source."""
        offset = params["offset"].numpy()
        centres = self._centre(self._everywhere())
        came_from = source(centres)
        candidates = self._index(came_from)[None] + NEIGHBOURS[:, None, None]
        known = np.clip(candidates, 0, np.array(self.shape) - 1)
        points = self._centre(candidates) + offset[known[..., 0], known[..., 1]]
        misses = apply(points) - centres
        nearest = np.abs(misses / self.size).max(-1).argmin(0)[None, ..., None]
        chosen = np.take_along_axis(candidates, nearest, 0)[0]
        miss = np.take_along_axis(misses, nearest, 0)[0].clip(-self.size / 2, self.size / 2)
        astray = np.abs(apply(came_from) - centres) / self.size
        copied = astray.max(-1)[..., None] > 0.5
        return {
            "cells": self._colours(params["cells"], np.where(copied, candidates[0], chosen), border, rng),
            "offset": torch.from_numpy(np.where(copied, 0.0, miss)),
        }

    def refine(self, params: Params, objective: Objective, steps: int) -> tuple[Params, Scores]:
        size = (self.shape[0] * self.shape[1]) ** 0.5
        return descend(
            params, {"cells": self.rate * size / 64}, self, objective, steps, bounds={"cells": (0, 1)}
        )

    def _colours(self, cells: Tensor, source: Index, border: str, rng: Generator) -> Tensor:
        """(1, 3, rows, columns): the colours of the cells ``source``, which may lie beyond the grid."""
        inside = folded(self._centre(source), self.canvas.half, border)
        row, column = np.moveaxis(np.clip(self._index(inside), 0, np.array(self.shape) - 1), -1, 0)
        taken = cells[..., torch.from_numpy(row), torch.from_numpy(column)]
        beyond = ((source < 0) | (source >= np.array(self.shape))).any(-1)
        if border == "noise" and beyond.any():
            noise = torch.rand(taken.shape, generator=rng).to(taken)
            taken = torch.where(torch.from_numpy(beyond).to(taken.device), noise, taken)
        return taken.contiguous()

    def _everywhere(self) -> Index:
        """(rows, columns, 2): every cell's own row and column."""
        return np.moveaxis(np.indices(self.shape), 0, -1)

    def _centre(self, index: Index) -> NDArray[np.float64]:
        """(..., 2): the centres x, y of the cells (row, column), in canvas units."""
        centre: NDArray[np.float64] = (index[..., ::-1] + 0.5) * self.size - self.canvas.half
        return centre

    def _index(self, points: NDArray[np.float64]) -> Index:
        """(..., 2): the row and column of the cells that points lie in."""
        index: Index = np.floor((points + self.canvas.half) / self.size).astype(np.int64)[..., ::-1]
        return index
