"""Tiny stories and the films made of them, for the tests of what is written to disk."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from pixray_motion.geometry import Canvas
from pixray_motion.output.base import FilmInfo
from pixray_motion.output.place import Output

TINY = """\
story: 1
canvas: 32x18
rate: 8
seed: 3
denoiser: none
scenes:
  - name: forest
    length: 3f
    prompts: a green forest
    steps: 1
    move: [{zoom: {factor: 1.5/s}}]
  - name: sea
    length: 3f
    prompts: a blue sea
    steps: 1
    move: [{pan: {x: 0.4/s}}]
"""


def tiny(folder: Path, text: str = TINY) -> Path:
    """A story file of six frames."""
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def program(arguments: Sequence[str | Path], folder: Path) -> subprocess.Popen[str]:
    """The real program, as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pixray_motion", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs, and so perhaps these tests, with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def encode(
    frames: Iterable[NDArray[np.uint8]],
    film: Path,
    rate: Fraction,
    tags: Mapping[str, str] | None = None,
    on_frame: Callable[[int], None] = lambda _: None,
    count: int = 6,
) -> None:
    """Frames, (H, W, 3), into the film that the name asks for."""
    about = FilmInfo(rate, Canvas(32, 18), range(count), tags or {})
    Output.of(film).writer.write(frames, film, about, on_frame)


def decoded(film: Path) -> list[NDArray[np.uint8]]:
    """The film's frames as ffmpeg shows them, (H, W, 3)."""
    width, height = map(int, re.findall(r"Video: .*?, (\d+)x(\d+)", described(film))[0])
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-fps_mode", "passthrough", "-")
    data = subprocess.run(
        [exe, "-loglevel", "error", "-i", str(film), *raw], capture_output=True, check=True
    ).stdout
    return list(np.frombuffer(data, np.uint8).reshape(-1, height, width, 3))


def described(film: Path) -> str:
    """What ffmpeg says of a file."""
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    return subprocess.run([exe, "-hide_banner", "-i", str(film)], capture_output=True, text=True).stderr


def fake_ffmpeg(folder: Path, script: str) -> str:
    """A program in ffmpeg's place that answers as the real one does, until it is to encode; then it runs ``script``."""
    real = imageio_ffmpeg.get_ffmpeg_exe()
    path = folder / "ffmpeg"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in -version|*-encoders*) exec "{real}" "$@";; esac\n{script}\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)
