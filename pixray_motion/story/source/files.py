"""Files that a story names: found in the story's own folder unless the user allows others, and read once.

What is made of a file (a picture's size, a column of a table) is remembered by the file's content, and all that a story
reads is counted, so that a small story cannot keep the program busy by naming large files many times.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pixray_motion import limits
from pixray_motion.errors import reason
from pixray_motion.wording import InvalidValue, format_number, quote

T = TypeVar("T")
MOST = {
    "bytes": limits.STORY_BYTES,
    "pixels": limits.STORY_PIXELS,
    "samples": limits.STORY_SAMPLES,
}


@dataclass(frozen=True, eq=False)
class StoryFolder:
    """The folder of a story, or None if it is no file. Only if it is ``open`` may the story name files elsewhere.

    It lasts for one reading of a story: each file is read once, as it is then.
    """

    folder: Path | None
    open: bool = False
    _digests: dict[Path, str] = field(default_factory=dict, repr=False)
    _made: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _spent: dict[str, int] = field(default_factory=dict, repr=False)

    def file(self, text: str, most: int) -> Path:
        """Resolve the file that the story calls ``text``.

        Raises: ``InvalidValue`` if there is no such file, it lies outside of an unopened folder, cannot be read, or has
        more than ``most`` bytes.
        """
        if self.folder is None:
            raise InvalidValue(
                f"the story is no file, so {quote(text)} has no folder; save the story beside it"
            )
        if not text:
            raise InvalidValue("a file name is missing")
        try:
            folder = self.folder.resolve()
            path = (folder / text).resolve()
            if not self.open and not path.is_relative_to(folder):
                raise InvalidValue(
                    f"the file {quote(text)} lies outside of the story's folder; copy it there, or allow it by "
                    "--allow-outside"
                )
            if not path.exists():
                raise InvalidValue(
                    f"there is no file {quote(text)} in the story's folder; look for a slip in the name"
                )
            if not path.is_file():
                raise InvalidValue(f"{quote(text)} is not a file")
            size = path.stat().st_size
        except (OSError, ValueError, RuntimeError) as error:
            why = reason(error) if isinstance(error, OSError) else "its name leads nowhere; choose another"
            raise InvalidValue(f"the file {quote(text)} cannot be read: {why}") from error
        if size > most:
            raise InvalidValue(f"the file {quote(text)} is larger than {most} bytes; make it smaller")
        return path

    def load(
        self, text: str, most: int, use: Hashable, make: Callable[[bytes], T], called: str = "the file"
    ) -> tuple[Path, str, T]:
        """The path and the SHA-256 of the file that the story calls ``text``, and what ``make`` makes of its content.

        ``make`` is called once for each content and ``use``, and so raises ``InvalidValue`` with a sentence that names
        no file and follows upon its name: it is told as "``called`` 'text' is damaged", say.
        """
        path = self.file(text, most)
        name = f"{called} {quote(text)}".strip()
        try:
            digest = self._digests.get(path)
            content = self._read(path, most) if digest is None else b""
            if digest is None:
                digest = self._digests[path] = hashlib.sha256(content).hexdigest()
            made = self.once((digest, use), lambda: make(content or self._read(path, most)))
        except OSError as error:
            raise InvalidValue(f"{name} cannot be read: {reason(error)}") from error
        except InvalidValue as error:
            raise InvalidValue(f"{name} {error.message}") from error
        return path, digest, made

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` returns or, as ``InvalidValue``, raises: the same again for the same ``key``."""
        if key not in self._made:
            try:
                self._made[key] = make()
            except InvalidValue as error:
                self._made[key] = InvalidValue(error.message)  # without the frames that it came through
        made: T | InvalidValue = self._made[key]
        if isinstance(made, InvalidValue):
            raise InvalidValue(made.message)
        return made

    def spend(self, amount: int, unit: str) -> None:
        """Count what the story's files have together: bytes, pixels or samples.

        Raises: ``InvalidValue``, as ``load``'s ``make`` does, if that becomes too much.
        """
        spent = self._spent.get(unit, 0) + amount
        if spent > MOST[unit]:
            raise InvalidValue(
                f"is one too many: a story's files have at most {format_number(MOST[unit])} {unit} together; "
                "use fewer or smaller ones"
            )
        self._spent[unit] = spent

    def _read(self, path: Path, most: int) -> bytes:
        content = read_file(path, most)
        self.spend(len(content), "bytes")
        return content


def read_file(path: Path, most: int) -> bytes:
    """A file's content. Raises ``OSError``, and ``InvalidValue`` as ``StoryFolder.load``'s ``make`` does.

    It never waits: what has become a pipe or a device since its name was looked up is refused.
    """
    with open(
        os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
    ) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise InvalidValue("is not a file")
        content = file.read(most + 1)
    if len(content) > most:
        raise InvalidValue(f"is larger than {most} bytes; make it smaller")
    return content


NOWHERE = StoryFolder(None)
