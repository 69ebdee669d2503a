"""Collecting the mistakes of a story, so that one reading reports them all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pixray_motion.errors import Problem
from pixray_motion.limits import PROBLEMS


@dataclass(frozen=True)
class SourceLocation:
    """Where a value is written: 1-based line and column, in characters.

    In a ``--set`` option, ``option`` is its text and ``line`` its number among the options. ``file`` is the name of the
    included file, if it is in one.
    """

    line: int
    column: int
    option: str = ""
    file: str = ""

    def moved_right(self, characters: int) -> SourceLocation:
        """The location so many characters further on in the line."""
        return replace(self, column=self.column + characters)


START = SourceLocation(1, 1)


class Diagnostics:
    """The problems found so far, one per location. Beyond ``limits.PROBLEMS`` they are only counted."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._places: set[SourceLocation] = set()
        self._more = 0
        self.count = 0  # of all reports, including those that were dropped

    def add(
        self, location: SourceLocation, message: str, again: bool = False, detail: tuple[str, ...] = ()
    ) -> None:
        """Report a problem.

        A second one at the same location mostly follows from the first and is dropped, unless ``again``.
        """
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

    def for_file(self, file: str) -> Diagnostics:
        """Diagnostics for an included file, which report to these."""
        return _IncludedFile(self, file)

    def __bool__(self) -> bool:
        return bool(self._problems)

    def problems(self) -> list[Problem]:
        """All problems; if some were only counted, the last one says how many."""
        if not self._more:
            return list(self._problems)
        last = max(self._problems, key=lambda p: (bool(p.option), p.line, p.column))
        rest = Problem(last.line, last.column, f"and {self._more} more mistakes further on", last.option)
        return [*self._problems, rest]


class _IncludedFile(Diagnostics):
    """Adds the name of an included file to what it passes on."""

    def __init__(self, outer: Diagnostics, file: str) -> None:
        super().__init__()
        self._outer = outer
        self._file = file

    def add(
        self, location: SourceLocation, message: str, again: bool = False, detail: tuple[str, ...] = ()
    ) -> None:
        self._outer.add(replace(location, file=self._file), message, again, detail)
