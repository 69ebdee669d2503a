"""Files that a story names. They lie in the story's own folder or below it, unless the user allows others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pixray_motion.errors import reason
from pixray_motion.wording import InvalidValue, quote


@dataclass(frozen=True)
class StoryFolder:
    """The folder of a story, or None if it is no file. Only if it is ``open`` may the story name files elsewhere."""

    folder: Path | None
    open: bool = False

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


NOWHERE = StoryFolder(None)
