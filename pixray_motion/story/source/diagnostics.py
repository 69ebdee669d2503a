"""Collecting what is wrong with a story, so that one reading tells all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pixray_motion.errors import Problem
from pixray_motion.limits import PROBLEMS


@dataclass(frozen=True)
class SourceLocation:
    """Where a value was written: 1-based line and column in the file.

    In a ``--set`` option, ``line`` is the option's number among the others. ``file`` is an included one's name.
    """

    line: int
    column: int
    option: str = ""
    file: str = ""

    def right(self, characters: int) -> SourceLocation:
        return replace(self, column=self.column + characters)


START = SourceLocation(1, 1)


class Diagnostics:
    """The problems found so far: one a place, and beyond a hundred they are only counted."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._places: set[SourceLocation] = set()
        self._more = 0
        self.count = 0  # of all that was told, also of what was dropped

    def add(
        self, location: SourceLocation, message: str, again: bool = False, detail: tuple[str, ...] = ()
    ) -> None:
        """A second problem at a place mostly follows from the first and is dropped, unless it is told ``again``."""
        self.count += 1
        if location in self._places and not again:
            return
        self._places.add(location)
        if len(self._problems) < PROBLEMS:
            self._problems.append(
                Problem(location.line, location.column, message, location.option, detail, location.file)
            )
        else:
            self._more += 1

    def of(self, file: str) -> Diagnostics:
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


class _Within(Diagnostics):
    def __init__(self, outer: Diagnostics, file: str) -> None:
        super().__init__()
        self._outer = outer
        self._file = file

    def add(
        self, location: SourceLocation, message: str, again: bool = False, detail: tuple[str, ...] = ()
    ) -> None:
        self._outer.add(replace(location, file=self._file), message, again, detail)
