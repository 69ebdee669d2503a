"""Sketches of a few long lines on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from pixray_motion.coordinate_maps import Points
from pixray_motion.drawers.base import Params, drawer
from pixray_motion.drawers.strokes import Source, StrokeDrawer
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.units import Count, Flag, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

PAPER = (242 / 255, 238 / 255, 203 / 255)
GREYS = (0.299, 0.587, 0.114)  # how bright red, green and blue look
ROWS = 72  # of the grid that an image's ink is measured on
ROUNDS = 12  # of finding each line's part of the ink


@drawer("line_sketch", encodes_images=False)
class LineSketch(StrokeDrawer):
    """A few long black lines on paper, moved exactly (after pixray's line_sketch). It is too coarse for photographs."""

    def __init__(
        self,
        canvas: Canvas,
        strokes: Annotated[int, Count(1, 1024)] = 24,
        stroke_length: Annotated[int, Count(1, 16)] = 8,
        min_width: Annotated[float, Real(0.1, 100)] = 0.5,
        max_width: Annotated[float, Real(0.1, 100)] = 2.0,
        allow_paper_color: Annotated[bool, Flag()] = False,
        learning_rate: Annotated[float, Real(0, 100)] = 1.0,
    ) -> None:
        """``stroke_length`` in segments; widths in percent of the canvas' height; ``allow_paper_color``: the paper
        may change its colour, too; ``learning_rate``: how far a step goes."""
        learned = ("points", "widths", *(("paper",) if allow_paper_color else ()))
        rates = dict.fromkeys(learned, learning_rate)
        super().__init__(canvas, (min_width, max_width), rates)
        self.strokes, self.segments = strokes, stroke_length

    def init_params(self, rng: Generator) -> Params:
        """Walks that begin in the middle of the paper."""
        half = torch.tensor(self.canvas.half)
        start = (torch.rand((self.strokes, 2), generator=rng) - 0.5) * half
        return self._walks(start, self.segments, rng) | {"paper": torch.tensor(PAPER)}

    def encode(self, image: Tensor) -> Params:
        """Lines along what is darker than the paper: each along one part of the ink, as wide as that has ink."""
        ink, places = self._ink(image)
        part = _parted(places, ink, self.strokes)
        lines = [
            _along(places[part == k], ink[part == k], 3 * self.segments + 1) for k in range(self.strokes)
        ]
        points = np.stack([line for line, _ in lines])
        widths = torch.tensor([area for _, area in lines]) * (1 / ROWS) ** 2
        length = torch.from_numpy(np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(1))
        return {
            "points": torch.from_numpy(points).float(),
            "widths": (widths / length.clamp(min=1 / ROWS)).float().clamp(*self.limits),
            "colours": _black(len(points)),
            "paper": torch.tensor(PAPER),
        }

    def new_strokes(
        self,
        places: Points,
        segments: int,
        before: Tensor,  # noqa: ARG002
        backward_map: Source,  # noqa: ARG002
        border: str,  # noqa: ARG002
        rng: Generator,
    ) -> Params:
        """See ``StrokeDrawer.laid``: new walks, of the perceptor's own to bend."""
        return self._walks(torch.from_numpy(places).float(), segments, rng)

    @property
    def places(self) -> NDArray[np.float64]:
        """(N, 2): the centres of squares."""
        rows = 12
        columns = max(1, round(rows * self.canvas.width / self.canvas.height))
        return Canvas(columns, rows).centres().reshape(-1, 2)

    def _walks(self, start: Tensor, segments: int, rng: Generator) -> Params:
        steps = (torch.rand((len(start), 3 * segments, 2), generator=rng) - 0.5) / (segments + 2)
        low, high = self.limits
        return {
            "points": torch.cat([start[:, None], start[:, None] + steps.cumsum(1)], 1),
            "widths": torch.full((len(start),), low + (high - low) / 4),
            "colours": _black(len(start)),
        }

    def _ink(self, image: Tensor) -> tuple[NDArray[np.float64], Points]:
        """(N,) in [0, 1]: how much darker than the paper an image is, at (N, 2) places; a breath of it everywhere."""
        columns = max(1, round(ROWS * self.canvas.width / self.canvas.height))
        small = torch.nn.functional.interpolate(image.double(), (ROWS, columns), mode="area")[0]
        bright = (small * torch.tensor(GREYS)[:, None, None]).sum(0)
        paper = sum(share * level for share, level in zip(GREYS, PAPER, strict=True))
        ink = ((paper - bright) / paper).clamp(0, 1).numpy().ravel()
        return ink + 1e-6, Canvas(columns, ROWS).centres().reshape(-1, 2)


def _black(strokes: int) -> Tensor:
    return torch.tensor([0.0, 0, 0, 1]).repeat(strokes, 1)


def _parted(places: Points, ink: NDArray[np.float64], parts: int) -> NDArray[np.int64]:
    """(N,): which of ``parts`` each place belongs to, so that those of a part are near each other (Lloyd's method)."""
    bands = np.floor((places[:, 1] + 0.5) * parts**0.5)
    order = np.lexsort((places[:, 0] * (-1) ** bands, bands))
    begun = ink[order].cumsum()
    middles = places[order][np.searchsorted(begun, (np.arange(parts) + 0.5) / parts * begun[-1])]
    for _ in range(ROUNDS):
        part: NDArray[np.int64] = ((places[:, None] - middles) ** 2).sum(-1).argmin(1)
        total = np.bincount(part, ink, parts)
        sums = np.stack([np.bincount(part, ink * axis, parts) for axis in places.T], -1)
        middles = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-12)[:, None], middles)
    return part


def _along(places: Points, ink: NDArray[np.float64], points: int) -> tuple[Points, float]:
    """(points, 2) along the longest way through the ink, and how much ink there is, in squares of the grid."""
    if not len(places):
        return np.full((points, 2), 1e3), 0.0
    weights = ink / ink.sum()
    middle = weights @ places
    _, axes = np.linalg.eigh((places - middle).T * weights @ (places - middle))
    order = np.argsort((places - middle) @ axes[:, -1], kind="stable")
    sums = np.concatenate([[0.0], weights[order].cumsum()])
    moments = np.concatenate([np.zeros((1, 2)), (weights[:, None] * places)[order].cumsum(0)])
    marks = np.linspace(0, sums[-1], points + 1)
    ends = np.stack([np.interp(marks, sums, moment) for moment in moments.T], -1)
    return np.diff(ends, axis=0) * points / sums[-1], float(ink.sum())
