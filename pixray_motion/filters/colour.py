"""Filters on colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.filters.base import image_filter
from pixray_motion.units import Amount

if TYPE_CHECKING:
    from torch import Tensor


@image_filter("contrast", pointwise=True)
def contrast(image: Tensor, amount: Amount = 1.0) -> Tensor:
    """Spread colours about middle grey: ``amount`` 1 changes nothing, 0 is grey, more is harsher.

    Takes and gives (1, 3, H, W) in [0, 1].
    """
    return ((image - 0.5) * amount + 0.5).clamp(0, 1)
