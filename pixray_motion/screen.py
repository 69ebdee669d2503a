"""The frame as it is seen, for what acts on it: filters and masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Screen:
    """A frame of ``canvas`` pixels, in canvas units: 1 is its height, the origin its centre, x right, y down."""

    canvas: Canvas

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """(H, W, 2): the centre (x, y) of every pixel."""
        return self.canvas.centres()

    @cached_property
    def points(self) -> Tensor:
        """(H, W, 2) float32: the same as a tensor."""
        return torch.from_numpy(self.centres).float()

    @property
    def pixel(self) -> float:
        """The side of a pixel."""
        return 1 / self.canvas.height
