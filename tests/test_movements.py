"""Laws of movements: they compose, group and join, and they move the picture the way that they say."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.errors import StoryError
from pixray_motion.geometry import Motion
from pixray_motion.movements import Group, Move, movement
from pixray_motion.movements.base import compute_step, is_distortion
from pixray_motion.story.reading.story import parse
from pixray_motion.tracks.base import Samples, Track
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


MATRICES = [name for name in movement.names() if not is_distortion(movement.make(name))]
any_move = st.one_of([moves(name) for name in MATRICES])
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


@pytest.mark.parametrize("name", MATRICES)
def test_every_movement_is_at_rest_by_default(name: str) -> None:
    assert movement.make(name)().is_close(Motion.identity())


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


def corners(motion: Motion) -> dict[str, np.ndarray]:
    """Where the marks of a card in the screen's corners have gone."""
    marks = {"nw": (-0.5, -0.5), "ne": (0.5, -0.5), "se": (0.5, 0.5), "sw": (-0.5, 0.5), "middle": (0, 0)}
    return {name: motion.apply(np.array(place, float)) for name, place in marks.items()}


def length(card: dict[str, np.ndarray], first: str, last: str) -> float:
    return float(np.linalg.norm(card[first] - card[last]))


def test_directions_of_paths() -> None:
    flip, orbit, spiral, bounce = (movement.make(name) for name in ("flip", "orbit", "spiral", "bounce"))
    card = corners(flip(x=1.0))
    assert card["nw"] == pytest.approx([0.5, -0.5])  # left and right change sides
    assert corners(flip(y=3.0))["nw"] == pytest.approx([-0.5, 0.5])
    assert flip(x=0.99, y=2.0) == Motion.identity()
    assert orbit(0.2, 0.0).apply(np.zeros(2)) == pytest.approx([0.2, 0])
    assert orbit(0.2, 90.0).apply(np.zeros(2)) == pytest.approx([0, 0.2])
    assert spiral(2.0, 90.0).apply(np.array([0.25, 0.0])) == pytest.approx([0, 0.5])
    assert spiral(2.0, 90.0, (0.1, 0.2)).apply(np.array([0.1, 0.2])) == pytest.approx([0.1, 0.2])
    assert bounce(0.3, 1.0, 0.5).apply(np.zeros(2)) == pytest.approx([0, -0.3])  # up
    assert bounce(0.3, 2.0, 1.0).apply(np.zeros(2)) == pytest.approx([0, 0])


def test_directions_in_depth() -> None:
    tilt, turn, roll, dolly, vertigo = (
        movement.make(name) for name in ("tilt", "turn", "roll", "dolly", "dolly-zoom")
    )
    card = corners(tilt(40.0))
    assert length(card, "nw", "ne") < 0.85 < 1.15 < length(card, "sw", "se")  # the upper side is farther away
    assert card["middle"] == pytest.approx([0, 0])
    card = corners(turn(40.0))
    assert length(card, "ne", "se") < 0.85 < 1.15 < length(card, "nw", "sw")  # the right side is farther away
    assert roll(90.0).apply(np.array([0.25, 0.0])) == pytest.approx([0, -0.25])
    assert dolly(0.433013).area ** 0.5 == pytest.approx(
        2.0, rel=1e-5
    )  # half way to where it stands, at 60 degrees
    assert dolly(-0.866025).area ** 0.5 == pytest.approx(0.5, rel=1e-5)
    near, far = (corners(vertigo(fov, tilt=30.0)) for fov in (100.0, 20.0))
    assert length(near, "nw", "ne") < length(far, "nw", "ne") < 1
    assert vertigo(100.0) == Motion.identity()


@given(st.floats(-60, 60), st.floats(20, 90))
def test_a_leaning_plane_keeps_straight_lines_and_its_centre(angle: float, fov: float) -> None:
    for name in ("tilt", "turn"):
        motion = movement.make(name)(angle, fov)
        a, b, c = motion.apply(np.array([[-0.2, -0.1], [0.0, 0.0], [0.2, 0.1]]))
        assert np.linalg.det([b - a, c - a]) == pytest.approx(0, abs=1e-9)
        assert motion.area == pytest.approx(np.cos(np.radians(angle)), rel=1e-9)


def test_shaking_depends_on_the_films_seed_and_stays_small() -> None:
    def path(seed: int) -> np.ndarray:
        text = f"{{story: 1, seed: {seed}, scenes: [{{length: 9s, move: [{{shake: {{amount: 0.05, angle: 2}}}}]}}]}}"
        [shake] = parse(text).scenes[0].segments[0].moves
        return shake.poses(np.arange(108.0))

    one, again, other = path(1), path(1), path(2)
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    assert 0.01 < np.abs(one[:, :2, 2]).max() <= 0.05
    assert one[:, :2, 2].std(0).min() > 0.005


def test_a_bounce_keeps_the_scenes_time() -> None:
    story = parse("{story: 1, rate: 10, scenes: [{length: 2s, move: [{bounce: {height: 0.2, pace: 1}}]}]}")
    [move] = story.scenes[0].segments[0].moves
    assert [move.pose(frame).apply(np.zeros(2))[1] for frame in (0, 5, 10, 15)] == pytest.approx(
        [0, -0.2, 0, -0.2]
    )


def test_a_plane_that_would_touch_the_camera_is_refused() -> None:
    text = "{story: 1, scenes: [{length: 1s, move: [{turn: {angle: 70, fov: 100}}]}]}"
    with pytest.raises(StoryError, match="'turn' leans so far at the scene's frame 0"):
        parse(text)


@given(any_move)
def test_many_frames_at_once_are_the_same_poses(move: Move) -> None:
    frames = np.arange(5.0)
    assert np.allclose(move.poses(frames), [move.pose(frame).matrix for frame in range(5)], atol=1e-12)


def test_an_endless_zoom_with_a_pan_pans_steadily() -> None:
    """Differences are composed: the pan stays 0.1 a second, however deep the zoom."""
    moves = parse(
        "{story: 1, rate: 10, scenes: [{length: 15s, move: [{zoom: {factor: 1.5/s}}, {pan: {x: 0.1/s}}]}]}"
    ).scenes[0].segments[0].moves  # fmt: skip
    for frame in (1, 50, 149):
        assert compute_step(moves, frame).apply(np.zeros(2)) == pytest.approx([0.01, 0])


def test_the_first_listed_acts_first() -> None:
    story = parse(
        "{story: 1, rate: 1, scenes: [{length: 2s, move: [{pan: {x: 1/s}}, {rotate: {angle: 90/s}}]}]}"
    )
    assert story.plan(1).drawing.motion.apply(np.zeros(2)) == pytest.approx([0, 1])


JOIN = """
story: 1
rate: 10
scenes:
  - {length: 1s, move: [{zoom: {factor: 2/s}}, {rotate: {angle: 30*t}}]}
  - {length: 1s, cut: CUT, move: [{zoom: {factor: 2/s}}, {rotate: {angle: 30*t}}]}
"""


def test_a_join_without_a_cut_does_not_stutter() -> None:
    story = parse(JOIN.replace("CUT", "false"))
    assert not story.plan(10).drawing.cut
    assert story.plan(10).drawing.motion.is_close(story.plan(9).drawing.motion)
    assert story.plan(11).drawing.motion.is_close(story.plan(10).drawing.motion)


def test_a_cut_starts_from_rest() -> None:
    story = parse(JOIN.replace("CUT", "true"))
    assert story.plan(10).drawing.cut
    assert story.plan(10).drawing.motion.is_identity
    assert story.plan(0).drawing.cut


def test_scenes_of_one_frame_pass_the_motion_on() -> None:
    scene = "{length: 1f, move: [{pan: {x: 0.5}}]}"
    story = parse(
        f"{{story: 1, rate: 10, scenes: [{{length: 3f, move: [{{pan: {{x: 1/s}}}}]}}, {scene}, {scene}]}}"
    )
    assert [story.plan(frame).drawing.motion.apply(np.zeros(2))[0] for frame in range(5)] == pytest.approx(
        [0, 0.1, 0.1, 0.1, 0.1]
    )


STEADY = """
scenes:
  - length: 4s
    move:
      - zoom: {factor: {0s: 1, 1.5s: 2 ease-in-out-back, 75%: 1.3 smooth, 4s: 1.1 smooth}}
      - pan: {x: 0.1*sin(2*t), y: {0 beats: 0, 3 beats: '0.2 cubic-bezier(0.4, 0, 0.2, 1)', hit: 0.1 steps(3)}}
      - rotate: {angle: '20 if (beat + 0.1) % 2 < 1 else 10*tri(t, 3)'}
      - group: [{orbit: {radius: 0.1, angle: 90/beat}}, {tilt: {angle: 10*p}}]
      - bounce: {height: 0.1, pace: 0.7}
"""


def test_poses_at_common_times_do_not_depend_on_the_frame_rate() -> None:
    def poses(rate: str) -> list[np.ndarray]:
        story = parse(f"story: 1\nrate: {rate}\nbpm: 90\nmarkers: {{hit: 3.25s}}{STEADY}")
        frames = np.array([float(seconds * story.rate) for seconds in range(5)])
        return [move.poses(frames) for move in story.scenes[0].segments[0].moves]

    usual = poses("12")
    for rate in ("24", "30", "7", "24000/1001"):
        assert all(np.allclose(one, other, atol=1e-9) for one, other in zip(usual, poses(rate), strict=True))


@given(st.sampled_from([Fraction(12), Fraction(24), Fraction(25), Fraction(24000, 1001)]), st.integers(0, 3))
def test_the_film_does_not_depend_on_the_frame_rate(rate: Fraction, second: int) -> None:
    story = parse(
        f"{{story: 1, rate: '{rate}', scenes: [{{length: 4s, move: [{{zoom: {{factor: 1.3/s}}}}]}}]}}"
    )
    frame = round(second * rate)
    assert story.scenes[0].segments[0].moves[0].pose(frame).area ** 0.5 == pytest.approx(
        1.3 ** float(frame / rate)
    )
