"""Arithmetic in a story: a formula becomes a short program for a stack machine over numpy arrays. Nothing else runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pixray_motion.registry import one_of
from pixray_motion.story.limits import EXPONENT, FORMULA_CHARACTERS, FORMULA_DEPTH
from pixray_motion.story.report import Refused, cut, quoted
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
_LEVELS = (("+", "-"), ("*", "/", "%"))


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


def compile_formula(text: str) -> Program:
    """Parse ``text``; anything but the arithmetic above is ``Refused`` with its column."""
    if len(text) > FORMULA_CHARACTERS:
        raise Refused(
            f"the formula {quoted(text)} has {len(text)} characters; the limit is {FORMULA_CHARACTERS}"
        )
    return _Parser(text).program()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"[ \t\n]*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<mark>\*\*|[-+*/%(),])|(?P<end>$))"
)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            rest = text[position:]
            offset = position + len(rest) - len(rest.lstrip())
            raise _refusal(text, offset, f"{quoted(text[offset])} is not allowed in a formula")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return tokens


def _refusal(text: str, offset: int, reason: str) -> Refused:
    return Refused(f"the formula {quoted(text)} is wrong at column {offset + 1}: {reason}", offset)


class _Parser:
    """Recursive descent with Python's precedence: ``**`` binds more tightly than a minus before it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0
        self._steps: list[Step] = []
        self._depth = 0

    def program(self) -> Program:
        self._level(0)
        token = self._peek()
        if token.kind != "end":
            raise self._unexpected(token)
        return tuple(self._steps)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *marks: str) -> _Token | None:
        """The next token if it is one of ``marks``."""
        token = self._peek()
        if token.kind == "mark" and token.text in marks:
            self._next += 1
            return token
        return None

    def _expect(self, mark: str) -> None:
        if self._take(mark) is None:
            token = self._peek()
            raise (
                self._refuse(token, f"'{mark}' is missing")
                if token.kind == "end"
                else self._unexpected(token)
            )

    def _level(self, level: int) -> None:
        """Operators of one precedence, from left to right; beyond the last level come signs and powers."""
        if level == len(_LEVELS):
            self._signed()
            return
        self._level(level + 1)
        while operator := self._take(*_LEVELS[level]):
            self._level(level + 1)
            self._steps.append(Step(operator.text, arity=2))

    def _signed(self) -> None:
        sign = self._take("+", "-")
        if sign is None:
            self._raised()
            return
        self._deeper(sign)
        self._signed()
        self._depth -= 1
        if sign.text == "-":
            self._steps.append(Step("negative", arity=1))

    def _raised(self) -> None:
        self._atom()
        operator = self._take("**")
        if operator is None:
            return
        self._deeper(operator)
        begin, token = len(self._steps), self._peek()
        self._signed()
        self._depth -= 1
        self._check_exponent(self._steps[begin:], token)
        self._steps.append(Step("**", arity=2))

    def _check_exponent(self, steps: list[Step], token: _Token) -> None:
        if any(step.name in VARIABLES for step in steps):
            return
        exponent = float(run(tuple(steps), {}))
        if not abs(exponent) <= EXPONENT:
            raise self._refuse(token, f"exponents go up to {EXPONENT}")

    def _atom(self) -> None:
        token = self._peek()
        if self._take("("):
            self._deeper(token)
            self._level(0)
            self._expect(")")
            self._depth -= 1
            return
        self._next += 1
        if token.kind == "number":
            value = float(token.text)
            if math.isinf(value):
                raise self._refuse(token, f"the number {quoted(token.text)} is too large")
            self._steps.append(Step(value=value))
        elif token.kind == "name":
            self._name(token)
        else:
            raise self._unexpected(token)

    def _name(self, token: _Token) -> None:
        name = token.text
        called = self._peek().text == "("
        if name in FUNCTIONS and called:
            self._call(token, FUNCTIONS[name])
        elif called:
            raise self._refuse(token, f"unknown function {quoted(name)}; {one_of(cut(name), FUNCTIONS)}")
        elif name in CONSTANTS:
            self._steps.append(Step(value=CONSTANTS[name]))
        elif name in VARIABLES:
            self._steps.append(Step(name))
        elif name in FUNCTIONS:
            raise self._refuse(token, f"the function '{name}' needs parentheses, as in {name}(t)")
        elif name == "s":
            raise self._refuse(
                token, "a rate is one plain number before /s, as in 0.1/s; in a formula write *t"
            )
        else:
            allowed = one_of(cut(name), [*VARIABLES, *CONSTANTS, *FUNCTIONS])
            raise self._refuse(token, f"unknown name {quoted(name)}; {allowed}")

    def _call(self, token: _Token, function: Function) -> None:
        self._deeper(token)
        self._expect("(")
        count = 1
        self._level(0)
        while self._take(","):
            self._level(0)
            count += 1
        self._expect(")")
        self._depth -= 1
        if not function.least <= count <= function.most:
            many = (
                function.least if function.least == function.most else f"{function.least} to {function.most}"
            )
            raise self._refuse(token, f"'{token.text}' takes {many} values. Got {count}")
        self._steps.append(Step(token.text, arity=count))

    def _deeper(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > FORMULA_DEPTH:
            raise self._refuse(token, f"it is nested deeper than {FORMULA_DEPTH} levels")

    def _unexpected(self, token: _Token) -> Refused:
        if token.kind == "end":
            return self._refuse(token, "it ends too early")
        hint = "; write decimals with a point" if token.text == "," and self._depth == 0 else ""
        return self._refuse(token, f"{quoted(token.text)} is not expected here{hint}")

    def _refuse(self, token: _Token, reason: str) -> Refused:
        return _refusal(self._text, token.offset, reason)
