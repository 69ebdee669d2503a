"""Paths go where a map takes them, however it bends them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pixray_motion.drawers.base import drawer
from pixray_motion.drawers.paths import count_segments, evaluate, split, warp_paths
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements import movement

some_paths = arrays(np.float64, (3, 7, 2), elements=st.floats(-0.5, 0.5))


@given(some_paths)
def test_split_paths_are_the_same(paths: np.ndarray) -> None:
    halves = split(paths)
    assert count_segments(halves) == 4
    assert np.allclose(
        evaluate(halves, np.array([1.0]))[:, 1::2, 0], evaluate(paths, np.array([1.0]))[:, :, 0], atol=1e-12
    )
    assert np.allclose(
        evaluate(halves, np.array([0.5]))[:, ::2, 0], evaluate(paths, np.array([0.25]))[:, :, 0], atol=1e-12
    )


@given(some_paths, st.floats(-200, 200), st.floats(0.3, 3), st.floats(-1, 1))
def test_affine_maps_are_exact(paths: np.ndarray, angle: float, factor: float, x: float) -> None:
    motion = Motion.shift(x, 0) @ Motion.rotation(angle) @ Motion.scale(factor)
    moved = warp_paths(paths, motion.apply, 1e-3)
    assert count_segments(moved) == 2
    assert np.allclose(moved, motion.apply(paths), atol=1e-9)


MAPS = {
    "tilted": Motion.tilted(50, 30, 0.866).apply,
    "swirl": movement.make("swirl")(angle=200.0, radius=0.6).apply,
    "wave": movement.make("wave")(height=0.1, length=0.3).apply,
}


@pytest.mark.parametrize("name", MAPS)
@given(paths=some_paths)
def test_bent_paths_are_within_a_tenth_of_a_pixel(name: str, paths: np.ndarray) -> None:
    tolerance = 0.1 / 108
    moved = warp_paths(paths, MAPS[name], tolerance)
    parts = count_segments(moved) // count_segments(paths)
    own = np.linspace(0, 1, 9)
    found = evaluate(moved, own).reshape(3, 2, parts, 9, 2)
    for part in range(parts):
        wanted = MAPS[name](evaluate(paths, (part + own) / parts))
        assert np.abs(found[:, :, part] - wanted).max() < 2 * tolerance or count_segments(moved) == 64


def test_strokes_get_more_segments_only_where_a_movement_bends_them() -> None:
    made = drawer.make("clipdraw")(Canvas(192, 108), strokes=40)
    rng = torch.Generator().manual_seed(0)
    start = made.init_params(rng)
    turned = made.warp(start, Motion.rotation(20), "mirror", rng)
    assert turned["points"].shape == start["points"].shape
    far = made.warp(start, Motion.tilted(60, 0, 0.866), "mirror", rng)
    assert far["points"].shape[1] > start["points"].shape[1]
    assert made.warp(far, Motion.tilted(5, 0, 0.866), "mirror", rng)["points"].shape == far["points"].shape
    assert made.draw(far).pixels.shape == (1, 3, 108, 192)


def sketch(ink: np.ndarray, **options: object) -> tuple[np.ndarray, dict[str, torch.Tensor]]:
    made = drawer.make("line_sketch")(Canvas(ink.shape[1], ink.shape[0]), **options)
    params = made.encode(torch.from_numpy(np.stack([1 - ink] * 3))[None].float())
    return made.draw(params).image(made.canvas)[0].mean(0).numpy(), params


def test_a_sketch_follows_the_ink() -> None:
    ink = np.zeros((90, 120))
    ink[40:46, 20:100] = 1  # a bar
    ink[10:80, 90:95] = 1  # and an upright one
    shown, params = sketch(ink)
    dark = shown < 0.5
    assert dark[ink > 0].mean() > 0.6
    assert dark[ink == 0].mean() < 0.01
    assert params["points"].shape == (24, 25, 2)
    assert set(params["colours"].flatten().tolist()) == {0.0, 1.0}
    assert np.allclose(params["paper"], [242 / 255, 238 / 255, 203 / 255])


def test_the_paper_of_a_sketch_may_be_learned() -> None:
    for allowed, names in ((False, {"points", "widths"}), (True, {"points", "widths", "paper"})):
        made = drawer.make("line_sketch")(Canvas(64, 36), allow_paper_color=allowed)
        assert made.learning(made.init_params(torch.Generator().manual_seed(0))).keys() == names


def test_widths_are_in_percent_of_the_height_and_are_kept() -> None:
    made = drawer.make("clipdraw")(Canvas(64, 36), min_width=1.0, max_width=4.0)
    widths = made.init_params(torch.Generator().manual_seed(0))["widths"]
    assert 0.01 <= widths.min() < 0.015 < 0.035 < widths.max() <= 0.04
    still = drawer.make("clipdraw")(Canvas(64, 36), point_learning_rate=0.0)
    assert still.rates == {"points": 0.0, "widths": 1.0, "colours": 1.0}
