"""What strokes cost: python benchmarks/strokes.py

Forward and backward of random strokes, CPU seconds on one thread, the best of three, and how many times as fast that is
as diffvg. diffvg cannot be installed from the registry: its seconds were measured elsewhere, and are scaled by a matrix
product that took 0.023 s there.
"""

from __future__ import annotations

import resource
import time

import torch
from torch import Tensor

from pixray_motion.drawers.bezier import Shapes, rasterise

DIFFVG = {  # (strokes, side) -> seconds
    (24, 224): 0.11 + 0.22,
    (256, 224): 0.29 + 0.92,
    (1024, 224): 0.86 + 3.04,
    (24, 448): 0.34 + 1.04,
    (256, 448): 1.13 + 3.99,
    (1024, 448): 3.02 + 11.6,
}


def random_strokes(count: int, side: int) -> list[Tensor]:
    """As diffvg was measured with: 1 to 3 segments of steps up to 5 % of the side, and 1 to 5 % on either side."""
    rng = torch.Generator().manual_seed(0)
    curves, owner = [], []
    for stroke in range(count):
        segments = int(torch.randint(1, 4, (), generator=rng))
        steps = 0.1 * (torch.rand((3 * segments, 2), generator=rng) - 0.5)
        points = torch.cat([torch.rand((1, 2), generator=rng), steps]).cumsum(0) * side
        curves += [points[3 * k : 3 * k + 4] for k in range(segments)]
        owner += [stroke] * segments
    half_widths = (0.01 + 0.04 * torch.rand(count, generator=rng)) * side
    return [torch.stack(curves), torch.tensor(owner), half_widths, torch.rand((count, 4), generator=rng)]


def seconds(count: int, side: int) -> float:
    curves, owner, half_widths, colours = random_strokes(count, side)
    learned = [tensor.requires_grad_() for tensor in (curves, half_widths, colours)]
    took = []
    for _ in range(3):
        start = time.process_time()
        loss = (
            rasterise(Shapes(curves, owner, half_widths, colours), torch.ones(3), side, side).square().mean()
        )
        torch.autograd.grad(loss, learned)
        took.append(time.process_time() - start)
    return min(took)


def calibration() -> float:
    a, took = torch.rand(1024, 1024), []
    for _ in range(5):
        start = time.process_time()
        a @ a
        took.append(time.process_time() - start)
    return min(took)


def main() -> None:
    torch.set_num_threads(1)
    scale = calibration() / 0.023
    for (count, side), theirs in DIFFVG.items():
        mine = seconds(count, side)
        print(
            f"{count:5} strokes, {side}x{side}: {mine:.3f} s, {theirs * scale / mine:.1f} times as fast as diffvg"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
