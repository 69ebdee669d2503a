"""A plane of pixels, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.drawers.base import LearningRate, Params, unit_rate
from pixray_motion.drawers.raster import RasterDrawer
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor


class PlaneDrawer(RasterDrawer):
    """Params: ``plane`` (1, 3, h, w) in [0, 1], and the view."""

    def init_params(self, rng: Generator) -> Params:
        size = (self.canvas.height, self.canvas.width)
        return self.encode(0.5 + 0.003 * torch.randn((1, 3, *size), generator=rng).clamp(-3, 3))

    def pixels(self, params: Params) -> Tensor:
        return params["plane"]

    def learn(self, pixels: Tensor) -> Params:
        return {"plane": pixels}

    def learning(self, params: Params) -> dict[str, LearningRate]:  # noqa: ARG002
        return {"plane": LearningRate(unit_rate(self.plane.height * self.plane.width), 0.0, 1.0)}
