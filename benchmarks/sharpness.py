"""How sharp a picture stays while it moves, without refinement: python benchmarks/sharpness.py

The fft drawer against one ideal resample of the original (quintic spline, float64), on four drawn photographs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from pictures import photograph
from test_sharpness import known, moved, reference, sharpness

from pixray_motion.geometry import Motion


def one_way(seed: int, shift: Motion) -> str:
    image = photograph(192, 108, seed)
    *_, (last, total) = moved(image, [shift @ Motion.rotation(0.8) @ Motion.scale(1.012)] * 30)
    ideal, where = reference(image, total), known(total)
    psnr = -10 * np.log10(((last - ideal)[:, where] ** 2).mean())
    return f"sharpness {sharpness(last, where) / sharpness(ideal, where):.3f}, PSNR {psnr:.1f} dB"


def there_and_back(seed: int) -> str:
    image, there = photograph(192, 108, seed), Motion.shift(0.5 / 108, 0.5 / 108)
    frames = list(moved(image, [there, there.inverse()] * 150))
    everywhere = known(Motion.identity())
    ratios = [
        sharpness(frame, known(total)) / sharpness(reference(image, total), known(total))
        for frame, total in frames[::13]
    ]
    last = frames[-1][0]
    over = max(max(frame.max() - image.max(), image.min() - frame.min()) for frame, _ in frames)
    return (
        f"last {sharpness(last, everywhere) / sharpness(image, everywhere):.4f}, between {min(ratios):.3f} to "
        f"{max(ratios):.3f}, spread {last.std() / image.std():.4f}, beyond the range by {over:.3f}"
    )


def main() -> None:
    for seed in range(4):
        for pixels in ((2.5, 0), (-1.77, 1.77)):
            print(
                f"30 frames, photograph {seed}, shift {pixels}: {one_way(seed, Motion.shift(*np.divide(pixels, 108)))}"
            )
        print(f"300 frames to and fro, photograph {seed}: {there_and_back(seed)}", flush=True)


if __name__ == "__main__":
    main()
