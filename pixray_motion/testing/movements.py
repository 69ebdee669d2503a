"""What every movement must do: those whose poses are matrices, and distortions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from pixray_motion.coordinate_maps import ComposedMap, CoordinateMap
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements.base import Move, is_distortion, movement
from pixray_motion.registry import Registry
from pixray_motion.story.reading.story import parse
from pixray_motion.testing.base import Contract
from pixray_motion.tracks.base import Clock, Samples, Track, TrackValue
from pixray_motion.tracks.keyframes import PerSecond
from pixray_motion.units import Unit

CANVAS = Canvas(64, 36)
FRAMES = np.arange(6.0)
SLOPE = 0.01  # of a parameter, a frame


class _Line(Track):
    """A value that changes evenly."""

    def __init__(self, start: float, slope: float) -> None:
        self.start, self.slope = start, slope

    def sample(self, frames: Samples) -> Samples:
        return self.start + self.slope * frames


class _AnyMovement(Contract):
    registry: ClassVar[Registry[Any]] = movement
    known_traits: ClassVar[tuple[str, ...]] = ("mirrors", "steady")

    def test_a_story_may_name_it(self) -> None:
        text = f"{{story: 1, rate: 4, scenes: [{{length: 1s, move: [{self.name}: {{}}]}}]}}"
        plan = parse(text).plan(2)
        assert plan.drawing.motion.is_close(Motion.identity()), (
            "a story that names a movement without parameters keeps the picture at rest"
        )
        assert plan.digest() == parse(text).plan(2).digest(), (
            "a plan is the same whenever it is made: a movement depends on nothing but its parameters"
        )


class MovementContract(_AnyMovement):
    """For functions that return a ``Motion``. The trait ``mirrors=True`` allows poses that mirror the picture."""

    def test_it_returns_a_motion(self) -> None:
        assert not is_distortion(self.entry.make), (
            "a distortion, whose poses are coordinate maps, has DistortionContract"
        )
        motion = self.entry.make()
        assert isinstance(motion, Motion), f"a movement returns a Motion; got a {type(motion).__name__}"
        assert motion.matrix.shape == (3, 3), (
            f"of plain numbers it makes one matrix (3, 3); got {motion.matrix.shape}"
        )

    def test_it_is_at_rest_by_default(self) -> None:
        matrix = self.entry.make().matrix
        assert np.allclose(matrix, np.eye(3), rtol=0, atol=1e-9), (
            "with its defaults a movement is at rest, the identity, so that a story can begin from there; got "
            f"{matrix.tolist()}"
        )

    def test_every_pose_can_be_undone(self) -> None:
        mirrors = bool(self.traits.get("mirrors"))
        for values in self.sampled_values(16):
            matrix = self.entry.make(**values).matrix
            assert np.isfinite(matrix).all(), f"every entry of a pose is finite; not so with {values}"
            area = np.linalg.det(matrix)
            assert abs(area) > 1e-6, (
                f"a pose can be undone, since frames carry out differences of poses; with {values} it flattens "
                "the picture"
            )
            assert mirrors or area > 0, (
                f"a pose does not mirror the picture (with {values} its determinant is {area:.3g}), unless the "
                "movement is "
                "registered with mirrors=True"
            )

    def test_many_frames_at_once_are_the_same_poses(self) -> None:
        for move in self._moves():
            for frame, matrix in enumerate(move.poses(FRAMES)):
                assert np.allclose(matrix, move.pose(frame).matrix, atol=1e-12), (
                    "parameters may be arrays (N,), for N frames at once, and give the same poses as one by "
                    "one: compute with "
                    "numpy, and have what cannot raise TypeError or ValueError"
                )

    def test_two_spans_make_one(self) -> None:
        """The way from frame 0 to 5 is the way from 0 to 2 and then from 2 to 5."""
        for move in self._moves():
            both = move.between(2, 5) @ move.between(0, 2)
            assert both.is_close(move.between(0, 5), 1e-7), (
                "a movement returns absolute poses, which depend on nothing but its parameters: the ways from "
                "pose to pose add up"
            )

    def test_a_steady_one_moves_by_equal_steps(self) -> None:
        for name in self.traits.get("steady", ()):
            parameter = self.entry.parameter(name)
            assert parameter is not None, f"steady names parameters; it has no '{name}'"
            assert isinstance(parameter.kind, Unit), f"steady names numbers; '{name}' is none"
            rate = PerSecond(1.3, Clock(Fraction(4), Fraction(9), 36), parameter.kind.geometric)
            move = Move(self.name, self.entry.make, {name: rate})
            assert move.is_steady, f"a rate of '{name}' is steady"
            for first in (0.0, 3.0, 11.0):
                assert Motion(move.pose(first + 2).matrix @ np.linalg.inv(move.pose(first).matrix)).is_close(
                    move.between(first, first + 2), 1e-7
                ), f"at a constant rate of '{name}' the way of two frames is the same at any time"

    def _moves(self) -> list[Move]:
        """The movement with every parameter that may change on a gentle line."""
        moves = []
        for values in self.sampled_values():
            tracks: dict[str, TrackValue] = {}
            for parameter in self.entry.parameters:
                if parameter.kind.animatable and parameter.name not in self.values:
                    value = values.pop(parameter.name)
                    single = isinstance(parameter.kind, Unit)
                    lines = tuple(_Line(float(part), SLOPE) for part in np.atleast_1d(value))
                    tracks[parameter.name] = lines[0] if single else lines
            moves.append(Move(self.name, self.entry.make, tracks, values))
        return moves


class DistortionContract(_AnyMovement):
    """For frozen dataclasses that derive from ``CoordinateMap``."""

    def test_it_is_a_frozen_dataclass(self) -> None:
        assert is_distortion(self.entry.make), (
            "a distortion derives from CoordinateMap; a movement has MovementContract"
        )
        parameters = getattr(self.entry.make, "__dataclass_params__", None)
        assert parameters is not None, "a distortion is a dataclass, so that equal poses are equal"
        assert parameters.frozen, "a distortion is a frozen dataclass: @dataclass(frozen=True)"
        names = {field.name for field in dataclasses.fields(self.entry.make)}
        known = {parameter.name for parameter in self.entry.parameters}
        assert names == known, (
            f"every field is annotated with a kind of value, so that a story can set it; not so {names - known}"
        )
        pose = self._poses()[0]
        assert pose == self._poses()[0], "poses with the same parameters are equal"
        hash(pose)

    def test_it_is_at_rest_by_default(self) -> None:
        pose, points = self.entry.make(), CANVAS.centres()
        for way, moved in (("apply", pose.apply(points)), ("apply_inverse", pose.apply_inverse(points))):
            assert np.allclose(moved, points, atol=1e-12), (
                f"with its defaults {way} moves no point, so that a story can begin there"
            )

    def test_where_things_go_and_where_they_came_from(self) -> None:
        for pose in self._poses():
            points = _points()
            places = points[pose.keeps(points)]
            back = pose.apply_inverse(pose.apply(places))
            assert np.allclose(back, places, atol=1e-8), (
                "apply_inverse(apply(p)) is p, for all that stays visible; off by "
                f"{np.abs(back - places).max():.2g} for {pose}"
            )
            if not pose.copies():
                there = pose.apply(pose.apply_inverse(points))
                assert np.allclose(there, points, atol=1e-8), (
                    f"apply(apply_inverse(p)) is p; off by {np.abs(there - points).max():.2g} for {pose}"
                )
            for copy in pose.copies():
                back = pose.apply_inverse(copy.apply(places))
                assert np.allclose(back, places, atol=1e-8), (
                    "copies() are the maps from what a fold keeps to its copies, so that apply_inverse leads "
                    "back from each"
                )

    @pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2)], ids=str)
    def test_points_of_any_shape_are_moved_one_by_one(self, shape: Sequence[int]) -> None:
        points = np.random.default_rng(1).uniform(-1, 1, shape)
        before = points.copy()
        for pose in self._poses()[:2]:
            for way in (pose.apply, pose.apply_inverse):
                moved = way(points)
                assert moved.shape == points.shape, (
                    f"points (..., 2) of any shape come back as such; {shape} became {moved.shape}"
                )
                assert np.array_equal(points, before), "the points that are given are not changed"
                alone = np.array([way(point) for point in points.reshape(-1, 2)]).reshape(shape)
                assert np.allclose(moved, alone, atol=1e-9), (
                    "each point is moved by itself, whatever the others are"
                )

    def test_far_points_stay_finite(self) -> None:
        for pose in self._poses():
            for way in (pose.apply, pose.apply_inverse):
                moved = way(20 * _points())
                assert np.isfinite(moved).all(), (
                    f"points far beyond the screen stay finite; not so for {pose}"
                )

    def test_steps_lead_from_pose_to_pose(self) -> None:
        first, last = self._poses()[:2]
        if first.copies() or last.copies():
            pytest.skip("a fold has no inverse, so it is applied again in every frame")
        assert first.relative_to(first) == (), (
            "between equal poses there is nothing to do, so that a picture at rest stays"
        )
        points = first.apply(_points())
        moved = ComposedMap(last.relative_to(first)).apply(points)
        assert np.allclose(moved, last.apply(_points()), atol=1e-8), (
            "relative_to(before) leads from where the earlier pose has put things to where this one puts them"
        )

    def _poses(self) -> list[CoordinateMap]:
        return [self.entry.make(**values) for values in self.sampled_values()]


def _points() -> NDArray[np.float64]:
    """(N, 2): the whole screen and some of what lies around it, in canvas units."""
    return Canvas(16, 9).centres().reshape(-1, 2) * 1.3
