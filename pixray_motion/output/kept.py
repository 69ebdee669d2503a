"""Frames that are done, as they are kept until the film is: their files, and the journal that knows their digests."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pixray_motion.output.content import Content, frame_name
from pixray_motion.output.files import append, read_plain, sha256

T = TypeVar("T")


@dataclass(frozen=True)
class Record:
    """A line of the journal: one content of one frame.

    ``digest`` is the SHA-256 of its file, ``key`` that of the frame (see ``checkpoint``), and ``threads`` are those
    that torch had.
    """

    frame: int
    content: str
    digest: str
    key: str
    threads: int

    def line(self) -> bytes:
        text = json.dumps([self.frame, self.content, self.digest, self.key, self.threads])
        return f"{_check(text)} {text}\n".encode()


def read_record(line: bytes) -> Record | None:
    """None of a line that a kill has cut off, or that was changed."""
    check, _, text = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
    return Record(*json.loads(text)) if text and check == _check(text) else None


def _check(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Journal:
    """What is said of the kept frames, one line for each, in the order in which they were made."""

    path: Path

    def add(self, record: Record) -> None:
        append(self.path, record.line())

    def records(self) -> Iterator[Record]:
        """Those that are whole; the last one of a frame and content counts."""
        try:
            with read_plain(self.path) as file:
                yield from filter(None, map(read_record, file))
        except FileNotFoundError:
            return

    def mend(self) -> None:
        """End a line that a kill has cut off, so that the next one begins anew."""
        try:
            with read_plain(self.path) as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                end = file.read()
        except FileNotFoundError:
            return
        if end not in (b"", b"\n"):
            append(self.path, b"\n")


@dataclass(frozen=True)
class KeptFrames(Generic[T]):
    """Frames on disk, read one by one as often as wanted. ``folder`` is the work folder's."""

    folder: Path
    content: Content[T]
    span: range

    def __iter__(self) -> Iterator[T]:
        for number in self.span:
            yield self.content.load(kept_file(self.folder, number, self.content))


def kept_file(folder: Path, number: int, content: Content[Any]) -> Path:
    """Where this frame's content is kept."""
    return folder / content.name / frame_name(number, content.suffix)


def is_whole(file: Path, digest: str) -> bool:
    """Whether a kept file is there, and as it was written."""
    try:
        return sha256(file) == digest
    except OSError:
        return False


def spans(numbers: Iterable[int]) -> str:
    """Frames in words, without the ones between: ``3, 5 to 9 and 12``."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in found]
    if len(words) > 4:
        words = [*words[:3], f"{sum(last - first + 1 for first, last in found[3:])} more"]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
