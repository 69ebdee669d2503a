"""Drawers of Bezier strokes, which movements carry along exactly."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixray_motion.coordinate_maps import CoordinateMap, Points, local_area_scale
from pixray_motion.drawers.base import Drawer, LearningRate, Params
from pixray_motion.drawers.bezier import Shapes, rasterise
from pixray_motion.drawers.markup import format_colour, format_opacity, format_path
from pixray_motion.drawers.paths import warp_paths
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture

if TYPE_CHECKING:
    from torch import Generator, Tensor

BARE = 0.5  # a place that shows more of the paper than this has no stroke
HELD = 0.45  # of a stroke's half width must be on the screen for it to count as there
SLACK = 0.1  # of a pixel: how far a moved stroke may be from where it should be
FAR = 100.0  # canvas heights away is a stroke without a place
RATES = {
    "points": 0.02,
    "widths": 0.001,
    "colours": 0.1,
    "paper": 0.01,
}  # how far a step goes, for one stroke
Source = Callable[[Points], Points]


class StrokeDrawer(Drawer):
    """Params, painted in order: ``points`` (strokes, 3 * segments + 1, 2) and ``widths`` (strokes,), the whole width,
    in canvas units; ``colours`` (strokes, 4), red, green, blue and opacity, and ``paper`` (3,), in [0, 1]. A movement
    that bends strokes makes more segments where it needs them.
    """

    supports_svg = True

    def __init__(self, canvas: Canvas, widths: tuple[float, float], rates: Mapping[str, float]) -> None:
        """``widths`` from and to, in percent of the canvas' height; ``rates``: of what is learned, over the usual."""
        self.canvas = canvas
        self.limits = (widths[0] / 100, max(widths) / 100)
        self.rates = rates

    @abstractmethod
    def new_strokes(
        self, places: Points, segments: int, before: Tensor, backward_map: Source, border: str, rng: Generator
    ) -> Params:
        """New strokes around ``places`` (N, 2), where paper shows after a movement.

        ``before`` (1, 3, H, W) is what was seen, and ``backward_map`` tells where on it things were.
        """

    @property
    @abstractmethod
    def places(self) -> Points:
        """(N, 2): where to look for paper."""

    def draw(self, params: Params) -> Picture:
        density = float(self.canvas.height)
        return Picture(self.pixels(params), (density, density), Motion.identity())

    def pixels(self, params: Params) -> Tensor:
        """(1, 3, H, W)."""
        height, width = self.canvas.height, self.canvas.width
        image = rasterise(shapes(params, self.canvas), params["paper"], height, width)
        return image[None].clamp(0, 1)

    def svg(self, params: Params) -> str:
        """See ``Drawer.svg``. Strokes that touch nothing of the screen are left out."""
        canvas = self.canvas
        corner = np.array([canvas.width / 2, canvas.height / 2])
        points = params["points"].double().numpy() * canvas.height + corner
        widths, colours = params["widths"].numpy() * canvas.height, params["colours"].numpy()
        reach = widths[:, None] / 2 + 1
        seen = ((points.max(1) > -reach) & (points.min(1) < 2 * corner + reach)).all(1)
        paper = f'<rect width="100%" height="100%" fill="{format_colour(params["paper"].numpy())}"/>'
        lines = [
            f'<path d="{format_path(path)}" stroke="{format_colour(colour)}" stroke-width="{width:.2f}"'
            f"{format_opacity(colour[3])}/>"
            for path, width, colour in zip(points[seen], widths[seen], colours[seen], strict=True)
        ]
        group = '<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
        return "\n".join([paper, group, *lines, "</g>"])

    def learning(self, params: Params) -> dict[str, LearningRate]:
        """Rates grow with the number of strokes, since a gradient is normalised over all of them."""
        size = len(params["widths"]) ** 0.5
        bounds = {"widths": self.limits, "colours": (0.0, 1.0), "paper": (0.0, 1.0)}
        return {
            name: LearningRate(RATES[name] * rate * size, *bounds.get(name, ()))
            for name, rate in self.rates.items()
        }

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        """See ``Drawer.warp``. Strokes that have left are laid where the paper would show, below the others."""
        if motion.is_identity:
            return params
        points = params["points"].double().numpy()
        slack = SLACK / self.canvas.height
        carry = motion.apply if motion.is_affine else partial(warp_paths, apply=motion.apply, tolerance=slack)
        moved = _moved(params, carry(points), motion.areas(_middles(points)))
        return self._filled(params, moved, motion.inverse().apply, border, rng)

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:
        """See ``Drawer.remap``. Of the strokes that a fold copies only so many stay that the copies find room."""
        moved = params
        for part in bend.parts():
            points = moved["points"].double().numpy()
            there = warp_paths(points, part.apply, SLACK / self.canvas.height)
            moved = _moved(moved, there, local_area_scale(part, _middles(points)))
            if part.copies():
                moved = _copied(moved, part)
        return self._filled(params, moved, bend.apply_inverse, border, rng)

    def _filled(
        self, before: Params, moved: Params, backward_map: Source, border: str, rng: Generator
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
        with torch.no_grad():
            seen = self.pixels(before)
        segments = (moved["points"].shape[1] - 1) // 3
        new = self.new_strokes(self.places[bare.numpy()], segments, seen, backward_map, border, rng)
        kept = torch.ones(len(moved["widths"]), dtype=torch.bool)
        kept[gone] = False
        return moved | {name: torch.cat([some, moved[name][kept]]) for name, some in new.items()}

    def _gone(self, params: Params) -> Tensor:
        """(strokes,): which ones touch nothing of the screen, or have become too thin to see."""
        reach = params["widths"][:, None] * HELD / 2
        half = torch.tensor(self.canvas.half, dtype=torch.float32)
        low, high = params["points"].amin(1) - reach, params["points"].amax(1) + reach
        outside = ((high < -half) | (low > half)).any(1)
        return outside | (params["widths"] < self.limits[0] / 4)

    def _bare(self, params: Params) -> Tensor:
        """(N,): the numbers of the places where the paper shows."""
        with torch.no_grad():
            ink = params["colours"].clone()
            ink[:, :3] = 0
            shown = self.pixels(params | {"colours": ink, "paper": torch.ones(3)})
        return (sampled(shown, self.places, self.canvas)[:, 0] > BARE).nonzero()[:, 0]

    def _wrapped(self, params: Params) -> Params:
        """Strokes whose middle has left the screen, come in again on the other side."""
        size = 2 * torch.tensor(self.canvas.half, dtype=torch.float32)
        middle = params["points"].mean(1)
        return params | {"points": params["points"] - (size * torch.round(middle / size))[:, None]}


def shapes(params: Params, canvas: Canvas) -> Shapes:
    """The strokes in pixels."""
    corner = torch.tensor([canvas.width / 2, canvas.height / 2])
    points = params["points"] * canvas.height + corner
    curves = points.unfold(1, 4, 3).transpose(2, 3).reshape(-1, 4, 2)
    owner = torch.arange(len(points)).repeat_interleave(len(curves) // len(points))
    return Shapes(curves, owner, params["widths"] * (canvas.height / 2), params["colours"])


def sampled(image: Tensor, places: Points, canvas: Canvas) -> Tensor:
    """(N, 3): the colours that an ``image`` (1, 3, h, w) of the whole screen has at ``places`` (N, 2)."""
    points = torch.from_numpy(places / np.array(canvas.half)).to(image)[None, None]
    found = torch.nn.functional.grid_sample(image, points, padding_mode="border", align_corners=False)
    colours: Tensor = found[0, :, 0].T.clamp(0, 1)
    return colours


def _moved(params: Params, points: Points, areas: NDArray[np.float64]) -> Params:
    """With the strokes at ``points``, where they are ``areas`` times as large."""
    larger = torch.from_numpy(areas**0.5).float()
    return params | {"points": torch.from_numpy(points).float(), "widths": params["widths"] * larger}


def _middles(points: Points) -> Points:
    """(N, 2): a point of each stroke that is carried itself, so that what goes to and fro adds up to nothing."""
    return points[:, points.shape[1] // 6 * 3]


def _copied(params: Params, fold: CoordinateMap) -> Params:
    """The topmost strokes of those that a fold keeps, with their copies; the others are put out of sight."""
    copies = fold.copies()
    inside = torch.from_numpy(fold.keeps(params["points"].double().mean(1).numpy())).nonzero()[:, 0]
    inside = inside[-(len(params["widths"]) // (len(copies) + 1)) :]
    points = params["points"][inside].double().numpy()
    images = np.stack([points, *(copy.apply(points) for copy in copies)], 1).reshape(-1, *points.shape[1:])
    each = len(copies) + 1
    spare = len(params["widths"]) - len(images)

    def repeated(name: str) -> Tensor:
        return torch.cat([params[name][:spare], params[name][inside].repeat_interleave(each, 0)])

    away = torch.full((spare, *points.shape[1:]), FAR)
    return params | {
        "points": torch.cat([away, torch.from_numpy(images).float()]),
        "widths": repeated("widths"),
        "colours": repeated("colours"),
    }
