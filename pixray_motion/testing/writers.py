"""What every writer must do."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageSequence

from pixray_motion.errors import MotionError
from pixray_motion.film import write_film
from pixray_motion.geometry import Canvas
from pixray_motion.output.base import FOLDER, FilmInfo, Writer, writer
from pixray_motion.output.content import Content, Frame, frame_name
from pixray_motion.output.kept import KeptFrames
from pixray_motion.output.place import Output
from pixray_motion.output.work import WorkFolder
from pixray_motion.registry import Registry
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse
from pixray_motion.testing.base import Contract

CANVAS = Canvas(32, 18)
ABOUT = FilmInfo(
    Fraction(8), CANVAS, range(3, 6), {"description": "seed 1", "comment": "story: 1 # a = b; \\ c\n"}
)
STORY = """\
{story: 1, canvas: 32x18, rate: 8, drawer: {pixel: {grid: 8x4}}, perceptor: none, denoiser: none,
 scenes: [{length: 3f, prompts: a dog, steps: 1, move: [{pan: {x: 1/s}}]}]}
"""
COLOURS = ((200, 60, 40), (40, 180, 60), (50, 70, 210))
FILMS = (".mp4", ".webm", ".gif", ".mov", ".mkv", ".avi", ".webp", ".apng")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
COLOUR_ERROR = 6  # of 255: what a film may change of a plain colour


class WriterContract(Contract):
    """``name`` is the suffix that the writer is registered under, ``".txt"``, or ``".txt/"`` for a folder."""

    registry: ClassVar[Registry[Any]] = writer

    @property
    def is_folder(self) -> bool:
        return self.name.endswith(FOLDER)

    def make(self) -> Writer[Any]:
        made: Writer[Any] = self.entry.make(**self.values)
        return made

    def example(self, number: int) -> Any:
        """What ``needs.save`` keeps of frame ``number``: pixels of one colour, or an element of SVG.

        A writer that needs another content than ours overrides it.
        """
        name = self.make().needs.name
        colour = COLOURS[number % len(COLOURS)]
        if name == "frames":
            return np.full((CANVAS.height, CANVAS.width, 3), colour, np.uint8)
        assert name == "shapes", f"a writer that needs '{name}' has a contract that overrides example(number)"
        return f'<path d="M0 0L32 0L32 18Z" fill="#{bytes(colour).hex()}"/>'

    def story(self) -> Story:
        """Three frames of cells, which are pixels as well as shapes."""
        return parse(STORY)

    def test_it_is_called_by_a_suffix(self) -> None:
        suffix = self.name.removesuffix(FOLDER)
        assert suffix in ("",) or (suffix.startswith(".") and suffix == suffix.lower()), (
            "a writer is registered under the suffix of its files in small letters, '.txt', or '.txt/' for "
            "folders whose names "
            f"end so; got '{self.name}'"
        )
        path = f"film{self.name}"
        assert Output.of(path).format == self.name, f"'-o {path}' asks for this writer"

    def test_it_says_what_it_needs(self) -> None:
        made = self.make()
        assert isinstance(made, Writer), f"a writer derives from Writer; got a {type(made).__name__}"
        needs = getattr(made, "needs", None)
        assert isinstance(needs, Content), (
            f"'needs' is PIXELS, SHAPES, PNG_FILES or another Content; got {needs!r}"
        )

    def test_it_tells_what_it_has_written(self, tmp_path: Path) -> None:
        told: list[int] = []
        self._write(tmp_path, "film", told=told)
        assert told == [1, 2, 3], (
            f"on_frame is told, after each frame, how many are written: 1, 2, 3; got {told}"
        )

    def test_it_writes_the_film_and_nothing_else(self, tmp_path: Path) -> None:
        film = self._write(tmp_path, "film")
        assert film.exists(), "write makes the film at the path that it is given, and nowhere else"
        assert film.is_dir() == self.is_folder, (
            f"a writer called '{self.name}' makes a {'folder' if self.is_folder else 'file'} at the path that "
            "it is given"
        )
        others = sorted(path.name for path in film.parent.iterdir() if path != film)
        assert not others, f"write leaves nothing beside the film; got {', '.join(others)}"
        if self.is_folder:
            files = sorted(film.iterdir())
            kinds = {path.suffix for path in files}
            assert [path.name for path in files] == [
                frame_name(frame, suffix) for suffix in kinds for frame in ABOUT.frames
            ], (
                "the files of a folder are called by frame_name(frame, suffix), by the film's own count and all "
                "with one "
                f"suffix, or a later render would not replace them; got {', '.join(path.name for path in files)}"
            )
        else:
            assert film.stat().st_size > 0, (
                "the film is whole when write returns: close or flush what it is written with"
            )

    def test_the_same_frames_make_the_same_bytes(self, tmp_path: Path) -> None:
        first, again = (_contents(self._write(tmp_path, name)) for name in ("one", "two"))
        assert first == again, (
            "the same frames make the same bytes: no dates, no paths, no number of threads; a second film of "
            "them differs"
        )
        other = _contents(self._write(tmp_path, "three", skip=1))
        assert first != other, "other frames make another film"

    def test_a_film_shows_the_frames(self, tmp_path: Path) -> None:
        """Where what is written can be played: suffixes of films, and folders of pictures."""
        found = self.read_back(self._write(tmp_path, "film"))
        if found is None:
            pytest.skip(f"'{self.name}' is none of the films that can be played here ({', '.join(FILMS)})")
        assert len(found) == ABOUT.count, (
            f"the film has as many frames as it was given, {ABOUT.count}; got {len(found)}"
        )
        for number, frame in zip(ABOUT.frames, found, strict=True):
            away = np.abs(frame.mean((0, 1)) - COLOURS[number % len(COLOURS)]).max()
            assert away < COLOUR_ERROR, (
                f"a plain colour comes back, within {COLOUR_ERROR} of 255; it is {away:.0f} away"
            )

    def read_back(self, film: Path) -> Sequence[Frame] | None:
        """The film's frames, (H, W, 3) each, or None where nothing here can show it."""
        if self.make().needs.name != "frames":
            return None
        if self.is_folder:
            files = sorted(film.iterdir())
            return [_open(path) for path in files] if all(path.suffix in PICTURES for path in files) else None
        return _play(film) if self.name in FILMS else None

    def test_a_damaged_film_is_noticed(self, tmp_path: Path) -> None:
        """Before the frames that it was made of are thrown away: one frame less, or nothing at all."""
        made, film = self.make(), self._write(tmp_path, "film")
        made.check_film(film, ABOUT)
        if self.is_folder:
            sorted(film.iterdir())[-1].unlink()
        else:
            film.write_bytes(b"")
        try:
            made.check_film(film, ABOUT)
        except MotionError:
            return
        raise AssertionError(
            "check_film finds out whether the film is there, and whole: raise an OutputError if not"
        )

    def test_what_it_accepts_becomes_a_film(self, tmp_path: Path) -> None:
        """The whole way: rendered, kept, written, and put in place."""
        story = self.story()
        self.make().check(story)
        output = write_film(story, tmp_path / f"film{self.name}", range(1, 3))
        assert output.path.exists(), "what check(story) accepts can be written"
        left = sorted(path.name for path in tmp_path.iterdir())
        assert left == [output.path.name], f"a film leaves nothing beside it; got {', '.join(left)}"

    def _write(self, place: Path, name: str, skip: int = 0, told: list[int] | None = None) -> Path:
        """A film of three frames, alone in a folder of its own."""
        made = self.make()
        folder, work = place / name, WorkFolder(place / f"{name}.work", place / name)
        folder.mkdir()
        work.path.mkdir()
        for frame in ABOUT.frames:
            work.save_frame(frame, made.needs, self.example(frame + skip))
        film = folder / f"film{self.name.removesuffix(FOLDER)}"
        frames = KeptFrames(work.path, made.needs, ABOUT.frames)
        made.write(frames, film, ABOUT, ([] if told is None else told).append)
        return film


def _contents(film: Path) -> dict[str, bytes]:
    """Of a file, or of the files in a folder, by their names."""
    files = sorted(film.iterdir()) if film.is_dir() else [film]
    return {path.name if film.is_dir() else "": path.read_bytes() for path in files}


def _open(path: Path) -> Frame:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _play(film: Path) -> list[Frame]:
    """The frames at the canvas' size, as ffmpeg shows them; Pillow where ffmpeg knows no animation."""
    if film.suffix in (".webp", ".apng"):
        with Image.open(film) as picture:
            return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    size = f"{CANVAS.width}x{CANVAS.height}"
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-fps_mode", "passthrough", "-")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(film), *raw]
    played = subprocess.run(command, capture_output=True)
    assert played.returncode == 0, (
        f"ffmpeg cannot play the film: {played.stderr.decode(errors='replace').strip()[-200:]}"
    )
    return list(np.frombuffer(played.stdout, np.uint8).reshape(-1, CANVAS.height, CANVAS.width, 3))
