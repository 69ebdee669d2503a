"""Numbers over time: constants, rates, keyframes, easings, and what is between them."""

import math
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixray_motion.errors import StoryError
from pixray_motion.movements.base import Move
from pixray_motion.story.reading.story import parse
from pixray_motion.tracks.base import Track


def track(text: str, key: str = "angle", move: str = "rotate", length: str = "4s") -> Track:
    """The track of one parameter, at 10 frames a second."""
    story = parse(f"story: 1\nrate: 10\nscenes:\n- length: {length}\n  move:\n  - {move}: {{{key}: {text}}}")
    return cast(Track, cast(Move, story.scenes[0].segments[0].moves[0]).tracks[key])


def scale(text: str, length: str = "4s") -> Track:
    return track(text, "factor", "zoom", length)


@pytest.mark.parametrize(
    ("text", "value"), {"012": 12, "-1.5": -1.5, "+.5": 0.5, "1e3": 1000, "2*pi": math.tau}.items()
)
def test_constants(text: str, value: float) -> None:
    assert track(text).at(0) == track(text).at(39) == value


def test_keys_are_linear_for_angles_and_geometric_for_scales() -> None:
    assert [track("{0s: 1, 4s: 9}").at(f) for f in (0, 10, 20, 39)] == pytest.approx([1, 3, 5, 8.8])
    assert [scale("{0s: 1e3, 4s: 1e3}").at(f) for f in range(40)] == [1e3] * 40
    assert [scale("{0s: 1, 4s: 16}").at(f) for f in (0, 10, 20, 30)] == pytest.approx([1, 2, 4, 8])


def test_values_hold_at_both_ends() -> None:
    angle = track("{1s: 10, 2s: 20}")
    assert [angle.at(f) for f in (0, 5, 10, 15, 20, 39)] == [10, 10, 10, 15, 20, 20]


def test_all_kinds_of_times_can_be_keys() -> None:
    angle = track("{0: 0, 5f: 5, 25%: 10, 0:02: 20, 3.0s: 30, 100%: 40}")
    assert [angle.at(f) for f in (0, 5, 10, 20, 30, 39)] == pytest.approx([0, 5, 10, 20, 30, 39])


@settings(max_examples=30)
@given(st.sampled_from(["linear", "hold", "ease-in", "ease-out", "ease-in-out"]), st.integers(0, 20))
def test_an_easing_shapes_the_segment_that_arrives(name: str, frame: int) -> None:
    angle = track(f"{{0s: 0, 2s: 1 {name}, 4s: 0}}")
    share = {
        "linear": frame / 20,
        "hold": float(frame == 20),
        "ease-in": (frame / 20) ** 2,
        "ease-out": 1 - (1 - frame / 20) ** 2,
        "ease-in-out": 3 * (frame / 20) ** 2 - 2 * (frame / 20) ** 3,
    }[name]
    assert angle.at(frame) == pytest.approx(share)
    assert angle.at(30) == pytest.approx(0.5)


def test_rates_run_from_the_scenes_start() -> None:
    assert [track("-3/s").at(f) for f in (0, 10, 20)] == [0, -3, -6]
    assert [scale("1.5 / s").at(f) for f in (0, 10, 20)] == pytest.approx([1, 1.5, 2.25])


def test_keys_may_move_themselves() -> None:
    angle = track("{0s: 0, 2s: 10/s, 4s: 90*p hold}")
    assert [angle.at(f) for f in (0, 10, 20, 30)] == pytest.approx([0, 5, 20, 30])
    many = angle.sample(np.arange(40.0))
    assert many == pytest.approx([angle.at(f) for f in range(40)])


def test_a_key_of_a_scale_may_be_a_rate() -> None:
    assert scale("{0s: 1, 2s: 2/s, 3s: 8}").at(20) == pytest.approx(4)


@settings(max_examples=30)
@given(st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=5))
def test_scales_are_geometric_between_any_keys(values: list[float]) -> None:
    keys = ", ".join(f"{10 * i}f: {value!r}" for i, value in enumerate(values))
    zoom = scale(f"{{{keys}}}", "50f")
    for i, (a, b) in enumerate(pairwise(values)):
        assert zoom.at(10 * i + 5) == pytest.approx(math.sqrt(a * b))


def test_pairs_hold_two_numbers() -> None:
    story = parse(
        "story: 1\nscenes: [{length: 4s, move: [zoom: {factor: 2, about: [{0s: 0, 4s: 1}, -0.5]}]}]"
    )
    x, y = cast("tuple[Track, Track]", cast(Move, story.scenes[0].segments[0].moves[0]).tracks["about"])
    assert (x.at(24), y.at(24)) == (0.5, -0.5)


@pytest.mark.parametrize(
    ("text", "frame"),
    {
        "1/(30-f)": 30,
        "1 - f/20": 20,
        "{0s: 1, 2s: 1-t/2, 4s: 1}": 20,
        "2**f": 10,
        "sqrt(1.95-t)+1": 20,
    }.items(),
)
def test_the_first_bad_frame_is_named(text: str, frame: int) -> None:
    with pytest.raises(StoryError, match=rf"at the scene's frame {frame} \({frame / 10:g}s\)"):
        scale(f"'{text}'" if "{" not in text else text)


def test_a_value_that_no_frame_shows_is_still_refused() -> None:
    with pytest.raises(StoryError, match="'factor' is '0'"):
        scale("{0s: 1, 4s: 0}")
