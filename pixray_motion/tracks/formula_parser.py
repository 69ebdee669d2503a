"""Parser of formulas: text to program. Anything but arithmetic is refused, with its column."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

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

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}
_BINARY = {mark: Step(mark, arity=2) for mark in _PRECEDENCE}
_NAMED = {name: Step(name) for name in VARIABLES} | {
    name: Step(value=value) for name, value in CONSTANTS.items()
}
# What other languages write, and what to write instead.
_HINTS = {
    "&": "; write 'and'",
    "|": "; write 'or'",
    "!": "; write 'not', or != for 'is not'",
    "=": "; two values are compared by ==",
    "^": "; powers are written **",
    "?": "; write 'A if C else B'",
}


@lru_cache(maxsize=1024)  # a scene that is repeated reads its formulas each time
def compile_formula(text: str) -> Program:
    """Compile a formula to a program for ``formula.run``.

    Raises: ``InvalidValue``, with the column of the mistake, for anything but arithmetic, unknown names, or a formula
    that is too long, nested too deeply or has too large an exponent.
    """
    if len(text) > FORMULA_CHARACTERS:
        raise InvalidValue(
            f"the formula {quote(text)} has {len(text)} characters; the limit is {FORMULA_CHARACTERS}"
        )
    return _Parser(text).parse()


@dataclass(frozen=True)
class _Token:
    """A piece of the text: its kind (number, name, mark, end), its characters, and where it begins, from 0."""

    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"[ \t\n]*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<mark>\*\*|[<>=!]=|[-+*/%(),<>])|(?P<end>$))"
)


def _tokenise(text: str) -> list[_Token]:
    """Split a formula into tokens, the last of which is the end."""
    tokens: list[_Token] = []
    position = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            rest = text[position:]
            offset = position + len(rest) - len(rest.lstrip())
            hint = _HINTS.get(text[offset], "")
            raise _make_error(text, offset, f"{quote(text[offset])} is not allowed in a formula{hint}")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return tokens


def _hint_for_word(word: str) -> str:
    """How to write a word that stands in the wrong place."""
    return {
        "not": "; put it and what it denies in parentheses",
        "if": "; write 'A if C else B'",
        "else": "; write 'A if C else B'",
    }.get(word, "; a value is missing before it")


def _make_error(text: str, offset: int, reason: str) -> InvalidValue:
    """The error for the character ``offset`` of a formula, with a mark below it."""
    return InvalidValue(
        f"the formula {quote(text)} is wrong at column {offset + 1}: {reason}", offset, point_at(text, offset)
    )


class _Parser:
    """A recursive descent parser with Python's precedence.

    ``A if C else B`` binds least, and ``**`` more tightly than a minus before it. Each method appends the steps of what
    it parses, in postfix order.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokenise(text)
        self._next = 0
        self._steps: list[Step] = []
        self._depth = 0

    def parse(self) -> Program:
        """Parse the whole text."""
        self._parse_conditional()
        token = self._peek()
        if token.kind != "end":
            raise self._make_unexpected_error(token)
        return tuple(self._steps)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _accept(self, *marks: str) -> _Token | None:
        """Consume and return the next token if it is one of ``marks``."""
        token = self._peek()
        if token.kind == "mark" and token.text in marks:
            self._next += 1
            return token
        return None

    def _expect(self, mark: str) -> None:
        if self._accept(mark) is None:
            token = self._peek()
            raise (
                self._make_error_at(token, f"'{mark}' is missing")
                if token.kind == "end"
                else self._make_unexpected_error(token)
            )

    def _accept_word(self, word: str) -> _Token | None:
        """Consume and return the next token if it is ``word``."""
        token = self._peek()
        if token.kind == "name" and token.text == word:
            self._next += 1
            return token
        return None

    def _parse_conditional(self) -> None:
        """``A if C else B``, where B may be another conditional."""
        self._parse_or()
        choices = 0
        while self._accept_word("if"):
            self._parse_or()
            if self._accept_word("else") is None:
                raise self._make_error_at(self._peek(), "'else' is missing, as in 'A if C else B'")
            self._parse_or()
            choices += 1
        self._steps += [Step("if", arity=3)] * choices

    def _parse_or(self) -> None:
        self._parse_and()
        while self._accept_word("or"):
            self._parse_and()
            self._steps.append(Step("or", arity=2))

    def _parse_and(self) -> None:
        self._parse_not()
        while self._accept_word("and"):
            self._parse_not()
            self._steps.append(Step("and", arity=2))

    def _parse_not(self) -> None:
        negations = 0
        while self._accept_word("not"):
            negations += 1
        self._parse_comparison()
        self._steps += [Step("not", arity=1)] * negations

    def _parse_comparison(self) -> None:
        """``a < b <= c`` is one step, so that b is evaluated once."""
        self._parse_binary(1)
        signs = []
        while sign := self._accept(*COMPARISONS):
            signs.append(sign.text)
            self._parse_binary(1)
        if signs:
            self._steps.append(Step(" ".join(signs), arity=len(signs) + 1))

    def _parse_binary(self, least: int) -> None:
        """Binary operators of the precedence ``least`` and above, from left to right.

        Signs and powers bind more tightly than these.
        """
        self._parse_unary()
        while True:
            token = self._peek()
            precedence = _PRECEDENCE.get(token.text, 0)
            if precedence < least:
                return
            self._next += 1
            self._parse_binary(precedence + 1)
            self._steps.append(_BINARY[token.text])

    def _parse_unary(self) -> None:
        sign = self._accept("+", "-")
        if sign is None:
            self._parse_power()
            return
        self._enter(sign)
        self._parse_unary()
        self._depth -= 1
        if sign.text == "-":
            self._steps.append(Step("negative", arity=1))

    def _parse_power(self) -> None:
        self._parse_atom()
        operator = self._accept("**")
        if operator is None:
            return
        self._enter(operator)
        begin, token = len(self._steps), self._peek()
        self._parse_unary()
        self._depth -= 1
        self._check_exponent(self._steps[begin:], token)
        self._steps.append(Step("**", arity=2))

    def _check_exponent(self, steps: list[Step], token: _Token) -> None:
        if not is_constant(tuple(steps)):
            return
        exponent = float(run(tuple(steps), {}))
        if not abs(exponent) <= EXPONENT:
            raise self._make_error_at(token, f"exponents go up to {EXPONENT}")

    def _parse_atom(self) -> None:
        token = self._peek()
        if self._accept("("):
            self._enter(token)
            self._parse_conditional()
            self._expect(")")
            self._depth -= 1
            return
        self._next += 1
        if token.kind == "number":
            value = float(token.text)
            if math.isinf(value):
                raise self._make_error_at(token, f"the number {quote(token.text)} is too large")
            self._steps.append(Step(value=value))
        elif token.kind == "name":
            self._parse_name(token)
        else:
            raise self._make_unexpected_error(token)

    def _parse_name(self, token: _Token) -> None:
        name = token.text
        called = self._peek().text == "("
        if name in WORDS:
            raise self._make_error_at(token, f"'{name}' is not expected here{_hint_for_word(name)}")
        if name in FUNCTIONS and called:
            self._parse_call(token, FUNCTIONS[name])
        elif called:
            raise self._make_error_at(
                token, f"unknown function {quote(name)}; {one_of(shorten(name), FUNCTIONS)}"
            )
        elif name in _NAMED:
            self._steps.append(_NAMED[name])
        elif name in FUNCTIONS:
            example = ", ".join(("t", "0", "1")[: FUNCTIONS[name].least])
            raise self._make_error_at(
                token, f"the function '{name}' needs parentheses, as in {name}({example})"
            )
        elif name == "s":
            raise self._make_error_at(
                token, "a rate is one plain number before /s, as in 0.1/s; in a formula write *t"
            )
        else:
            allowed = one_of(shorten(name), [*VARIABLES, *CONSTANTS, *FUNCTIONS])
            raise self._make_error_at(token, f"unknown name {quote(name)}; {allowed}")

    def _parse_call(self, token: _Token, function: Function) -> None:
        self._enter(token)
        self._expect("(")
        count = 1
        self._parse_conditional()
        while self._accept(","):
            self._parse_conditional()
            count += 1
        self._expect(")")
        self._depth -= 1
        if not function.least <= count <= function.most:
            many = (
                function.least if function.least == function.most else f"{function.least} to {function.most}"
            )
            raise self._make_error_at(token, f"'{token.text}' takes {many} values. Got {count}")
        self._steps.append(Step(token.text, arity=count))

    def _enter(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > FORMULA_DEPTH:
            raise self._make_error_at(token, f"it is nested deeper than {FORMULA_DEPTH} levels")

    def _make_unexpected_error(self, token: _Token) -> InvalidValue:
        if token.kind == "end":
            return self._make_error_at(token, "it ends too early")
        hint = "; write decimals with a point" if token.text == "," and self._depth == 0 else ""
        hint = hint or (_hint_for_word(token.text) if token.text == "else" else "")
        return self._make_error_at(token, f"{quote(token.text)} is not expected here{hint}")

    def _make_error_at(self, token: _Token, reason: str) -> InvalidValue:
        return _make_error(self._text, token.offset, reason)
