"""Masks: which part of the screen a layer is seen in.

A mask is a registered function ``(screen, **parameters) -> cover``: how much of each pixel it shows, a tensor
(1, 1, H, W) in [0, 1]. Every mask can be inverted by the key ``invert``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from pixray_motion.geometry import Motion
from pixray_motion.images import load_mask
from pixray_motion.lazy import torch
from pixray_motion.registry import Parameter, Registry
from pixray_motion.screen import Screen
from pixray_motion.units import CENTRE, Amount, Angle, Flag, ImageFile, Point, StoryFile

if TYPE_CHECKING:
    from torch import Tensor

mask: Registry[Callable[..., Tensor]] = Registry(
    "mask", builtin="pixray_motion.masks", common=(Parameter("invert", Flag(), False),)
)
WHOLE = (1.0, 1.0)  # canvas heights
THINNEST = 1e-9  # canvas heights; a size of 0 would divide by 0


@mask("ellipse")
def ellipse(
    screen: Screen, at: Point = CENTRE, size: Point = WHOLE, angle: Angle = 0.0, feather: Amount = 0.0
) -> Tensor:
    """An ellipse of ``size`` (width, height) around ``at``, turned clockwise; its border is ``feather`` wide."""
    x, y = _local_axes(screen, at, angle)
    width, height = _half(size)
    return _cover((np.hypot(x / width, y / height) - 1) * min(width, height), screen, feather)


@mask("rect")
def rect(
    screen: Screen, at: Point = CENTRE, size: Point = WHOLE, angle: Angle = 0.0, feather: Amount = 0.0
) -> Tensor:
    """A rectangle of ``size`` (width, height) around ``at``, turned clockwise; its border is ``feather`` wide."""
    x, y = _local_axes(screen, at, angle)
    width, height = _half(size)
    return _cover(np.maximum(np.abs(x) - width, np.abs(y) - height), screen, feather)


@mask("edge")
def edge(screen: Screen, at: Point = CENTRE, angle: Angle = 0.0, feather: Amount = 0.0) -> Tensor:
    """All that lies behind ``at`` in the direction ``angle`` (0 is right, 90 down); its border is ``feather`` wide."""
    x, _ = _local_axes(screen, at, angle)
    return _cover(-x, screen, feather)


@mask("image")
def image(screen: Screen, file: Annotated[StoryFile, ImageFile()]) -> Tensor:
    """The greys of a picture, stretched to the canvas: white shows the layer; black and what is transparent hide it."""
    return file.load(lambda content: load_mask(content, screen.canvas))


def _local_axes(
    screen: Screen, at: tuple[float, float], angle: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and y of every pixel, (H, W) each, seen from ``at`` and turned back by ``angle``."""
    places = Motion.rotation(-angle).apply(screen.centres - np.array(at))
    return places[..., 0], places[..., 1]


def _half(size: tuple[float, float]) -> tuple[float, float]:
    width, height = (max(abs(length), THINNEST) / 2 for length in size)
    return width, height


def _cover(outside: NDArray[np.float64], screen: Screen, feather: float) -> Tensor:
    """(1, 1, H, W) in [0, 1], from how far outside of the border, in canvas heights, every pixel lies (H, W)."""
    share = np.clip(0.5 - outside / max(feather, screen.pixel), 0, 1)
    return torch.from_numpy(share).float()[None, None]
