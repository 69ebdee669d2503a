"""A training run: the model, its moving average, the optimiser and the clock, saved so that it can go on; and its workers.

Each worker runs on one thread; gradients are averaged. The state of a run lies in ``WORK/OUT.pt`` and ``WORK/OUT.log``.
"""

import argparse
import copy
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

Part = tuple[list[nn.Parameter], float]


def add_options(parser: argparse.ArgumentParser, batch: int, lr: float) -> None:
    """What every run can be told."""
    parser.add_argument("--init", help="name of a run to start from")
    parser.add_argument("--resume", action="store_true", help="go on where the run of this name was stopped")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--steps", type=float, default=math.inf)
    parser.add_argument("--lr", type=float, default=lr)
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--average", type=float, default=0.998)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--art", default="sprites")
    parser.add_argument("--device", default="cpu", help="of a single worker")


class Run:
    """One worker's model, ``average``, optimiser, ``step``, ``batch`` and ``minutes`` so far.

    ``parts`` are parameters with the share of the rate at which they learn; each part's gradient is clipped by itself.
    """

    def __init__(
        self, model: nn.Module, parts: Sequence[Part], options: argparse.Namespace, config: dict
    ) -> None:
        self.model, self.parts, self.options, self.config = model, parts, options, config
        self.device = torch.device(options.device)
        self.path: Path = options.work / f"{options.out}.pt"
        self.model.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(model).requires_grad_(False)
        groups = [group for part, share in parts for group in _groups(part, share, options.decay)]
        self.optimiser = torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.99), fused=True)
        self.parameters = [p for group in groups for p in group["params"]]
        self.step, self.batch, self.minutes = 0, 0, 0.0
        if options.resume and self.path.exists():
            self._load()

    def _load(self) -> None:
        state = torch.load(self.path, map_location="cpu")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.batch, self.minutes = state["step"], state["batch"], state["minutes"]

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "batch": self.batch,
            "minutes": self.minutes,
            "config": self.config,
        }
        torch.save(state, self.path.with_suffix(".tmp"))
        os.replace(self.path.with_suffix(".tmp"), self.path)

    def log(self, text: str) -> None:
        rate = self.optimiser.param_groups[0]["lr"]
        with open(self.path.with_suffix(".log"), "a") as file:
            file.write(f"{self.minutes:6.1f} min step {self.step} rate {rate:.1e} {text}\n")

    def update(self, loss: Tensor) -> None:
        """One step of the optimiser and of the moving average. Gradients and the clock are averaged over the workers."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.options.workers > 1:
            self._share()
        for part, _ in self.parts:
            nn.utils.clip_grad_norm_(part, 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.options.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)
            for mine, its in zip(self.average.buffers(), self.model.buffers(), strict=True):
                mine.copy_(its)

    def _share(self) -> None:
        gradients = [
            torch.zeros(p.numel()) if p.grad is None else p.grad.reshape(-1) for p in self.parameters
        ]
        flat = torch.cat([*gradients, torch.tensor([self.minutes])])
        dist.all_reduce(flat)
        flat /= self.options.workers
        self.minutes, start = flat[-1].item(), 0
        for p in self.parameters:
            # Copied, not assigned: the fused optimiser takes it that gradients have the layout of their parameters.
            if p.grad is not None:
                p.grad.copy_(flat[start : start + p.numel()].view_as(p))
            start += p.numel()

    def batches(self) -> Iterator[float]:
        """Once for each batch, with the progress 0..1 of the schedule, by the clock or by the number of steps.

        Sets the rate, which falls along a cosine, and keeps the clock: on a CPU, minutes that a worker computed, so that a
        busy machine shortens no run.
        """
        clock = time.process_time if self.device.type == "cpu" else time.monotonic
        last = clock()
        while (progress := max(self.minutes / self.options.minutes, self.step / self.options.steps)) < 1:
            self._set_rate(progress)
            yield progress
            self.batch += 1
            now = clock()
            self.minutes, last = self.minutes + (now - last) / 60, now

    def _set_rate(self, progress: float) -> None:
        warm = min(1.0, (self.step + 1) / 100)
        falling = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimiser.param_groups:
            group["lr"] = group["share"] * self.options.lr * warm * falling


def _groups(parameters: list[nn.Parameter], share: float, decay: float) -> list[dict]:
    """Groups for the optimiser: matrices and kernels decay, gains, biases and scales do not."""
    decaying = [p for p in parameters if p.ndim > 1 and p[0].numel() > 1]
    others = [p for p in parameters if not (p.ndim > 1 and p[0].numel() > 1)]
    return [
        {"params": decaying, "weight_decay": decay, "share": share},
        {"params": others, "weight_decay": 0.0, "share": share},
    ]


def _joined(number: int, work: Callable[..., Any], options: argparse.Namespace, meeting: str) -> None:
    torch.set_num_threads(1)
    if options.workers > 1:
        dist.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=number, world_size=options.workers
        )
    work(number, options)


def in_workers(work: Callable[..., Any], options: argparse.Namespace) -> None:
    """Call ``work(number, options)`` in each of ``options.workers`` processes, which share their gradients."""
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        if options.workers == 1:
            _joined(0, work, options, meeting)
        else:
            torch.multiprocessing.spawn(_joined, (work, options, meeting), nprocs=options.workers)
