"""How messages name what a user wrote, what is allowed instead, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable

SHOWN = 60
POINTED = 100


class InvalidValue(Exception):
    """A value that cannot be read: one sentence, how many characters into the value it goes wrong, and a ``Problem``'s
    detail."""

    def __init__(self, message: str, offset: int = 0, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.detail = detail


def quote(text: str) -> str:
    """``text`` in quotes, on one line, printable, cut at 60 characters."""
    return f"'{shorten(text)}'"


def shorten(text: str) -> str:
    """``text`` on one line, printable, at most 60 characters long."""
    text = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def point_at(text: str, offset: int) -> tuple[str, ...]:
    """``text`` and a mark below its character ``offset``; nothing where the two would not stand in one column."""
    if len(text) > POINTED or not (text.isascii() and text.isprintable()):
        return ()
    return text, " " * offset + "^"


def unknown_name(what: str, name: str, allowed: Iterable[str], where: str = "") -> str:
    """The sentence that refuses ``name``, with the nearest allowed one."""
    return f"unknown {what} {quote(name)}{where}; {one_of(shorten(name), allowed)}"


def format_number(value: float) -> str:
    """``value`` as a person would write it."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else format(value, ".6g")


def format_range(low: float, high: float) -> str:
    return f"{format_number(low)}..{format_number(high)}"


def count(noun: str, number: int) -> str:
    """'1 frame', '2 frames'."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def respell(name: str, names: Container[str]) -> str:
    """``name``, or its other spelling if that is one of ``names``: "color" and "colour" mean the same."""
    if name in names:
        return name
    other = name.replace("colour", "color") if "colour" in name else name.replace("color", "colour")
    return other if other in names else name


def one_of(name: str, allowed: Iterable[str]) -> str:
    """'allowed: a, b' with the nearest of them named first, if one is near."""
    names = list(allowed)
    return f"{suggest(name, names)}allowed: {', '.join(names)}"


def suggest(name: str, names: Iterable[str]) -> str:
    """The question whether another name was meant, or '' if none is near."""
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'? " if near else ""
