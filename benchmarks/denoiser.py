"""What a denoiser costs on one thread: python benchmarks/denoiser.py

CPU seconds of a forward pass for a canvas of 192x108, for one row and two, in float32 and bfloat16, of the network that
ships and of the next one (random weights); and of a calm frame with either: a frame asks the denoiser twice, with two
rows for one prompt, or with one where guidance is distilled. Medians. A calm frame may take 0.35 s in float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from pixray_motion.denoisers.embedded import EmbeddedDenoiser
from pixray_motion.denoisers.unet import UNet
from pixray_motion.engine import render
from pixray_motion.geometry import Canvas
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse
from pixray_motion.studio import Studio
from training.denoise import NETWORK

STORY = "story: 1\ncanvas: 192x108\nrate: 10\nscenes: [{length: 8f, prompts: a red apple}]\n"
TOKENS = 8


def median(work: Callable[[], object], times: int = 9) -> float:
    work()
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return sorted(spent)[times // 2]


def forward(net: UNet, size: Canvas, rows: int, lower: bool) -> float:
    x, level = torch.randn(rows, 3, size.height, size.width), torch.full((rows,), 0.5)
    text = torch.nn.functional.normalize(torch.randn(rows, 384), dim=-1)
    tokens = (torch.randn(rows, TOKENS, net.tokens), torch.ones(rows, TOKENS, dtype=torch.bool))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=lower):
        return median(lambda: net(x, level, text, None, tokens if net.tokens else None))


def calm_frame(story: Story, net: UNet | None, distilled: bool) -> float:
    studio = Studio.open(story)
    for prompted in studio.denoisers.values():
        model = prompted.denoiser
        assert isinstance(model, EmbeddedDenoiser)
        if net is not None:
            model._net, model.side, model.multiple, model.distilled = net, net.side, net.multiple, distilled
            model.embed_text(["a red apple"])
    spent, start = [], time.process_time()
    for _ in render(story, studio):
        spent.append(time.process_time() - start)
        start = time.process_time()
    return sorted(spent[1:])[len(spent) // 2]


def main() -> None:
    torch.set_num_threads(1)
    shipped, canvas = EmbeddedDenoiser(), Canvas(192, 108)
    following = UNet(**NETWORK, side=64).eval().requires_grad_(False).to(memory_format=torch.channels_last)
    for name, net in (("ships", shipped._net), ("next", following)):
        shipped.side, shipped.multiple = net.side, net.multiple
        size = shipped.native(canvas)
        costs = [forward(net, size, rows, lower) for rows in (1, 2) for lower in (False, True)]
        shown = ", ".join(f"{1000 * cost:.0f}" for cost in costs)
        count = sum(p.numel() for p in net.parameters()) / 1e6
        print(f"{name}: {count:.1f} million parameters at {size}")
        print(f"  CPU ms of one row, in bfloat16, of two rows, in bfloat16: {shown}")
    story = parse(STORY)
    for name, network, distilled in (
        ("ships", None, False),
        ("next, two rows", following, False),
        ("next, one row", following, True),
    ):
        print(f"a calm frame, {name}: {calm_frame(story, network, distilled):.2f} CPU s")


if __name__ == "__main__":
    main()
