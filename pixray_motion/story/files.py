"""Files that a story names: they lie in the story's own folder, or below it."""

from __future__ import annotations

from pathlib import Path

from pixray_motion.errors import reason
from pixray_motion.story.report import Refused, quoted


def beside(text: str, folder: Path | None, most: int) -> Path:
    """The file that a story in ``folder`` calls ``text``, of at most ``most`` bytes; any other one is ``Refused``."""
    if folder is None:
        raise Refused(f"the file {quoted(text)} cannot be found, since this story does not lie in a folder")
    if not text:
        raise Refused("a file name is missing")
    try:
        home = folder.resolve()
        path = (home / text).resolve()
        if not path.is_relative_to(home):
            raise Refused(f"the file {quoted(text)} lies outside of the story's folder; copy it there")
        if not path.exists():
            raise Refused(f"there is no file {quoted(text)} in the story's folder")
        if not path.is_file():
            raise Refused(f"{quoted(text)} is not a file")
        size = path.stat().st_size
    except (OSError, ValueError, RuntimeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise Refused(f"the file {quoted(text)} cannot be read: {why}") from error
    if size > most:
        raise Refused(f"the file {quoted(text)} is larger than {most} bytes; make it smaller")
    return path
