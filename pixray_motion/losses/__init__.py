"""Losses: functions of a picture that return a scalar; a positive weight brings out what the name says.

A loss takes a ``LossInput`` and returns a scalar tensor. Further parameters, annotated with kinds from
``pixray_motion.units``, are what a story may set beside the loss's ``weight``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.losses.base import Cutouts as Cutouts
from pixray_motion.losses.base import LossInput as LossInput
from pixray_motion.registry import Parameter, Registry
from pixray_motion.units import WEIGHT

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[..., "Tensor"]
loss: Registry[Loss] = Registry(
    "loss", builtin="pixray_motion.losses.colour", common=(Parameter("weight", WEIGHT, 1.0),)
)
