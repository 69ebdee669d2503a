"""A plane of pixels, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.descend import descend
from pixray_motion.drawers.base import Params
from pixray_motion.drawers.raster import RasterDrawer
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.descend import Scores
    from pixray_motion.objective import Objective

RATE = 1.0


class PlaneDrawer(RasterDrawer):
    """Params: ``plane`` (1, 3, h, w) in [0, 1], and the view."""

    @property
    def learned(self) -> tuple[str, ...]:
        return ("plane",)

    def init_params(self, rng: Generator) -> Params:
        size = (self.canvas.height, self.canvas.width)
        return self.encode(0.5 + 0.003 * torch.randn((1, 3, *size), generator=rng).clamp(-3, 3))

    def pixels(self, params: Params) -> Tensor:
        return params["plane"]

    def learn(self, pixels: Tensor) -> Params:
        return {"plane": pixels}

    def refine(self, params: Params, objective: Objective, steps: int) -> tuple[Params, Scores]:
        size = (self.plane.height * self.plane.width) ** 0.5
        return descend(
            params, {"plane": RATE * size / 64}, self, objective, steps, bounds={"plane": (0.0, 1.0)}
        )
