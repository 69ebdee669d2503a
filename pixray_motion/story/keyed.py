"""Numbers that run at a rate, and numbers that run from key to key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pixray_motion.story.easing import EASINGS
from pixray_motion.story.track import Clock, Constant, Samples, Track

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class PerSecond(Track):
    """``value`` a second from the scene's start: value * t, or value ** t where the unit is geometric."""

    value: float
    clock: Clock
    geometric: bool = False

    def sample(self, frames: Samples) -> Samples:
        seconds = self.clock.seconds(frames)
        with np.errstate(all="ignore"):
            return np.float64(self.value) ** seconds if self.geometric else self.value * seconds


@dataclass(frozen=True)
class Keyed(Track):
    """Runs from key to key.

    Convention: ``times`` are in frames of the scene and increase; ``easings`` holds one name a key, which shapes the
    segment that arrives at it. A key's own value may move: a segment blends its two ends, each followed as it runs.
    Before the first key and after the last one, that key's value holds.
    """

    times: tuple[float, ...]
    tracks: tuple[Track, ...]
    easings: tuple[str, ...]
    geometric: bool = False

    def sample(self, frames: Samples) -> Samples:
        after = np.searchsorted(self._times, frames, side="right")
        left, right = np.maximum(after - 1, 0), np.minimum(after, len(self.times) - 1)
        length = self._times[right] - self._times[left]
        inside = length > 0
        share = np.divide(frames - self._times[left], length, out=np.zeros(frames.shape), where=inside)
        share = self._eased(share, right)
        first, last = self._values(left, frames), self._values(right, frames)
        return np.where(share == 0, first, self._blend(first, last, share))

    def _blend(self, first: Samples, last: Samples, share: Samples) -> Samples:
        """Kept between the two, so that rounding never leaves the range of values that are allowed."""
        with np.errstate(all="ignore"):
            linear = not self.geometric
            mixed = first * (1 - share) + last * share if linear else first ** (1 - share) * last**share
            return np.clip(mixed, np.minimum(first, last), np.maximum(first, last))

    @cached_property
    def _times(self) -> Samples:
        return np.array(self.times, np.float64)

    @cached_property
    def _constants(self) -> Samples:
        """(keys,): the values of keys that stand still; NaN marks those that move."""
        return np.array([t.value if isinstance(t, Constant) else np.nan for t in self.tracks], np.float64)

    @cached_property
    def _shapes(self) -> tuple[list[str], Indices]:
        """The easings in use, and which of them each key has."""
        names = sorted(set(self.easings))
        return names, np.array([names.index(name) for name in self.easings], np.intp)

    def _eased(self, share: Samples, arriving: Indices) -> Samples:
        names, which = self._shapes
        if len(names) == 1:
            return EASINGS[names[0]](share)
        return np.choose(which[arriving], [EASINGS[name](share) for name in names])

    def _values(self, keys: Indices, frames: Samples) -> Samples:
        """The value of key ``keys[i]`` at ``frames[i]``; each moving key is asked once, for all of its frames."""
        values = self._constants[keys]
        moving = np.flatnonzero(np.isnan(values))
        if moving.size:
            order = moving[np.argsort(keys[moving], kind="stable")]
            distinct, starts = np.unique(keys[order], return_index=True)
            for key, part in zip(distinct, np.split(order, starts[1:]), strict=True):
                values[part] = self.tracks[key].sample(frames[part])
        return values
