"""Where filters act: on the screen, whatever a drawer stores.

A filter is a registered function ``(image, screen, **parameters) -> image``. One that only changes colours, each pixel
by itself, is registered with the trait ``pointwise=True`` and takes no screen: it acts on what is stored, before the
one resample of the picture, which keeps all of its sharpness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.screen import Screen
from pixray_motion.story.plan import Component

if TYPE_CHECKING:
    from torch import Tensor

image_filter: Registry[Callable[..., Tensor]] = Registry("filter", builtin="pixray_motion.filters.colour")


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
