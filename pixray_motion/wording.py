"""How messages name what a user wrote, what is allowed instead, and what was probably meant."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Container, Iterable

SHOWN = 60
POINTED = 100

# What a terminal acts on or shows nothing of, so that a line could look like another one: controls, marks of the
# direction of writing, invisible characters, line separators, and the halves of characters that stand for the bytes of
# file names in no encoding. Joiners hold emoji and letters of many scripts together; beside ASCII they only hide.
_MISLEADING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


class InvalidValue(Exception):
    """A value that cannot be read: one sentence, how many characters into the value it goes wrong, and a ``Problem``'s
    detail."""

    def __init__(self, message: str, offset: int = 0, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.detail = detail


def printable(text: str) -> str:
    """``text`` on one line, with escapes such as ``\\x1b`` for what would mislead a reader or a terminal.

    Everything that is printed goes through here; words in any script, and emoji, stay as they are.
    """
    return _MISLEADING.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def quote(text: str) -> str:
    """``text`` in quotes, on one line, printable, cut at 60 characters."""
    return f"'{shorten(text)}'"


def shorten(text: str) -> str:
    """``text`` on one line, printable, at most 60 characters long. Unusual spaces are escaped, since one of them is
    often the mistake."""
    text = printable(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")
    return "".join(_escape(c) if c != " " and unicodedata.category(c) == "Zs" else c for c in text)


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
