"""What a writer may ask of a frame, and how that is kept on disk until the film is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixray_motion.geometry import Canvas

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
    a writer gets. The files end in ``suffix`` and lie in the folder ``name`` of the work folder. ``is_damaged`` says
    whether a file is not a whole frame of that canvas, as after a loss of power.
    """

    name: str
    suffix: str
    take: Callable[[Studio, State], Any]
    save: Callable[[Path, Any], None]
    load: Callable[[Path], T]
    is_damaged: Callable[[Path, Canvas], bool]


def _take_pixels(studio: Studio, state: State) -> Frame:
    return studio.image(state)


def _save_pixels(path: Path, frame: Frame) -> None:
    Image.fromarray(frame).save(path)


def _load_pixels(path: Path) -> Frame:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _is_damaged_picture(path: Path, canvas: Canvas) -> bool:
    try:
        with Image.open(path) as picture:
            picture.verify()
            return picture.size != (canvas.width, canvas.height)
    except (OSError, SyntaxError, ValueError):  # Pillow has no one error for broken files
        return True


def _take_shapes(studio: Studio, state: State) -> str:
    return studio.drawers[state.plan.drawing.drawer].svg(state.params)


def _save_shapes(path: Path, elements: str) -> None:
    path.write_text(elements, encoding="utf-8")


def _load_shapes(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _is_damaged_text(path: Path, canvas: Canvas) -> bool:  # noqa: ARG001 - shapes have no size of their own
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return True
    return not text or "\0" in text  # what file systems leave of a write that they lost


_PICTURE = (_take_pixels, _save_pixels)
PIXELS: Content[Frame] = Content("frames", ".png", *_PICTURE, _load_pixels, _is_damaged_picture)
"""The picture as an array."""

PNG_FILES: Content[Path] = Content("frames", ".png", *_PICTURE, Path, _is_damaged_picture)
"""The files in which those pictures are kept, for writers that only copy them."""

SHAPES: Content[str] = Content("shapes", ".svg", _take_shapes, _save_shapes, _load_shapes, _is_damaged_text)
"""What the picture is made of, as SVG elements in pixels of the canvas; see ``Drawer.svg``."""
