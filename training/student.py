"""Makes the denoiser quick: guidance in one pass, then few passes.

    python -m training.student --pack PACK --work WORK --teacher denoiser --out guided --kind guidance --minutes 60
    python -m training.student --pack PACK --work WORK --teacher guided --out few --kind steps --minutes 60

``guidance``: the student takes the scale as an input, 0 to 10, and learns what classifier-free guidance with two passes of the
teacher gives (Meng 2023). ``steps``: the student, which begins as a teacher of the first kind, learns that what it predicts at
one noise level is what its moving average predicts a little further down the teacher's path (latent consistency; Luo 2023),
so that a few steps do. Devices, clocks and files are those of ``denoise``.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pixray_motion.denoisers.unet import UNet, alpha_sigma
from training.denoise import Batch, Objective, Pictures, Question, Run, asked, guided, parser, train

GREATEST = 10.0  # scale of guidance
STRIDE = 0.05  # how far down the teacher's path a consistent prediction is asked for, in noise levels


def clean(
    model: nn.Module, q: Question, noisy: Tensor, levels: Tensor, batch: Batch, scales: Tensor
) -> Tensor:
    """(N, 3, h, w): what a network that takes the scale predicts."""
    a, b = (share[:, None, None, None] for share in alpha_sigma(levels))
    predicted: Tensor = a * noisy - b * model(
        noisy, levels, batch.texts, q.absent, (batch.states, q.mask), scales
    )
    return predicted


def _scales(q: Question, generator: torch.Generator) -> Tensor:
    """(N,): evenly over 0..10; 0 where the text is absent."""
    drawn = GREATEST * torch.rand(len(q.levels), generator=generator, device=q.levels.device)
    return torch.where(q.absent, 0.0, drawn)


def _error(mine: Tensor, wanted: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
    """Squared differences of clean pictures; those of low levels are small, and weigh more."""
    errors = (mine - wanted).square().mean((1, 2, 3))
    return (errors / ((levels * math.pi / 2).sin() + 0.1)).mean(), errors.detach().mean()


def guidance(teacher: nn.Module) -> Objective:
    """Learns the teacher's guidance."""

    def objective(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        q = asked(batch, generator)
        scales = _scales(q, generator)
        with torch.no_grad():
            wanted = guided(teacher, q.noisy, q.levels, batch, q.mask, scales)
        return _error(clean(model, q, q.noisy, q.levels, batch, scales), wanted, q.levels)

    return objective


def steps(teacher: nn.Module, average: nn.Module) -> Objective:
    """Learns to see at a high level what its average sees lower on the teacher's path."""

    def objective(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        q = asked(batch, generator)
        scales = _scales(q, generator)
        lower = (q.levels - STRIDE).clamp(min=0)
        with torch.no_grad():
            x0 = clean(teacher, q, q.noisy, q.levels, batch, scales).clamp(-1, 1)
            (a, b), (next_a, next_b) = (
                [share[:, None, None, None] for share in alpha_sigma(level)] for level in (q.levels, lower)
            )
            moved = next_a * x0 + next_b * (q.noisy - a * x0) / b.clamp(min=1e-2)
            wanted = clean(average, q, moved, lower, batch, scales)
            wanted = torch.where((lower > 0)[:, None, None, None], wanted, x0)
        return _error(clean(model, q, q.noisy, q.levels, batch, scales), wanted, q.levels)

    return objective


def teacher_of(path: Path, device: str) -> UNet:
    """A run's moving average, frozen."""
    state = torch.load(path, map_location="cpu")
    teacher = UNet(**state["config"])
    teacher.load_state_dict(state["average"])
    return teacher.requires_grad_(False).eval().to(device, memory_format=torch.channels_last)


def begun(options: argparse.Namespace, teacher: UNet) -> Run:
    """A student's run: as its teacher is, unless it goes on."""
    run = Run(options)
    if not run.step:
        for network in (run.model, run.average):
            network.load_state_dict(teacher.state_dict())
    return run


def study(
    options: argparse.Namespace,
    teacher: UNet,
    export_to: tuple[Any, ...] = (),
    pictures: Pictures | None = None,
) -> Run:
    """A student's run from start to end."""
    run = begun(options, teacher)
    objective = guidance(teacher) if options.kind == "guidance" else steps(teacher, run.average)
    return train(options, export_to, run, objective, pictures)


def main() -> None:
    made = parser()
    made.description = __doc__
    made.add_argument("--teacher", required=True, help="name of the teacher's run")
    made.add_argument("--kind", choices=("guidance", "steps"), required=True)
    options = made.parse_args()
    torch.set_num_threads(1)
    study(options, teacher_of(options.work / f"{options.teacher}.pt", options.device))


if __name__ == "__main__":
    main()
