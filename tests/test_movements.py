"""Laws of movements: they compose, group and join, and they move the picture the way that they say."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements import Group, Move, movement
from pixray_motion.movements.base import step
from pixray_motion.story.read import parse
from pixray_motion.story.track import Samples, Track
from pixray_motion.units import Pair, Unit


class Line(Track):
    def __init__(self, start: float, slope: float) -> None:
        self.start, self.slope = start, slope

    def sample(self, frames: Samples) -> Samples:
        return self.start + self.slope * frames


def moves(name: str) -> st.SearchStrategy[Move]:
    """The movement with every parameter on a gentle line."""
    slopes, tracks = st.floats(-0.01, 0.01), {}
    for parameter in movement.get(name).parameters:
        if isinstance(parameter.kind, Pair):
            tracks[parameter.name] = st.tuples(*[st.builds(Line, st.floats(-1, 1), slopes)] * 2)
        elif isinstance(parameter.kind, Unit):
            tracks[parameter.name] = st.builds(Line, st.just(parameter.default), slopes)
    return st.builds(Move, st.just(name), st.just(movement.make(name)), st.fixed_dictionaries(tracks))


any_move = st.one_of([moves(name) for name in movement.names()])
frames = st.integers(0, 40)


@given(any_move, frames, frames, frames)
def test_two_spans_make_one(move: Move, a: int, b: int, c: int) -> None:
    assert (move.between(b, c) @ move.between(a, b)).is_close(move.between(a, c))


@given(st.lists(any_move, min_size=1, max_size=4), frames, frames, frames)
def test_groups_obey_the_same_law(children: list[Move], a: int, b: int, c: int) -> None:
    group = Group(tuple(children))
    assert (group.between(b, c) @ group.between(a, b)).is_close(group.between(a, c), 1e-7)


@given(any_move, frames)
def test_a_group_of_one_is_its_child(move: Move, frame: int) -> None:
    assert Group((move,)).pose(frame).is_close(move.pose(frame))


@pytest.mark.parametrize("name", movement.names())
def test_every_movement_is_at_rest_by_default(name: str) -> None:
    assert movement.make(name)().is_close(Motion.identity())


@given(any_move, st.integers(16, 512), st.integers(16, 512))
def test_pixels_see_the_same_motion_at_every_size(move: Move, width: int, height: int) -> None:
    """Twice the size: each pixel goes twice as far."""
    motion, point = move.pose(7), np.array([0.1, -0.2])
    for canvas in (Canvas(width, height), Canvas(2 * width, 2 * height)):
        pixel = Motion(canvas.to_pixels()).apply(point)
        there = Motion(motion.in_pixels(canvas)).apply(pixel)
        assert np.allclose(Motion(canvas.to_pixels()).inverse().apply(there), motion.apply(point), atol=1e-9)


def test_directions() -> None:
    """+x right, +y down, + angle clockwise as seen, factor > 1 larger; about stays still."""
    right_of_centre = np.array([0.25, 0.0])
    zoom, pan, rotate, shear = (movement.make(name) for name in ("zoom", "pan", "rotate", "shear"))
    assert zoom(2.0).apply(right_of_centre) == pytest.approx([0.5, 0])
    assert zoom(2.0, about=(0.25, 0.0)).apply(right_of_centre) == pytest.approx([0.25, 0])
    assert pan(0.1, 0.2).apply(right_of_centre) == pytest.approx([0.35, 0.2])
    assert rotate(90.0).apply(right_of_centre) == pytest.approx([0, 0.25])
    assert rotate(90.0, about=(0.25, 0.25)).apply(right_of_centre) == pytest.approx([0.5, 0.25])
    assert shear(0.5, 0.0).apply(np.array([0.0, 0.2])) == pytest.approx([0.1, 0.2])
    assert shear(0.0, 0.5).apply(np.array([0.2, 0.0])) == pytest.approx([0.2, 0.1])


def test_an_endless_zoom_with_a_pan_pans_steadily() -> None:
    """Differences are composed: the pan stays 0.1 a second, however deep the zoom."""
    moves = parse(
        "{story: 1, rate: 10, scenes: [{length: 15s, move: [{zoom: {factor: 1.5/s}}, {pan: {x: 0.1/s}}]}]}"
    ).scenes[0].parts[0].moves  # fmt: skip
    for frame in (1, 50, 149):
        assert step(moves, frame).apply(np.zeros(2)) == pytest.approx([0.01, 0])


def test_the_first_listed_acts_first() -> None:
    story = parse(
        "{story: 1, rate: 1, scenes: [{length: 2s, move: [{pan: {x: 1/s}}, {rotate: {angle: 90/s}}]}]}"
    )
    assert story.plan(1).motion.apply(np.zeros(2)) == pytest.approx([0, 1])


JOIN = """
story: 1
rate: 10
scenes:
  - {length: 1s, move: [{zoom: {factor: 2/s}}, {rotate: {angle: 30*t}}]}
  - {length: 1s, cut: CUT, move: [{zoom: {factor: 2/s}}, {rotate: {angle: 30*t}}]}
"""


def test_a_join_without_a_cut_does_not_stutter() -> None:
    story = parse(JOIN.replace("CUT", "false"))
    assert not story.plan(10).cut
    assert story.plan(10).motion.is_close(story.plan(9).motion)
    assert story.plan(11).motion.is_close(story.plan(10).motion)


def test_a_cut_starts_from_rest() -> None:
    story = parse(JOIN.replace("CUT", "true"))
    assert story.plan(10).cut
    assert story.plan(10).motion.is_identity
    assert story.plan(0).cut


def test_scenes_of_one_frame_pass_the_motion_on() -> None:
    scene = "{length: 1f, move: [{pan: {x: 0.5}}]}"
    story = parse(
        f"{{story: 1, rate: 10, scenes: [{{length: 3f, move: [{{pan: {{x: 1/s}}}}]}}, {scene}, {scene}]}}"
    )
    assert [story.plan(frame).motion.apply(np.zeros(2))[0] for frame in range(5)] == pytest.approx(
        [0, 0.1, 0.1, 0.1, 0.1]
    )


@given(st.sampled_from([Fraction(12), Fraction(24), Fraction(25), Fraction(24000, 1001)]), st.integers(0, 3))
def test_the_film_does_not_depend_on_the_frame_rate(rate: Fraction, second: int) -> None:
    story = parse(
        f"{{story: 1, rate: '{rate}', scenes: [{{length: 4s, move: [{{zoom: {{factor: 1.3/s}}}}]}}]}}"
    )
    frame = round(second * rate)
    assert story.scenes[0].parts[0].moves[0].pose(frame).area ** 0.5 == pytest.approx(
        1.3 ** float(frame / rate)
    )
