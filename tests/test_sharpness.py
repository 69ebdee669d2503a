"""A raster drawer keeps its pictures sharp while they move: measured against one ideal resample of the original."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pictures import photograph
from scipy.ndimage import affine_transform, laplace

from pixray_motion.drawers.fft import FftDrawer
from pixray_motion.geometry import Canvas, Motion

CANVAS = Canvas(192, 108)
INSIDE = 8  # pixels from the border of frame 0


def reference(image: NDArray[np.float64], total: Motion) -> NDArray[np.float64]:
    middle = Motion.shift((CANVAS.width - 1) / 2, (CANVAS.height - 1) / 2)
    units = (middle @ Motion.scale(CANVAS.height)).matrix  # canvas units -> indices of pixels, x and y
    back = units @ total.inverse().matrix @ np.linalg.inv(units)
    flipped = back[:2, :2][::-1, ::-1]  # rows before columns
    return np.stack([affine_transform(c, flipped, back[:2, 2][::-1], order=5, mode="mirror") for c in image])


def known(total: Motion) -> NDArray[np.bool_]:
    backward_map = total.inverse().apply(CANVAS.centres())
    limits = np.array(CANVAS.half) - INSIDE / CANVAS.height
    return (np.abs(backward_map) <= limits).all(-1)


def sharpness(image: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    return float(np.mean([np.abs(laplace(channel))[where].mean() for channel in image]))


def moved(image: NDArray[np.float64], motions: list[Motion]):  # type: ignore[no-untyped-def]
    drawer, rng = FftDrawer(CANVAS), torch.Generator().manual_seed(0)
    params = drawer.encode(torch.from_numpy(image)[None].float())
    total = Motion.identity()
    for motion in motions:
        params = drawer.warp(params, motion, "mirror", rng)
        total = motion @ total
        yield drawer.draw(params).image(CANVAS)[0].double().numpy(), total


@pytest.mark.parametrize("seed", [0, 1])
def test_thirty_frames_of_zoom_rotation_and_shift_stay_sharp(seed: int) -> None:
    image = photograph(192, 108, seed)
    motion = Motion.shift(2.5 / 108, 0) @ Motion.rotation(0.8) @ Motion.scale(1.012)
    *_, (last, total) = moved(image, [motion] * 30)
    ideal, where = reference(image, total), known(total)
    assert where.sum() > 500
    ratio = sharpness(last, where) / sharpness(ideal, where)
    psnr = -10 * np.log10(((last - ideal)[:, where] ** 2).mean())
    assert 0.85 <= ratio <= 1.05
    assert psnr >= 35


def test_three_hundred_frames_of_subpixel_motion_lose_nothing() -> None:
    image = photograph(192, 108)
    there = Motion.shift(0.37 / 108, 0.21 / 108)
    frames = list(moved(image, [there, there.inverse()] * 150))
    everywhere = known(Motion.identity())
    first, last = image, frames[-1][0]
    assert sharpness(last, everywhere) >= 0.97 * sharpness(first, everywhere)
    assert abs(last.std() / first.std() - 1) <= 0.02
    for frame, total in frames[::37]:
        where = known(total)
        assert sharpness(frame, where) >= 0.9 * sharpness(reference(image, total), where)
        assert frame.max() <= first.max() + 0.05
        assert frame.min() >= first.min() - 0.05
