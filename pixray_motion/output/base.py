"""Where a film goes, and the registry of what can write it.

A writer is registered under the suffix of its files, such as ``.mp4``. One that fills a folder has a name that ends in
a slash: ``.svg/`` is for folders whose name ends in .svg, and ``/`` for those with any other name.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any, Generic, TypeVar

from pixray_motion.errors import OutputError
from pixray_motion.geometry import Canvas
from pixray_motion.output.content import Content
from pixray_motion.output.work import check_file, os_errors_as_output_errors
from pixray_motion.plugins import broken_plugins
from pixray_motion.registry import Registry
from pixray_motion.story.model import Story
from pixray_motion.wording import quote, suggest

T = TypeVar("T")
OnFrame = Callable[[int], None]
FOLDER = "/"

writer: Registry[Callable[..., Writer[Any]]] = Registry("writer", builtin="pixray_motion.output")

_FRAME = re.compile(r"frame_[0-9]{6,}\.[a-z0-9]+")


@dataclass(frozen=True)
class FilmInfo:
    """What a writer may say of a film.

    ``rate`` is exact, in frames a second. ``canvas`` is in pixels. ``frames`` are those that are written, by the film's
    own count. ``tags`` are names and texts of any length: a ``description``, and as ``comment`` the story.
    """

    rate: Fraction
    canvas: Canvas
    frames: range
    tags: Mapping[str, str]

    @property
    def count(self) -> int:
        return len(self.frames)


class Writer(ABC, Generic[T]):
    """Makes a file, or a folder, of a film's frames. It holds its settings and nothing of a film.

    Settings are keyword parameters of its constructor, annotated with ``pixray_motion.units``.
    """

    needs: Content[T]
    """What it wants of every frame: ``PIXELS``, ``SHAPES`` or another ``Content``."""

    def check(self, story: Story) -> None:
        """Refuse, before anything is rendered, what could not be written. Raises: ``MotionError``."""

    @abstractmethod
    def write(self, frames: Iterable[T], target: Path, about: FilmInfo, on_frame: OnFrame) -> None:
        """Write the whole film to ``target``, which does not exist yet; the same frames make the same bytes.

        ``frames`` may be read more than once, and holds one frame in memory at a time. ``on_frame`` is told, after each
        frame, how many are written. The files of a folder are called as ``frame_name`` says.

        Raises: ``MotionError`` or ``OSError``. What lies at ``target`` is then thrown away.
        """


@dataclass(frozen=True)
class Output:
    """A film file, or a folder of frames, that does not exist until it is complete.

    ``format`` is the name under which ``writer`` is registered.
    """

    path: Path
    format: str
    writer: Writer[Any]

    @classmethod
    def of(cls, path: str | os.PathLike[str] | Output, format: str | None = None) -> Output:
        """The output at ``path``, in the ``format`` that its name says if none is given.

        A path that ends in a slash or has no suffix is a folder. Nothing is written yet.

        Raises: ``OutputError`` if there is no such format.
        """
        if isinstance(path, Output):
            return path
        text = os.fspath(path)
        if not text:
            raise OutputError("the output has no name: write, for example, film.mp4")
        format = _format_of(text) if format is None else format
        entry = writer.get(format)
        if entry is None:
            raise OutputError(_unknown_format(format))
        return cls(Path(text), format, entry.make())

    @property
    def is_folder(self) -> bool:
        return self.format.endswith(FOLDER)

    @property
    def resolved(self) -> Path:
        """Where the film will be: a link stays, and what it leads to is replaced."""
        return Path(os.path.realpath(self.path))

    @property
    def work(self) -> Path:
        """The hidden folder beside it that outlives an interrupted render."""
        return self.resolved.parent / f".{self.resolved.name}.work"

    def check(self, story: Story) -> None:
        """Refuse, before anything is rendered, what could not be written in the end.

        Raises: ``OutputError`` and what the writer's ``check`` raises.
        """
        self.writer.check(story)
        with os_errors_as_output_errors(self.path):
            if self.is_folder:
                self._check_folder()
            self._check_place()
            check_file(self.resolved, may_be_folder=self.is_folder)

    def _check_place(self) -> None:
        if os.path.islink(self.resolved):
            raise OutputError(f"{self.path} is a link that leads to itself: choose another name")
        if os.path.ismount(self.resolved):
            inside = f"a folder in it, such as {self.path / 'frames'}/"
            other = inside if self.is_folder else "another file"
            raise OutputError(f"{self.path} is a mount point, which cannot be replaced: name {other}")

    def _check_folder(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise OutputError(
                f"{self.path} is a file, and a name without one of the suffixes {', '.join(suffixes())} means a folder "
                "of frames: choose another name"
            )
        if Path.cwd().resolve().is_relative_to(self.path.resolve()):
            raise OutputError(
                f"{self.path} is the folder you are in: give the folder of frames a name of its own"
            )
        others = [entry.name for entry in self.path.iterdir() if not _FRAME.fullmatch(entry.name)]
        if others:
            raise OutputError(
                f"{self.path} holds other files, such as {min(others)}, which would be lost: move them away, or choose "
                "an empty or a new folder"
            )

    def check_unchanged(self) -> None:
        """Refuse to replace an older folder into which other files have come since ``check``."""
        if self.is_folder:
            self._check_folder()


def suffixes() -> list[str]:
    """Those of the films that are single files."""
    return [name for name in writer.names() if not name.endswith(FOLDER)]


def check_distinct(outputs: Iterable[Output]) -> None:
    """Refuse outputs that would replace one another, or one that lies in another. Raises: ``OutputError``."""
    for one, other in permutations(outputs, 2):
        if one.resolved == other.resolved:
            raise OutputError(
                f"{other.path} and {one.path} are one place: give each output a name of its own"
            )
        if one.resolved.is_relative_to(other.resolved):
            raise OutputError(
                f"{one.path} lies in {other.path}, which is replaced as a whole: choose another folder"
            )


def _format_of(text: str) -> str:
    """The registered name that a path asks for, whether or not there is one."""
    suffix = Path(text).suffix.lower()
    if text.endswith((FOLDER, os.sep)):
        return f"{suffix}{FOLDER}" if writer.get(f"{suffix}{FOLDER}") else FOLDER
    return suffix or FOLDER


def _unknown_format(format: str) -> str:
    allowed = suffixes()
    broken = broken_plugins()
    return (
        f"cannot write a film as {quote(format)}; {suggest(format, allowed)}allowed: {', '.join(allowed)}, or a folder "
        "(end its name in /)" + (f"; broken plug-ins: {', '.join(sorted(broken))}" if broken else "")
    )
