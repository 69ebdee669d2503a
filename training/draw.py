"""Draws many prompts at once with a tower: the product's fft and pixel drawers and its descent, batched over prompts.

    python -m training.draw --work WORK --run robust --out sheet.png [--drawer pixel] [--steps 120] [--prompts chosen|unseen]

shows what a run in progress draws. The text goes through the teacher and the run's own head.
"""

import argparse
import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pixray_motion.perceptors.towers import ImageTower, TextHead
from training.compose import sheet
from training.prompts import CHOSEN, UNSEEN
from training.teacher import Teacher
from training.views import views

COLOURS = torch.tensor(((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))) * 17.3
DECAY, MOMENTUM, LAST = 0.85, 0.8, 0.1
FFT_SIZE, PIXEL_SIZE = 64, 40


class Fft:
    """N pictures (N, 3, 64, 64) as spectra of decorrelated colours."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        y, x = torch.fft.fftfreq(FFT_SIZE)[:, None], torch.fft.rfftfreq(FFT_SIZE)[None]
        gain = torch.hypot(y, x).clamp(min=1 / FFT_SIZE) ** -DECAY
        self.gain = gain / gain.square().mean().sqrt()
        self.learned = torch.randn(count, 3, *gain.shape, 2, generator=generator) * 0.01
        self.rate = 1.0

    def pictures(self, learned: Tensor) -> Tensor:
        waves = torch.view_as_complex(learned) * self.gain
        planes = torch.fft.irfft2(waves, s=(FFT_SIZE, FFT_SIZE), norm="ortho")
        return torch.sigmoid(torch.einsum("nchw,dc->ndhw", planes, COLOURS))


class Pixel:
    """N pictures (N, 3, 40, 40) as cells, seen as squares (no smoothing between them)."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.learned = 0.4 + 0.2 * torch.rand(count, 3, PIXEL_SIZE, PIXEL_SIZE, generator=generator)
        self.rate = PIXEL_SIZE / 64

    def pictures(self, learned: Tensor) -> Tensor:
        return F.interpolate(learned.clamp(0, 1), scale_factor=2)


DRAWERS = {"fft": Fft, "pixel": Pixel}


def draw(
    tower: nn.Module, texts: Tensor, drawer: str, steps: int = 120, cuts: int = 8, seed: int = 0
) -> Tensor:
    """One picture in [0, 1] for each text (N, dim): L2-normalised gradient with momentum on the squared great-circle distance."""
    generator = torch.Generator().manual_seed(seed)
    form = DRAWERS[drawer](len(texts), generator)
    learned, speed = form.learned, torch.zeros_like(form.learned)
    axes = tuple(range(1, learned.ndim))
    for step in range(steps):
        learned.requires_grad_(True)
        seen = views(form.pictures(learned), cuts, tower.size, generator, turn=0.13, jitter=0.1, noise=0.2)
        images = tower(seen).view(len(texts), cuts, -1)
        distance = (images - texts[:, None]).norm(dim=-1).div(2).clamp(max=1 - 1e-6).arcsin().square().mul(2)
        (gradient,) = torch.autograd.grad(distance.mean(1).sum(), learned)
        length = LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * step / steps))
        with torch.no_grad():
            norm = gradient.square().sum(axes, keepdim=True).sqrt() + 1e-12
            speed = MOMENTUM * speed + (1 - MOMENTUM) * gradient / norm
            learned = learned.detach() - form.rate * length * speed
            if drawer == "pixel":
                learned.clamp_(0, 1)
    with torch.no_grad():
        return form.pictures(learned)


def load_run(path: Path) -> tuple[ImageTower, TextHead]:
    """The averaged, folded tower and the head of a training run."""
    state = torch.load(path)
    tower, head = ImageTower(**state["config"]), TextHead()
    for module, prefix in ((tower, "image."), (head, "head.")):
        part = {k.removeprefix(prefix): v for k, v in state["average"].items() if k.startswith(prefix)}
        module.load_state_dict(part)
    return tower.folded(), head.requires_grad_(False)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--drawer", choices=DRAWERS, default="fft")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--cuts", type=int, default=8)
    parser.add_argument("--prompts", choices=("chosen", "unseen"), default="chosen")
    parser.add_argument(
        "--size", type=int, help="side of the views, if the run is trained at another than the tower's"
    )
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tower, head = load_run(options.work / f"{options.run}.pt")
    tower.size = options.size or tower.size
    prompts = list(CHOSEN if options.prompts == "chosen" else UNSEEN)[: options.count]
    with torch.no_grad():
        texts = head(Teacher()(prompts))
    pictures = draw(tower, texts, options.drawer, options.steps, options.cuts, options.seed)
    sheet(pictures, prompts, 8, 128).save(options.out)


if __name__ == "__main__":
    main()
