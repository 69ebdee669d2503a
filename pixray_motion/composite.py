"""Layers laid over one another, at the film's size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pixray_motion.blends import blend
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.sampling import grid
from pixray_motion.story.plan import OVER, Component, Drawing, Layer, Node

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RGBA:
    """(1, 3, H, W) ``colours`` and (1, 1, H, W) ``alpha``, both in [0, 1]; where alpha is 0, colours mean nothing."""

    colours: Tensor
    alpha: Tensor

    def over(self, below: RGBA, mode: Component = OVER) -> RGBA:
        """Laid on another image (Porter and Duff 1984, with the blend modes of the W3C's compositing)."""
        mix = blend.make(mode.name)
        blended = mix(below.colours, self.colours, **dict(mode.values))
        mixed = (1 - below.alpha) * self.colours + below.alpha * blended
        alpha = self.alpha + below.alpha * (1 - self.alpha)
        weighted = mixed * self.alpha + below.colours * below.alpha * (1 - self.alpha)
        return RGBA(weighted / alpha.clamp(min=1e-6), alpha)

    def on_black(self) -> Tensor:
        """(1, 3, H, W) in [0, 1]."""
        return self.colours * self.alpha


def composite(
    node: Node, canvas: Canvas, show: Callable[[Drawing], RGBA], cover: Callable[[Component], Tensor]
) -> RGBA:
    """The picture of a node of a plan, all of its layers over one another, the lowest first.

    ``show`` gives a drawing's image, and ``cover`` how much of each pixel a mask shows, (1, 1, H, W) in [0, 1].
    """
    if isinstance(node, Drawing):
        return show(node)
    size = (canvas.height, canvas.width)
    image = RGBA(torch.zeros(1, 3, *size), torch.zeros(1, 1, *size))
    for layer in node.layers:
        above = composite(layer.node, canvas, show, cover)
        image = _place(above, layer, canvas, cover).over(image, layer.blend)
    return image


def _place(image: RGBA, layer: Layer, canvas: Canvas, cover: Callable[[Component], Tensor]) -> RGBA:
    """The image where its layer shows it, and as far as that is opaque."""
    if layer.pose is not None:
        image = move_image(image, layer.pose, canvas)
    alpha = image.alpha * layer.opacity
    if layer.mask is not None:
        shown = cover(layer.mask.shape)
        alpha = alpha * (1 - shown if layer.mask.invert else shown)
    return RGBA(image.colours, alpha)


def move_image(image: RGBA, pose: Motion, canvas: Canvas) -> RGBA:
    """The image as if the camera had moved by ``pose`` (source -> destination); nothing lies beyond its edges."""
    half = np.diag([*canvas.half, 1.0])
    maps = torch.from_numpy(np.linalg.inv(half) @ pose.inverse().matrix @ half)[None]
    points = grid(maps.to(image.colours), (canvas.height, canvas.width))
    whole = torch.cat([image.on_black(), image.alpha], 1)
    moved = torch.nn.functional.grid_sample(
        whole, points, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    alpha = moved[:, 3:]
    return RGBA(moved[:, :3] / alpha.clamp(min=1e-6), alpha)
