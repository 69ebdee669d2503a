"""Tracks: numbers that change over a scene.

Convention: frames are counted from the scene's start and may be fractional; a track is defined at every frame, also
before the scene and after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]  # (N,) frames or values


@dataclass(frozen=True)
class Clock:
    """A scene's own time.

    ``rate``: frames per second. ``length``: seconds, as the story says. ``frames``: the scene's number of frames.
    ``start``: when its first frame is shown, in seconds from the film's start. ``seed`` and ``bpm``, beats per minute,
    are the film's.
    """

    rate: Fraction
    length: Fraction
    frames: int
    start: Fraction = Fraction(0)
    seed: int = 0
    bpm: Fraction = Fraction(120)

    def seconds(self, frames: Samples) -> Samples:
        """Seconds since the scene's start, (N,), at frames (N,)."""
        return frames / float(self.rate)

    def beats(self, frames: Samples) -> Samples:
        """Beats since the film's start, (N,), at frames (N,) of the scene."""
        return (float(self.start) + self.seconds(frames)) * float(self.bpm / 60)


class Track(ABC):
    """A number at every frame of a scene."""

    @abstractmethod
    def sample(self, frames: Samples) -> Samples:
        """The values (N,), float64, at frames (N,)."""

    def at(self, frame: float) -> float:
        """The value at one frame."""
        return float(self.sample(np.array([frame], np.float64))[0])


@dataclass(frozen=True)
class Constant(Track):
    """The same value at every frame."""

    value: float

    def sample(self, frames: Samples) -> Samples:
        return np.full(frames.shape, self.value, np.float64)


TrackValue = Track | tuple[Track, ...]
"""A parameter over time: a number, or several that belong together, such as a point's x and y."""
