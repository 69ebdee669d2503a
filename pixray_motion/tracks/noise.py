"""Noise that a seed decides, the same on every machine: integers are hashed, and no generator keeps a state."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixray_motion.tracks.base import Samples

Words = NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio
_NOISE = 0x6E6F697365  # sets noise apart from random


def random(seed: int, n: Any, which: Any = 0.0) -> Samples:
    """A number in 0..1, below 1, for the whole number floor(n); NaN where ``n`` or ``which`` is not finite."""
    return _uniform(seed, np.floor(n), np.floor(which))


def noise(seed: int, x: Any, which: Any = 0.0) -> Samples:
    """A curve in -1..1 through one random value at each whole number, with two steady derivatives."""
    before = np.floor(x)
    share = x - before
    share = share**3 * (share * (6 * share - 15) + 10)
    low, high = (2 * _uniform(seed ^ _NOISE, n, np.floor(which)) - 1 for n in (before, before + 1))
    return np.asarray(low * (1 - share) + high * share, np.float64)


def _uniform(seed: int, n: Any, which: Any) -> Samples:
    """The numbers are hashed by their bits, so that none is too large."""
    finite = np.isfinite(n) & np.isfinite(which)
    words = _mixed(_mixed(_mixed(np.array([seed], np.uint64)) ^ _bits(which)) ^ _bits(n))
    values = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return np.where(finite, values.reshape(np.shape(finite)), np.nan)


def _bits(value: Any) -> Words:
    """(N,), or (1,) for a single number; adding 0 makes -0 and 0 the same."""
    return np.atleast_1d(np.asarray(value, np.float64) + 0.0).view(np.uint64)


def _mixed(words: Words) -> Words:
    """Every bit of the result depends on every bit of the word (Steele, Lea and Flood's SplitMix, 2014)."""
    words = words + _ODD
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
