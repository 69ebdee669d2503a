"""The hidden work folder beside a film: what it holds, and how the film gets out of it.

It is resumable or gone: once the film is in place, the folder is renamed to rubbish in one step, and only then removed.
docs/architecture.md shows what lies in it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pixray_motion.errors import OutputError
from pixray_motion.output.content import Content
from pixray_motion.output.files import (
    check_replaceable,
    exchange,
    flush,
    lock_file,
    remove,
    sha256,
    write_whole,
)
from pixray_motion.output.kept import Journal, Record, kept_file
from pixray_motion.output.place import Output, os_errors_as_output_errors, work_path

T = TypeVar("T")
LOCK, JOURNAL, STATES, OLDER, DRAFT = "lock", "journal", "states", "older", "draft"
FORMER = "state.safetensors"
"""What versions before this one kept, in the work folder itself."""
_SCRATCH, _RUBBISH, _STATE = "scratch-", ".done-", "state_"
_TRIES = 10


@dataclass(frozen=True)
class WorkFolder:
    """The frames that are done and the states to go on from, beside ``place``, where the film will be."""

    path: Path
    place: Path

    @classmethod
    def of(cls, output: Output) -> WorkFolder:
        return cls(output.work, output.resolved)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.path / JOURNAL)

    @cached_property
    def scratch(self) -> Path:
        """Where films are written before they are put in place: this run's own, since a killed one's ffmpeg may still
        write."""
        return self.path / f"{_SCRATCH}{secrets.token_hex(4)}"

    def state(self, frame: int) -> Path:
        """Where the state after a frame is kept."""
        return self.path / STATES / f"{_STATE}{frame:06d}.safetensors"

    def states(self) -> dict[int, Path]:
        """Those that are kept, by their frames."""
        found = (self.path / STATES).glob(f"{_STATE}*.safetensors")
        numbers = {path.stem.removeprefix(_STATE): path for path in sorted(found)}
        return {int(number): path for number, path in numbers.items() if number.isdecimal()}

    def remove_states(self, frames: Iterable[int]) -> None:
        for frame in frames:
            remove(self.state(frame))

    def frame(self, number: int, content: Content[Any]) -> Path:
        """Where this frame's content is kept."""
        return kept_file(self.path, number, content)

    def is_unfinished(self) -> bool:
        """Whether anything is kept that a render could go on from."""
        try:
            return not all(map(_is_passing, os.listdir(self.path)))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def save_frame(self, number: int, content: Content[T], value: T) -> str:
        """Write one frame's content, whole or not at all; returns its digest."""
        place = self.frame(number, content)
        place.parent.mkdir(exist_ok=True)
        draft = self.path / f"{DRAFT}{content.suffix}"
        remove(draft)
        content.save(draft, value)
        digest = sha256(draft)
        os.replace(draft, place)
        return digest

    def keep(self, number: int, content: Content[T], value: T, key: str, threads: int) -> None:
        """Write one frame's content, and then into the journal that it is there."""
        digest = self.save_frame(number, content, value)
        self.journal.add(Record(number, content.name, digest, key, threads))

    def begin(self, name: str) -> Path:
        """A path in here for a film, where nothing is."""
        self.scratch.mkdir(exist_ok=True)
        return self.scratch / name

    def publish(self, film: Path) -> None:
        """Put ``film``, a file or a folder in here, in place, whatever lies there."""
        if not film.is_dir():
            flush(film)
        if not film.is_dir() or not self.place.exists():
            os.replace(film, self.place)
        elif not exchange(film, self.place):
            # Where folders cannot be exchanged, the older one is out of its place for a moment: ``_bring_back``.
            os.replace(self.place, self.path / OLDER)
            os.replace(film, self.place)

    def retire(self) -> None:
        """Throw all of it away: from one moment to the next it is nothing to go on from, and only then removed."""
        rubbish = self.path.with_name(f"{self.path.name}{_RUBBISH}{secrets.token_hex(4)}")
        os.rename(self.path, rubbish)
        # The film is in its place. What cannot be removed now, the next run tries to.
        with contextlib.suppress(KeyboardInterrupt):
            shutil.rmtree(rubbish, ignore_errors=True)
        shutil.rmtree(rubbish, ignore_errors=True)

    def clear(self) -> None:
        """Discard what is done. The lock stays."""
        for entry in sorted(self.path.iterdir(), key=lambda entry: entry.name != JOURNAL):
            if entry.name != LOCK:
                remove(entry)

    @contextlib.contextmanager
    def locked(self) -> Iterator[WorkFolder]:
        """Make the folder and hold it against other renders of the same film; removed if it holds nothing of use.

        What a killed run has left half way is put right first.

        Raises: ``OutputError`` if another render holds it, or if it is not safe to write in it.
        """
        file = self._lock()
        try:
            self._repair()
            with os_errors_as_output_errors(self.place):
                self.scratch.mkdir()
                check_replaceable(self.place, self.scratch)
            yield self
        finally:
            if _is_same(file, self.path / LOCK):
                self._bring_back()
                if self.is_unfinished():
                    shutil.rmtree(self.scratch, ignore_errors=True)
                else:
                    self.retire()
            os.close(file)

    def _lock(self) -> int:
        for _ in range(_TRIES):
            try:
                self.path.mkdir()
            except FileExistsError:
                self._check_own()
            file = -1
            try:
                file = lock_file(self.path / LOCK)
                _lock(file, self.path)
                if _is_same(file, self.path / LOCK):
                    return file
            except FileNotFoundError:  # another render has just thrown the folder away
                pass
            except BaseException:
                if file >= 0:
                    os.close(file)
                raise
            if file >= 0:
                os.close(file)
        raise OutputError(f"another render is writing in {self.path}: wait for it, or choose another output")

    def _check_own(self) -> None:
        """Refuse a folder that somebody else has prepared, perhaps to have us write where it leads. ``OutputError``."""
        remedy = "remove it, or choose another output"
        if self.path.is_symlink():
            raise OutputError(f"{self.path} is a link, and what is not yet done is kept in there: {remedy}")
        if not self.path.is_dir():
            raise OutputError(
                f"{self.path} is no folder, and what is not yet done is kept in there: {remedy}"
            )
        mine = _my_id(self.path.parent)
        try:
            entries = [self.path, *self.path.iterdir()]
            for entry in entries:
                about = entry.lstat()
                if about.st_uid != mine:
                    raise OutputError(f"{entry} belongs to another user: {remedy}")
                if stat.S_ISLNK(about.st_mode):
                    raise OutputError(f"{entry} is a link, which no render has made: {remedy}")
        except FileNotFoundError:  # another render has just thrown it away
            return

    def _bring_back(self) -> None:
        """An older folder that was moved out of its place, if the new one has not come there."""
        older = self.path / OLDER
        if older.exists() and not self.place.exists():
            os.replace(older, self.place)

    def _repair(self) -> None:
        """Put right what a kill has left half way, and remove what it has left behind."""
        self._bring_back()
        for entry in self.path.iterdir():
            if _is_passing(entry.name) and entry.name != LOCK:
                remove(entry)
        self.journal.mend()
        rubbish = f"{self.path.name}{_RUBBISH}"
        with os.scandir(self.path.parent) as entries:
            for found in entries:
                if found.name.startswith(rubbish) and found.is_dir(follow_symlinks=False):
                    shutil.rmtree(found.path, ignore_errors=True)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, or replace an older one, whole or not at all; a link stays, and what it leads to is replaced.

    Raises: ``OutputError``, ``OSError``.
    """
    place = Path(os.path.realpath(path))
    with WorkFolder(work_path(place), place).locked() as folder:
        draft = folder.begin(place.name)
        write_whole(draft, data)
        folder.publish(draft)


def _is_passing(name: str) -> bool:
    """Whether a file or folder of a work folder is of no use to the next run."""
    return name in (LOCK, OLDER) or name.startswith((_SCRATCH, DRAFT))


def _my_id(parent: Path) -> int:
    """Whom files belong to that are made here, which on shared disks need not be the user's own number."""
    with tempfile.TemporaryFile(dir=parent) as probe:
        return os.fstat(probe.fileno()).st_uid


def _is_same(file: int, path: Path) -> bool:
    """Whether an open file still lies there: a folder that was thrown away, another render may have made again."""
    try:
        return os.path.samestat(os.fstat(file), os.lstat(path))
    except OSError:
        return False


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
