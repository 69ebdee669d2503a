"""A movement has an absolute pose at every frame; what a frame does is the difference of two poses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pixray_motion.geometry import Motion
from pixray_motion.registry import Registry
from pixray_motion.story.track import Samples, Track

MakeMotion = Callable[..., Motion]
movement: Registry[MakeMotion] = Registry("movement", builtin="pixray_motion.movements")


class Movement(ABC):
    """Something that moves the picture; frames are counted from the scene's start."""

    @abstractmethod
    def pose(self, frame: float) -> Motion:
        """Where frame 0's undisturbed picture has gone by ``frame``."""

    def between(self, first: float, last: float) -> Motion:
        """What takes the picture from frame ``first`` to frame ``last``."""
        return self.pose(last) @ self.pose(first).inverse()


@dataclass(frozen=True)
class Move(Movement):
    """A registered movement whose parameters are tracks (a pair of tracks for a point)."""

    name: str
    make: MakeMotion
    tracks: Mapping[str, Track | tuple[Track, Track]]

    def pose(self, frame: float) -> Motion:
        return self.make(**{name: _value(track, frame) for name, track in self.tracks.items()})


@dataclass(frozen=True)
class Group(Movement):
    """Several movements that act as one: the pose is the product of the children's poses, the first acting first."""

    children: tuple[Movement, ...]

    def pose(self, frame: float) -> Motion:
        return product([child.pose(frame) for child in self.children])


def steps(movements: tuple[Movement, ...], before: Samples, after: Samples) -> list[Motion]:
    """The steps between many pairs of frames, which may lie between the whole ones."""
    pairs = zip(before.tolist(), after.tolist(), strict=True)
    return [product([move.between(first, last) for move in movements]) for first, last in pairs]


def step(movements: tuple[Movement, ...], frame: float) -> Motion:
    """What happens between ``frame - 1`` and ``frame``: every movement's own difference, the first listed acting first.

    Differences are composed and not poses, because the product of absolute poses would drag a pan through an endless
    zoom (docs/architecture.md, "Compose deltas").
    """
    return product([move.between(frame - 1, frame) for move in movements])


def product(motions: list[Motion]) -> Motion:
    total = Motion.identity()
    for motion in motions:
        total = motion @ total
    return total


def _value(track: Track | tuple[Track, Track], frame: float) -> float | tuple[float, float]:
    if isinstance(track, tuple):
        return track[0].at(frame), track[1].at(frame)
    return track.at(frame)
