"""Where a film goes: its path, its format, and whether it may be written there."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pixray_motion.errors import OutputError, reason
from pixray_motion.output.base import FOLDER, Writer, suffixes, writer
from pixray_motion.plugins import broken_plugins
from pixray_motion.registry import Entry
from pixray_motion.story.model import Story
from pixray_motion.wording import InvalidValue, one_of, quote, respell, suggest

NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
_FRAME = re.compile(r"frame_[0-9]{6,}\.[a-z0-9]+")
_LONGEST = ".work.done-01234567"  # the longest ending that a name gets


def work_path(place: Path) -> Path:
    """The hidden folder beside ``place`` in which what lies there is made."""
    return place.parent / f".{place.name}.work"


def check_file(path: Path, may_be_folder: bool = False) -> None:
    """Refuse a place where no file can be made; only trying shows whether one can. Raises: ``OutputError``."""
    parent = Path(os.path.realpath(path)).parent
    with os_errors_as_output_errors(path):
        if path.is_dir() and not may_be_folder:
            raise OutputError(f"{path} is a folder: choose another name")
        if not parent.is_dir():
            raise OutputError(f"there is no folder {parent} to write {path.name} in: make it first")
        with tempfile.TemporaryFile(dir=parent), contextlib.suppress(FileNotFoundError):
            os.stat(parent / f".{path.name}{_LONGEST}")


@dataclass(frozen=True)
class Output:
    """A film file, or a folder of frames, that does not exist until it is complete.

    ``format`` is the name under which ``writer`` is registered. ``resolved`` is where the film will be: a link
    stays, and what it leads to is replaced. ``work`` is the hidden folder beside it that outlives an interrupted
    render.
    """

    path: Path
    format: str
    writer: Writer[Any]
    resolved: Path
    work: Path

    @classmethod
    def of(
        cls,
        path: str | os.PathLike[str] | Output,
        format: str | None = None,
        options: Mapping[str, str] = NO_OPTIONS,
    ) -> Output:
        """The output at ``path``, in the ``format`` that its name says if none is given.

        A path that ends in a slash or has no suffix is a folder. ``options`` are the writer's parameters, as texts.
        Nothing is written yet.

        Raises: ``OutputError`` if there is no such format, or if it has no such options.
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
        resolved = Path(os.path.realpath(text))
        made = entry.make(**_parse_options(entry, options))
        return cls(Path(text), format, made, resolved, work_path(resolved))

    @cached_property
    def is_folder(self) -> bool:
        return self.format.endswith(FOLDER)

    def check(self, story: Story) -> None:
        """Refuse, before anything is rendered, what could not be written in the end.

        Raises: ``OutputError`` and what the writer's ``check`` raises.
        """
        self.writer.check(story)
        with os_errors_as_output_errors(self.path):
            if self.is_folder:
                self._check_folder()
            if os.path.islink(self.resolved):
                raise OutputError(f"{self.path} is a link that leads to itself: choose another name")
            if os.path.ismount(self.resolved):
                inside = f"a folder in it, such as {self.path / 'frames'}/"
                other = inside if self.is_folder else "another file"
                raise OutputError(f"{self.path} is a mount point, which cannot be replaced: name {other}")
            check_file(self.resolved, may_be_folder=self.is_folder)

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


def check_distinct(outputs: Iterable[Output]) -> None:
    """Refuse outputs that would replace one another, or one that lies in another. Raises: ``OutputError``."""
    for one, other in permutations(outputs, 2):
        if _is_same(one.resolved, other.resolved):
            raise OutputError(
                f"{other.path} and {one.path} are one place: give each output a name of its own"
            )
        if any(_is_same(above, other.resolved) for above in one.resolved.parents):
            raise OutputError(
                f"{one.path} lies in {other.path}, which is replaced as a whole: choose another folder"
            )
        if any(_is_same(above, other.work) for above in (one.resolved, *one.resolved.parents)):
            raise OutputError(f"{one.path} lies where {other.path} is made: choose another folder")


def _is_same(one: Path, other: Path) -> bool:
    """Whether two resolved paths are one file or folder: also by mounts, or where small letters are capitals.

    Two names of one file are two places, since each is replaced for itself.
    """
    if one == other:
        return True
    try:
        is_one = os.path.samefile(one, other)
    except OSError:  # not both are there yet: then their folders are one, if anything
        return one.name == other.name and one.parent != other.parent and _is_same(one.parent, other.parent)
    if not is_one or one.is_dir():
        return is_one
    return one.name.lower() == other.name.lower() and _is_same(one.parent, other.parent)


@contextlib.contextmanager
def os_errors_as_output_errors(path: Path) -> Iterator[None]:
    """What the system says, a full disk or a missing permission, as an ``OutputError`` about ``path``."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error, 'choose another output')}") from error


def _format_of(text: str) -> str:
    """The registered name that a path asks for, whether or not there is one."""
    suffix = Path(text).suffix.lower()
    if text.endswith((FOLDER, os.sep)):
        return f"{suffix}{FOLDER}" if writer.get(f"{suffix}{FOLDER}") else FOLDER
    return suffix or FOLDER


def _parse_options(entry: Entry[Any], options: Mapping[str, str]) -> dict[str, Any]:
    names = [parameter.name for parameter in entry.parameters]
    values = {}
    for key, text in options.items():
        parameter = entry.parameter(respell(key, names))
        if parameter is None:
            allowed = one_of(key, names) if names else "it has none"
            raise OutputError(f"unknown option '{key}' of the output '{entry.name}'; {allowed}")
        try:
            values[parameter.name] = parameter.kind.parse(text.strip(), key)
        except InvalidValue as error:
            raise OutputError(f"{error.message} (an option of the output '{entry.name}')") from error
    return values


def _unknown_format(format: str) -> str:
    allowed = suffixes()
    broken = broken_plugins()
    return (
        f"cannot write a film as {quote(format)}; {suggest(format, allowed)}allowed: {', '.join(allowed)}, or a folder "
        "(end its name in /)" + (f"; broken plug-ins: {', '.join(sorted(broken))}" if broken else "")
    )
