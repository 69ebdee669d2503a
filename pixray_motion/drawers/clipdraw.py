"""Pictures of Bezier strokes, which movements carry along exactly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from pixray_motion.bends import Bend, Points, swollen
from pixray_motion.descend import descend
from pixray_motion.drawers.base import Drawer, Params, Picture, drawer
from pixray_motion.drawers.bezier import Shapes, drawn
from pixray_motion.drawers.paths import carried
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.sampling import folded
from pixray_motion.units import Count, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.descend import Scores
    from pixray_motion.objective import Objective

BARE = 0.5  # a place that shows more of the paper than this has no stroke
ENDS = 0.5  # of its width by which a stroke is shorter than its cell: its round ends make up for that, and overlap
LONGER = 1.4  # the cells, over their height, that strokes are laid in
HELD = 0.45  # of a stroke's half width must be on the screen for it to count as there
SLACK = 0.1  # of a pixel: how far a moved stroke may be from where it should be
RATES = {
    "points": 0.02,
    "widths": 0.001,
    "colours": 0.1,
    "paper": 0.01,
}  # how far a step goes, for one stroke
FAR = 100.0  # canvas heights away is a stroke without a place
OVERLAP = 1.15  # of neighbouring strokes that are laid side by side


Source = Callable[[Points], Points]


@drawer("clipdraw")
class ClipDraw(Drawer):
    """Bezier strokes of any colour on paper, moved exactly (after CLIPDraw, Frans et al. 2021, arXiv 2106.14843).

    Params, painted in order: ``points`` (strokes, 3 * segments + 1, 2) and ``widths`` (strokes,), the whole width, in
    canvas units; ``colours`` (strokes, 4), red, green, blue and opacity, and ``paper`` (3,), in [0, 1]. A movement that
    bends them makes more segments where it needs them.
    """

    def __init__(
        self,
        canvas: Canvas,
        strokes: Annotated[int, Count(1, 4096)] = 256,
        segments: Annotated[int, Count(1, 8)] = 2,
        min_width: Annotated[float, Real(0.1, 100)] = 0.5,
        max_width: Annotated[float, Real(0.1, 100)] = 5.0,
        rate: Annotated[float, Real(0, 100)] = 1.0,
        point_rate: Annotated[float, Real(0, 100)] = 1.0,
        width_rate: Annotated[float, Real(0, 100)] = 1.0,
        colour_rate: Annotated[float, Real(0, 100)] = 1.0,
    ) -> None:
        """``segments`` of each stroke; widths in percent of the canvas' height; ``rate``: how far a step goes.

        ``point_rate``, ``width_rate`` and ``colour_rate``: times that for one kind of numbers; 0 keeps them.
        """
        self.canvas = canvas
        self.segments = segments
        self.limits = (min_width / 100, max(min_width, max_width) / 100)
        self.rates = {"points": point_rate * rate, "widths": width_rate * rate, "colours": colour_rate * rate}
        self._slack = SLACK / canvas.height
        pairs = max(1, round((strokes * canvas.width / canvas.height / LONGER) ** 0.5 / 2))  # of columns
        self.shape = (max(1, strokes // (2 * pairs)), 2 * pairs)
        self.cell = (2 * canvas.half[0] / self.shape[1], 1 / self.shape[0])
        self.count = self.shape[0] * self.shape[1] if strokes > 1 else 1

    @property
    def learned(self) -> tuple[str, ...]:
        return ("points", "widths", "colours")

    def fresh(self, rng: Generator) -> Params:
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

    def draw(self, params: Params) -> Picture:
        density = float(self.canvas.height)
        pixels = self._pixels(params, self.canvas)
        return Picture(pixels, (density, density), Motion.identity())

    def encode(self, image: Tensor) -> Params:
        """Strokes laid side by side in rows, each in the colour of its part of ``image``."""
        colours = self._sampled(image, self._places())
        points, widths = self._laid(self._places(), self.segments)
        opaque = torch.ones(len(colours), 1)
        paper = image.float().mean((0, 2, 3)).clamp(0, 1)
        return {
            "points": points,
            "widths": widths,
            "colours": torch.cat([colours, opaque], 1),
            "paper": paper,
        }

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        """See ``Drawer.warp``. Strokes that have left are laid where the paper would show, below the others."""
        if motion.is_identity:
            return params
        points = params["points"].double().numpy()
        carry = (
            motion.apply if motion.is_affine else partial(carried, apply=motion.apply, tolerance=self._slack)
        )
        larger = torch.from_numpy(motion.areas(_middles(points)) ** 0.5).float()
        moved = params | {
            "points": torch.from_numpy(carry(points)).float(),
            "widths": params["widths"] * larger,
        }
        return self._filled(params, moved, motion.inverse().apply, border, rng)

    def bend(self, params: Params, bend: Bend, border: str, rng: Generator) -> Params:
        """See ``Drawer.bend``. Of the strokes that a fold copies only so many stay that the copies find room."""
        moved = params
        for part in bend.each():
            points = moved["points"].double().numpy()
            larger = torch.from_numpy(swollen(part, _middles(points)) ** 0.5).float()
            there = torch.from_numpy(carried(points, part.apply, self._slack)).float()
            moved = moved | {"points": there, "widths": moved["widths"] * larger}
            if part.copies():
                moved = _copied(moved, part)
        return self._filled(params, moved, bend.source, border, rng)

    def _filled(
        self, before: Params, moved: Params, came_from: Source, border: str, rng: Generator
    ) -> Params:
        """``moved``, and where the paper would show, new strokes in place of those that have left."""
        if border == "wrap":
            moved = self._wrapped(moved)
        gone = self._gone(moved).nonzero()[:, 0]
        bare = self._bare(moved)
        order = torch.randperm(len(bare), generator=rng)
        bare, gone = bare[order][: len(gone)], gone[: len(bare)]
        if not len(gone):
            return moved
        return self._relaid(before, moved, came_from, border, gone, self._places()[bare.numpy()], rng)

    def refine(self, params: Params, objective: Objective, steps: int) -> tuple[Params, Scores]:
        size = len(params["widths"]) ** 0.5
        rates = {name: RATES[name] * self.rates[name] * size for name in self.learned}
        bounds = {"widths": self.limits, "colours": (0.0, 1.0)}
        return descend(params, rates, self, objective, steps, bounds)

    def _pixels(self, params: Params, canvas: Canvas) -> Tensor:
        """(1, 3, h, w)."""
        height = canvas.height
        corner = torch.tensor([canvas.width / 2, height / 2])
        points = params["points"] * height + corner
        curves = points.unfold(1, 4, 3).transpose(2, 3).reshape(-1, 4, 2)
        owner = torch.arange(len(points)).repeat_interleave(len(curves) // len(points))
        half_widths = params["widths"] * (height / 2)
        shapes = Shapes(curves, owner, half_widths, params["colours"])
        image = drawn(shapes, params["paper"], height, canvas.width)
        return image[None].clamp(0, 1)

    def _laid(self, places: NDArray[np.float64], segments: int) -> tuple[Tensor, Tensor]:
        """Points and widths of level strokes that cover one cell each, around ``places`` (N, 2)."""
        across, down = self.cell
        width = OVERLAP * down
        reach = max(across - ENDS * width, 0.0) / 2
        t = np.linspace(-reach, reach, 3 * segments + 1)
        points = places[:, None] + np.stack([t, np.zeros_like(t)], -1)
        return torch.from_numpy(points).float(), torch.full((len(places),), width)

    def _places(self) -> NDArray[np.float64]:
        """(rows * columns, 2): the centres of the cells."""
        rows, columns = self.shape
        x = (np.arange(columns) + 0.5) * self.cell[0] - self.canvas.half[0]
        y = (np.arange(rows) + 0.5) * self.cell[1] - self.canvas.half[1]
        return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)

    def _sampled(self, image: Tensor, places: NDArray[np.float64]) -> Tensor:
        """(N, 3): the colours that an ``image`` (1, 3, h, w) of the whole screen has around ``places``."""
        cells = torch.nn.functional.interpolate(
            image.float(), (2 * self.shape[0], 2 * self.shape[1]), mode="area"
        )
        points = torch.from_numpy(places / np.array(self.canvas.half)).float()[None, None]
        found = torch.nn.functional.grid_sample(cells, points, padding_mode="border", align_corners=False)
        colours: Tensor = found[0, :, 0].T.clamp(0, 1)
        return colours

    def _gone(self, params: Params) -> Tensor:
        """(strokes,): which ones touch nothing of the screen, or have become too thin to see."""
        reach = params["widths"][:, None] * HELD / 2
        half = torch.tensor(self.canvas.half, dtype=torch.float32)
        low, high = params["points"].amin(1) - reach, params["points"].amax(1) + reach
        outside = ((high < -half) | (low > half)).any(1)
        return outside | (params["widths"] < self.limits[0] / 4)

    def _bare(self, params: Params) -> Tensor:
        """(N,): the numbers of the cells where the paper shows."""
        with torch.no_grad():
            ink = params["colours"].clone()
            ink[:, :3] = 0
            shown = self._pixels(params | {"colours": ink, "paper": torch.ones(3)}, self.canvas)
        return (self._sampled(shown, self._places())[:, 0] > BARE).nonzero()[:, 0]

    def _wrapped(self, params: Params) -> Params:
        """Strokes whose middle has left the screen, come in again on the other side."""
        size = 2 * torch.tensor(self.canvas.half, dtype=torch.float32)
        middle = params["points"].mean(1)
        return params | {"points": params["points"] - (size * torch.round(middle / size))[:, None]}

    def _relaid(
        self,
        before: Params,
        moved: Params,
        came_from: Source,
        border: str,
        gone: Tensor,
        places: NDArray[np.float64],
        rng: Generator,
    ) -> Params:
        """``moved`` with the strokes ``gone`` laid at ``places``, in the colours that the border mode finds there."""
        points, widths = self._laid(places, (moved["points"].shape[1] - 1) // 3)
        with torch.no_grad():
            image = self._pixels(before, self.canvas)
        source = folded(came_from(places), self.canvas.half, border)
        colours = self._sampled(image, source)
        if border == "noise":
            colours = torch.rand(colours.shape, generator=rng)
        laid = {
            "points": points,
            "widths": widths,
            "colours": torch.cat([colours, torch.ones(len(colours), 1)], 1),
        }
        kept = torch.ones(len(moved["widths"]), dtype=torch.bool)
        kept[gone] = False
        return moved | {name: torch.cat([new, moved[name][kept]]) for name, new in laid.items()}


def _middles(points: Points) -> Points:
    """(N, 2): a point of each stroke that is carried itself, so that what goes to and fro adds up to nothing."""
    return points[:, points.shape[1] // 6 * 3]


def _copied(params: Params, fold: Bend) -> Params:
    """The topmost strokes of those that a fold keeps, with their copies; the others are put out of sight."""
    copies = fold.copies()
    inside = torch.from_numpy(fold.keeps(params["points"].double().mean(1).numpy())).nonzero()[:, 0]
    inside = inside[-(len(params["widths"]) // (len(copies) + 1)) :]
    points = params["points"][inside].double().numpy()
    images = np.stack([points, *(copy.apply(points) for copy in copies)], 1).reshape(-1, *points.shape[1:])
    each = len(copies) + 1
    spare = len(params["widths"]) - len(images)
    return params | {
        "points": torch.cat([torch.full((spare, *points.shape[1:]), FAR), torch.from_numpy(images).float()]),
        "widths": torch.cat([params["widths"][:spare], params["widths"][inside].repeat_interleave(each, 0)]),
        "colours": torch.cat(
            [params["colours"][:spare], params["colours"][inside].repeat_interleave(each, 0)]
        ),
    }
