"""Films by ffmpeg: the one that comes with imageio-ffmpeg, or the one that ``IMAGEIO_FFMPEG_EXE`` names.

Everything is set that ffmpeg would otherwise choose by the machine (threads) or by the day (dates, versions), so that
the same frames give the same bytes.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import IO, Annotated

import imageio_ffmpeg
import numpy as np
from PIL import Image

from pixray_motion.errors import EncodeError
from pixray_motion.geometry import Canvas
from pixray_motion.output.base import FilmInfo, OnFrame, Writer, writer
from pixray_motion.output.content import PIXELS, Frame
from pixray_motion.output.files import create, write_whole
from pixray_motion.output.process import SILENCE, Process, SilentProcess, in_time, printed
from pixray_motion.story.model import Story
from pixray_motion.units import Count

SILENCE_PER_PIXEL = 20e-6
"""Seconds that a frame's pixels may take beyond ``SILENCE``: a tenth of the speed of VP9, on one old processor core."""
FASTEST_GIF = 50  # frames a second: viewers show a gif with shorter delays ten times too slowly
_PART = re.compile(r"\[[^][]* @ (?:0x)?[0-9a-fA-F]+\] ?")  # as in [out#0/mp4 @ 0x5569c9eede40]
_SIZE = re.compile(rb"#dimensions 0: (\d+)x(\d+)")
# The frames are sRGB. swscale would convert them by the bt601 matrix, and a player, told nothing, would guess.
_BT709 = (
    "-vf",
    "scale=in_range=full:out_range=tv:out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709",
)


@dataclass(frozen=True)
class Video(Writer[Frame]):
    """What ffmpeg makes in one pass over the frames: reads them once, so they may be an iterator.

    ``encoder`` and ``muxer`` are ffmpeg's names; ``arguments`` choose the encoder's settings. Odd sizes are padded by
    repeating the last row or column, because h264 and vp9 store colour at half the size.
    """

    encoder: str
    muxer: str
    arguments: tuple[str, ...]

    needs = PIXELS

    def check(self, story: Story) -> None:  # noqa: ARG002
        """Raises: ``EncodeError`` if there is no ffmpeg, or none with this encoder."""
        check_encoder(self.encoder)

    def write(self, frames: Iterable[Frame], target: Path, about: FilmInfo, on_frame: OnFrame) -> None:
        """Raises: ``EncodeError`` with ffmpeg's last lines."""
        with _beside(target, "notes") as notes:
            write_whole(notes, _metadata(about.tags).encode(errors="replace"))
            inputs = ("-f", "ffmetadata", "-i", str(notes), "-map", "0:v", "-map_metadata", "1")
            _run(frames, about.rate, (*inputs, *self.arguments, "-f", self.muxer), target, on_frame)

    def check_film(self, film: Path, about: FilmInfo) -> None:
        """Raises: ``EncodeError`` if ffmpeg reads other frames back, or none."""
        _check_read(_read_back(film, about.canvas), about.canvas, about.count)


@writer(".mp4")
def mp4(crf: Annotated[int, Count(0, 51)] = 16) -> Video:
    """H.264, which every player shows; a higher crf makes a smaller and coarser file."""
    settings = ("-preset", "medium", "-crf", str(crf), "-threads", "1", "-movflags", "+faststart")
    return Video("libx264", "mp4", (*_BT709, *settings))


@writer(".webm")
def webm(crf: Annotated[int, Count(0, 63)] = 24) -> Video:
    """VP9, for web pages; a higher crf makes a smaller and coarser file."""
    settings = ("-crf", str(crf), "-b:v", "0", "-threads", "1", "-deadline", "good", "-cpu-used", "4")
    return Video("libvpx-vp9", "webm", (*_BT709, *settings))


@writer(".gif")
class Gif(Writer[Frame]):
    """256 colours for the whole film, at most 50 frames a second; plays for ever.

    Two passes over the frames: one filter graph that makes and uses a palette would hold all of them in memory. Of a
    faster film the frames are taken that show at 50 a second, the first one always.
    """

    needs = PIXELS

    def check(self, story: Story) -> None:  # noqa: ARG002
        """Raises: ``EncodeError`` if there is no ffmpeg, or none with this encoder."""
        check_encoder("gif")

    def write(self, frames: Iterable[Frame], target: Path, about: FilmInfo, on_frame: OnFrame) -> None:
        """Raises: ``EncodeError`` with ffmpeg's last lines."""
        rate = min(about.rate, Fraction(FASTEST_GIF))
        step = about.rate / rate
        with _beside(target, "palette.png") as palette:
            # palettegen counts every colour that it meets: 16 bits a colour bound what that takes, in any film.
            # Of two frames it counts what the second one changes, but in the colours of the first: one more frame at
            # the end, of a colour that no film is made of, has it count the last.
            colours = "tpad=stop=1:color=0xff00ff,format=rgb565le,format=rgb24,palettegen=stats_mode=diff"
            settings = ("-vf", colours, "-update", "1", "-frames:v", "1")
            _run(_every(step, frames, _ignore), rate, settings, palette, _ignore)
            graph = "[0:v]null[a];[a][1:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle"
            arguments = ("-i", str(palette), "-lavfi", graph, "-loop", "0", "-f", "gif")
            _run(_every(step, frames, on_frame), rate, arguments, target, _ignore)
        _add_comment(target, "\n".join(f"{name}: {text}" for name, text in about.tags.items()))

    def check_film(self, film: Path, about: FilmInfo) -> None:
        """Raises: ``EncodeError`` if other frames are read back, or none."""
        _read_back(film, about.canvas)  # it cannot tell frames from the comment
        try:
            with Image.open(film) as gif:
                found = gif.size, getattr(gif, "n_frames", 1)
        except (OSError, SyntaxError, ValueError) as error:
            raise _unreadable(str(error)) from error
        _check_read(found, about.canvas, math.ceil(about.count / max(about.rate / FASTEST_GIF, Fraction(1))))


@cache
def ffmpeg() -> str:
    """The path of the ffmpeg program; an ``EncodeError`` if there is none that runs."""
    try:
        exe: str = in_time(imageio_ffmpeg.get_ffmpeg_exe, SILENCE)  # it may run some, to see whether they do
        code, _ = printed([exe, "-version"], SILENCE)
    except (OSError, RuntimeError, SilentProcess) as error:
        raise _does_not_run(str(error)) from error
    if code != 0:
        raise _does_not_run(f"{exe} -version ends with {code}")
    return exe


@cache
def check_encoder(name: str) -> None:
    """Refuse, before anything is rendered, a film for which this ffmpeg has no encoder. Raises: ``EncodeError``."""
    try:
        _, listing = printed([ffmpeg(), "-hide_banner", "-encoders"], SILENCE)
    except (OSError, SilentProcess) as error:
        raise _does_not_run(str(error)) from error
    if name not in listing.split():
        raise EncodeError(
            f"{ffmpeg()} has no encoder {name}, which this film needs: unset IMAGEIO_FFMPEG_EXE to use the ffmpeg that "
            "came with imageio-ffmpeg"
        )


def _does_not_run(why: str) -> EncodeError:
    return EncodeError(
        f"ffmpeg does not run ({_one_line(why)}): reinstall imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE to "
        "the ffmpeg program that you use"
    )


@contextlib.contextmanager
def _beside(target: Path, name: str) -> Iterator[Path]:
    """The path of a file that is needed to make ``target``, beside it, so that it goes wherever that goes."""
    path = target.with_name(f"{target.name}.{name}")
    path.unlink(missing_ok=True)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _every(step: Fraction, frames: Iterable[Frame], on_frame: OnFrame) -> Iterator[Frame]:
    """The frames that show at the whole multiples of ``step``, which is at least 1: the last that has begun by then."""
    shown = 0
    for number, frame in enumerate(frames):
        if number >= math.floor(shown * step):
            yield frame
            shown += 1
        on_frame(number + 1)


def _ignore(count: int) -> None:
    """Where nobody wants to know how many frames are written."""


def _run(
    frames: Iterable[Frame],
    rate: Fraction,
    arguments: tuple[str, ...],
    output: Path,
    on_frame: OnFrame,
) -> None:
    """Feed the frames to one ffmpeg process. stderr goes to a file, since a pipe that nobody reads would fill."""
    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        raise EncodeError("there are no frames to make a film of")
    first = _even(first)
    height, width = first.shape[:2]
    command = [
        *(ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "pipe:0"),
        *arguments,
        # What is encoded is written at once, so that the growing film is a sign of life.
        *("-fflags", "+bitexact", "-flags", "+bitexact", "-flush_packets", "1", str(output)),
    ]
    silence = SILENCE + SILENCE_PER_PIXEL * width * height
    with (
        _log(output) as log,
        _silence_as_error(),
        Process(command, silence, lambda: _size_and_time(output), is_fed=True, log=log) as process,
    ):
        for number, frame in enumerate(_chain(first, stream), start=1):
            if not process.feed(np.ascontiguousarray(_even(frame)).data):
                break  # ffmpeg has given up; its return code and log say why
            on_frame(number)
        if process.end() != 0:
            raise EncodeError(f"ffmpeg could not write the film: {_last_lines(log) or 'it gave no reason'}")


def _read_back(film: Path, canvas: Canvas) -> tuple[tuple[int, int], int]:
    """Decode a film: its width and height, and how many frames it says it has. Raises: ``EncodeError``."""
    command = [
        *(ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-xerror", "-i", f"file:{film}"),
        *("-map", "0:v:0", "-c", "copy", "-flush_packets", "1", "-f", "framecrc", "-"),
        *("-map", "0:v:0", "-f", "null", "-"),
    ]
    silence = SILENCE + SILENCE_PER_PIXEL * canvas.width * canvas.height
    size, count = (0, 0), 0
    with (
        _log(film) as log,
        _silence_as_error(),
        Process(command, silence, prints=True, log=log) as process,
    ):
        for line in process.lines():
            if found := _SIZE.match(line):
                size = int(found[1]), int(found[2])
            count += not line.startswith(b"#")
        if process.end() != 0:
            raise _unreadable(_last_lines(log) or "ffmpeg gives no reason")
    return size, count


def _check_read(found: tuple[tuple[int, int], int], canvas: Canvas, count: int) -> None:
    """Whether what was read back are ``count`` frames of this canvas, padded to even sides."""
    even = canvas.width + canvas.width % 2, canvas.height + canvas.height % 2
    if found != (even, count):
        (width, height), read = found
        raise _unreadable(f"{read} frames of {width}x{height}, and not {count} of {even[0]}x{even[1]}")


def _unreadable(why: str) -> EncodeError:
    return EncodeError(
        f"ffmpeg told of no error, but what it wrote is not the film ({_one_line(why)}): look whether the disk is "
        "sound, or use another ffmpeg by IMAGEIO_FFMPEG_EXE"
    )


@contextlib.contextmanager
def _log(target: Path) -> Iterator[IO[bytes]]:
    """A file for ffmpeg's words."""
    with _beside(target, "log") as path, create(path) as file:
        yield file


@contextlib.contextmanager
def _silence_as_error() -> Iterator[None]:
    try:
        yield
    except SilentProcess as error:
        raise EncodeError(
            f"ffmpeg hung ({error}): run the command again, or use another ffmpeg by IMAGEIO_FFMPEG_EXE"
        ) from error


def _size_and_time(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_size, about.st_mtime_ns


def _chain(first: Frame, rest: Iterable[Frame]) -> Iterator[Frame]:
    yield first
    yield from rest


def _even(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return frame
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _last_lines(log: IO[bytes], count: int = 3, length: int = 400) -> str:
    """ffmpeg's last words, without the addresses of its parts, each once; and a remedy where one is known."""
    log.seek(0)
    text = _PART.sub("", log.read().decode("utf-8", "replace"))
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    words = _one_line("; ".join(lines[-count:]))[-length:]
    return f"{words}; free some space" if "No space left" in words else words


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _metadata(tags: Mapping[str, str]) -> str:
    """ffmpeg's metadata file. A story may be longer than what fits on a command line."""
    lines = [";FFMETADATA1"]
    for name, text in tags.items():
        # The backslash first, so that it does not escape the others' backslashes.
        for character in "\\=;#\n\r":
            text = text.replace(character, "\\" + character)
        # ffmpeg reads on behind any backslash at the end of a line, even one that is escaped.
        end = " " if text.endswith("\\") else ""
        lines.append(f"{name}={text}{end}")
    return "\n".join(lines) + "\n"


def _add_comment(gif: Path, text: str) -> None:
    """Write a comment extension before the trailer; ffmpeg has no way to."""
    data = text.encode()
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    if not gif.exists() or gif.stat().st_size == 0:
        raise _unreadable("it is empty")
    with gif.open("r+b") as file:
        file.seek(-1, 2)
        if file.read(1) != b"\x3b":
            raise _unreadable(f"{gif.name} has no end")
        file.seek(-1, 2)
        file.write(b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\x00\x3b")
