"""Formulas: arithmetic in a story, compiled to a short program for a stack machine over numpy arrays.

A program can only push numbers and variables and apply the operators and functions listed here, so a story cannot run
code. ``formula_parser`` makes programs from text.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pixray_motion.tracks.base import Clock, Samples, Track
from pixray_motion.tracks.functions import FUNCTIONS, power, where

CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}
# Seconds and frames since the scene's start; the scene's length in both; the part of it that has passed, 0..1; beats.
VARIABLES = ("t", "f", "T", "F", "p", "beat")
WORDS = ("if", "else", "and", "or", "not")

OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
    "**": power,
    "negative": np.negative,
    "not": lambda value: np.equal(value, 0) * 1.0,
    "and": lambda first, last: where(first, last, first),
    "or": lambda first, last: where(first, first, last),
    "if": lambda then, condition, otherwise: where(condition, then, otherwise),
}
SLOW = {"%": 8, "**": 4, "if": 3, "and": 3, "or": 3}  # operators that cost more than one operation
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


@dataclass(frozen=True)
class Step:
    """One instruction: push a number, push a variable, or replace the top ``arity`` values by a result.

    A chain of comparisons is one instruction, named by its signs: ``"< <="`` for ``a < b <= c``.
    """

    name: str = ""
    value: float = 0.0
    arity: int = 0


Program = tuple[Step, ...]  # in postfix order; leaves exactly one value on the stack


@dataclass(frozen=True)
class Formula(Track):
    """A track whose value is computed from the scene's time."""

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
            "beat": self.clock.beats(frames),
        }
        values = np.asarray(run(self.program, scope, self.clock.seed), np.float64)
        return values if values.shape == frames.shape else np.full(frames.shape, values)


def run(program: Program, scope: dict[str, Any], seed: int = 0) -> Any:
    """Evaluate a program with numpy values, numbers or (N,), for the variables in ``scope``; gives a number or (N,).

    Both branches of a condition are evaluated and one is selected, so NaN in the other one does no harm. Arithmetic
    errors give inf or NaN, which the check over all frames refuses.
    """
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for step in program:
            if step.arity:
                values = [stack.pop() for _ in range(step.arity)][::-1]
                stack.append(_apply(step.name, values, seed))
            else:
                stack.append(scope[step.name] if step.name else np.float64(step.value))
    return stack.pop()


def is_constant(program: Program) -> bool:
    """Whether the value depends on neither the scene's time nor the seed."""
    return not any(_is_seeded(step) or (step.name and not step.arity) for step in program)


def estimate_cost(program: Program) -> int:
    """About how many operations on numbers a frame takes."""
    return sum(
        FUNCTIONS[step.name].cost if step.name in FUNCTIONS else SLOW.get(step.name, 1) for step in program
    )


def _is_seeded(step: Step) -> bool:
    return step.name in FUNCTIONS and FUNCTIONS[step.name].seeded


def _apply(name: str, values: list[Any], seed: int) -> Any:
    if name in OPERATORS:
        return OPERATORS[name](*values)
    if name in FUNCTIONS:
        function = FUNCTIONS[name]
        return function.run(seed, *values) if function.seeded else function.run(*values)
    signs = name.split(" ")
    holds = [COMPARISONS[sign](*values[i : i + 2]) for i, sign in enumerate(signs)]
    return np.logical_and.reduce(np.broadcast_arrays(*holds)) * 1.0
