"""Losses on colours and their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.losses import LossInput, loss

if TYPE_CHECKING:
    from torch import Tensor


@loss("saturation")
def saturation(look: LossInput) -> Tensor:
    """Brings out colour (a negative weight: grey): the mean distance of pixels from their own grey, negated; -1..0."""
    grey = look.image.mean(1, keepdim=True)
    return -((look.image - grey).square().sum(1) + 1e-6).sqrt().mean()


@loss("smoothness")
def smoothness(look: LossInput) -> Tensor:
    """Brings out even areas (a negative weight: detail): the mean difference of neighbouring pixels; 0..2."""
    image = look.image
    across = (image[..., 1:] - image[..., :-1]).abs().mean()
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().mean()
    return across + down
