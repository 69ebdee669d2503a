"""Does memory grow with a film's length? python benchmarks/memory.py

Renders films of 60 and of 600 frames through the command line, each in a process of its own, and prints the peak of
resident memory and the CPU seconds a frame.
"""

from __future__ import annotations

import multiprocessing
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

STORY = """
story: 1
drawer: DRAWER
scenes:
  - length: FRAMESf
    prompts: a dog
    steps: {0f: 10, 1f: STEPS}
    move: [{zoom: {factor: 1.05/s}}, {rotate: {angle: 10/s}}]
"""


def measured(drawer: str, frames: int, steps: int) -> tuple[float, float]:
    """Peak MB and CPU seconds of one render."""
    with tempfile.TemporaryDirectory() as folder:
        story = Path(folder) / "story.yaml"
        text = STORY.replace("DRAWER", drawer).replace("FRAMES", str(frames)).replace("STEPS", str(steps))
        story.write_text(text)
        command = [
            sys.executable,
            "-m",
            "pixray_motion",
            "render",
            str(story),
            "-o",
            f"{folder}/film.mp4",
            "--quiet",
        ]
        subprocess.run([*command, "--threads", "1"], check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def main() -> None:
    for drawer in ("fft", "pixel"):
        for frames, steps in ((60, 1), (600, 1), (60, 10)):
            with multiprocessing.get_context("spawn").Pool(1) as pool:  # each its own children to be counted
                peak, seconds = pool.apply(measured, (drawer, frames, steps))
            print(
                f"{drawer:6} {frames} frames of {steps} steps: {peak:.0f} MB, {seconds / frames:.3f} CPU s a frame",
                flush=True,
            )


if __name__ == "__main__":
    main()
