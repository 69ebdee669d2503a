"""Folders of frames, and single pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image, PngImagePlugin

from pixray_motion.errors import OutputError
from pixray_motion.output.base import FilmInfo, OnFrame, Writer, writer
from pixray_motion.output.content import PNG_FILES, Frame, frame_name
from pixray_motion.output.work import check_file, os_errors_as_output_errors
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


def _link_or_copy(source: Path, target: Path) -> None:
    """Without taking twice the space, where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


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
    resolved = Path(os.path.realpath(path))  # a link stays, and what it leads to is replaced
    draft = resolved.with_name(f".{resolved.name}.new{path.suffix}")
    with os_errors_as_output_errors(path):
        try:
            Image.fromarray(picture).save(draft, pnginfo=info, quality=95)
            os.replace(draft, resolved)
        finally:
            draft.unlink(missing_ok=True)
