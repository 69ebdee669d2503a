"""Where a film goes, and the hidden work folder beside it: kept frames, the lock, and replacing an older film."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pixray_motion.errors import OutputError, reason
from pixray_motion.output.base import FOLDER, Writer, suffixes, writer
from pixray_motion.output.content import Content, frame_name
from pixray_motion.plugins import broken_plugins
from pixray_motion.registry import Entry
from pixray_motion.story.model import Story
from pixray_motion.wording import InvalidValue, one_of, quote, respell, suggest

T = TypeVar("T")
LOCK, OLDER = "lock", "older"
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
_FRAME = re.compile(r"frame_[0-9]{6,}\.[a-z0-9]+")


def check_file(path: Path, may_be_folder: bool = False) -> None:
    """Refuse a place where no file can be made; only trying shows whether one can. Raises: ``OutputError``."""
    parent = Path(os.path.realpath(path)).parent
    with os_errors_as_output_errors(path):
        if path.is_dir() and not may_be_folder:
            raise OutputError(f"{path} is a folder: choose another name")
        if not parent.is_dir():
            raise OutputError(f"there is no folder {parent} to write {path.name} in: make it first")
        with tempfile.TemporaryFile(dir=parent), contextlib.suppress(FileNotFoundError):
            os.stat(parent / f".{path.name}.work")  # the longest name that will be asked for


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
        return cls(Path(text), format, made, resolved, resolved.parent / f".{resolved.name}.work")

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
        if one.resolved == other.resolved:
            raise OutputError(
                f"{other.path} and {one.path} are one place: give each output a name of its own"
            )
        if one.resolved.is_relative_to(other.resolved):
            raise OutputError(
                f"{one.path} lies in {other.path}, which is replaced as a whole: choose another folder"
            )


@dataclass(frozen=True)
class WorkFolder:
    """The frames that are done and the state after the last of them."""

    path: Path

    @cached_property
    def state(self) -> Path:
        return self.path / "state.safetensors"

    def frame(self, number: int, content: Content[Any]) -> Path:
        """Where this frame's content is kept."""
        return self.path / content.name / frame_name(number, content.suffix)

    def save_frame(self, number: int, content: Content[T], value: T) -> None:
        """Write one frame's content, whole or not at all."""
        place = self.frame(number, content)
        place.parent.mkdir(exist_ok=True)
        draft = self.path / f"draft{content.suffix}"
        content.save(draft, value)
        os.replace(draft, place)

    def begin(self, name: str) -> Path:
        """A path in here for a film, where nothing is.

        It is this process's own: a killed one's ffmpeg may still write.
        """
        path = self.path / f"film-{os.getpid()}{name}"
        _remove(path)
        return path

    def deliver(self, film: Path, place: Path) -> None:
        """Put ``film``, a file or a folder in here, in ``place``, whatever lies there, and remove this folder."""
        if film.is_dir() and place.exists():
            older = self.path / OLDER
            _remove(older)
            os.replace(place, older)
        os.replace(film, place)
        # The state first: without one, what a kill leaves here is in nobody's way.
        self.state.unlink(missing_ok=True)
        shutil.rmtree(self.path)

    def clear(self) -> None:
        """Discard what is done. The lock stays, and so does an older film that a kill has left here."""
        self.state.unlink(missing_ok=True)  # first: frames without a state do no harm, the reverse would
        for entry in self.path.iterdir():
            if entry.name not in (LOCK, OLDER):
                _remove(entry)

    @contextlib.contextmanager
    def locked(self) -> Iterator[WorkFolder]:
        """Make the folder and hold it against other renders of the same film; removed if it holds nothing of use."""
        self.path.mkdir(exist_ok=True)
        with (self.path / LOCK).open("w") as lock:
            _lock(lock.fileno(), self.path)
            try:
                yield self
            finally:
                if self._is_locked_by(lock.fileno()) and not self.state.exists():
                    shutil.rmtree(self.path)

    def _is_locked_by(self, file: int) -> bool:
        """Whether the folder is still the one that was locked: once it is gone, another render may make its own."""
        try:
            return os.path.samestat(os.fstat(file), os.stat(self.path / LOCK))
        except OSError:
            return False


@dataclass(frozen=True)
class KeptFrames(Generic[T]):
    """Frames on disk, read one by one as often as wanted."""

    folder: WorkFolder
    content: Content[T]
    span: range

    def __iter__(self) -> Iterator[T]:
        for number in self.span:
            yield self.content.load(self.folder.frame(number, self.content))


def _remove(path: Path) -> None:
    """A file, a folder or nothing; a link is not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _lock(file: int, folder: Path) -> None:
    """Held until the process ends, however it ends. Windows has no such lock, so there two renders may collide."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OutputError(
            f"another render is writing in {folder}: wait for it, or choose another output"
        ) from error


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
