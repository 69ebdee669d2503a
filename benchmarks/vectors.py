"""Whether a browser shows an SVG as we do: python benchmarks/vectors.py FILM.svg FRAMES/ [SVG_FRAMES/] [--rate 12]

FILM.svg is a film, FRAMES a folder of PNGs of the same render, and SVG_FRAMES one of its SVGs. Each frame is opened in
headless chromium, by itself and in the film at its time, and compared: mean absolute difference of the colours, 0 to 1.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.float64]


def shot(svg: str, size: tuple[int, int], seconds: float) -> Picture:
    """(H, W, 3): what the browser shows of an SVG at a time."""
    script = f"const s=document.querySelector('svg');s.pauseAnimations();s.setCurrentTime({seconds})"
    style = "*{margin:0;padding:0}svg{display:block}"
    with tempfile.TemporaryDirectory() as folder:
        page, picture = Path(folder, "page.html"), Path(folder, "page.png")
        page.write_text(f"<!doctype html><style>{style}</style><body>{svg}<script>{script}</script></body>")
        options = ("--headless", "--no-sandbox", "--hide-scrollbars", "--force-device-scale-factor=1")
        subprocess.run(
            [
                "chromium",
                *options,
                f"--window-size={size[0]},{size[1] + 200}",
                f"--screenshot={picture}",
                str(page),
            ],
            check=True,
            capture_output=True,
        )
        with Image.open(picture) as image:
            return np.asarray(image.convert("RGB"), np.float64)[: size[1], : size[0]] / 255


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("film", type=Path)
    parser.add_argument("frames", type=Path)
    parser.add_argument("svgs", type=Path, nargs="?")
    parser.add_argument("--rate", type=float, default=12)
    parser.add_argument("--every", type=int, default=5)
    given = parser.parse_args()
    film = re.sub(r"<desc>.*?</desc>", "", given.film.read_text(), flags=re.DOTALL)
    for number, file in list(enumerate(sorted(given.frames.glob("*.png"))))[:: given.every]:
        with Image.open(file) as image:
            ours = np.asarray(image.convert("RGB"), np.float64) / 255
        size = (ours.shape[1], ours.shape[0])
        theirs = [shot(film, size, (number + 0.5) / given.rate)]
        if given.svgs:
            theirs.append(shot((given.svgs / f"{file.stem}.svg").read_text(), size, 0))
        print(file.stem, *(f"{np.abs(picture - ours).mean():.4f}" for picture in theirs))


if __name__ == "__main__":
    main()
