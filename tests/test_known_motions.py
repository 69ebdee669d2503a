"""Known values of motions and easings, beside the laws that they obey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements import movement
from pixray_motion.story.reading.story import parse
from pixray_motion.tracks.easing import parse_easing

POINTS = np.array([[0.0, 0.0], [0.4, -0.3], [-0.7, 0.1], [0.2, 0.5], [-0.3, -0.45]])
leans = st.floats(-50, 50)


def areas_by_differences(motion: Motion, reach: float = 1e-5) -> np.ndarray:
    x, y = np.array([reach, 0]), np.array([0, reach])
    along_x = motion.apply(POINTS + x) - motion.apply(POINTS - x)
    along_y = motion.apply(POINTS + y) - motion.apply(POINTS - y)
    return np.abs(np.linalg.det(np.stack([along_x, along_y], 1))) / (2 * reach) ** 2


@given(leans, leans, st.floats(0.3, 3), st.floats(-180, 180))
def test_areas_are_those_of_small_patches(tilt: float, turn: float, factor: float, angle: float) -> None:
    """Under perspective, too, where they fall with the third power of the depth."""
    motion = (
        Motion.tilted(tilt, turn, 1.2) @ Motion.scale(factor) @ Motion.rotation(angle) @ Motion.shift(0.1, 0)
    )
    depth = POINTS @ motion.matrix[2, :2] + motion.matrix[2, 2]
    near = np.abs(depth) > 0.2
    assert motion.areas(POINTS)[near] == pytest.approx(areas_by_differences(motion)[near], rel=1e-5)
    assert motion.area == pytest.approx(motion.areas(POINTS)[0])


def test_areas_of_a_leaning_plane_in_numbers() -> None:
    """Of a plane that leans back by 60 degrees, one canvas height away from the camera."""
    motion = Motion.tilted(60, 0, 1.0)
    lean = np.sin(np.radians(60))
    above, below = motion.areas(np.array([[0.0, -0.5], [0.0, 0.5]]))
    assert above == pytest.approx(0.5 / (1 + lean / 2) ** 3)
    assert below == pytest.approx(0.5 / (1 - lean / 2) ** 3)
    assert Motion.mirror(-1, 1).area == 1
    assert (Motion.scale(2) @ Motion.rotation(30)).areas(POINTS) == pytest.approx([4] * 5)


def test_a_pixels_place_in_canvas_units() -> None:
    centres = Canvas(4, 2).centres()
    assert centres[0].tolist() == [[-0.75, -0.25], [-0.25, -0.25], [0.25, -0.25], [0.75, -0.25]]
    assert centres[1, 0].tolist() == [-0.75, 0.25]
    assert Canvas(4, 2).half == (1.0, 0.5)
    assert Canvas(4, 2).corners().tolist() == [[-1, -0.5], [1, -0.5], [1, 0.5], [-1, 0.5]]


@pytest.mark.parametrize(
    ("pace", "seconds", "height"),
    [
        (2.0, 0.25, 1.0),
        (2.0, 0.125, 0.75),
        (2.0, 0.5, 0.0),
        (0.5, 0.5, 0.75),
        (0.5, 1.0, 1.0),
        (3.0, 1.9, 0.84),
    ],
)
def test_a_bounce_of_any_pace(pace: float, seconds: float, height: float) -> None:
    """At a share of 0.7 of a jump the ball is at 4 * 0.7 * 0.3 of its height."""
    moved = movement.make("bounce")(0.2, pace, seconds)
    assert moved.matrix[:2, 2].tolist() == pytest.approx([0, -0.2 * height])


def test_the_pace_of_a_bounce_is_told_by_the_story() -> None:
    story = parse("{story: 1, rate: 8, scenes: [{length: 2s, move: [{bounce: {height: 0.2, pace: 2}}]}]}")
    [move] = story.scenes[0].segments[0].moves
    found = [move.pose(frame).matrix[1, 2] for frame in range(6)]
    assert found == pytest.approx([0, -0.15, -0.2, -0.15, 0, -0.15])


@pytest.mark.parametrize(
    ("name", "share", "value"),
    [
        # swings of three tenths of the way, under (2 ** (10 x) - 1) / 1023
        ("ease-in-elastic", 0.7, 127 / 1023),
        ("ease-in-elastic", 0.4, 15 / 1023),
        ("ease-in-elastic", 0.85, -(2**8.5 - 1) / 1023),
        ("ease-in-elastic", 0.55, -(2**5.5 - 1) / 1023),
        ("ease-in-elastic", 0.925, 0),
        ("ease-in-elastic", 0.775, 0),
        ("ease-out-elastic", 0.3, 1 - 127 / 1023),
        ("ease-out-elastic", 0.15, 1 + (2**8.5 - 1) / 1023),
        ("ease-in-out-elastic", 0.35, 127 / 1023 / 2),
        ("ease-in-out-elastic", 0.65, 1 - 127 / 1023 / 2),
        ("ease-in-expo", 0.5, 31 / 1023),
        ("ease-in-out-expo", 0.75, 1 - 31 / 1023 / 2),
        # a tenth of the way back: the least of x² (2.70158 x - 1.70158) lies at x = 0.4199
        ("ease-in-back", 0.5, 0.25 * (1.35079 - 1.70158)),
        ("ease-out-back", 0.5801, 1.1),
        # bounces end at 1, and reach 1 - 1/4, 1 - 1/16 and 1 - 1/64 in between, each half as wide as the one before
        ("ease-out-bounce", 1 / 2.75, 1),
        ("ease-out-bounce", 1.5 / 2.75, 0.75),
        ("ease-out-bounce", 2.25 / 2.75, 0.9375),
        ("ease-out-bounce", 2.625 / 2.75, 0.984375),
        ("ease-in-bounce", 1 - 1.5 / 2.75, 0.25),
        ("ease-in-sine", 1 / 3, 1 - 0.75**0.5),
        ("ease-in-circ", 0.6, 0.2),
        ("ease-in-quint", 0.5, 1 / 32),
        ("ease-out-quart", 0.5, 15 / 16),
        ("ease-in-out-cubic", 0.25, 1 / 16),
        ("ease-in-quad", 0.3, 0.09),
        ("ease-in-out", 0.25, 0.15625),
        ("ease-in", 0.25, 0.0625),
        ("ease-out", 0.25, 0.4375),
        ("steps(4)", 0.6, 0.5),
        ("hold", 0.999, 0),
    ],
)
def test_known_values_of_easings(name: str, share: float, value: float) -> None:
    assert parse_easing(name)(np.array([share]))[0] == pytest.approx(value, abs=1e-4)


def test_an_elastic_crosses_the_line_as_often_as_it_swings() -> None:
    """Three and a third swings in the whole way, so that it begins in the middle of one."""
    shares = np.linspace(0.001, 0.999, 5000)
    found = parse_easing("ease-in-elastic")(shares)
    assert int((np.diff(np.sign(found)) != 0).sum()) == 7
