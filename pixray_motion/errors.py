"""The errors that a user may see: each says what is wrong, where, and what to do, in one sentence."""

from __future__ import annotations

import errno
import os.path
from collections.abc import Sequence
from dataclasses import dataclass

_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EACCES: "choose a place that you may use, or change its permissions",
    errno.EPERM: "choose a place that you may use, or change its permissions",
    errno.EROFS: "choose a folder on another disk",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "look for a slip in the name, or make its folder first",
    errno.ENOTDIR: "look for a slip in the name, or make its folder first",
    errno.EIO: "look whether the disk is sound, or choose another",
    errno.EMFILE: "close other programs, or allow more open files by ulimit -n",
}


def reason(error: OSError, otherwise: str = "") -> str:
    """What the system says, in lower case, and the remedy, or ``otherwise`` where none is known."""
    remedy = _REMEDIES.get(error.errno or 0, otherwise)
    return (error.strerror or str(error)).lower() + (f"; {remedy}" if remedy else "")


class MotionError(Exception):
    """Anything that is wrong with what the user gave us or with the machine; the command line exits with 2."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a story file: 1-based line and column (in characters), and one sentence.

    ``option`` is the ``--set`` value, ``key=value``, where the mistake is in one and not in the file. ``detail`` are
    lines that show the mistake, as a formula and a mark below the character that is wrong. ``file`` is the included
    file that the mistake is in, if it is in one.
    """

    line: int
    column: int
    message: str
    option: str = ""
    detail: tuple[str, ...] = ()
    file: str = ""

    def within(self, path: str) -> str:
        """The line that a user sees, and below it the detail, indented; ``path`` is the story file's name."""
        name = os.path.join(os.path.dirname(path), self.file) if self.file else path
        where = f"--set {self.option}" if self.option else f"{name}:{self.line}:{self.column}"
        return "\n    ".join([f"{where}: {self.message}", *self.detail])


class StoryError(MotionError):
    """Every mistake that was found in one story, in the order of the file, those in options last."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda p: (bool(p.option), p.file, p.line, p.column)))
        super().__init__(path, self.problems)

    def __str__(self) -> str:
        return "\n".join(problem.within(self.path) for problem in self.problems)


class PluginError(MotionError):
    """A plugin could not be loaded, or it registers a name that is taken."""


class MissingExtra(MotionError):
    """A feature needs a package that is not installed; the message holds the pip command."""


class ModelError(MotionError):
    """A weight file is missing, damaged or of another kind."""


class EncodeError(MotionError):
    """ffmpeg is missing or failed; the message holds its last lines."""


class CheckpointError(MotionError):
    """A saved state does not fit the story, the program or this machine."""


class OutputError(MotionError):
    """What should be written cannot be, or something that must not be lost is in its place."""
