"""Trains the denoiser, on a CPU for hours or on a GPU for minutes; a run goes on from one to the other.

    python -m training.denoise --pack WORK/pack.bin --work WORK --out denoiser --device cpu --minutes 600 --resume
    python -m training.denoise --pack WORK/pack.bin --work WORK --out denoiser --device cuda --minutes 6.5 --batch 1024
    python -m training.denoise --work WORK --out denoiser --export pixray_motion/denoisers/embedded

A new run starts with random weights, or with ``--grow FOLDER`` from the weights that ship there: what both networks have is
taken over, what is new adds nothing at first. Pictures are composed on the device. The state of a run lies in ``WORK/OUT.pt``
and ``WORK/OUT.log``; minutes on a CPU are those that the process computed, not those of the clock.
"""

import argparse
import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pixray_motion.denoisers.unet import UNet, alpha_sigma
from training.easel import SIDE, Encoded, encoded
from training.pack import Pack, load
from training.sheets import save_sheet
from training.words import Words, read_tensors

FORGET = 0.1  # pictures that are learned without a text
POOLED = 0.3  # texts that come as one vector, without their tokens, as pictures and morphs do
LIMIT = 40_000_000
LONG = 168  # pixels along the longer side of wide and tall pictures, whose shorter side is 96
NETWORK = {"channels": (48, 96, 192), "blocks": (1, 2, 3), "tokens": 256, "inner": (320, 2), "guided": True}
WARM = 45.0  # seconds until a run tells how fast it is


@dataclass(frozen=True)
class Batch:
    """``pictures`` (N, 3, h, w) in -1..1; ``texts`` (N, 384), unit; ``states`` (N, L, 256) and ``mask`` (N, L) of the tokens."""

    pictures: Tensor
    texts: Tensor
    states: Tensor
    mask: Tensor


class Pictures:
    """Batches of new pictures, composed on the device. Batch ``number`` is a function of the seed and the number."""

    def __init__(self, pack: Pack, count: int, side: int, wide: float, device: str, seed: int) -> None:
        writer = pack.writer(seed)
        specs = [writer.rich_spec() for _ in range(count)]
        self.side, self.wide, self.seed, self.device = side, wide, seed, device
        self.specs: Encoded = encoded(specs, list(pack.names)).to(torch.device(device))
        self.words = Words(device)
        self.tokens = self.words.tokens([writer.caption(spec) for spec in specs]).to(device)
        self.easel = pack.easel(device, seed)
        self.generator = self.easel.generator

    def __call__(self, number: int, size: int) -> Batch:
        self.generator.manual_seed(self.seed * 1_000_003 + number)
        shape = self._shape(number)
        count = size * SIDE * SIDE // (shape[0] * shape[1])
        rows = torch.randint(len(self.specs), (count,), generator=self.generator, device=self.device)
        pictures = self.easel.paint(self.specs.rows(rows), shape)
        small = [16 * round(self.side * length / SIDE / 16) for length in shape]
        pictures = F.interpolate(pictures, size=small, mode="bilinear", antialias=True)
        tokens = self.tokens[rows]
        texts, states, mask = self.words(tokens[:, : int((tokens > 0).sum(1).max())])
        noise = torch.randn(texts.shape, generator=self.generator, device=self.device)
        return Batch(pictures.clamp(0, 1) * 2 - 1, F.normalize(texts + 0.008 * noise, dim=-1), states, mask)

    def _shape(self, number: int) -> tuple[int, int]:
        """Square, or wide three times of four of the share of batches that are not."""
        chance = torch.rand(2, generator=torch.Generator().manual_seed(self.seed * 7919 + number))
        if chance[0] >= self.wide:
            return SIDE, SIDE
        return (SIDE, LONG) if chance[1] < 0.75 else (LONG, SIDE)


@dataclass(frozen=True)
class Question:
    """What a network is asked: ``noisy`` pictures at ``levels`` (N,), made with ``noise``, about texts with ``mask``ed tokens,
    which are ``absent`` (N,) in some."""

    noisy: Tensor
    noise: Tensor
    levels: Tensor
    mask: Tensor
    absent: Tensor


def asked(batch: Batch, generator: torch.Generator) -> Question:
    """Levels are spread evenly over 0..1; some texts are absent, and some have no tokens."""
    n, device = len(batch.pictures), batch.pictures.device

    def chance() -> Tensor:
        return torch.rand(n, generator=generator, device=device)

    levels = (torch.randperm(n, generator=generator, device=device) + chance()) / n
    noise = torch.randn(batch.pictures.shape, generator=generator, device=device)
    a, b = (share[:, None, None, None] for share in alpha_sigma(levels))
    mask = batch.mask & (chance() >= POOLED)[:, None]
    return Question(a * batch.pictures + b * noise, noise, levels, mask, chance() < FORGET)


def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The mean squared error of v: weighted for learning, and plain.

    Levels in the middle, where it is decided what is seen, weigh twice as much as the ends.
    """
    q = asked(batch, generator)
    a, b = (share[:, None, None, None] for share in alpha_sigma(q.levels))
    wanted = a * q.noise - b * batch.pictures
    predicted = model(q.noisy, q.levels, batch.texts, q.absent, (batch.states, q.mask))
    errors = (predicted - wanted).square().mean((1, 2, 3))
    weights = 0.6 + 0.8 * (math.pi * q.levels).sin().square()
    return (weights * errors).mean(), errors.detach().mean()


class Run:
    """The model, its moving average and the optimiser; ``step``, ``pictures`` and ``minutes`` so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.device = options, torch.device(options.device)
        self.path: Path = options.work / f"{options.out}.pt"
        torch.manual_seed(options.seed)
        config = NETWORK | {"side": options.side}
        state = torch.load(self.path, map_location="cpu") if options.resume and self.path.exists() else None
        self.model = UNet(**(state["config"] | {"side": options.side} if state else config))
        if options.grow and not state:
            grow(self.model, options.grow)
        self.model.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.step, self.pictures, self.minutes = 0, 0, 0.0
        if state:
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
        self.optimiser = torch.optim.AdamW(
            _groups(list(self.model.parameters()), options.decay),
            lr=options.lr,
            betas=(0.9, 0.99),
            fused=True,
        )
        if state:
            if state["optimiser"]:
                self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.pictures, self.minutes = state["step"], state["pictures"], state["minutes"]

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "pictures": self.pictures,
            "minutes": self.minutes,
            "config": self.model.config,
        }
        torch.save(state, self.path.with_suffix(".tmp"))
        os.replace(self.path.with_suffix(".tmp"), self.path)

    def log(self, text: str) -> None:
        line = f"{self.minutes:7.2f} min step {self.step} pictures {self.pictures} {text}"
        print(line, flush=True)
        with open(self.path.with_suffix(".log"), "a") as file:
            file.write(line + "\n")

    def update(self, error: Tensor, count: int) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        error.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self.pictures += count
        keep = min(self.options.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)

    def steps(self) -> Iterator[float]:
        """Once for each batch, with the progress 0..1; sets the rate and keeps the clock.

        The run ends after ``minutes``, or at ``deadline`` on the monotonic clock, where there is one.
        """
        clock = time.process_time if self.device.type == "cpu" else time.monotonic
        began, last, deadline = self.minutes, clock(), self.options.deadline
        if deadline is not None:
            self.options.minutes = max((deadline - time.monotonic()) / 60, 1e-9)
        while True:
            progress = (self.minutes - began) / self.options.minutes
            if deadline is not None:
                progress = 1 - (deadline - time.monotonic()) / (60 * self.options.minutes)
            if progress >= 1:
                return
            self._set_rate(progress, self.step)
            yield progress
            now = clock()
            self.minutes, last = self.minutes + (now - last) / 60, now

    def _set_rate(self, progress: float, step: int) -> None:
        """Up over 200 steps, level, and down to a fiftieth over the last ``cool`` of the time: a run that is to go on cools last."""
        cool = self.options.cool
        falling = 1.0 if progress < 1 - cool else max(0.02, (1 - progress) / cool)
        for group in self.optimiser.param_groups:
            group["lr"] = self.options.lr * min(1.0, (step + 1) / 200) * falling


def _groups(parameters: list[nn.Parameter], decay: float) -> list[dict]:
    """Groups for the optimiser: matrices and kernels decay, gains and biases do not."""
    decaying = [p for p in parameters if p.ndim > 1 and p[0].numel() > 1]
    others = [p for p in parameters if not (p.ndim > 1 and p[0].numel() > 1)]
    return [{"params": decaying, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def grow(model: UNet, folder: Path) -> None:
    """Take over the weights that ship in ``folder``: those that the larger network has, too."""
    tensors, _ = read_tensors(folder / "denoiser.safetensors")
    strange = model.load_state_dict(
        {name: value.float() for name, value in tensors.items()}, strict=False
    ).unexpected_keys
    if strange:
        raise SystemExit(f"{folder}: these weights have no place in the network: {strange[:3]}")


@contextmanager
def kernels_tried() -> Iterator[None]:
    """cuDNN tries its kernels once for each shape: good for a network that sees three, not for composing, which has ever new."""
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = False


def composed(options: argparse.Namespace) -> Pictures:
    """The pictures that a run learns from."""
    pack = load(options.pack)
    return Pictures(pack, options.specs, options.side, options.wide, options.device, options.seed)


Objective = Callable[[nn.Module, Batch, torch.Generator], tuple[Tensor, Tensor]]


def train(
    options: argparse.Namespace,
    export_to: tuple[Any, ...] = (),
    run: Run | None = None,
    objective: Objective = loss,
    pictures: Pictures | None = None,
) -> Run:
    """A run from start to end; with ``export_to``, what ``export_parts`` is told, its average is written as it goes."""
    run = run or Run(options)
    pictures = pictures or composed(options)
    network = torch.compile(run.model, dynamic=False) if options.compile else run.model
    lower = torch.autocast(run.device.type, torch.bfloat16, enabled=not options.full)
    size, shown, first, told = options.batch, 0.0, run.pictures, False
    began = logged = saved = time.monotonic()
    run.log(
        f"{sum(p.numel() for p in run.model.parameters()) / 1e6:.1f} million parameters, {options.specs} specifications"
    )
    for _ in run.steps():
        try:
            batch = pictures(run.step, size)
            with kernels_tried():
                with lower:
                    error, plain = objective(network, batch, pictures.generator)
                run.update(error, len(batch.pictures))
        except torch.OutOfMemoryError:
            size //= 2
            run.log(f"out of memory: {size} pictures a batch from now on")
            continue
        now = time.monotonic()
        if run.step % 20 and shown:
            continue
        shown += (plain.item() - shown) * (0.1 if shown else 1)
        if not math.isfinite(shown):
            raise SystemExit("the loss is no number any more; what was saved last is kept")
        if not told and now - began > WARM:
            told = True
            rate = (run.pictures - first) / (now - began)
            run.log(
                f"warm-up: {rate:.0f} pictures a second, loss {shown:.4f}, {rate * 60 * options.minutes:.0f} pictures to come"
            )
        if now - logged > options.log_every:
            logged = now
            run.log(f"loss {shown:.4f} rate {run.optimiser.param_groups[0]['lr']:.1e}")
        if now - saved > options.save_every:
            saved = now
            run.save()
            if export_to:
                export_parts(run.average, *export_to)
    run.log(
        f"loss {shown:.4f}, done, {(run.pictures - first) / (time.monotonic() - began):.0f} pictures a second"
    )
    run.save()
    return run


PART = 15_000_000


def export_parts(average: nn.Module, folder: Path, name: str = "average", base: str = "") -> None:
    """The moving average in files ``NAME.0``, ``NAME.1``... of at most 15 MB, which ``join_parts`` joins.

    Numbers are float16; or, where a network has begun as another, whose parts lie there as ``base``, the differences to it
    as bytes, with a scale for each row of a tensor: half of the size.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: value.detach().float().cpu().contiguous() for key, value in average.state_dict().items()}
    header = {
        "config": average.config,
        "base": base,
        "names": [[key, list(value.shape)] for key, value in state.items()],
    }
    if base:
        begun = join_parts(folder, base)[0]
        body = b"".join(
            part for key, value in state.items() for part in _difference(value - begun[key].float())
        )
    else:
        body = b"".join(value.half().numpy().tobytes() for value in state.values())
    told = json.dumps(header).encode()
    whole = len(told).to_bytes(8, "little") + told + body
    for number, start in enumerate(range(0, len(whole), PART)):
        (folder / f"{name}.{number}").write_bytes(whole[start : start + PART])


def _difference(change: Tensor) -> tuple[bytes, bytes]:
    """The scales of a tensor's rows, float32, and the tensor in units of them, bytes of -127..127."""
    rows = change.reshape(_rows(list(change.shape)), -1)
    scales = (rows.abs().amax(1, keepdim=True) / 127).clamp(min=1e-12)
    return scales.numpy().tobytes(), (rows / scales).round().to(torch.int8).numpy().tobytes()


def _rows(shape: list[int]) -> int:
    return shape[0] if len(shape) > 1 else 1


def join_parts(folder: Path, name: str = "average") -> tuple[dict[str, Tensor], dict]:
    """The tensors of ``export_parts``, float16, and the network's config. A missing part is a ``ValueError``."""
    parts = sorted(folder.glob(f"{name}.*"), key=lambda path: int(path.suffix[1:]))
    whole = bytearray(b"".join(path.read_bytes() for path in parts))
    length = int.from_bytes(whole[:8], "little")
    header, place, tensors = json.loads(whole[8 : 8 + length]), 8 + length, {}
    begun = join_parts(folder, header["base"])[0] if header["base"] else None

    def read(kind: torch.dtype, count: int) -> Tensor:
        nonlocal place
        start, place = place, place + count * kind.itemsize
        if place > len(whole):
            raise ValueError(f"{folder}: a part is missing or of another run")
        return torch.frombuffer(whole, dtype=kind, count=count, offset=start).clone()

    for key, shape in header["names"]:
        count = math.prod(shape)
        if begun is None:
            tensors[key] = read(torch.float16, count).view(shape)
            continue
        scales = read(torch.float32, _rows(shape))
        change = read(torch.int8, count).view(len(scales), -1) * scales[:, None]
        tensors[key] = (begun[key].float() + change.view(shape)).half()
    if place != len(whole):
        raise ValueError(f"{folder}: a part is missing or of another run")
    return tensors, header["config"]


def joined(folder: Path, path: Path, name: str = "average") -> None:
    """Write a run's state that ``--resume`` takes, from the parts that came back: without an optimiser."""
    tensors, config = join_parts(folder, name)
    state = {name: value.float() for name, value in tensors.items()}
    torch.save(
        {
            "model": state,
            "average": state,
            "optimiser": None,
            "step": 0,
            "pictures": 0,
            "minutes": 0.0,
            "config": config,
        },
        path,
    )


@torch.no_grad()
def samples(
    model: UNet,
    words: Words,
    prompts: list[str],
    steps: int,
    scale: float,
    distilled: bool = False,
    seed: int = 0,
) -> Tensor:
    """(N, 3, side, side) in [0, 1]: what the denoiser alone draws, by DDIM with eta 1 and guidance, its own or distilled."""
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    texts, states, mask = words(words.tokens(prompts).to(device))
    n = len(prompts)

    def noise() -> Tensor:
        return torch.randn(n, 3, model.side, model.side, generator=generator, device=device)

    def clean(x: Tensor, level: float) -> Tensor:
        levels = torch.full((n,), level, device=device)
        if distilled:
            strengths = torch.full((n,), scale, device=device)
            v = model(x, levels, texts, None, (states, mask), strengths)
            return (math.cos(level * math.pi / 2) * x - math.sin(level * math.pi / 2) * v).clamp(-1, 1)
        return guided(
            model, x, levels, Batch(x, texts, states, mask), mask, torch.full((n,), scale, device=device)
        )

    x = noise()
    for now, then in pairwise(torch.linspace(0.98, 0, steps + 1).tolist()):
        a, b = math.cos(now * math.pi / 2), math.sin(now * math.pi / 2)
        next_a, next_b = math.cos(then * math.pi / 2), math.sin(then * math.pi / 2)
        x0 = clean(x, now)
        fresh = next_b / b * max(1 - (a / next_a) ** 2, 0.0) ** 0.5
        kept = max(next_b**2 - fresh**2, 0.0) ** 0.5
        x = next_a * x0 + kept * ((x - a * x0) / b) + fresh * noise()
    return x0 / 2 + 0.5


RESCALED = 0.7  # of the way back to the colours of a scale of 1, as the product does it


def guided(
    model: nn.Module, noisy: Tensor, levels: Tensor, batch: Batch, mask: Tensor, scales: Tensor
) -> Tensor:
    """(N, 3, h, w) in -1..1: clean pictures by classifier-free guidance of the scales (N,), as the product's ``guided_x0``."""
    n = len(noisy)
    absent = torch.arange(2 * n, device=noisy.device) < n
    tokens = (batch.states.repeat(2, 1, 1), mask.repeat(2, 1))
    v = model(noisy.repeat(2, 1, 1, 1), levels.repeat(2), batch.texts.repeat(2, 1), absent, tokens)
    a, b = (share[:, None, None, None] for share in alpha_sigma(levels))
    without, told = (a * noisy).repeat(2, 1, 1, 1).sub(b.repeat(2, 1, 1, 1) * v).chunk(2)
    scale = scales[:, None, None, None]
    far, plain = (torch.lerp(without, told, share) for share in (scale, scale.clamp(max=1)))
    mean, spread = (
        (of.mean((2, 3), keepdim=True), of.std((2, 3), keepdim=True) + 1e-3) for of in (far, plain)
    )
    matched = (far - mean[0]) / mean[1] * spread[1] + spread[0]
    return torch.lerp(far, matched, RESCALED).clamp(-1, 1)


def export(path: Path, out: Path, distilled: bool) -> None:
    """Write ``denoiser.safetensors``, float16."""
    from safetensors.torch import save_file

    state = torch.load(path, map_location="cpu")
    tensors = {name: value.half().contiguous() for name, value in state["average"].items()}
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "denoiser.safetensors"
    metadata = {"config": json.dumps(state["config"])} | ({"distilled": "true"} if distilled else {})
    save_file(tensors, weights, metadata)
    weights.chmod(0o644)  # safetensors makes files that only their owner can read
    print(f"{sum(t.numel() for t in tensors.values()) / 1e6:.1f} million parameters,", weights.stat().st_size)
    if weights.stat().st_size > LIMIT:
        raise SystemExit(f"that is more than the {LIMIT} bytes that may ship")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--work", type=Path, required=True)
    made.add_argument("--out", default="denoiser", help="name of the run")
    made.add_argument("--pack", type=Path)
    made.add_argument("--device", default="cpu")
    made.add_argument("--minutes", type=float, default=1.0, help="of this call")
    made.set_defaults(deadline=None)
    made.add_argument("--resume", action="store_true", help="go on where the run of this name was stopped")
    made.add_argument("--grow", type=Path, help="start a new run from the weights in this folder")
    made.add_argument("--batch", type=int, default=32)
    made.add_argument("--lr", type=float, default=6e-4)
    made.add_argument("--decay", type=float, default=0.03)
    made.add_argument("--average", type=float, default=0.999)
    made.add_argument("--cool", type=float, default=0.3, help="share of the time in which the rate falls")
    made.add_argument("--side", type=int, default=64)
    made.add_argument("--wide", type=float, default=0.3, help="share of batches that are not square")
    made.add_argument("--specs", type=int, default=100_000)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--full", action="store_true", help="float32 instead of bfloat16")
    made.add_argument(
        "--compile", action="store_true", help="torch.compile: faster after some minutes, wants g++"
    )
    made.add_argument("--log-every", type=float, default=60.0, help="seconds")
    made.add_argument("--save-every", type=float, default=300.0, help="seconds")
    made.add_argument("--export", type=Path, help="write the run's weights into this folder instead")
    made.add_argument("--sheet", type=Path, help="write a sheet of what the run's average draws instead")
    made.add_argument("--sheet-steps", type=int, default=30)
    made.add_argument(
        "--distilled", action="store_true", help="the run is a student: its guidance takes one pass"
    )
    made.add_argument("--join", type=Path, help="make the run's state from the parts in this folder instead")
    made.add_argument("--part", default="average", help="the name of these parts")
    return made


def main() -> None:
    options = parser().parse_args()
    torch.set_num_threads(1)
    path = options.work / f"{options.out}.pt"
    if options.join:
        return joined(options.join, path, options.part)
    if options.export:
        return export(path, options.export, options.distilled)
    if options.sheet:
        state = torch.load(path, map_location="cpu")
        sheet = drawn(
            state["average"], state["config"], options.device, options.sheet_steps, options.distilled
        )
        return save_sheet(sheet, options.sheet)
    train(options)
    return None


def drawn(
    state: dict[str, Tensor], config: dict, device: str, steps: int = 30, distilled: bool = False
) -> Tensor:
    """(48, 3, side, side) in [0, 1]: the chosen prompts and the unseen ones, in reading order."""
    from training.prompts import CHOSEN, UNSEEN

    model = UNet(**config)
    model.load_state_dict({name: value.float() for name, value in state.items()})
    model.to(device, memory_format=torch.channels_last).eval()
    with torch.autocast(torch.device(device).type, torch.bfloat16):
        pictures = samples(model, Words(device), [*CHOSEN, *UNSEEN], steps, 4.0, distilled)
    return pictures.float().cpu()


if __name__ == "__main__":
    main()
