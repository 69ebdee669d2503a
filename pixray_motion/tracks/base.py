"""Numbers that change over a scene. Frames are counted from the scene's start; a track holds its value at both ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Clock:
    """A scene's own time: ``rate`` frames a second, ``length`` seconds as written, ``frames`` frames in all.

    ``start`` is when its first frame is shown, in seconds from the film's start; ``seed`` and ``bpm``, beats a minute,
    are the film's.
    """

    rate: Fraction
    length: Fraction
    frames: int
    start: Fraction = Fraction(0)
    seed: int = 0
    bpm: Fraction = Fraction(120)

    def seconds(self, frames: Samples) -> Samples:
        return frames / float(self.rate)

    def beats(self, frames: Samples) -> Samples:
        """Since the film's start."""
        return (float(self.start) + self.seconds(frames)) * float(self.bpm / 60)


class Track(ABC):
    """A number at every frame of a scene."""

    @abstractmethod
    def sample(self, frames: Samples) -> Samples:
        """The values at many frames at once: (N,) -> (N,)."""

    def at(self, frame: float) -> float:
        return float(self.sample(np.array([frame], np.float64))[0])


@dataclass(frozen=True)
class Constant(Track):
    value: float

    def sample(self, frames: Samples) -> Samples:
        return np.full(frames.shape, self.value, np.float64)


TrackValue = Track | tuple[Track, ...]
"""A parameter over time: a number, or several that belong together, such as a point's x and y."""
