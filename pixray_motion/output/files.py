"""Where a film goes, and the hidden work folder beside it that outlives an interrupted render."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from pixray_motion.errors import OutputError, reason
from pixray_motion.output.video import FORMATS, Frame, check_format

_FRAME = re.compile(r"frame_[0-9]{6,}\.(png|svg)")
SVG = ".svg"


def frame_name(frame: int, suffix: str = ".png") -> str:
    """What a frame's file is called, by the film's own count."""
    return f"frame_{frame:06d}{suffix}"


@dataclass(frozen=True)
class Output:
    """A film file, or a folder of frames, that does not exist until it is complete."""

    path: Path
    is_folder: bool

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Output:
        """A path that ends in a slash or has no suffix is a folder. Nothing is looked at or written yet."""
        text = os.fspath(path)
        if not text:
            raise OutputError("the output has no name: write, for example, film.mp4")
        is_folder = text.endswith(("/", os.sep)) or not Path(text).suffix
        return cls(Path(text), is_folder)

    @property
    def is_vector(self) -> bool:
        return self.path.suffix.lower() == SVG

    @property
    def place(self) -> Path:
        """Where the film will be: a link stays, and what it leads to is replaced."""
        return Path(os.path.realpath(self.path))

    @property
    def work(self) -> Path:
        return self.place.parent / f".{self.place.name}.work"

    def check(self) -> None:
        """Refuse, before anything is rendered, what could not be written in the end."""
        with os_errors_as_output_errors(self.path):
            if self.is_folder:
                self._check_folder()
            elif not self.is_vector:
                check_format(self.path.suffix.lower())
            self._check_place()
            check_file(self.place, may_be_folder=self.is_folder)

    def _check_place(self) -> None:
        if os.path.islink(self.place):
            raise OutputError(f"{self.path} is a link that leads to itself: choose another name")
        if os.path.ismount(self.place):
            inside = f"a folder in it, such as {self.path / 'frames'}/" if self.is_folder else "another file"
            raise OutputError(f"{self.path} is a mount point, which cannot be replaced: name {inside}")

    def _check_folder(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise OutputError(
                f"{self.path} is a file, and a name without one of the suffixes {', '.join(FORMATS)} means a folder of "
                "frames: choose another name"
            )
        if Path.cwd().resolve().is_relative_to(self.path.resolve()):
            raise OutputError(
                f"{self.path} is the folder you are in: give the folder of frames a name of its own"
            )
        others = [entry.name for entry in self.path.iterdir() if not _FRAME.fullmatch(entry.name)]
        if others:
            raise OutputError(
                f"{self.path} holds other files, such as {min(others)}, which would be lost: move them away, or choose "
                "an empty or a new folder"
            )

    def replace(self, finished: Path) -> None:
        """Put what is finished, a file or a folder in ``work``, in the place of an older film."""
        if self.is_folder and self.path.exists():
            self._check_folder()  # once more: since the render began, files may have come that it must not take away
            older = self.work / "older"
            shutil.rmtree(older, ignore_errors=True)
            os.replace(self.place, older)
        os.replace(finished, self.place)
        shutil.rmtree(self.work)


def check_file(path: Path, may_be_folder: bool = False) -> None:
    """Refuse a place where no file can be made; only trying shows whether one can."""
    parent = Path(os.path.realpath(path)).parent
    with os_errors_as_output_errors(path):
        if path.is_dir() and not may_be_folder:
            raise OutputError(f"{path} is a folder: choose another name")
        if not parent.is_dir():
            raise OutputError(f"there is no folder {parent} to write {path.name} in: make it first")
        with tempfile.TemporaryFile(dir=parent), contextlib.suppress(FileNotFoundError):
            os.stat(parent / f".{path.name}.work")  # the longest name that will be asked for


def write_picture(path: Path, picture: Frame, tags: Mapping[str, str]) -> None:
    """One picture, in the format that the suffix says; an older one is replaced when this one is complete."""
    info = PngImagePlugin.PngInfo()
    for name, text in tags.items():
        info.add_itxt(name.capitalize(), text)
    place = Path(os.path.realpath(path))  # a link stays, and what it leads to is replaced
    draft = place.with_name(f".{place.name}.new{path.suffix}")
    with os_errors_as_output_errors(path):
        try:
            Image.fromarray(picture).save(draft, pnginfo=info, quality=95)
            os.replace(draft, place)
        finally:
            draft.unlink(missing_ok=True)


@dataclass(frozen=True)
class WorkFolder:
    """The frames that are done and the state after the last of them."""

    path: Path

    @property
    def frames(self) -> Path:
        return self.path / "frames"

    @property
    def state(self) -> Path:
        return self.path / "state.safetensors"

    def frame(self, number: int) -> Path:
        return self.frames / frame_name(number)

    @property
    def vectors(self) -> Path:
        return self.path / "vectors"

    def vector(self, number: int) -> Path:
        return self.vectors / frame_name(number, SVG)

    def keep_vector(self, number: int, page: str) -> None:
        """The same for what a frame is made of."""
        self.vectors.mkdir(exist_ok=True)
        draft = self.path / "draft.svg"
        draft.write_text(page, encoding="utf-8")
        os.replace(draft, self.vector(number))

    def keep(self, number: int, picture: Frame) -> None:
        """Write one frame, whole or not at all."""
        draft = self.path / "draft.png"
        Image.fromarray(picture).save(draft)
        os.replace(draft, self.frame(number))

    def damaged(self, number: int, size: tuple[int, int]) -> bool:
        """Whether a frame's file is not a whole picture of this width and height."""
        try:
            with Image.open(self.frame(number)) as picture:
                picture.verify()
                return picture.size != size
        except (OSError, SyntaxError, ValueError):  # Pillow has no one error for broken files
            return True

    def keep_only(self, span: range) -> None:
        """Drop frames that are not asked for: an earlier part of the render may have asked for more."""
        wanted = {frame_name(number, suffix) for number in span for suffix in (".png", SVG)}
        for folder in (self.frames, self.vectors):
            for entry in folder.iterdir() if folder.exists() else ():
                if entry.name not in wanted:
                    entry.unlink()

    def clear(self) -> None:
        """Throw away what is done; the lock stays."""
        self.state.unlink(missing_ok=True)  # first: frames without a state do no harm, the reverse would
        shutil.rmtree(self.vectors, ignore_errors=True)
        shutil.rmtree(self.frames)
        self.frames.mkdir()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Make the folder and hold it against other renders of the same film; removed if it holds nothing of use."""
        self.frames.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            _lock(lock.fileno(), self.path)
            try:
                yield
            finally:
                if self.path.exists() and not self.state.exists():
                    shutil.rmtree(self.path)


@dataclass(frozen=True)
class Frames:
    """Frames on disk, read one by one as often as wanted: (H, W, 3) uint8."""

    folder: WorkFolder
    span: range

    def __iter__(self) -> Iterator[Frame]:
        for number in self.span:
            with Image.open(self.folder.frame(number)) as picture:
                yield np.asarray(picture.convert("RGB"))


def _lock(file: int, folder: Path) -> None:
    """Held until the process ends, however it ends. Windows has no such lock, so there two renders may collide."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OutputError(
            f"another render is writing in {folder}: wait for it, or choose another output"
        ) from error


@contextlib.contextmanager
def os_errors_as_output_errors(path: Path) -> Iterator[None]:
    """What the system says, a full disk or a missing permission, as an ``OutputError`` about ``path``."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error, 'choose another output')}") from error
