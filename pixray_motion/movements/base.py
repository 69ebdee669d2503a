"""Movements: each has an absolute pose at every frame, and what happens in a frame is the difference of two poses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Matrix, Motion
from pixray_motion.registry import Registry
from pixray_motion.tracks.base import Constant, Samples, TrackValue
from pixray_motion.tracks.keyframes import PerSecond

MakeMotion = Callable[..., Motion]
MakePose = Callable[..., Motion | CoordinateMap]
Tracks = Mapping[str, TrackValue]
movement: Registry[MakePose] = Registry("movement", builtin="pixray_motion.movements")
"""The trait ``mirrors=True`` declares that a movement mirrors the picture on purpose: else a pose with a negative
determinant is refused when a story is checked, since a shear or a scale that reaches one has passed through a picture
without area. ``steady=("factor",)`` names parameters that, at a constant rate, move the picture by the same step in
every frame, however far they have come: then they may go on for ever."""


class Movement(ABC):
    """Something that moves the picture. Frames are counted from the scene's start and may be fractional."""

    @abstractmethod
    def pose(self, frame: float) -> Motion:
        """The absolute pose: the map from the picture at rest to where it is at ``frame``."""

    def poses(self, frames: Samples) -> Matrix:
        """The matrices (N, 3, 3), float64, of the poses at many frames (N,)."""
        return np.stack([self.pose(frame).matrix for frame in frames.tolist()])

    def steps(self, before: Samples, after: Samples) -> Matrix:
        """The matrices (N, 3, 3) that take the picture from frames ``before`` (N,) to frames ``after`` (N,)."""
        steps: Matrix = self.poses(after) @ np.linalg.inv(self.poses(before))
        return steps

    def between(self, first: float, last: float) -> Motion:
        """The map that takes the picture from frame ``first`` to frame ``last``."""
        return Motion(self.steps(np.array([first]), np.array([last]))[0])


@dataclass(frozen=True)
class Move(Movement):
    """A registered movement: its parameters over time, and those that are fixed, such as words and counts."""

    name: str
    make: MakeMotion
    tracks: Tracks
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def pose(self, frame: float) -> Motion:
        values = {name: _evaluate_track(track, frame) for name, track in self.tracks.items()}
        return self.make(**values, **self.fixed)

    @cached_property
    def is_steady(self) -> bool:
        """Whether every step is the same: what changes has a constant rate, and is declared ``steady``."""
        steady = movement.traits(self.name).get("steady", ())
        moving = {name for name, track in self.tracks.items() if not _is_constant(track)}
        return bool(moving) and all(
            name in steady and isinstance(self.tracks[name], PerSecond) for name in moving
        )

    def steps(self, before: Samples, after: Samples) -> Matrix:
        """See ``Movement.steps``. A steady one is at rest before each step, so that no value grows without end."""
        if self.is_steady:
            return super().steps(np.zeros_like(before), after - before)
        return super().steps(before, after)

    def poses(self, frames: Samples) -> Matrix:
        """See ``Movement.poses``. A movement that cannot compute with arrays is evaluated frame by frame."""
        values = {name: _sample_track(track, frames) for name, track in self.tracks.items()}
        try:
            matrices = self.make(**values, **self.fixed).matrix
        except (TypeError, ValueError):
            return super().poses(frames)
        return np.broadcast_to(matrices, (*frames.shape, 3, 3))


@dataclass(frozen=True)
class Distortion:
    """A registered movement whose poses are coordinate maps. No matrix holds them, so no group can contain it."""

    name: str
    make: type[CoordinateMap]
    tracks: Tracks
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def pose(self, frame: float) -> CoordinateMap:
        """The absolute pose at ``frame``, as in ``Movement.pose``."""
        values = {name: _evaluate_track(track, frame) for name, track in self.tracks.items()}
        return self.make(**values, **self.fixed)

    def steps(self, before: Samples, after: Samples) -> list[tuple[CoordinateMap, ...]]:
        """For each pair of frames, (N,) and (N,), the maps that lead from the first pose to the second, in order."""
        return [
            new.relative_to(old) for old, new in zip(self._poses(before), self._poses(after), strict=True)
        ]

    def _poses(self, frames: Samples) -> list[CoordinateMap]:
        values = {name: _to_rows(_sample_track(track, frames)) for name, track in self.tracks.items()}
        return [
            self.make(**{name: value[row] for name, value in values.items()}, **self.fixed)
            for row in range(len(frames))
        ]


def is_distortion(make: MakePose) -> bool:
    """Whether a registered movement is a distortion, whose poses are coordinate maps and not matrices."""
    return isinstance(make, type) and issubclass(make, CoordinateMap)


@dataclass(frozen=True)
class Group(Movement):
    """Several movements that act as one. Its pose is the product of its children's poses, the first acting first."""

    children: tuple[Movement, ...]

    def pose(self, frame: float) -> Motion:
        return compose([child.pose(frame) for child in self.children])

    def poses(self, frames: Samples) -> Matrix:
        return _compose_matrices([child.poses(frames) for child in self.children], frames)


def compute_steps(movements: tuple[Movement, ...], before: Samples, after: Samples) -> list[Motion]:
    """The motions between pairs of frames, ``before`` (N,) and ``after`` (N,), which may be fractional.

    See ``compute_step``.
    """
    moved = [move.steps(before, after) for move in movements]
    return [Motion(matrix) for matrix in _compose_matrices(moved, after)]


def compute_step(movements: tuple[Movement, ...], frame: float) -> Motion:
    """The motion between ``frame - 1`` and ``frame``: the difference of every movement, the first listed acting first.

    Differences are composed, and not poses, because the compose of absolute poses would drag a pan through an endless
    zoom (docs/architecture.md, "Compose deltas").
    """
    return compose([move.between(frame - 1, frame) for move in movements])


def compose(motions: Iterable[Motion]) -> Motion:
    """Compose motions into one, the first acting first; none give the identity."""
    total = None
    for motion in motions:
        total = motion if total is None else motion @ total
    return Motion.identity() if total is None else total


def _compose_matrices(matrices: list[Matrix], frames: Samples) -> Matrix:
    """Compose matrices (N, 3, 3) into one (N, 3, 3), frame by frame, the first acting first."""
    total: Matrix = np.broadcast_to(np.eye(3), (*frames.shape, 3, 3))
    for matrix in matrices:
        total = matrix @ total
    return total


def _is_constant(track: TrackValue) -> bool:
    parts = track if isinstance(track, tuple) else (track,)
    return all(isinstance(part, Constant) for part in parts)


def _sample_track(track: TrackValue, frames: Samples) -> Samples | tuple[Samples, ...]:
    """The values (N,) of a parameter at frames (N,), or a pair of them for a point."""
    if isinstance(track, tuple):
        return tuple(part.sample(frames) for part in track)
    return track.sample(frames)


def _to_rows(values: Samples | tuple[Samples, ...]) -> list[float] | list[tuple[float, ...]]:
    """One value, or one pair, for each frame."""
    if isinstance(values, tuple):
        return list(zip(*(part.tolist() for part in values), strict=True))
    return [float(value) for value in values]


def _evaluate_track(track: TrackValue, frame: float) -> float | tuple[float, ...]:
    if isinstance(track, tuple):
        return tuple(part.at(frame) for part in track)
    return track.at(frame)
