"""The registry of what can write a film.

A writer is registered under the suffix of its files, such as ``.mp4``. One that fills a folder has a name that ends in
a slash: ``.svg/`` is for folders whose name ends in .svg, and ``/`` for those with any other name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Generic, TypeVar

from pixray_motion.errors import OutputError
from pixray_motion.geometry import Canvas
from pixray_motion.output.content import Content, frame_name
from pixray_motion.registry import Registry
from pixray_motion.story.model import Story

T = TypeVar("T")
OnFrame = Callable[[int], None]
FOLDER = "/"

writer: Registry[Callable[..., Writer[Any]]] = Registry("writer", builtin="pixray_motion.output")


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

    def check_film(self, film: Path, about: FilmInfo) -> None:
        """Read back what ``write`` has made, before the frames that it was made of are thrown away.

        By default a file must hold something, and a folder one such file for each frame. A writer that can do better,
        count the frames and look at their size, overrides it.

        Raises: ``MotionError`` if it is not the whole film. The frames are then kept.
        """
        check_written(film, about)


def check_written(film: Path, about: FilmInfo) -> None:
    """Whether there is a file that holds something, or one for each frame. Raises: ``OutputError``."""
    files = sorted(film.iterdir()) if film.is_dir() else [film]
    empty = next((file for file in files if not file.is_file() or not file.stat().st_size), None)
    if empty is not None:
        raise not_written(f"{empty.name} is {'empty' if empty.exists() else 'missing'}")
    frames = [frame_name(frame, files[0].suffix) for frame in about.frames] if files else []
    if film.is_dir() and [file.name for file in files] != frames:
        raise not_written(f"{len(files)} files, and not {about.count}, one of each frame")


def not_written(why: str) -> OutputError:
    """The film that was written is not the one that was meant, though nothing failed."""
    return OutputError(
        f"the film was written without an error, but it cannot be read back ({why}): look whether the disk is sound"
    )


def suffixes() -> list[str]:
    """Those of the films that are single files."""
    return [name for name in writer.names() if not name.endswith(FOLDER)]
