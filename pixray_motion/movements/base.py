"""A movement has an absolute pose at every frame; what a frame does is the difference of two poses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Matrix, Motion
from pixray_motion.registry import Registry
from pixray_motion.tracks.base import Samples, TrackValue

MakeMotion = Callable[..., Motion]
MakePose = Callable[..., Motion | CoordinateMap]
Tracks = Mapping[str, TrackValue]
movement: Registry[MakePose] = Registry("movement", builtin="pixray_motion.movements")


class Movement(ABC):
    """Something that moves the picture; frames are counted from the scene's start."""

    @abstractmethod
    def pose(self, frame: float) -> Motion:
        """Where frame 0's undisturbed picture has gone by ``frame``."""

    def poses(self, frames: Samples) -> Matrix:
        """(N, 3, 3): the matrices of the poses at many frames."""
        return np.stack([self.pose(frame).matrix for frame in frames.tolist()])

    def between(self, first: float, last: float) -> Motion:
        """What takes the picture from frame ``first`` to frame ``last``."""
        return self.pose(last) @ self.pose(first).inverse()


@dataclass(frozen=True)
class Move(Movement):
    """A registered movement: its parameters over time, and those that are fixed, such as words and counts."""

    name: str
    make: MakeMotion
    tracks: Tracks
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def pose(self, frame: float) -> Motion:
        return self.make(**{name: _value(track, frame) for name, track in self.tracks.items()}, **self.fixed)

    def poses(self, frames: Samples) -> Matrix:
        """The same as ``Movement.poses``; a movement that cannot compute with arrays is asked frame by frame."""
        values = {name: _values(track, frames) for name, track in self.tracks.items()}
        try:
            matrices = self.make(**values, **self.fixed).matrix
        except (TypeError, ValueError):
            return super().poses(frames)
        return np.broadcast_to(matrices, (*frames.shape, 3, 3))


@dataclass(frozen=True)
class Distortion:
    """A registered movement whose poses are bends. It acts by itself: no matrix holds it, so no group does."""

    name: str
    make: type[CoordinateMap]
    tracks: Tracks
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def pose(self, frame: float) -> CoordinateMap:
        return self.make(**{name: _value(track, frame) for name, track in self.tracks.items()}, **self.fixed)

    def steps(self, before: Samples, after: Samples) -> list[tuple[CoordinateMap, ...]]:
        """What happens between many pairs of frames."""
        return [
            new.relative_to(old) for old, new in zip(self._poses(before), self._poses(after), strict=True)
        ]

    def _poses(self, frames: Samples) -> list[CoordinateMap]:
        values = {name: _listed(_values(track, frames)) for name, track in self.tracks.items()}
        return [
            self.make(**{name: value[row] for name, value in values.items()}, **self.fixed)
            for row in range(len(frames))
        ]


def is_distortion(make: MakePose) -> bool:
    """Whether a registered movement is one that bends."""
    return isinstance(make, type) and issubclass(make, CoordinateMap)


@dataclass(frozen=True)
class Group(Movement):
    """Several movements that act as one: the pose is the product of the children's poses, the first acting first."""

    children: tuple[Movement, ...]

    def pose(self, frame: float) -> Motion:
        return product([child.pose(frame) for child in self.children])

    def poses(self, frames: Samples) -> Matrix:
        return _product([child.poses(frames) for child in self.children], frames)


def steps(movements: tuple[Movement, ...], before: Samples, after: Samples) -> list[Motion]:
    """The steps between many pairs of frames, which may lie between the whole ones."""
    moved = [move.poses(after) @ np.linalg.inv(move.poses(before)) for move in movements]
    return [Motion(matrix) for matrix in _product(moved, after)]


def step(movements: tuple[Movement, ...], frame: float) -> Motion:
    """What happens between ``frame - 1`` and ``frame``: every movement's own difference, the first listed acting first.

    Differences are composed and not poses, because the product of absolute poses would drag a pan through an endless
    zoom (docs/architecture.md, "Compose deltas").
    """
    return product([move.between(frame - 1, frame) for move in movements])


def product(motions: list[Motion]) -> Motion:
    first, *rest = motions or [Motion.identity()]
    for motion in rest:
        first = motion @ first
    return first


def _product(matrices: list[Matrix], frames: Samples) -> Matrix:
    """(N, 3, 3): at every frame, the first acting first."""
    total: Matrix = np.broadcast_to(np.eye(3), (*frames.shape, 3, 3))
    for matrix in matrices:
        total = matrix @ total
    return total


def _values(track: TrackValue, frames: Samples) -> Samples | tuple[Samples, ...]:
    if isinstance(track, tuple):
        return tuple(part.sample(frames) for part in track)
    return track.sample(frames)


def _listed(values: Samples | tuple[Samples, ...]) -> list[float] | list[tuple[float, ...]]:
    if isinstance(values, tuple):
        return list(zip(*(part.tolist() for part in values), strict=True))
    return [float(value) for value in values]


def _value(track: TrackValue, frame: float) -> float | tuple[float, ...]:
    if isinstance(track, tuple):
        return tuple(part.at(frame) for part in track)
    return track.at(frame)
