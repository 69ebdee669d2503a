"""What the loop costs over the bare perceptor: python benchmarks/overhead.py [--pairs 9]

A step of the loop (draw, cutouts, perceptor, losses, backward, update) is compared with the perceptor's forward and
backward pass, to the pixels alone, over as many cutouts. fp32, one thread, the same allocator settings, interleaved;
printed are the medians of CPU seconds and of the pairs' ratios.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from pixray_motion.descend import descend
from pixray_motion.engine import frame_generator
from pixray_motion.objective import PromptedPerceptor
from pixray_motion.perceptors.base import Perceptor
from pixray_motion.story.plan import Component
from pixray_motion.story.reading.story import parse
from pixray_motion.studio import Studio

EMBEDDED = Component("embedded")
DRAWERS = ("pixel", "{pixel: {cells: hex}}", "fft", "clipdraw", "{clipdraw: {strokes: 1024}}")


class RandomViT(Perceptor):
    """A ViT-B/32 as CLIP has it, with random weights: what it costs does not depend on what it knows."""

    size, cuts = 224, 24

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, 768, 32, stride=32, bias=False)
        self.places = nn.Parameter(torch.randn(1, 50, 768) * 0.02)
        layer = nn.TransformerEncoderLayer(768, 12, 3072, 0.0, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
        self.head = nn.Linear(768, 512, bias=False)
        for module in (self.patches, self.layers, self.head):
            module.requires_grad_(False).eval()
        self.places.requires_grad_(False)

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        return nn.functional.normalize(torch.randn(len(texts), 512), dim=-1)

    def embed_images(self, images: Tensor) -> Tensor:
        tokens = self.patches((images - 0.45) / 0.27).flatten(2).transpose(1, 2)
        tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], 1) + self.places
        return nn.functional.normalize(self.head(self.layers(tokens)[:, 0]), dim=-1)

    def fingerprint(self) -> str:
        return "random ViT-B/32"


def loop(drawer: str, perceptor: Perceptor | None, steps: int) -> tuple[Callable[[], None], Perceptor]:
    """A function that refines a picture of 192x108 for ``steps`` steps; ``drawer`` as a story writes it."""
    scene = "{length: 1f, prompts: a dog, denoiser: none}"
    studio = Studio.open(parse(f"{{story: 1, canvas: 192x108, drawer: {drawer}, scenes: [{scene}]}}"))
    if perceptor:
        texts = {"a dog": perceptor.embed_text(["a dog"])[0]}
        studio = replace(studio, perceptors={EMBEDDED: PromptedPerceptor("vit", perceptor, texts)})
    drawing = studio.story.plan(0).drawing
    params = studio.drawer.init_params(frame_generator(0, 0))

    def run() -> None:
        objective = studio.objective(drawing, frame_generator(0, 0))
        descend(params, studio.drawer.learning(params), studio.drawer, objective, steps)

    return run, studio.perceptors[EMBEDDED].perceptor


def bare(perceptor: Perceptor, steps: int) -> Callable[[], None]:
    images = torch.rand(perceptor.cuts, 3, perceptor.size, perceptor.size, requires_grad=True)

    def run() -> None:
        for _ in range(steps):
            torch.autograd.grad(perceptor.embed_images(images).sum(), images)

    return run


def compared(run: Callable[[], None], base: Callable[[], None], pairs: int) -> tuple[float, float, float]:
    """Median CPU seconds of both, and the median of the pairs' ratios."""
    run(), base()
    times = [(cpu_seconds(run), cpu_seconds(base)) for _ in range(pairs)]
    return (
        statistics.median(t[0] for t in times),
        statistics.median(t[1] for t in times),
        statistics.median(t[0] / t[1] for t in times),
    )


def cpu_seconds(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    pairs = parser.parse_args().pairs
    print(
        f"{platform.machine()}, {platform.processor() or platform.system()}, torch {torch.__version__}, 1 thread"
    )
    vit = RandomViT()
    for drawer in DRAWERS:
        for name, perceptor, steps in (("ViT-B/32, 24 cuts", vit, 1), ("embedded, 8 cuts", None, 10)):
            run, seeing = loop(drawer, perceptor, steps)
            with_loop, without, ratio = compared(run, bare(seeing, steps), pairs)
            times = f"loop {with_loop / steps:.3f} s, bare {without / steps:.3f} s a step"
            print(f"{drawer:28} {name:18} {times}, ratio {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()
