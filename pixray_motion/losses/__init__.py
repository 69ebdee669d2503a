"""Losses: functions of a picture and of their parameters; a positive weight brings out what the name says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.losses.base import Cutouts as Cutouts
from pixray_motion.losses.base import LossInput as LossInput
from pixray_motion.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[..., "Tensor"]
loss: Registry[Loss] = Registry("loss", builtin="pixray_motion.losses.colour")
