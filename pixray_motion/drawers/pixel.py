"""Cells of one colour each, in one of several shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap, Points
from pixray_motion.drawers.base import Drawer, LearningRate, Params, drawer, unit_rate
from pixray_motion.drawers.markup import format_colour, format_polygon
from pixray_motion.drawers.tilings import KINDS, Index, make_tiling
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.sampling import apply_border_mode
from pixray_motion.units import Flag, Grid, OneOf, Palette, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

BACK = 0.05  # of the way to the colours that are shown: else what these cannot show adds up from step to step
ROWS = 40  # of the default grid, over the canvas' height
NEIGHBOURS = np.array([(row, column) for row in (0, -1, 1) for column in (0, -1, 1)])
Map = Callable[[Points], Points]


@dataclass(frozen=True)
class CellCoverage:
    """What pixels show: ``share`` of ``cell`` in ``pixel``, (M,) each; ``start`` (H * W,): each pixel's first."""

    pixel: Tensor
    cell: Tensor
    share: Tensor
    start: Tensor


@drawer("pixel")
class PixelDrawer(Drawer):
    """Cells of one colour each, always aligned with the screen.

    Params: ``cells`` (1, 3, rows, columns) in [0, 1], and ``offset`` (rows, columns, 2) float64, in canvas units: where
    the bit of the picture that a cell stands for lies, from the cell's centre. A movement moves these points; every
    cell then takes on the nearest point, colour and all, so colours never mix and small motions add up.
    """

    supports_svg = True

    def __init__(
        self,
        canvas: Canvas,
        cells: Annotated[str, OneOf(KINDS)] = "rect",
        grid: Annotated[tuple[int, int] | None, Grid()] = None,
        scale: Annotated[float, Real(0.05, 40)] = 1.0,
        iso: Annotated[bool, Flag()] = True,
        palette: Annotated[tuple[tuple[int, int, int], ...] | None, Palette()] = None,
        learning_rate: Annotated[float, Real(0, 100)] = 1.0,
    ) -> None:
        """``cells``: their shape; ``grid``: columns and rows, by default rows of 1/40 of the height, times ``scale``;
        ``iso``: regular hexagons, triangles and diamonds where there is no ``grid``; ``palette``: the only colours;
        ``learning_rate``: how far a step goes."""
        self.canvas = canvas
        self.rate = learning_rate
        self.tiling = make_tiling(cells, canvas, grid, ROWS / scale, iso)
        self.shape, self.size = self.tiling.shape, self.tiling.size
        self.palette = None if palette is None else torch.tensor(palette).float() / 255
        self._coverage = (
            None
            if cells == "rect"
            else self._cell_coverage(1 if palette else self.tiling.choose_oversampling())
        )

    def init_params(self, rng: Generator) -> Params:
        noise = 0.01 if self.palette is None else 0.05
        return self._laid((0.5 + noise * torch.randn((1, 3, *self.shape), generator=rng)).clamp(0, 1))

    def draw(self, params: Params) -> Picture:
        """With hard edges where the cells are aligned with pixels, or may have no other colours than the palette's."""
        colours = self.colours(params)
        if self._coverage is None:
            across, down = 1 / self.size
            return Picture(colours, (across, down), Motion.identity(), cells=True)
        bags, density = self._coverage, float(self.canvas.height)
        pixels = torch.nn.functional.embedding_bag(
            bags.cell, colours[0].flatten(1).T, bags.start, mode="sum", per_sample_weights=bags.share
        )
        shown = pixels.T.view(1, 3, self.canvas.height, self.canvas.width)
        return Picture(shown, (density, density), Motion.identity(), cells=self.palette is not None)

    def svg(self, params: Params) -> str:
        """See ``Drawer.svg``. Cells of one colour are one path. Where edges are smooth, cells overlap a little."""
        canvas = self.canvas
        outlines = self.tiling.outline(np.moveaxis(np.indices(self.shape), 0, -1)) * canvas.height
        corner = np.array([canvas.width / 2, canvas.height / 2])
        outlines = outlines.reshape(-1, *outlines.shape[-2:]) + corner
        colours = self.colours(params)[0].flatten(1).T.detach().numpy()
        paths: dict[str, list[str]] = {}
        for outline, colour in zip(outlines, colours, strict=True):
            if (outline.max(0) > 0).all() and (outline.min(0) < 2 * corner).all():
                paths.setdefault(format_colour(colour), []).append(format_polygon(outline))
        hard = self._coverage is None or self.palette is not None
        lines = [
            f'<path d="{"".join(cells)}" fill="{colour}"' + ("/>" if hard else f' stroke="{colour}"/>')
            for colour, cells in paths.items()
        ]
        style = 'shape-rendering="crispEdges"' if hard else 'stroke-width="0.5" stroke-linejoin="round"'
        return "\n".join([f"<g {style}>", *lines, "</g>"])

    def colours(self, params: Params) -> Tensor:
        """(1, 3, rows, columns) in [0, 1]. The palette's nearest is shown, and the cell feels the gradient."""
        cells = params["cells"]
        if self.palette is None:
            return cells
        away = (cells.detach()[0, :, None] - self.palette.T[:, :, None, None]).square().sum(0)
        nearest = self.palette[away.argmin(0)].permute(2, 0, 1)[None]
        return nearest + (cells - cells.detach())

    def encode(self, image: Tensor) -> Params:
        mode = "area" if self._coverage is None else "bilinear"
        return self._laid(self._averaged(image.float(), mode).clamp(0, 1))

    def apply_update(self, params: Params, change: Tensor) -> Params:
        """See ``Drawer.apply_update``. With a palette, what is shown changes, so cells come back to it."""
        cells = params["cells"]
        if self.palette is not None:
            cells = cells + BACK * (self.colours(params).detach() - cells)
        return params | {"cells": (cells + self._averaged(change, "bilinear")).clamp(0, 1)}

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        """See ``Drawer.warp``. Beyond the screen the cells go on, coloured by the border mode."""
        if motion.is_identity:
            return params
        return self._moved(params, motion.apply, motion.inverse().apply, border, rng)

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:
        return self._moved(params, bend.apply, bend.apply_inverse, border, rng)

    def _moved(self, params: Params, apply: Map, source: Map, border: str, rng: Generator) -> Params:
        """Every cell takes on the point that comes nearest; what a fold copies has no such point, only a source."""
        offset = params["offset"].numpy()
        centres = self.tiling.centre(np.moveaxis(np.indices(self.shape), 0, -1))
        backward_map = source(centres)
        candidates = self.tiling.index(backward_map)[None] + NEIGHBOURS[:, None, None]
        known = np.clip(candidates, 0, np.array(self.shape) - 1)
        points = self.tiling.centre(candidates) + offset[known[..., 0], known[..., 1]]
        misses = apply(points) - centres
        nearest = self.tiling.cell_distance(misses).argmin(0)[None, ..., None]
        chosen = np.take_along_axis(candidates, nearest, 0)[0]
        miss = np.take_along_axis(misses, nearest, 0)[0].clip(-self.size / 2, self.size / 2)
        copied = self.tiling.cell_distance(apply(backward_map) - centres).reshape(*self.shape, 1) > 0.5
        return {
            "cells": self._taken(params["cells"], np.where(copied, candidates[0], chosen), border, rng),
            "offset": torch.from_numpy(np.where(copied, 0.0, miss)),
        }

    def learning(self, params: Params) -> dict[str, LearningRate]:  # noqa: ARG002
        return {"cells": LearningRate(self.rate * unit_rate(self.shape[0] * self.shape[1]), 0.0, 1.0)}

    def _taken(self, cells: Tensor, source: Index, border: str, rng: Generator) -> Tensor:
        """(1, 3, rows, columns): the colours of the cells ``source``, which may lie beyond the screen."""
        centre = self.tiling.centre(source)
        inside = apply_border_mode(centre, self.canvas.half, border)
        beyond = ((source < 0) | (source >= np.array(self.shape))).any(-1)
        index = np.where(beyond.reshape(*beyond.shape, 1), self.tiling.index(inside), source)
        row, column = np.moveaxis(np.clip(index, 0, np.array(self.shape) - 1), -1, 0)
        taken = cells[..., torch.from_numpy(row), torch.from_numpy(column)]
        if border == "noise" and beyond.any():
            noise = torch.rand(taken.shape, generator=rng).to(taken)
            taken = torch.where(torch.from_numpy(beyond).to(taken.device), noise, taken)
        return taken.contiguous()

    def _averaged(self, image: Tensor, mode: str) -> Tensor:
        """(1, 3, rows, columns): what an image (1, 3, h, w) of the whole screen has in each cell."""
        size = self.shape if self._coverage is None else (self.canvas.height, self.canvas.width)
        fine = image
        if image.shape[-2:] != size:
            fine = torch.nn.functional.interpolate(image, size, mode=mode, antialias=mode == "bilinear")
        if self._coverage is None:
            return fine
        cell, share = self._coverage.cell, self._coverage.share
        sums = torch.zeros(3, self.shape[0] * self.shape[1]).index_add_(
            1, cell, fine[0].flatten(1)[:, self._coverage.pixel] * share
        )
        sizes = torch.zeros(sums.shape[1]).index_add_(0, cell, share)
        colours = torch.where(sizes > 0, sums / sizes.clamp(min=1e-6), fine.mean((0, 2, 3))[:, None])
        return colours.view(1, 3, *self.shape)

    def _cell_coverage(self, fine: int) -> CellCoverage:
        pixel, cell, share = self.tiling.compute_coverage(fine)
        pixels = torch.from_numpy(pixel)
        start = torch.searchsorted(pixels, torch.arange(self.canvas.width * self.canvas.height))
        return CellCoverage(pixels, torch.from_numpy(cell), torch.from_numpy(share).float(), start)

    def _laid(self, cells: Tensor) -> Params:
        return {"cells": cells, "offset": torch.zeros((*self.shape, 2), dtype=torch.float64)}
