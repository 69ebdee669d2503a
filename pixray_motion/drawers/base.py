"""What every drawer can do, and the picture that it draws."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.sampling import apply_border_mode, spline_sample

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.descend import Scores
    from pixray_motion.objective import Objective

Params = dict[str, "Tensor"]
drawer: Registry[Callable[..., Drawer]] = Registry(
    "drawer", builtin="pixray_motion.drawers", animatable=False
)


class Drawer(ABC):
    """Makes pictures out of named tensors, its *params*.

    All that a drawer knows of a film crosses from frame to frame in params; a drawer itself never changes. Randomness
    comes only from the generator that is passed in.
    """

    canvas: Canvas
    shapes = False
    """Whether its pictures are made of shapes, which ``svg`` writes."""
    faithful = True
    """Whether ``encode`` draws any image."""
    steps: tuple[int, int] = (80, 4)
    """How often a picture from nothing, and a frame after another, are refined if a story does not say."""

    @abstractmethod
    def init_params(self, rng: Generator) -> Params:
        """Params of a new picture, after a cut."""

    @abstractmethod
    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        """Move the picture by ``motion``; what comes into view follows ``border``. The identity changes nothing."""

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:
        """Move the picture by a map that is no matrix. A drawer that knows no better way encodes the moved picture."""
        with torch.no_grad():
            image = self.draw(params).image(self.canvas)[0].double().cpu().numpy()
        centres = self.canvas.centres()
        source = apply_border_mode(bend.apply_inverse(centres), self.canvas.half, border)
        pixels = torch.from_numpy(spline_sample(image, source, self.canvas.height))[None].float().clamp(0, 1)
        if border == "noise":
            beyond = torch.from_numpy((source != bend.apply_inverse(centres)).any(-1))
            pixels = torch.where(beyond, torch.rand(pixels.shape, generator=rng), pixels)
        return self.encode(pixels)

    @abstractmethod
    def draw(self, params: Params) -> Picture:
        """The picture; a gradient reaches every learned tensor of ``params``."""

    @abstractmethod
    def encode(self, image: Tensor) -> Params:
        """Params that draw ``image``, (1, 3, H, W) in [0, 1] of any size, stretched to the canvas."""

    @abstractmethod
    def refine(self, params: Params, objective: Objective, steps: int) -> tuple[Params, Scores]:
        """Params that please ``objective`` more than before, and how much each of its terms is now."""

    def apply_update(self, params: Params, change: Tensor) -> Params | None:  # noqa: ARG002
        """Params whose picture has changed by ``change``, (1, 3, h, w) on the canvas; None if that takes a gradient."""
        return None

    def svg(self, params: Params) -> str:
        """The picture as elements of SVG, in pixels of the canvas, if it is made of ``shapes``."""
        raise NotImplementedError("this picture is not made of shapes")

    @property
    @abstractmethod
    def learned(self) -> tuple[str, ...]:
        """The names of the params that refinement changes."""
