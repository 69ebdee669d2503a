"""Folders of frames, and single pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image, PngImagePlugin

from pixray_motion.errors import OutputError
from pixray_motion.output.base import FilmInfo, OnFrame, Writer, check_written, not_written, writer
from pixray_motion.output.content import PNG_FILES, Frame, frame_name
from pixray_motion.output.files import create, read_plain
from pixray_motion.output.place import check_file, os_errors_as_output_errors
from pixray_motion.output.work import replace_file
from pixray_motion.wording import one_of, quote

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@writer("/")
class PngFrames(Writer[Path]):
    """A folder with a PNG of each frame, lossless, called by the film's own count."""

    needs = PNG_FILES

    def write(self, frames: Iterable[Path], target: Path, about: FilmInfo, on_frame: OnFrame) -> None:
        target.mkdir()
        for written, (frame, kept) in enumerate(zip(about.frames, frames, strict=True), start=1):
            _link_or_copy(kept, target / frame_name(frame, ".png"))
            on_frame(written)

    def check_film(self, film: Path, about: FilmInfo) -> None:
        """Raises: ``OutputError`` if a frame is missing or damaged, or has another size."""
        check_written(film, about)
        size = about.canvas.width, about.canvas.height
        for file in film.iterdir():
            try:
                with Image.open(file) as picture:
                    picture.verify()
                    found = picture.size
            except (OSError, SyntaxError, ValueError) as error:  # Pillow has no one error for broken files
                raise not_written(f"{file.name}: {error}") from error
            if found != size:
                raise not_written(
                    f"{file.name} has {found[0]}x{found[1]} pixels, and not {size[0]}x{size[1]}"
                )


def _link_or_copy(source: Path, target: Path) -> None:
    """Without taking twice the space, where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        with read_plain(source) as file, create(target) as copy:
            shutil.copyfileobj(file, copy)


def check_picture(path: Path) -> None:
    """Refuse, before anything is drawn, a picture that could not be written. Raises: ``OutputError``."""
    suffix = path.suffix.lower()
    if suffix not in PICTURES:
        raise OutputError(f"cannot write a picture as {quote(suffix)}; {one_of(suffix, PICTURES)}")
    check_file(path)


def write_picture(path: Path, picture: Frame, tags: Mapping[str, str]) -> None:
    """One picture, in the format that the suffix says; an older one is replaced when this one is complete.

    Raises: ``OutputError``.
    """
    info = PngImagePlugin.PngInfo()
    for name, text in tags.items():
        info.add_itxt(name.capitalize(), text)
    draft = BytesIO()
    with os_errors_as_output_errors(path):
        Image.fromarray(picture).save(draft, _format(path), pnginfo=info, quality=95)
        replace_file(path, draft.getvalue())


def _format(path: Path) -> str:
    """What Pillow calls the format of this suffix."""
    return Image.registered_extensions()[path.suffix.lower()]
