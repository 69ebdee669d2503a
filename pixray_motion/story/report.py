"""Collecting what is wrong with a story, so that one reading tells all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pixray_motion.errors import Problem
from pixray_motion.registry import one_of
from pixray_motion.story.limits import PROBLEMS

SHOWN = 60
POINTED = 100


@dataclass(frozen=True)
class Place:
    """Where a value was written: 1-based line and column in the file.

    In a ``--set`` option, ``line`` is the option's number among the others. ``file`` is an included one's name.
    """

    line: int
    column: int
    option: str = ""
    file: str = ""

    def right(self, characters: int) -> Place:
        return replace(self, column=self.column + characters)


START = Place(1, 1)


class Refused(Exception):
    """A value that cannot be read: one sentence, how many characters into the value it goes wrong, and a ``Problem``'s
    detail."""

    def __init__(self, message: str, offset: int = 0, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.detail = detail


class Report:
    """The problems found so far: one a place, and beyond a hundred they are only counted."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._places: set[Place] = set()
        self._more = 0
        self.count = 0  # of all that was told, also of what was dropped

    def add(self, place: Place, message: str, again: bool = False, detail: tuple[str, ...] = ()) -> None:
        """A second problem at a place mostly follows from the first and is dropped, unless it is told ``again``."""
        self.count += 1
        if place in self._places and not again:
            return
        self._places.add(place)
        if len(self._problems) < PROBLEMS:
            self._problems.append(
                Problem(place.line, place.column, message, place.option, detail, place.file)
            )
        else:
            self._more += 1

    def of(self, file: str) -> Report:
        """A report whose problems are found in an included file and told here."""
        return _Within(self, file)

    def __bool__(self) -> bool:
        return bool(self._problems)

    def problems(self) -> list[Problem]:
        """All of them; the last one says how many more there are."""
        if not self._more:
            return list(self._problems)
        last = max(self._problems, key=lambda p: (bool(p.option), p.line, p.column))
        rest = Problem(last.line, last.column, f"and {self._more} more mistakes further on", last.option)
        return [*self._problems, rest]


class _Within(Report):
    def __init__(self, outer: Report, file: str) -> None:
        super().__init__()
        self._outer = outer
        self._file = file

    def add(self, place: Place, message: str, again: bool = False, detail: tuple[str, ...] = ()) -> None:
        self._outer.add(replace(place, file=self._file), message, again, detail)


def quoted(text: str) -> str:
    """``text`` in quotes, on one line, printable, cut at 60 characters."""
    return f"'{cut(text)}'"


def cut(text: str) -> str:
    """``text`` on one line, printable, at most 60 characters long."""
    text = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def pointed(text: str, offset: int) -> tuple[str, ...]:
    """``text`` and a mark below its character ``offset``; nothing where the two would not stand in one column."""
    if len(text) > POINTED or not (text.isascii() and text.isprintable()):
        return ()
    return text, " " * offset + "^"


def unknown(what: str, name: str, allowed: Iterable[str], where: str = "") -> str:
    """The sentence that refuses ``name``, with the nearest allowed one."""
    return f"unknown {what} {quoted(name)}{where}; {one_of(cut(name), allowed)}"


def number(value: float) -> str:
    """``value`` as a person would write it."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else format(value, ".6g")


def span(low: float, high: float) -> str:
    return f"{number(low)}..{number(high)}"
