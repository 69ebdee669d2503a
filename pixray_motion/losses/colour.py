"""Losses on colours and their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.losses import loss

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.objective import LossInput


@loss("saturation")
def saturation(look: LossInput) -> Tensor:
    """Brings out colour (a negative weight: grey). The mean distance of pixels from their own grey, negated."""
    grey = look.image.mean(1, keepdim=True)
    return -((look.image - grey).square().sum(1) + 1e-6).sqrt().mean()


@loss("smoothness")
def smoothness(look: LossInput) -> Tensor:
    """Brings out even areas (a negative weight: detail). The mean difference of neighbouring pixels."""
    image = look.image
    across = (image[..., 1:] - image[..., :-1]).abs().mean()
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().mean()
    return across + down
