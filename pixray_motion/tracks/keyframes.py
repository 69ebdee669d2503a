"""Tracks that run at a constant rate, and tracks that run from keyframe to keyframe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from pixray_motion.tracks.base import Clock, Constant, Samples, Track
from pixray_motion.tracks.easing import SPLINES, Easing

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class PerSecond(Track):
    """A constant rate: value * pace * t, or value ** (pace * t) where the unit is geometric.

    ``t`` is in seconds from the scene's start, so a geometric ``value`` is a factor per second at ``pace`` 1.
    """

    value: float
    clock: Clock
    geometric: bool = False
    pace: float = 1.0

    def sample(self, frames: Samples) -> Samples:
        times = self.pace * self.clock.seconds(frames)
        with np.errstate(all="ignore"):
            return np.float64(self.value) ** times if self.geometric else self.value * times


@dataclass(frozen=True)
class Keyframes(Track):
    """A track that runs from key to key.

    Convention: ``times`` are in frames of the scene and increase strictly. ``easings`` has one entry per key, which
    shapes the segment that arrives at it. A key's value is itself a track: a segment interpolates between the values of
    its two keys at the same frame. A segment that names a spline needs constant keys throughout. Before the first key
    and after the last one, that key's value holds. ``geometric`` interpolates logarithms, for values above 0.
    """

    times: tuple[float, ...]
    tracks: tuple[Track, ...]
    easings: tuple[Easing, ...]
    geometric: bool = False

    def sample(self, frames: Samples) -> Samples:
        after = np.searchsorted(self._times, frames, side="right")
        left, right = np.maximum(after - 1, 0), np.minimum(after, len(self.times) - 1)
        length = self._times[right] - self._times[left]
        inside = length > 0
        share = np.divide(frames - self._times[left], length, out=np.zeros(frames.shape), where=inside)
        first, last = self._values(left, frames), self._values(right, frames)
        values = np.where(inside, last, first)
        kinds, which = self._easing_numbers
        for index, easing in enumerate(kinds):
            part = np.flatnonzero((which[right] == index) & inside)
            if part.size:
                values[part] = self._between(easing, frames[part], share[part], first[part], last[part])
        return np.where(share == 0, first, values)

    def _between(
        self, easing: Easing, frames: Samples, share: Samples, first: Samples, last: Samples
    ) -> Samples:
        if not easing.is_spline:
            return self._blend(first, last, easing(share))
        curve = self._splines[easing.name](frames)
        values = np.exp(curve) if self.geometric else curve
        return _clamp_between(values, first, last) if easing.name == "smooth" else values

    def _blend(self, first: Samples, last: Samples, share: Samples) -> Samples:
        """Interpolate, clamped between the two unless an easing overshoots on purpose (``share`` outside 0..1)."""
        with np.errstate(all="ignore"):
            linear = not self.geometric
            mixed = first * (1 - share) + last * share if linear else first ** (1 - share) * last**share
            mixed = np.where(share == 0, first, mixed)
            return np.where((share >= 0) & (share <= 1), _clamp_between(mixed, first, last), mixed)

    @cached_property
    def _times(self) -> Samples:
        return np.array(self.times, np.float64)

    @cached_property
    def _constants(self) -> Samples:
        """The values (keys,) of constant keys; NaN marks those that change over time."""
        return np.array([t.value if isinstance(t, Constant) else np.nan for t in self.tracks], np.float64)

    @cached_property
    def _easing_numbers(self) -> tuple[list[Easing], Indices]:
        """The different easings, and the index (keys,) of each key's easing among them."""
        kinds = list(dict.fromkeys(self.easings))
        numbers = {easing: index for index, easing in enumerate(kinds)}
        return kinds, np.array([numbers[easing] for easing in self.easings], np.intp)

    @cached_property
    def _splines(self) -> dict[str, Callable[[Samples], Samples]]:
        values = np.log(self._constants) if self.geometric else self._constants
        keys = tuple(self._times.tolist()), tuple(values.tolist())
        return {kind: _make_cached_spline(kind, *keys) for kind in SPLINES if Easing(kind) in self.easings}

    def _values(self, keys: Indices, frames: Samples) -> Samples:
        """The value (N,) of key ``keys[i]`` at ``frames[i]``. Each changing key is sampled once, for all its frames."""
        values = self._constants[keys]
        moving = np.flatnonzero(np.isnan(values))
        if moving.size:
            order = moving[np.argsort(keys[moving], kind="stable")]
            distinct, starts = np.unique(keys[order], return_index=True)
            for key, part in zip(distinct, np.split(order, starts[1:]), strict=True):
                values[part] = self.tracks[key].sample(frames[part])
        return values


@lru_cache(1024)  # repeated scenes have equal keys
def _make_cached_spline(
    kind: str, times: tuple[float, ...], values: tuple[float, ...]
) -> Callable[[Samples], Samples]:
    return make_spline(kind, np.array(times), np.array(values))


def _clamp_between(values: Samples, first: Samples, last: Samples) -> Samples:
    """Clamp values between two others, so that rounding never leaves a parameter's range."""
    return np.clip(values, np.minimum(first, last), np.maximum(first, last))


def make_spline(kind: str, times: Samples, values: Samples) -> Callable[[Samples], Samples]:
    """Make the curve ``smooth``, ``akima`` or ``cubic`` through ``values`` (K,) at increasing ``times`` (K,).

    ``smooth`` is monotone cubic interpolation (PCHIP; Fritsch and Carlson, 1980), which stays between the two keys
    around it. ``akima`` (Akima, 1970) overshoots less than ``cubic``, the natural cubic spline, whose second derivative
    is 0 at both ends. Through two keys each of them is a straight line.
    """
    from scipy.interpolate import Akima1DInterpolator, CubicSpline, PchipInterpolator, make_interp_spline

    if len(times) < 3:
        curve = make_interp_spline(times, values, k=len(times) - 1)
    elif kind == "cubic":
        curve = CubicSpline(times, values, bc_type="natural")
    else:
        curve = (PchipInterpolator if kind == "smooth" else Akima1DInterpolator)(times, values)
    return lambda frames: curve(frames)
