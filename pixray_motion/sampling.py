"""Resampling of images and of coordinate maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

# Samples under the windowed sinc of ``upsample_2x``, an even number. Fewer blur the samples between pixels more; more
# cost time and ring further from edges.
UPSAMPLE_TAPS = 12
# Degree of the interpolating spline of a rebase. A quintic one keeps 0.99 of a photograph's sharpness over one
# resample; lower degrees are quicker and blur more.
SPLINE_ORDER = 5


def grid(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Sampling points (N, H, W, 2) for ``torch.nn.functional.grid_sample``, from projective maps (N, 3, 3).

    Convention: each map is a backward map, from the square [-1, 1] of the output (x right, y down) to grid_sample's
    [-1, 1] of the input. Points stand for pixel centres (align_corners=False). ``size`` is (H, W); dtype and device are
    those of ``maps``.
    """
    rows, columns = size
    y = (torch.arange(rows, dtype=maps.dtype, device=maps.device) + 0.5) * 2 / rows - 1
    x = (torch.arange(columns, dtype=maps.dtype, device=maps.device) + 0.5) * 2 / columns - 1
    square = torch.stack([x.repeat(rows), y.repeat_interleave(columns), torch.ones_like(x).repeat(rows)])
    points = (maps @ square).transpose(1, 2).reshape(len(maps), rows, columns, 3)
    return points[..., :2] / points[..., 2:]


def upsample_2x(image: Tensor) -> Tensor:
    """Double the density of images (N, C, h, w) -> (N, C, 2h, 2w), by a Lanczos-windowed sinc.

    Each sample is kept exactly and followed, to its right and below, by one interpolated half way to the next. The
    samples therefore lie a quarter of an input pixel to the upper left of where pixel centres of the doubled image
    would be; the caller has to shift by that much. Sampling the result with a cubic kernel keeps 0.98 of the sharpness
    half way between pixels; a cubic kernel on the original keeps 0.84.
    """
    reach = UPSAMPLE_TAPS // 2
    kernel = _make_half_sample_kernel().to(image)
    padded = torch.nn.functional.pad(image, (reach - 1, reach, reach - 1, reach), mode="replicate").flatten(
        0, 1
    )[:, None]
    between = torch.nn.functional.conv2d(padded, kernel[None, None, :, None])
    rows = torch.stack([padded[..., reach - 1 : -reach, :], between], -2).flatten(-3, -2)
    between = torch.nn.functional.conv2d(rows, kernel[None, None, None, :])
    columns = torch.stack([rows[..., reach - 1 : -reach], between], -1)
    return columns.view(*image.shape[:2], 2 * image.shape[2], 2 * image.shape[3])


def apply_border_mode(
    points: NDArray[np.float64], half: tuple[float, float], border: str
) -> NDArray[np.float64]:
    """Map points (..., 2) of the whole plane into the screen's rectangle, -``half`` to +``half``, by a border mode.

    ``border``: "wrap" repeats the picture, "mirror" reflects it at its edges, any other mode clamps to the edge.
    Points and ``half`` (x, y) are in canvas units.
    """
    size = 2 * np.array(half)
    place = points + half
    if border == "wrap":
        place = np.mod(place, size)
    elif border == "mirror":
        place = size - np.abs(size - np.mod(place, 2 * size))
    inside: NDArray[np.float64] = np.clip(place, 0, size) - half
    return inside


def fill_with_noise(
    pixels: NDArray[np.float64], seen: NDArray[np.float64], half: tuple[float, float], rng: Generator
) -> NDArray[np.float64]:
    """The pixels (3, h, w), but for random colours where the points ``seen`` (h, w, 2) lie beyond the screen.

    Points and ``half`` (x, y) are in canvas units; colours are uniform in [0, 1]. As many are drawn from ``rng`` as
    there are pixels, wherever the points lie.
    """
    beyond = (np.abs(seen) > np.array(half)).any(-1)
    noise = torch.rand(pixels.shape, generator=rng, dtype=torch.float64).numpy()
    return np.where(beyond, noise, pixels)


def spline_sample(
    image: NDArray[np.float64], points: NDArray[np.float64], density: float, order: int = SPLINE_ORDER
) -> NDArray[np.float64]:
    """Sample an image (3, h, w) at points (H, W, 2) -> (3, H, W), by an interpolating spline.

    The image's centre is the origin of the canvas units in which the points are given, ``density`` is its pixels per
    canvas height, and ``order`` is the spline's degree (1 is bilinear). Beyond its edges the image is mirrored.
    """
    height, width = image.shape[1:]
    rows = points[..., 1] * density + (height - 1) / 2
    columns = points[..., 0] * density + (width - 1) / 2
    if order == 1:
        return _linear_sample(image, rows, columns)
    from scipy.ndimage import map_coordinates

    return np.stack(
        [map_coordinates(channel, (rows, columns), order=order, mode="mirror") for channel in image]
    )


def field_sample(
    field: NDArray[np.float64], places: NDArray[np.float64], density: float, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Evaluate a sampled coordinate map at points (..., 2) -> (..., 2), all in canvas units.

    ``field`` (h, w, 2) holds where the map sends the grid points ``places`` (h, w, 2), ``density`` of them per canvas
    height, centred at the origin. Its *displacement* is interpolated by a cubic spline, and beyond the grid equals that
    of the nearest grid point.
    """
    from scipy.ndimage import map_coordinates

    height, width = field.shape[:2]
    rows = points[..., 1] * density + (height - 1) / 2
    columns = points[..., 0] * density + (width - 1) / 2
    displacement = [
        map_coordinates(axis, (rows, columns), order=3, mode="nearest")
        for axis in np.moveaxis(field - places, -1, 0)
    ]
    images: NDArray[np.float64] = points + np.stack(displacement, -1)
    return images


def _linear_sample(
    image: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The result of ``map_coordinates`` with order 1, computed by torch, which is several times quicker."""
    height, width = image.shape[1:]
    places = np.stack([columns * (2 / (width - 1)) - 1, rows * (2 / (height - 1)) - 1], -1)
    sampled = torch.nn.functional.grid_sample(
        torch.from_numpy(image)[None].float(),
        torch.from_numpy(places)[None].float(),
        padding_mode="reflection",
        align_corners=True,
    )
    result: NDArray[np.float64] = sampled[0].double().numpy()
    return result


def _make_half_sample_kernel() -> Tensor:
    """The weights (UPSAMPLE_TAPS,) that interpolate half way between the two samples in the middle; they sum to 1."""
    places = np.arange(UPSAMPLE_TAPS) - (UPSAMPLE_TAPS - 1) / 2
    weights = np.sinc(places) * np.sinc(places / (UPSAMPLE_TAPS / 2))
    return torch.from_numpy(weights / weights.sum())
