"""The text of a formula, parsed into a program; whatever is not arithmetic is refused with its column."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from pixray_motion.limits import EXPONENT, FORMULA_CHARACTERS, FORMULA_DEPTH
from pixray_motion.tracks.formula import (
    COMPARISONS,
    CONSTANTS,
    VARIABLES,
    WORDS,
    Program,
    Step,
    is_constant,
    run,
)
from pixray_motion.tracks.functions import FUNCTIONS, Function
from pixray_motion.wording import InvalidValue, one_of, point_at, quote, shorten

_LEVELS = (("+", "-"), ("*", "/", "%"))
_SPOKEN = {
    "&": "; write 'and'",
    "|": "; write 'or'",
    "!": "; write 'not', or != for 'is not'",
    "=": "; two values are compared by ==",
    "^": "; powers are written **",
    "?": "; write 'A if C else B'",
}


def compile_formula(text: str) -> Program:
    """Parse ``text``; anything but the arithmetic above is ``InvalidValue`` with its column."""
    if len(text) > FORMULA_CHARACTERS:
        raise InvalidValue(
            f"the formula {quote(text)} has {len(text)} characters; the limit is {FORMULA_CHARACTERS}"
        )
    return _Parser(text).program()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"[ \t\n]*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<mark>\*\*|[<>=!]=|[-+*/%(),<>])|(?P<end>$))"
)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            rest = text[position:]
            offset = position + len(rest) - len(rest.lstrip())
            hint = _SPOKEN.get(text[offset], "")
            raise _refusal(text, offset, f"{quote(text[offset])} is not allowed in a formula{hint}")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return tokens


def _place_of(word: str) -> str:
    """Where a word may stand that stands in the wrong place."""
    return {
        "not": "; put it and what it denies in parentheses",
        "if": "; write 'A if C else B'",
        "else": "; write 'A if C else B'",
    }.get(word, "; a value is missing before it")


def _refusal(text: str, offset: int, reason: str) -> InvalidValue:
    return InvalidValue(
        f"the formula {quote(text)} is wrong at column {offset + 1}: {reason}", offset, point_at(text, offset)
    )


class _Parser:
    """Recursive descent with Python's precedence: ``A if C else B`` binds least, and ``**`` more tightly than a minus
    before it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0
        self._steps: list[Step] = []
        self._depth = 0

    def program(self) -> Program:
        self._value()
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

    def _word(self, word: str) -> _Token | None:
        """The next token if it is ``word``."""
        token = self._peek()
        if token.kind == "name" and token.text == word:
            self._next += 1
            return token
        return None

    def _value(self) -> None:
        """``A if C else B``, where B may be another such value."""
        self._either()
        choices = 0
        while self._word("if"):
            self._either()
            if self._word("else") is None:
                raise self._refuse(self._peek(), "'else' is missing, as in 'A if C else B'")
            self._either()
            choices += 1
        self._steps += [Step("if", arity=3)] * choices

    def _either(self) -> None:
        self._both()
        while self._word("or"):
            self._both()
            self._steps.append(Step("or", arity=2))

    def _both(self) -> None:
        self._denied()
        while self._word("and"):
            self._denied()
            self._steps.append(Step("and", arity=2))

    def _denied(self) -> None:
        negations = 0
        while self._word("not"):
            negations += 1
        self._compared()
        self._steps += [Step("not", arity=1)] * negations

    def _compared(self) -> None:
        """``a < b <= c`` is one step, so that b is computed once."""
        self._level(0)
        signs = []
        while sign := self._take(*COMPARISONS):
            signs.append(sign.text)
            self._level(0)
        if signs:
            self._steps.append(Step(" ".join(signs), arity=len(signs) + 1))

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
        if not is_constant(tuple(steps)):
            return
        exponent = float(run(tuple(steps), {}))
        if not abs(exponent) <= EXPONENT:
            raise self._refuse(token, f"exponents go up to {EXPONENT}")

    def _atom(self) -> None:
        token = self._peek()
        if self._take("("):
            self._deeper(token)
            self._value()
            self._expect(")")
            self._depth -= 1
            return
        self._next += 1
        if token.kind == "number":
            value = float(token.text)
            if math.isinf(value):
                raise self._refuse(token, f"the number {quote(token.text)} is too large")
            self._steps.append(Step(value=value))
        elif token.kind == "name":
            self._name(token)
        else:
            raise self._unexpected(token)

    def _name(self, token: _Token) -> None:
        name = token.text
        called = self._peek().text == "("
        if name in WORDS:
            raise self._refuse(token, f"'{name}' is not expected here{_place_of(name)}")
        if name in FUNCTIONS and called:
            self._call(token, FUNCTIONS[name])
        elif called:
            raise self._refuse(token, f"unknown function {quote(name)}; {one_of(shorten(name), FUNCTIONS)}")
        elif name in CONSTANTS:
            self._steps.append(Step(value=CONSTANTS[name]))
        elif name in VARIABLES:
            self._steps.append(Step(name))
        elif name in FUNCTIONS:
            example = ", ".join(("t", "0", "1")[: FUNCTIONS[name].least])
            raise self._refuse(token, f"the function '{name}' needs parentheses, as in {name}({example})")
        elif name == "s":
            raise self._refuse(
                token, "a rate is one plain number before /s, as in 0.1/s; in a formula write *t"
            )
        else:
            allowed = one_of(shorten(name), [*VARIABLES, *CONSTANTS, *FUNCTIONS])
            raise self._refuse(token, f"unknown name {quote(name)}; {allowed}")

    def _call(self, token: _Token, function: Function) -> None:
        self._deeper(token)
        self._expect("(")
        count = 1
        self._value()
        while self._take(","):
            self._value()
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

    def _unexpected(self, token: _Token) -> InvalidValue:
        if token.kind == "end":
            return self._refuse(token, "it ends too early")
        hint = "; write decimals with a point" if token.text == "," and self._depth == 0 else ""
        hint = hint or (_place_of(token.text) if token.text == "else" else "")
        return self._refuse(token, f"{quote(token.text)} is not expected here{hint}")

    def _refuse(self, token: _Token, reason: str) -> InvalidValue:
        return _refusal(self._text, token.offset, reason)
