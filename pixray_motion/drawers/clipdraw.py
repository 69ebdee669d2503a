"""Pictures of many strokes of any colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from pixray_motion.coordinate_maps import Points
from pixray_motion.drawers.base import Params, drawer
from pixray_motion.drawers.strokes import Source, StrokeDrawer, sampled
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.sampling import apply_border_mode
from pixray_motion.units import Count, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

ENDS = 0.5  # of its width by which a stroke is shorter than its cell: its round ends make up for that, and overlap
LONGER = 1.4  # the cells, over their height, that strokes are laid in
OVERLAP = 1.15  # of neighbouring strokes that are laid side by side


@drawer("clipdraw")
class ClipDraw(StrokeDrawer):
    """Bezier strokes of any colour on paper, moved exactly (after CLIPDraw, Frans et al. 2021, arXiv 2106.14843)."""

    def __init__(
        self,
        canvas: Canvas,
        strokes: Annotated[int, Count(1, 4096)] = 256,
        segments: Annotated[int, Count(1, 8)] = 2,
        min_width: Annotated[float, Real(0.1, 100)] = 0.5,
        max_width: Annotated[float, Real(0.1, 100)] = 5.0,
        learning_rate: Annotated[float, Real(0, 100)] = 1.0,
        point_learning_rate: Annotated[float, Real(0, 100)] = 1.0,
        width_learning_rate: Annotated[float, Real(0, 100)] = 1.0,
        colour_learning_rate: Annotated[float, Real(0, 100)] = 1.0,
    ) -> None:
        """``segments`` of each stroke; widths in percent of the canvas' height; ``learning_rate``: how far a step goes.

        ``point_learning_rate``, ``width_learning_rate`` and ``colour_learning_rate``: times that for one kind of
        numbers; 0 keeps them.
        """
        factors = {
            "points": point_learning_rate,
            "widths": width_learning_rate,
            "colours": colour_learning_rate,
        }
        rates = {name: learning_rate * factor for name, factor in factors.items()}
        super().__init__(canvas, (min_width, max_width), rates)
        self.segments = segments
        pairs = max(1, round((strokes * canvas.width / canvas.height / LONGER) ** 0.5 / 2))  # of columns
        self.shape = (max(1, strokes // (2 * pairs)), 2 * pairs)
        self.cell = (2 * canvas.half[0] / self.shape[1], 1 / self.shape[0])
        self.count = self.shape[0] * self.shape[1] if strokes > 1 else 1

    def init_params(self, rng: Generator) -> Params:
        strokes, length = self.count, 0.1
        half = torch.tensor(self.canvas.half, dtype=torch.float32)
        start = (2 * torch.rand((strokes, 1, 2), generator=rng) - 1) * half
        steps = length * (2 * torch.rand((strokes, 3 * self.segments, 2), generator=rng) - 1)
        low, high = self.limits
        return {
            "points": torch.cat([start, start + steps.cumsum(1)], 1),
            "widths": low + (high - low) * torch.rand(strokes, generator=rng),
            "colours": torch.rand((strokes, 4), generator=rng),
            "paper": torch.ones(3),
        }

    def encode(self, image: Tensor) -> Params:
        """Strokes laid side by side in rows, each in the colour of its part of ``image``."""
        paper = image.float().mean((0, 2, 3)).clamp(0, 1)
        return self._side_by_side(self.places, self.segments, self._sampled(image, self.places)) | {
            "paper": paper
        }

    def new_strokes(
        self, places: Points, segments: int, before: Tensor, backward_map: Source, border: str, rng: Generator
    ) -> Params:
        """See ``StrokeDrawer.laid``: in the colours that the border mode finds there."""
        colours = self._sampled(before, apply_border_mode(backward_map(places), self.canvas.half, border))
        if border == "noise":
            colours = torch.rand(colours.shape, generator=rng)
        return self._side_by_side(places, segments, colours)

    @property
    def places(self) -> NDArray[np.float64]:
        """(rows * columns, 2): the centres of the cells."""
        rows, columns = self.shape
        x = (np.arange(columns) + 0.5) * self.cell[0] - self.canvas.half[0]
        y = (np.arange(rows) + 0.5) * self.cell[1] - self.canvas.half[1]
        return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)

    def _side_by_side(self, places: Points, segments: int, colours: Tensor) -> Params:
        """Level strokes that cover one cell each, around ``places`` (N, 2)."""
        across, down = self.cell
        width = OVERLAP * down
        reach = max(across - ENDS * width, 0.0) / 2
        t = np.linspace(-reach, reach, 3 * segments + 1)
        points = places[:, None] + np.stack([t, np.zeros_like(t)], -1)
        return {
            "points": torch.from_numpy(points).float(),
            "widths": torch.full((len(places),), width),
            "colours": torch.cat([colours, torch.ones(len(colours), 1)], 1),
        }

    def _sampled(self, image: Tensor, places: Points) -> Tensor:
        """(N, 3): the colours that an ``image`` (1, 3, h, w) of the whole screen has around ``places``."""
        cells = (2 * self.shape[0], 2 * self.shape[1])
        return sampled(
            torch.nn.functional.interpolate(image.float(), cells, mode="area"), places, self.canvas
        )
