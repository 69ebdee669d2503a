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

from pixray_motion.geometry import Canvas
from pixray_motion.output.content import Content
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


def suffixes() -> list[str]:
    """Those of the films that are single files."""
    return [name for name in writer.names() if not name.endswith(FOLDER)]
