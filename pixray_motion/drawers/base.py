"""What every drawer can do, and the picture that it draws."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.sampling import apply_border_mode, fill_with_noise, spline_sample

if TYPE_CHECKING:
    from torch import Generator, Tensor

Params = dict[str, "Tensor"]
drawer: Registry[Callable[..., Drawer]] = Registry(
    "drawer", builtin="pixray_motion.drawers", animatable=False
)
LEVELS = 64  # steps of a learning rate of 1 from black to white


@dataclass(frozen=True)
class LearningRate:
    """How far a full step changes a tensor, as the L2 norm of the change, and the bounds that its values keep to."""

    lr: float
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Sampling:
    """How a frame is sampled by a denoiser, instead of by gradient descent.

    ``perceptor_scale``: how far the objective's gradient moves each predicted picture; ``cadence``: every how many
    frames are sampled, the others are only moved; ``fixed_noise``: the same noise in every frame.
    """

    perceptor_scale: float
    cadence: int
    fixed_noise: bool


def unit_rate(count: int) -> float:
    """The L2 length of a change of ``count`` values by 1 / ``LEVELS`` each: the step of a learning rate of 1.

    Since gradients are normalised, a picture of more pixels then changes as fast as one of few.
    """
    return float(count**0.5 / LEVELS)


class Drawer(ABC):
    """Makes pictures out of named tensors, its *params*.

    All that a drawer knows of a film crosses from frame to frame in params; a drawer itself never changes. Randomness
    comes only from the generator that is passed in.
    """

    canvas: Canvas
    supports_svg = False
    """Whether its pictures are made of shapes, which ``svg`` writes."""
    default_steps: tuple[int, int] = (80, 4)
    """How often a picture from nothing, and a frame after another, are refined if a story does not say."""
    sampling: Sampling | None = None
    """How a denoiser samples its frames, if they are not drawn by gradient descent."""

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
        seen = bend.apply_inverse(self.canvas.centres())
        source = apply_border_mode(seen, self.canvas.half, border)
        pixels = spline_sample(image, source, self.canvas.height)
        if border == "noise":
            pixels = fill_with_noise(pixels, seen, self.canvas.half, rng)
        return self.encode(torch.from_numpy(pixels)[None].float().clamp(0, 1))

    @abstractmethod
    def draw(self, params: Params) -> Picture:
        """The picture as it is shown; a gradient reaches every tensor that ``learning`` names."""

    @abstractmethod
    def encode(self, image: Tensor) -> Params:
        """Params that draw ``image``, (1, 3, H, W) in [0, 1] of any size, stretched to the canvas."""

    @abstractmethod
    def learning(self, params: Params) -> Mapping[str, LearningRate]:
        """The params that refinement changes, by their names, and how far a step goes in each."""

    def draw_raw(self, params: Params) -> Picture:
        """The picture without what ``draw`` adds when it is shown: what refinement looks at, and updates change."""
        return self.draw(params)

    def apply_update(self, params: Params, change: Tensor) -> Params | None:  # noqa: ARG002
        """Params whose picture has changed by ``change``, (1, 3, h, w) on the canvas; None if that takes a gradient."""
        return None

    def svg(self, params: Params) -> str:
        """The picture as elements of SVG, in pixels of the canvas, if ``supports_svg``."""
        raise NotImplementedError("this picture is not made of shapes")
