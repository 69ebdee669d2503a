"""Seeded noise, the same on every machine and at any frame: hashed numbers, without a generator's state."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixray_motion.tracks.base import Samples

Words = NDArray[np.uint64]

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd: SplitMix64's increment
_NOISE_SALT = 0x6E6F697365  # "noise" in ASCII; makes ``noise`` independent of ``random`` for the same seed


def random(seed: int, n: Any, which: Any = 0.0) -> Samples:
    """A uniform number in [0, 1) for each whole number floor(n), on the independent stream floor(which).

    ``n`` and ``which`` are numbers or (N,), and so is the result. NaN where one of them is not finite.
    """
    return _hash_to_uniform(seed, np.floor(n), np.floor(which))


def noise(seed: int, x: Any, which: Any = 0.0) -> Samples:
    """Value noise in -1..1: a curve through one random value at each whole ``x``, with two continuous derivatives.

    The values between are interpolated by Perlin's quintic (2002). ``which`` selects an independent curve.
    ``x`` and ``which`` are numbers or (N,), and so is the result.
    """
    before = np.floor(x)
    share = x - before
    share = share**3 * (share * (6 * share - 15) + 10)
    low, high = (
        2 * _hash_to_uniform(seed ^ _NOISE_SALT, n, np.floor(which)) - 1 for n in (before, before + 1)
    )
    return np.asarray(low * (1 - share) + high * share, np.float64)


def _hash_to_uniform(seed: int, n: Any, which: Any) -> Samples:
    """Hash two float64 numbers by their bits, so that none is too large, to a uniform number in [0, 1)."""
    finite = np.isfinite(n) & np.isfinite(which)
    words = _mix_bits(_mix_bits(_mix_bits(np.array([seed], np.uint64)) ^ _to_words(which)) ^ _to_words(n))
    values = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return np.where(finite, values.reshape(np.shape(finite)), np.nan)


def _to_words(value: Any) -> Words:
    """The bits of float64 numbers, (N,), or (1,) for a single one. Adding 0 makes -0 and 0 the same."""
    return np.atleast_1d(np.asarray(value, np.float64) + 0.0).view(np.uint64)


def _mix_bits(words: Words) -> Words:
    """Mix words (N,) so that every bit depends on every other one (SplitMix64; Steele, Lea and Flood, 2014)."""
    words = words + _GOLDEN_GAMMA
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
