"""Where filters act: on the screen, whatever a drawer stores.

A filter is a registered function ``(image, screen, **parameters) -> image``. One that only changes colours, each pixel
by itself, is registered with the trait ``pointwise=True`` and takes no screen: it acts on what is stored, before the one
resample of the picture, which keeps all of its sharpness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.story.plan import Component

if TYPE_CHECKING:
    from torch import Tensor

image_filter: Registry[Callable[..., Tensor]] = Registry("filter", builtin="pixray_motion.filters.colour")


@dataclass(frozen=True)
class Screen:
    """The frame that a filter acts on, ``canvas`` pixels large, in canvas units: 1 is its height."""

    canvas: Canvas

    @cached_property
    def points(self) -> Tensor:
        """(H, W, 2) float32: the centre (x, y) of every pixel; the origin is the frame's centre, x right, y down."""
        return torch.from_numpy(self.canvas.centres()).float()

    @property
    def pixel(self) -> float:
        """The side of a pixel in canvas units."""
        return 1 / self.canvas.height


def apply_filters(picture: Picture, filters: Sequence[Component], canvas: Canvas) -> Picture:
    """The picture through ``filters``, in order, each in screen space unless it is pointwise.

    From the first filter on that is not, the picture is a frame of the canvas' size.
    """
    screen = Screen(canvas)
    for component in filters:
        entry = image_filter.get(component.name)
        assert entry is not None, component.name  # the reader knows all names
        change = partial(entry.make, **dict(component.values))
        if entry.traits.get("pointwise"):
            picture = picture.with_filter(change)
        else:
            picture = picture.sampled(canvas)
            picture = picture.with_filter(partial(_act, change, screen))
    return picture


def _act(change: Callable[..., Tensor], screen: Screen, image: Tensor) -> Tensor:
    return change(image, screen)
