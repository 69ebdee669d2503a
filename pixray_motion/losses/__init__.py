"""Losses: functions of a look at the picture; a positive weight brings out what the name says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.objective import LossInput

Loss = Callable[["LossInput"], "Tensor"]
loss: Registry[Loss] = Registry("loss", builtin="pixray_motion.losses.colour")
