"""How calm a film is, and whether it drifts: python benchmarks/coherence.py [DRAWER ...] [--frames 60] [--size 192x108]

For each way to draw, a film of one prompt that zooms and pans: the mean change between a frame and the one before it,
moved (of 255), against the perceptor alone with fft; and the mean and spread of its colours at the end, against those
of its first second. "fft" is a drawer with the embedded denoiser, "fft-" without it, "fft=" without the perceptor.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pixray_motion.engine import frame_generator, render
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse
from pixray_motion.studio import Studio
from pixray_motion.variants import without_denoiser, without_perceptor

STORY = """
story: 1
canvas: {size}
drawer: {drawer}
seed: 3
scenes:
  - length: {frames}f
    prompts: {prompt}
    move: [{{zoom: {{factor: 1.1/s}}}}, {{pan: {{x: 0.04/s}}}}]
"""


@dataclass(frozen=True)
class Figures:
    change: float
    seconds: float
    mean: float
    spread: float


def story_of(way: str, prompt: str, frames: int, size: str) -> Story:
    story = parse(
        STORY.format(size=size, drawer=way.rstrip("-="), frames=frames, prompt=prompt), path="benchmark"
    )
    if way.endswith("-"):
        return without_denoiser(story)
    return without_perceptor(story) if way.endswith("=") else story


def changes(story: Story) -> Iterator[tuple[float, float, np.ndarray]]:
    """Change, CPU seconds and picture of every frame after the first."""
    studio, before, start = Studio.open(story), None, time.process_time()
    for state in render(story, studio):
        seconds = time.process_time() - start
        image = studio.image(state).astype(float)
        if before is not None:
            rng = frame_generator(story.seed, state.frame, state.plan.drawing.id)
            warped = studio.drawer.warp(before.params, state.plan.motion, state.plan.border, rng)
            moved = studio.image(replace(state, drawings={state.plan.drawing: warped})).astype(float)
            yield float(np.abs(image - moved).mean()), seconds, image
        before, start = state, time.process_time()


def figures(story: Story) -> Figures:
    change, seconds, images = zip(*changes(story), strict=True)
    second = round(story.rate)
    first, last = np.stack(images[:second]), np.stack(images[-second:])
    return Figures(
        float(np.mean(change)),
        float(np.mean(seconds)),
        last.mean() / first.mean(),
        last.std() / first.std(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ways", nargs="*", default=["fft-", "fft", "pixel", "diffusion"])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--size", default="192x108")
    parser.add_argument("--prompt", default="a castle on a hill")
    options = parser.parse_args()
    base = None
    for way in options.ways:
        found = figures(story_of(way, options.prompt, options.frames, options.size))
        base = base or found.change
        print(
            f"{way}: change {found.change:.2f} ({found.change / base:.2f} of {options.ways[0]}), mean x "
            f"{found.mean:.3f}, spread x {found.spread:.3f}, {found.seconds:.2f} CPU s a frame",
            flush=True,
        )


if __name__ == "__main__":
    main()
