"""A movement has an absolute pose at every frame; what a frame does is the difference of two poses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Matrix, Motion
from pixray_motion.registry import Registry
from pixray_motion.tracks.base import Samples, Track

MakeMotion = Callable[..., Motion]
MakePose = Callable[..., Motion | CoordinateMap]
Tracks = Mapping[str, Track | tuple[Track, Track]]
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
    """A registered movement whose parameters are tracks (a pair of tracks for a point)."""

    name: str
    make: MakeMotion
    tracks: Tracks

    def pose(self, frame: float) -> Motion:
        return self.make(**{name: _value(track, frame) for name, track in self.tracks.items()})

    def poses(self, frames: Samples) -> Matrix:
        """The same as ``Movement.poses``; a movement that cannot compute with arrays is asked frame by frame."""
        values = {name: _values(track, frames) for name, track in self.tracks.items()}
        try:
            matrices = self.make(**values).matrix
        except (TypeError, ValueError):
            return super().poses(frames)
        return np.broadcast_to(matrices, (*frames.shape, 3, 3))


@dataclass(frozen=True)
class Distortion:
    """A registered movement whose poses are bends. It acts by itself: no matrix holds it, so no group does."""

    name: str
    make: type[CoordinateMap]
    tracks: Tracks

    def pose(self, frame: float) -> CoordinateMap:
        return self.make(**{name: _value(track, frame) for name, track in self.tracks.items()})

    def steps(self, before: Samples, after: Samples) -> list[tuple[CoordinateMap, ...]]:
        """What happens between many pairs of frames."""
        return [
            new.relative_to(old) for old, new in zip(self._poses(before), self._poses(after), strict=True)
        ]

    def _poses(self, frames: Samples) -> list[CoordinateMap]:
        values = {name: _listed(_values(track, frames)) for name, track in self.tracks.items()}
        return [
            self.make(**{name: value[row] for name, value in values.items()}) for row in range(len(frames))
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


def _values(track: Track | tuple[Track, Track], frames: Samples) -> Samples | tuple[Samples, Samples]:
    if isinstance(track, tuple):
        return track[0].sample(frames), track[1].sample(frames)
    return track.sample(frames)


def _listed(values: Samples | tuple[Samples, Samples]) -> list[float] | list[tuple[float, float]]:
    if isinstance(values, tuple):
        return list(zip(values[0].tolist(), values[1].tolist(), strict=True))
    return [float(value) for value in values]


def _value(track: Track | tuple[Track, Track], frame: float) -> float | tuple[float, float]:
    if isinstance(track, tuple):
        return track[0].at(frame), track[1].at(frame)
    return track.at(frame)
