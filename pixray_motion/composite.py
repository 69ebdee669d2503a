"""Layers laid over one another, at the film's size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.sampling import grid
from pixray_motion.story.plan import Layer, Mask, Plan

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.picture import Picture

BLENDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "over": lambda below, above: above,  # noqa: ARG005
    "add": lambda below, above: (below + above).clamp(max=1),
    "multiply": lambda below, above: below * above,
    "screen": lambda below, above: 1 - (1 - below) * (1 - above),
}


@dataclass(frozen=True)
class Sheet:
    """(1, 3, H, W) ``colours`` and (1, 1, H, W) ``alpha``, both in [0, 1]; where alpha is 0, colours mean nothing."""

    colours: Tensor
    alpha: Tensor

    def over(self, below: Sheet, blend: str) -> Sheet:
        """Laid on another sheet (Porter and Duff 1984, with the blend modes of the W3C's compositing)."""
        mixed = (1 - below.alpha) * self.colours + below.alpha * BLENDS[blend](below.colours, self.colours)
        alpha = self.alpha + below.alpha * (1 - self.alpha)
        weighted = mixed * self.alpha + below.colours * below.alpha * (1 - self.alpha)
        return Sheet(weighted / alpha.clamp(min=1e-6), alpha)

    def on_black(self) -> Tensor:
        return self.colours * self.alpha


@dataclass(frozen=True)
class Table:
    """Where pictures are laid: ``see`` gives a plan's picture, ``shade`` an image mask's file, (1, 1, H, W)."""

    canvas: Canvas
    see: Callable[[Plan], Picture]
    shade: Callable[[str], Tensor]
    look: Callable[[Picture, Canvas], Tensor]

    def lay(self, plan: Plan) -> Sheet:
        """The picture of a plan, with all of its layers."""
        if not plan.layers:
            picture = self.see(plan)
            return Sheet(self.look(picture, self.canvas), picture.coverage(self.canvas))
        size = (self.canvas.height, self.canvas.width)
        sheet = Sheet(torch.zeros(1, 3, *size), torch.zeros(1, 1, *size))
        for layer in plan.layers:
            sheet = self._shown(layer).over(sheet, layer.blend)
        return sheet

    def _shown(self, layer: Layer) -> Sheet:
        sheet = self.lay(layer.plan)
        if layer.pose is not None:
            sheet = _posed(sheet, layer.pose, self.canvas)
        alpha = sheet.alpha * layer.opacity
        if layer.mask is not None:
            alpha = alpha * self._cover(layer.mask)
        return Sheet(sheet.colours, alpha)

    def _cover(self, mask: Mask) -> Tensor:
        cover = self.shade(mask.file) if mask.shape == "image" else cover_of(mask, self.canvas)
        return 1 - cover if mask.invert else cover


def cover_of(mask: Mask, canvas: Canvas) -> Tensor:
    """(1, 1, H, W) in [0, 1]: how much of each pixel an ``ellipse``, a ``rect`` or an ``edge`` shows."""
    places = Motion.rotation(-mask.angle).apply(canvas.centres() - np.array(mask.at))
    x, y = places[..., 0], places[..., 1]
    if mask.shape == "edge":
        outside = -x
    else:
        width, height = (max(abs(length), 1e-9) / 2 for length in mask.size)
        if mask.shape == "rect":
            outside = np.maximum(np.abs(x) - width, np.abs(y) - height)
        else:
            outside = (np.hypot(x / width, y / height) - 1) * min(width, height)
    feather = max(mask.feather, 1 / canvas.height)
    return torch.from_numpy(np.clip(0.5 - outside / feather, 0, 1)).float()[None, None]


def _posed(sheet: Sheet, pose: Motion, canvas: Canvas) -> Sheet:
    """As if the camera had moved by ``pose``; nothing lies beyond the sheet."""
    half = np.diag([*canvas.half, 1.0])
    maps = torch.from_numpy(np.linalg.inv(half) @ pose.inverse().matrix @ half)[None]
    points = grid(maps.to(sheet.colours), (canvas.height, canvas.width))
    whole = torch.cat([sheet.on_black(), sheet.alpha], 1)
    moved = torch.nn.functional.grid_sample(
        whole, points, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    alpha = moved[:, 3:]
    return Sheet(moved[:, :3] / alpha.clamp(min=1e-6), alpha)
