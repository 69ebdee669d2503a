"""A track that follows samples, such as those of an audio feature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pixray_motion.tracks.base import Samples, Track


@dataclass(frozen=True, eq=False)
class Sampled(Track):
    """Linear interpolation between ``values`` (N,) at ``times`` (N,), increasing frames of the scene; both ends hold.

    A ``window`` above 0, in frames, smooths the curve by its exact mean over the window around each frame.
    """

    times: Samples
    values: Samples
    window: float = 0.0

    def sample(self, frames: Samples) -> Samples:
        if not self.window:
            return np.interp(frames, self.times, self.values)
        half = self.window / 2
        means = (self._integrate(frames + half) - self._integrate(frames - half)) / self.window
        return np.clip(means, self.values.min(), self.values.max())  # rounding must not leave their range

    def _integrate(self, frames: Samples) -> Samples:
        """The integral of the curve from the first sample to each frame: exact, so samples may lie unevenly."""
        inside = np.clip(frames, self.times[0], self.times[-1])
        left = np.clip(np.searchsorted(self.times, inside, side="right") - 1, 0, len(self.times) - 1)
        here = np.interp(inside, self.times, self.values)
        part = (self.values[left] + here) / 2 * (inside - self.times[left])
        return self._integrals[left] + part + (frames - inside) * here

    @cached_property
    def _integrals(self) -> Samples:
        """The integral up to each sample, (N,), by the trapezoidal rule, which is exact for a linear curve."""
        means = (self.values[1:] + self.values[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(means * np.diff(self.times))])
