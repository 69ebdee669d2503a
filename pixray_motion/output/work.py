"""The hidden work folder beside a film: kept frames, the lock, and replacing an older film when all is done."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pixray_motion.errors import OutputError, reason
from pixray_motion.output.content import Content, frame_name

T = TypeVar("T")
LOCK, OLDER = "lock", "older"


def check_file(path: Path, may_be_folder: bool = False) -> None:
    """Refuse a place where no file can be made; only trying shows whether one can."""
    parent = Path(os.path.realpath(path)).parent
    with os_errors_as_output_errors(path):
        if path.is_dir() and not may_be_folder:
            raise OutputError(f"{path} is a folder: choose another name")
        if not parent.is_dir():
            raise OutputError(f"there is no folder {parent} to write {path.name} in: make it first")
        with tempfile.TemporaryFile(dir=parent), contextlib.suppress(FileNotFoundError):
            os.stat(parent / f".{path.name}.work")  # the longest name that will be asked for


@dataclass(frozen=True)
class WorkFolder:
    """The frames that are done and the state after the last of them."""

    path: Path

    @property
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
