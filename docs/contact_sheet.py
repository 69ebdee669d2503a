"""Frames of a film beside each other: python docs/contact_sheet.py first-light.mp4 docs/pictures/first-light.png"""

from __future__ import annotations

import argparse
import subprocess

import imageio_ffmpeg
import numpy as np
from PIL import Image


def frames(film: str) -> np.ndarray:
    """(N, H, W, 3) uint8."""
    width, height = next(imageio_ffmpeg.read_frames(film))["size"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", film]
    raw = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True
    )
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, height, width, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film")
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--columns", type=int, default=4)
    options = parser.parse_args()
    film = frames(options.film)
    chosen = film[np.linspace(0, len(film) - 1, options.count).round().astype(int)]
    _, height, width, _ = chosen.shape
    rows = -(-options.count // options.columns)
    page = Image.new("RGB", (options.columns * (width + 2) - 2, rows * (height + 2) - 2), "white")
    for i, frame in enumerate(chosen):
        place = (i % options.columns * (width + 2), i // options.columns * (height + 2))
        page.paste(Image.fromarray(frame), place)
    page.save(options.out, optimize=True)


if __name__ == "__main__":
    main()
