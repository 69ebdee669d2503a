"""Filters: differentiable changes of the frame as it is seen, by perceptors, losses and in the film alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.filters.base import apply_filters as apply_filters
from pixray_motion.filters.base import image_filter as image_filter
from pixray_motion.screen import Screen as Screen

if TYPE_CHECKING:
    from torch import Tensor

Filter = Callable[..., "Tensor"]
