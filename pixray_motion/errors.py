"""The errors that users see. Each says what is wrong, where, and what to do about it, in one sentence."""

from __future__ import annotations

import errno
import os.path
from collections.abc import Sequence
from dataclasses import dataclass

from pixray_motion.wording import printable

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
    errno.ENOMEM: "close other programs, or choose a smaller canvas",
    errno.EFBIG: "choose another disk, or allow larger files by ulimit -f",
    errno.ELOOP: "remove what lies there, or choose another name",
    errno.EMFILE: "close other programs, or allow more open files by ulimit -n",
}


def reason(error: OSError, otherwise: str = "") -> str:
    """The system's message in lower case, followed by a remedy: ours where we know one, or else ``otherwise``."""
    remedy = _REMEDIES.get(error.errno or 0, otherwise)
    return (error.strerror or str(error)).lower() + (f"; {remedy}" if remedy else "")


_NO_MEMORY = (
    "can't allocate memory",
    "cannot allocate memory",
    "unable to allocate",
    "failed to map segment",
    "can't start new thread",
    "out of memory",
    "os error 12)",
)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an exception, or one that led to it, says that there is not enough memory.

    Some say so in words alone: torch, safetensors, and the system where it cannot load a library.
    """
    while error is not None:
        words = "" if isinstance(error, MotionError) else str(error).lower()
        told = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        if told or any(one in words for one in _NO_MEMORY):
            return True
        error = error.__cause__
    return False


class MotionError(Exception):
    """Anything wrong with the user's input or with the machine. The command line prints it and exits with 2."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a story: 1-based line and column (in characters), and one sentence.

    ``option`` is the ``--set`` value, ``key=value``, if the mistake is in one and not in the file. ``detail`` holds
    lines that show the mistake, such as a formula with a mark below the wrong character. ``file`` is the name of the
    included file that has the mistake, if it is not the story itself.
    """

    line: int
    column: int
    message: str
    option: str = ""
    detail: tuple[str, ...] = ()
    file: str = ""

    def lines(self, path: str) -> list[str]:
        """The line that a user sees, followed by the detail, indented. ``path`` is the name of the story file."""
        name = os.path.join(os.path.dirname(path), self.file) if self.file else path
        where = f"--set {self.option}" if self.option else f"{name}:{self.line}:{self.column}"
        return [printable(f"{where}: {self.message}"), *(f"    {printable(line)}" for line in self.detail)]

    def format(self, path: str) -> str:
        """The same as one text."""
        return "\n".join(self.lines(path))


class StoryError(MotionError):
    """Every mistake found in one story, in the order of the file; those in options come last."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda p: (bool(p.option), p.file, p.line, p.column)))
        super().__init__(path, self.problems)

    def lines(self) -> list[str]:
        return [line for problem in self.problems for line in problem.lines(self.path)]

    def __str__(self) -> str:
        return "\n".join(self.lines())


class FileError(MotionError):
    """A file that a story names cannot be read any more, or has changed since the story was read."""


class PluginError(MotionError):
    """A plug-in could not be loaded, or registers a name that is taken."""


class ModelError(MotionError):
    """A file of weights is missing, damaged or of another kind."""


class EncodeError(MotionError):
    """ffmpeg is missing or failed. The message holds its last lines."""


class CheckpointError(MotionError):
    """A saved state does not match the story, the program or this machine."""


class OutputError(MotionError):
    """An output cannot be written, or would replace something that must not be lost."""
