"""What a writer may ask of a frame, and how that is kept on disk until the film is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixray_motion.output.files import create, write_whole

if TYPE_CHECKING:
    from pixray_motion.state import State
    from pixray_motion.studio import Studio

Frame = NDArray[np.uint8]
"""A frame's pixels: (H, W, 3) uint8, sRGB."""
T = TypeVar("T")


def frame_name(frame: int, suffix: str) -> str:
    """What a frame's file is called, by the film's own count."""
    return f"frame_{frame:06d}{suffix}"


@dataclass(frozen=True)
class Content(Generic[T]):
    """One form that a frame takes, such as its pixels or its shapes; ``T`` is what a writer gets.

    ``take`` gets the content from a rendered state, ``save`` writes it to a file, and ``load`` makes of that file what
    a writer gets. The files end in ``suffix`` and lie in the folder ``name`` of the work folder; their digests are
    kept, so that one that was damaged since is noticed.
    """

    name: str
    suffix: str
    take: Callable[[Studio, State], Any]
    save: Callable[[Path, Any], None]
    load: Callable[[Path], T]


def _take_pixels(studio: Studio, state: State) -> Frame:
    return studio.image(state)


def _save_pixels(path: Path, frame: Frame) -> None:
    with create(path) as file:
        Image.fromarray(frame).save(file, "PNG")


def _load_pixels(path: Path) -> Frame:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _take_shapes(studio: Studio, state: State) -> str:
    return studio.drawers[state.plan.drawing.drawer].svg(state.params)


def _save_shapes(path: Path, elements: str) -> None:
    write_whole(path, elements.encode())


def _load_shapes(path: Path) -> str:
    return path.read_text(encoding="utf-8")


_PICTURE = (_take_pixels, _save_pixels)
PIXELS: Content[Frame] = Content("frames", ".png", *_PICTURE, _load_pixels)
"""The picture as an array."""

PNG_FILES: Content[Path] = Content("frames", ".png", *_PICTURE, Path)
"""The files in which those pictures are kept, for writers that only copy them."""

SHAPES: Content[str] = Content("shapes", ".svg", _take_shapes, _save_shapes, _load_shapes)
"""What the picture is made of, as SVG elements in pixels of the canvas; see ``Drawer.svg``."""
