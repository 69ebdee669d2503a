"""A number that follows samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pixray_motion.tracks.base import Samples, Track


@dataclass(frozen=True, eq=False)
class Sampled(Track):
    """Linear between (N,) ``values`` at the (N,) ``times``, in frames of the scene, which increase; both ends are held.

    The mean over ``window`` frames around each frame is taken, where that is above 0.
    """

    times: Samples
    values: Samples
    window: float = 0.0

    def sample(self, frames: Samples) -> Samples:
        if not self.window:
            return np.interp(frames, self.times, self.values)
        half = self.window / 2
        means = (self._area(frames + half) - self._area(frames - half)) / self.window
        return np.clip(means, self.values.min(), self.values.max())  # rounding never leaves their range

    def _area(self, frames: Samples) -> Samples:
        """Under the curve, from the first sample to each frame: exact, so that samples may lie unevenly."""
        inside = np.clip(frames, self.times[0], self.times[-1])
        left = np.clip(np.searchsorted(self.times, inside, side="right") - 1, 0, len(self.times) - 1)
        here = np.interp(inside, self.times, self.values)
        part = (self.values[left] + here) / 2 * (inside - self.times[left])
        return self._areas[left] + part + (frames - inside) * here

    @cached_property
    def _areas(self) -> Samples:
        means = (self.values[1:] + self.values[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(means * np.diff(self.times))])
