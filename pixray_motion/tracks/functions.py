"""The functions that formulas may call. Arguments and results are numbers or arrays (N,) of one shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pixray_motion.limits import EXPONENT
from pixray_motion.tracks.noise import noise, random


@dataclass(frozen=True)
class Function:
    """One function: how it is computed, and with how many arguments, ``least`` to ``most``, it may be called.

    A ``seeded`` one is given the film's seed before its arguments. ``cost`` is about how many operations on numbers it
    takes per frame.
    """

    run: Callable[..., Any]
    least: int = 1
    most: int = 1
    cost: int = 1
    seeded: bool = False


def power(base: Any, exponent: Any) -> Any:
    """``base`` ** ``exponent``; NaN, which the check over all frames refuses, for exponents beyond ``EXPONENT``."""
    return np.where(np.abs(exponent) <= EXPONENT, np.power(base, exponent), np.nan)


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """``then`` where the condition is not 0, or else ``otherwise``."""
    return np.where(condition != 0, then, otherwise)


def _chain(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Extend an operation on two values to several, from left to right."""

    def fold(first: Any, *rest: Any) -> Any:
        for value in rest:
            first = operation(first, value)
        return first

    return fold


def _clamp(value: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(value, low), high)


def _lerp(first: Any, last: Any, share: Any) -> Any:
    return first * (1 - share) + last * share


def _smoothstep(low: Any, high: Any, x: Any) -> Any:
    share = _clamp((x - low) / (high - low), 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _compute_phase(x: Any, period: Any, phase: Any) -> Any:
    """The part of the period that has passed, in [0, 1). ``phase`` is in periods."""
    turns = x / period + phase
    return turns - np.floor(turns)


def _triangle(x: Any, period: Any = 1.0, phase: Any = 0.0) -> Any:
    return 1 - 4 * np.abs(_compute_phase(x, period, phase + 0.25) - 0.5)


def _saw(x: Any, period: Any = 1.0, phase: Any = 0.0) -> Any:
    return 2 * _compute_phase(x, period, phase) - 1


def _square(x: Any, period: Any = 1.0, phase: Any = 0.0) -> Any:
    return 2 * _pulse(x, period, phase) - 1


def _pulse(x: Any, period: Any = 1.0, phase: Any = 0.0, width: Any = 0.5) -> Any:
    turn = _compute_phase(x, period, phase)
    return np.where(np.isfinite(turn), turn < width, np.nan)


FUNCTIONS = {
    "min": Function(_chain(np.minimum), 2, 16),
    "max": Function(_chain(np.maximum), 2, 16),
    "clamp": Function(_clamp, 3, 3),
    "lerp": Function(_lerp, 3, 3, 3),
    "smoothstep": Function(_smoothstep, 3, 3, 8),
    "where": Function(where, 3, 3),
    "floor": Function(np.floor),
    "ceil": Function(np.ceil),
    "round": Function(np.round),
    "abs": Function(np.abs),
    "sign": Function(np.sign),
    "sqrt": Function(np.sqrt),
    "exp": Function(np.exp),
    "log": Function(np.log),
    "pow": Function(power, 2, 2),
    "sin": Function(np.sin, cost=16),
    "cos": Function(np.cos, cost=16),
    "tan": Function(np.tan),
    "asin": Function(np.arcsin),
    "acos": Function(np.arccos),
    "atan": Function(np.arctan),
    "atan2": Function(np.arctan2, 2, 2),
    "tri": Function(_triangle, 1, 3, 8),
    "saw": Function(_saw, 1, 3, 6),
    "square": Function(_square, 1, 3, 10),
    "pulse": Function(_pulse, 1, 4, 8),
    "noise": Function(noise, 1, 2, 80, seeded=True),
    "random": Function(random, 1, 2, 40, seeded=True),
}
