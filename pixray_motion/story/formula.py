"""Arithmetic in a story: a formula is a short program for a stack machine over numpy arrays. Nothing else runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pixray_motion.story.limits import EXPONENT
from pixray_motion.story.track import Clock, Samples, Track

CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}
VARIABLES = ("t", "f", "T", "F", "p")


def _power(base: Any, exponent: Any) -> Any:
    """Exponents beyond the limit give NaN, which the check over all frames refuses."""
    return np.where(np.abs(exponent) <= EXPONENT, np.power(base, exponent), np.nan)


@dataclass(frozen=True)
class Function:
    """What a name may be called with: ``least`` to ``most`` arguments."""

    run: Callable[..., Any]
    least: int = 1
    most: int = 1


FUNCTIONS = {
    "sin": Function(np.sin),
    "cos": Function(np.cos),
    "tan": Function(np.tan),
    "sqrt": Function(np.sqrt),
    "abs": Function(np.abs),
    "exp": Function(np.exp),
    "log": Function(np.log),
    "floor": Function(np.floor),
    "ceil": Function(np.ceil),
    "min": Function(np.minimum, 2, 16),
    "max": Function(np.maximum, 2, 16),
    "clamp": Function(lambda value, low, high: np.minimum(np.maximum(value, low), high), 3, 3),
}
OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
    "**": _power,
    "negative": np.negative,
}


@dataclass(frozen=True)
class Step:
    """One instruction: push a number, push a variable, or replace the top ``arity`` values by a result."""

    name: str = ""
    value: float = 0.0
    arity: int = 0


Program = tuple[Step, ...]


@dataclass(frozen=True)
class Formula(Track):
    """A formula of the scene's time."""

    program: Program
    clock: Clock

    def sample(self, frames: Samples) -> Samples:
        length = float(self.clock.length)
        seconds = self.clock.seconds(frames)
        scope = {
            "t": seconds,
            "f": frames,
            "T": np.float64(length),
            "F": np.float64(self.clock.frames),
            "p": seconds / length,
        }
        values = np.asarray(run(self.program, scope), np.float64)
        return values if values.shape == frames.shape else np.full(frames.shape, values)


def run(program: Program, scope: dict[str, Any]) -> Any:
    """The value of a program; ``scope`` holds numpy values for the variables."""
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for step in program:
            if step.arity:
                values = [stack.pop() for _ in range(step.arity)][::-1]
                stack.append(_apply(step.name, values))
            else:
                stack.append(scope[step.name] if step.name else np.float64(step.value))
    return stack.pop()


def _apply(name: str, values: list[Any]) -> Any:
    operation = OPERATORS.get(name) or FUNCTIONS[name].run
    if len(values) > 2 and name in ("min", "max"):
        return operation(_apply(name, values[:-1]), values[-1])
    return operation(*values)
