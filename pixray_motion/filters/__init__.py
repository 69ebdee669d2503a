"""Filters: differentiable changes of the picture, seen by perceptors and in the film alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Filter = Callable[..., "Tensor"]
image_filter: Registry[Filter] = Registry("filter", builtin="pixray_motion.filters.colour")
