"""Trains the denoiser on the pictures that ``compose`` draws: v-prediction, one text embedding a picture, 10 % without text.

    python -m training.denoise --work WORK --own                    # once: the shipped text tower's embeddings of the captions
    python -m training.denoise --work WORK --out shapes --banks easy --side 32 --minutes 6
    python -m training.denoise --work WORK --out everything --init shapes --banks a easy --side 32 --minutes 26
    python -m training.denoise --work WORK --out denoiser --init everything --banks a easy --side 48 --wide 0.3 --minutes 22
    python -m training.denoise --work WORK --out denoiser --resume ...
    python -m training.denoise --work WORK --out denoiser --export pixray_motion/denoisers/embedded

The state of a run lies in ``WORK/OUT.pt`` and ``WORK/OUT.log``.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from pixray_motion.denoisers.unet import UNet, alpha_sigma
from training.data import Batches
from training.run import Run, add_options, in_workers

FORGET = 0.1
LIMIT = 25_000_000
WIDE = 112  # pixels along the longer side of wide and of tall pictures, whose shorter side is 64


def own_embeddings(work: Path, banks: list[str]) -> None:
    """Write ``bank_NAME.own.npy``: the captions as the text tower that ships embeds them."""
    from pixray_motion.perceptors.embedded import EmbeddedPerceptor

    tower = EmbeddedPerceptor()
    for name in banks:
        captions = json.loads((work / f"bank_{name}.json").read_text())["captions"]
        known: dict[str, np.ndarray] = {}
        for caption in captions:
            if caption not in known:
                known[caption] = tower.sentences([caption])[0].half().numpy()
        np.save(work / f"bank_{name}.own.npy", np.stack([known[caption] for caption in captions]))


class Pictures:
    """Batch ``number`` of a worker: pictures in -1..1 at ``side`` pixels along the shorter side, and texts (N, 384)."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.batches = Batches(options.work, options.banks, options.batch, options.seed, options.art)
        if options.own_texts:
            parts = [np.load(options.work / f"bank_{name}.own.npy") for name in options.banks]
            self.own = np.concatenate(parts)
        self.batches.composer.prefer_colour_drawings()

    def __call__(self, worker: int, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        side, chance = self.options.side, torch.rand(2, generator=generator)
        size = (64, 64)
        if chance[0] < self.options.wide:
            size = (64, WIDE) if chance[1] < 0.75 else (WIDE, 64)
        batch = self.batches(worker, number, size)
        texts = batch.texts
        if self.options.own_texts:
            mine = torch.from_numpy(self.own[batch.rows]).float()
            texts = torch.where(torch.rand(len(mine), 1, generator=generator) < 0.7, mine, texts)
        texts = F.normalize(texts + 0.008 * torch.randn(texts.shape, generator=generator), dim=-1)
        shape = [8 * round(side * length / 64 / 8) for length in size]
        pictures = F.interpolate(batch.pictures, size=shape, mode="bilinear", antialias=True)
        if size != (64, 64):  # as much work as a square batch
            keep = len(texts) * 64 // WIDE
            pictures, texts = pictures[:keep], texts[:keep]
        return pictures.clamp(0, 1) * 2 - 1, texts


def loss(model: nn.Module, pictures: Tensor, texts: Tensor, generator: torch.Generator) -> Tensor:
    """Mean squared error of v at levels spread evenly over 0..1."""
    n = len(pictures)
    levels = (torch.randperm(n, generator=generator) + torch.rand(n, generator=generator)) / n
    noise = torch.randn(pictures.shape, generator=generator)
    a, b = (share[:, None, None, None] for share in alpha_sigma(levels))
    absent = torch.rand(n, generator=generator) < FORGET
    wanted = a * noise - b * pictures
    predicted = model(a * pictures + b * noise, levels, texts, absent)
    return (predicted - wanted).square().mean()


def work(worker: int, options: argparse.Namespace) -> None:
    """One worker, from start to end."""
    torch.manual_seed(options.seed)
    model = UNet(side=options.side)
    if options.init:
        model.load_state_dict(torch.load(options.work / f"{options.init}.pt")["average"])
    run = Run(model, [(list(model.parameters()), 1.0)], options, model.config)
    network = torch.compile(model, dynamic=False) if options.compile else model
    pictures, generator = Pictures(options), torch.Generator()
    shown, log_at = 0.0, time.monotonic()
    for _ in run.batches():
        generator.manual_seed(options.seed * 7919 + run.batch * 2 + worker)
        error = loss(network, *pictures(worker, run.batch, generator), generator)
        run.update(error)
        shown += (error.item() - shown) * max(0.02, 1 / run.step)
        if worker == 0 and time.monotonic() - log_at > 30:
            log_at = time.monotonic()
            run.log(f"loss {shown:.4f}")
            run.save()
    if worker == 0:
        run.log(f"loss {shown:.4f}, done")
        run.save()


def export(path: Path, out: Path) -> None:
    """Write ``denoiser.safetensors``, float16."""
    state = torch.load(path)
    tensors = {name: value.half().contiguous() for name, value in state["average"].items()}
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "denoiser.safetensors"
    save_file(tensors, weights, {"config": json.dumps(state["config"])})
    weights.chmod(0o644)  # safetensors makes files that only their owner can read
    print(f"{sum(t.numel() for t in tensors.values()) / 1e6:.1f} million parameters,", weights.stat().st_size)
    if weights.stat().st_size > LIMIT:
        raise SystemExit(f"that is more than the {LIMIT} bytes that may ship")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", help="name of the run")
    parser.add_argument(
        "--own", action="store_true", help="embed the captions of --banks with the text tower"
    )
    parser.add_argument("--own-texts", action="store_true", help="train with these, 7 of 10 times")
    parser.add_argument("--export", type=Path)
    parser.add_argument("--banks", nargs="+", default=["a", "easy"])
    add_options(parser, batch=48, lr=1.2e-3)
    parser.add_argument("--side", type=int, default=48)
    parser.add_argument("--wide", type=float, default=0.0, help="share of batches that are not square")
    parser.add_argument("--compile", action="store_true", help="torch.compile: a quarter faster, wants g++")
    options = parser.parse_args()
    if options.own:
        return own_embeddings(options.work, options.banks)
    if options.export:
        return export(options.work / f"{options.out}.pt", options.export)
    in_workers(work, options)
    return None


if __name__ == "__main__":
    main()
