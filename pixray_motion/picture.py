"""A picture that has not been sampled at its final size yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pixray_motion.geometry import Canvas, Matrix, Motion
from pixray_motion.lazy import torch
from pixray_motion.sampling import grid, upsample_2x

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Picture:
    """A drawing that has not been sampled at its final size yet.

    Convention: ``pixels`` is (1, 3, h, w) in [0, 1], differentiable: a plane centred on the origin; ``density`` (x, y)
    is how many of its pixels make a canvas height, and ``view`` says where the plane is now. ``cells`` are shown with
    hard edges. ``alpha`` (1, 1, h, w) in [0, 1] says where there is a picture at all: everywhere, if it is None.
    ``frame`` is the canvas whose very pixels these are, if they have been sampled already.
    """

    pixels: Tensor
    density: tuple[float, float]
    view: Motion
    cells: bool = False
    alpha: Tensor | None = None
    frame: Canvas | None = None

    def image(self, canvas: Canvas) -> Tensor:
        """(1, 3, H, W) in [0, 1]: what is seen, by one resample; much finer pictures are averaged down first."""
        if self.frame == canvas:
            return self.pixels
        to_units = torch.from_numpy(_from_clip(canvas))
        size = (canvas.height, canvas.width)
        if self.cells:
            return self._sample(to_units[None], size, "nearest")
        fine = self._pooled(self._step(1 / canvas.height))
        return fine._doubled()._sample(to_units[None], size, "bicubic").clamp(0, 1)

    def coverage(self, canvas: Canvas) -> Tensor:
        """(1, 1, H, W) in [0, 1]: where the picture hides what lies under it."""
        if self.alpha is None:
            return torch.ones(1, 1, canvas.height, canvas.width)
        return replace(self, pixels=self.alpha).image(canvas) * self._inside(canvas)

    def preview(self, canvas: Canvas, size: Canvas | None = None) -> Tensor:
        """The same as ``image``, averaged down and bilinear: softer, and several times quicker.

        ``size``: how many pixels all of the canvas has in it, stretched if it is of another shape.
        """
        size = size or canvas
        step = self._step(1 / size.height)
        mode = "nearest" if self.cells and step == 1 else "bilinear"
        to_units = torch.from_numpy(_from_clip(canvas))
        return self._pooled(step)._sample(to_units[None], (size.height, size.width), mode)

    def cutouts(self, views: Tensor, size: int) -> Tensor:
        """(N, 3, size, size): N views of what is seen, in one resample.

        ``views`` is (N, 3, 3) float64, from the corners (+-1, +-1) of a cutout to canvas units. Where a cutout has far
        fewer pixels than the drawing, the drawing is first averaged down, so that no pixel of it goes unseen.
        """
        spans = torch.linalg.vector_norm(views[:, :2, :2], dim=1)
        step = self._step(float(spans.mean()) * 2 / size)
        return self._pooled(step)._sample(views, (size, size), "bilinear")

    def with_filter(self, change: Callable[[Tensor], Tensor]) -> Picture:
        """The same picture with its stored pixels changed by ``change``, (1, 3, h, w) -> (1, 3, h, w)."""
        return replace(self, pixels=change(self.pixels))

    def sampled(self, canvas: Canvas) -> Picture:
        """The same picture as a frame of the canvas' size: what is stored is then what is seen."""
        if self.frame == canvas:
            return self
        alpha = None if self.alpha is None else self.coverage(canvas)
        density = float(canvas.height)
        return Picture(self.image(canvas), (density, density), Motion.identity(), alpha=alpha, frame=canvas)

    def warped(self, backward_map: Tensor, canvas: Canvas) -> Picture:
        """The same picture on a plane of the canvas' density, which lies at rest, by one resample.

        ``backward_map`` (h, w, 2): the point of the screen that each of the plane's pixels shows.
        """
        fine = self._pooled(self._step(1 / canvas.height))._doubled()
        to_clip = Motion(fine._to_clip()) @ fine.view.inverse()
        points = torch.from_numpy(to_clip.apply(backward_map.double().numpy()))[None].to(self.pixels)

        def sampled(source: Tensor, padding: str) -> Tensor:
            taken = torch.nn.functional.grid_sample(
                source, points, mode="bicubic", padding_mode=padding, align_corners=False
            )
            return taken.clamp(0, 1)

        alpha = None
        if self.alpha is not None:
            hidden = replace(self, pixels=self.alpha)
            alpha = sampled(hidden._pooled(hidden._step(1 / canvas.height))._doubled().pixels, "zeros")
        density = float(canvas.height)
        return Picture(sampled(fine.pixels, "reflection"), (density, density), Motion.identity(), alpha=alpha)

    def _step(self, length: float) -> int:
        """How many of the drawing's pixels lie along ``length`` canvas units."""
        return max(1, round(float(length * min(self.density) / self.view.area**0.5)))

    def _pooled(self, size: int) -> Picture:
        """The same picture with each ``size`` x ``size`` pixels averaged into one."""
        if size == 1:
            return self
        height, width = (length // size * size for length in self.pixels.shape[-2:])
        pixels = torch.nn.functional.avg_pool2d(self.pixels[..., :height, :width], size)
        x, y = self.density
        dropped = Motion.shift(  # the last rows and columns are, so the rest has another centre
            (width - self.pixels.shape[-1]) / 2 / x, (height - self.pixels.shape[-2]) / 2 / y
        )
        return replace(self, pixels=pixels, density=(x / size, y / size), view=self.view @ dropped)

    def _doubled(self) -> Picture:
        x, y = self.density
        centre = Motion.shift(0.25 / x, 0.25 / y)
        return replace(self, pixels=upsample_2x(self.pixels), density=(2 * x, 2 * y), view=self.view @ centre)

    def _sample(self, views: Tensor, size: tuple[int, int], mode: str) -> Tensor:
        points = self._points(views, size)
        source = self.pixels.expand(len(points), -1, -1, -1)
        return torch.nn.functional.grid_sample(
            source, points, mode=mode, padding_mode="reflection", align_corners=False
        )

    def _points(self, views: Tensor, size: tuple[int, int]) -> Tensor:
        maps = torch.from_numpy(self._to_clip() @ self.view.inverse().matrix) @ views
        return grid(maps.to(self.pixels), size)

    def _inside(self, canvas: Canvas) -> Tensor:
        """(1, 1, H, W): 1 on the plane and 0 beyond it, with a border that is one pixel of the canvas wide."""
        points = self._points(torch.from_numpy(_from_clip(canvas))[None], (canvas.height, canvas.width))
        lengths = [self.pixels.shape[-1] / self.density[0], self.pixels.shape[-2] / self.density[1]]
        scale = float(self.view.area) ** 0.5 * canvas.height / 2
        depth = ((1 - points.abs()) * torch.tensor(lengths).to(points) * scale).amin(-1)
        inside: Tensor = (depth + 0.5).clamp(0, 1)[:, None]
        return inside

    def _to_clip(self) -> Matrix:
        """(3, 3): canvas units of the drawing's plane -> grid_sample's [-1, 1]."""
        height, width = self.pixels.shape[-2:]
        return np.diag([2 * self.density[0] / width, 2 * self.density[1] / height, 1.0])


def _from_clip(canvas: Canvas) -> Matrix:
    """(3, 3): [-1, 1] across the canvas -> canvas units."""
    return np.diag([*canvas.half, 1.0])
