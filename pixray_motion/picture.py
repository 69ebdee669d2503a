"""A picture that has not been sampled at its final size yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pixray_motion.coordinate_maps import Points
from pixray_motion.geometry import Canvas, Matrix, Motion
from pixray_motion.lazy import torch
from pixray_motion.sampling import UPSAMPLE_TAPS, grid, upsample_2x

if TYPE_CHECKING:
    from torch import Tensor


INVISIBLE = 1e-3  # pixels: what covers less of one changes no colour by a whole step of 255
FEW = 8  # blocks or pixels along an axis: with fewer, what is a trifle of a large picture would be seen
LARGE = 4_000_000  # pixels
FAR = 1e6  # half planes from its centre


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
        if self._is_invisible(canvas):
            return torch.zeros(1, self.pixels.shape[1], canvas.height, canvas.width).to(self.pixels)
        to_units = torch.from_numpy(_from_clip(canvas))
        size = (canvas.height, canvas.width)
        if self.cells:
            return self._sample(to_units[None], size, "nearest")
        fine = self._pooled(self._step(1 / canvas.height))
        fine = fine._cropped((Motion(fine._to_clip()) @ fine.view.inverse()).apply(canvas.corners()))
        return fine._doubled()._sample(to_units[None], size, "bicubic").clamp(0, 1)

    def coverage(self, canvas: Canvas) -> Tensor:
        """(1, 1, H, W) in [0, 1]: where the picture hides what lies under it."""
        if self.alpha is None:
            return torch.ones(1, 1, canvas.height, canvas.width)
        if self._is_invisible(canvas):
            return torch.zeros(1, 1, canvas.height, canvas.width)
        return replace(self, pixels=self.alpha).image(canvas) * self._inside(canvas)

    def preview(self, canvas: Canvas, size: Canvas | None = None) -> Tensor:
        """The same as ``image``, averaged down and bilinear: softer, and several times quicker.

        ``size``: how many pixels all of the canvas has in it, stretched if it is of another shape.
        """
        size = size or canvas
        if self._is_invisible(size):
            return torch.zeros(1, self.pixels.shape[1], size.height, size.width).to(self.pixels)
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
        fine = self._pooled(self._step(1 / canvas.height))
        shown = (Motion(fine._to_clip()) @ fine.view.inverse()).apply(backward_map.double().numpy())
        fine = fine._cropped(shown)._doubled()
        to_clip = Motion(fine._to_clip()) @ fine.view.inverse()
        points = _finite(torch.from_numpy(to_clip.apply(backward_map.double().numpy()))[None].to(self.pixels))

        def sampled(source: Tensor, padding: str) -> Tensor:
            taken = torch.nn.functional.grid_sample(
                source, points, mode="bicubic", padding_mode=padding, align_corners=False
            )
            return taken.clamp(0, 1)

        alpha = None
        if self.alpha is not None:
            hidden = replace(self, pixels=self.alpha)
            alpha = sampled(
                hidden._pooled(hidden._step(1 / canvas.height))._cropped(shown)._doubled().pixels, "zeros"
            )
        density = float(canvas.height)
        return Picture(sampled(fine.pixels, "reflection"), (density, density), Motion.identity(), alpha=alpha)

    def _is_invisible(self, canvas: Canvas) -> bool:
        """Whether a picture with edges has become so small that no pixel shows it, in 8 bits a colour."""
        if self.alpha is None:
            return False
        width, height = self._lengths()
        return bool(width * height * self.view.area * canvas.height**2 < INVISIBLE)

    def _lengths(self) -> tuple[float, float]:
        """The plane's width and height, in canvas units, before the view."""
        return self.pixels.shape[-1] / self.density[0], self.pixels.shape[-2] / self.density[1]

    def _step(self, length: float) -> int:
        """How many of the drawing's pixels lie along ``length`` canvas units."""
        return max(1, round(float(length * min(self.density) / self.view.area**0.5)))

    def _pooled(self, size: int) -> Picture:
        """The same picture with each ``size`` x ``size`` pixels averaged into one.

        The last rows and columns that fill no block are dropped. Where there are few blocks, or less than one, that
        would be a good part of the picture: then all of it is averaged, in equal parts.
        """
        if size == 1:
            return self
        pixels = self.pixels
        density, drops, kernel = list(self.density), [0.0, 0.0], [1, 1]
        for axis, dim in ((0, -1), (1, -2)):
            length = pixels.shape[dim]
            if length >= FEW * size:
                kept = length // size * size
                pixels = pixels.narrow(dim, 0, kept)
                drops[axis] = (kept - length) / 2 / density[axis]  # the rest has another centre
                density[axis], kernel[axis] = density[axis] / size, size
            else:
                blocks = max(1, round(length / size))
                shares = _block_shares(length, blocks).to(pixels)
                pixels = torch.tensordot(pixels, shares, ([dim], [1])).movedim(-1, dim)
                density[axis] *= blocks / length
        if kernel != [1, 1]:
            pixels = torch.nn.functional.avg_pool2d(pixels, (kernel[1], kernel[0]))
        x, y = density
        return replace(self, pixels=pixels, density=(x, y), view=self.view @ Motion.shift(*drops))

    def _cropped(self, clip: Points) -> Picture:
        """A plane with edges that is too large to be doubled as a whole: the part that is seen, with a margin.

        ``clip`` (..., 2): points in grid_sample's [-1, 1], around all that will be sampled.
        """
        height, width = self.pixels.shape[-2:]
        if (
            self.alpha is None
            or height * width <= LARGE
            or not (self.view.is_affine and np.isfinite(clip).all())
        ):
            return self
        places = (clip.reshape(-1, 2) + 1) / 2 * (width, height)
        first = np.clip(np.floor(places.min(0)) - UPSAMPLE_TAPS, 0, (width - 1, height - 1)).astype(int)
        last = np.clip(np.ceil(places.max(0)) + UPSAMPLE_TAPS, first + 1, (width, height)).astype(int)
        if np.prod(last - first) > height * width / 2:
            return self
        centre = (first + last - (width, height)) / 2 / np.array(self.density)
        pixels = self.pixels[..., first[1] : last[1], first[0] : last[0]]
        return replace(self, pixels=pixels, view=self.view @ Motion.shift(*centre))

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
        return _finite(grid(maps.to(self.pixels), size))

    def _inside(self, canvas: Canvas) -> Tensor:
        """(1, 1, H, W): 1 on the plane and 0 beyond it, with a border that is one pixel of the canvas wide.

        A small plane covers exactly its area, also where it is thinner than a pixel.
        """
        points = self._points(torch.from_numpy(_from_clip(canvas))[None], (canvas.height, canvas.width))
        scale = float(self.view.area) ** 0.5 * canvas.height / 2
        lengths = torch.tensor(self._lengths()).to(points)
        depth = (1 - points.abs()) * lengths * scale
        thickness = lengths * scale * 2
        if (thickness >= FEW).all():
            inside: Tensor = (depth.amin(-1) + 0.5).clamp(
                0, 1
            )  # corners are a little full, which nobody sees
        else:
            inside = (depth + 0.5).clamp(min=0).minimum(thickness.clamp(max=1)).prod(-1)
        return inside[:, None]

    def _to_clip(self) -> Matrix:
        """(3, 3): canvas units of the drawing's plane -> grid_sample's [-1, 1]."""
        height, width = self.pixels.shape[-2:]
        return np.diag([2 * self.density[0] / width, 2 * self.density[1] / height, 1.0])


def _block_shares(length: int, blocks: int) -> Tensor:
    """(blocks, length) float64: the share of each pixel in each of as many equal blocks; those of a block sum to 1."""
    edges = torch.arange(blocks + 1, dtype=torch.float64) * length / blocks
    pixels = torch.arange(length, dtype=torch.float64)
    overlap = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return overlap.clamp(min=0) * blocks / length


def _finite(points: Tensor) -> Tensor:
    """Sampling points without those at infinity, which would be no numbers: they lie far beyond any plane."""
    return points.nan_to_num(nan=FAR, posinf=FAR, neginf=-FAR).clamp(-FAR, FAR)


def _from_clip(canvas: Canvas) -> Matrix:
    """(3, 3): [-1, 1] across the canvas -> canvas units."""
    return np.diag([*canvas.half, 1.0])
