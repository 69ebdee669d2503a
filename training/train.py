"""Trains the image tower and the text head against fixed sentence embeddings, clean or adversarially robust.

    python -m training.train --work WORK --out easy --banks easy --names-only --minutes 5 --size 32
    python -m training.train --work WORK --out clean --init easy --banks a easy --minutes 8 --size 32
    python -m training.train --work WORK --out robust --init clean --banks a easy --minutes 43 --replays 3 --eps 1 1.75
    python -m training.train --work WORK --out robust --banks a easy --minutes 43 --replays 3 --eps 1 1.75 --resume

Shapes come first: single things on plain ground, told apart by name alone; with everything at once the tower learns little
but colours for a long time.

With ``--replays m`` and an eps every batch gives m updates of the weights while its perturbation grows along the gradient that comes
with them ("free" adversarial training, Shafahi et al. 2019), inside an L2 ball that grows from the first to the second eps.
Each worker runs on one thread; gradients are averaged. The state of a run lies in ``WORK/OUT.pt`` and ``WORK/OUT.log``.
"""

import argparse
import copy
import math
import os
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from pixray_motion.perceptors.towers import ImageTower, TextHead
from training.data import Batch, Batches, Classes, classes
from training.judge_tower import JudgeTower
from training.views import views
from training.vocabulary import NOUNS


class Model(nn.Module):
    """The towers that are trained, with the learned temperatures of the two losses."""

    def __init__(self, judge: bool = False) -> None:
        super().__init__()
        self.image: nn.Module = JudgeTower() if judge else ImageTower(CHANNELS, BLOCKS)
        self.head = TextHead()
        self.namer = nn.Linear(self.image.head.in_features, len(NOUNS))
        self.scale = nn.Parameter(torch.tensor(math.log(20.0)))
        self.class_scale = nn.Parameter(torch.tensor(math.log(20.0)))


CHANNELS, BLOCKS = (32, 64, 128, 256), (0, 2, 2, 2)
NAMED_WEIGHT, NOUN_WEIGHT, SCENE_WEIGHT = 1.0, 1.5, 0.5
PAUSE = 20  # seconds; a batch that took longer was stopped in between, which does not count as training


def contrastive(similarity: Tensor, meanings: Tensor) -> Tensor:
    """Symmetric InfoNCE over scaled similarities (N, N); others of the same meaning are no negatives."""
    same = (meanings[:, None] == meanings[None]).fill_diagonal_(False)
    logits, target = similarity.masked_fill(same, -1e4), torch.arange(len(meanings))
    return 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target))


def classified(scores: Tensor, labels: Tensor, alike: Tensor) -> tuple[Tensor, float]:
    """Cross-entropy of scores (N, C), where labels >= 0, as a share of all, and the accuracy there."""
    rows = (labels >= 0).nonzero()[:, 0]
    if not len(rows):
        return scores.sum() * 0, 0.0
    logits = scores[rows].masked_fill(alike[labels[rows]], -1e4)
    share = len(rows) / len(labels)
    loss = F.cross_entropy(logits, labels[rows]) * share
    return loss, (logits.argmax(1) == labels[rows]).float().mean().item()


class Objective:
    """The loss of a batch, given the views that the tower sees; ``figures`` holds the last loss and accuracies."""

    def __init__(self, model: Model, nouns: Classes, scenes: Classes, seed: int, texts: bool) -> None:
        self.model, self.nouns, self.scenes, self.texts = model, nouns, scenes, texts
        self.generator = torch.Generator().manual_seed(seed)
        self.figures = [0.0, 0.0, 0.0]

    def __call__(self, seen: Tensor, batch: Batch) -> Tensor:
        model = self.model
        features = model.image.features(seen)
        named, accuracy = classified(model.namer(features), batch.nouns, self.nouns.alike)
        if not self.texts:
            self.figures = [named.item(), 0.0, accuracy]
            return named
        images = F.normalize(model.image.head(features), dim=-1)
        texts, nouns, scenes = self._heard(batch)
        similarity = model.scale.exp().clamp(max=60) * images @ texts.T
        pairs = contrastive(similarity, batch.meanings)
        scale = model.class_scale.exp().clamp(max=60)
        objects, accuracy = classified(scale * images @ nouns.T, batch.nouns, self.nouns.alike)
        places, _ = classified(scale * images @ scenes.T, batch.scenes, self.scenes.alike)
        hits = similarity.argmax(1) == torch.arange(len(images))
        self.figures = [pairs.item(), hits.float().mean().item(), accuracy]
        return pairs + NAMED_WEIGHT * named + NOUN_WEIGHT * objects + SCENE_WEIGHT * places

    def _heard(self, batch: Batch) -> list[Tensor]:
        """The batch's texts, a little noisy, and the names of the nouns and of the scenes, each through the text head."""

        def pick(count: int) -> int:
            return int(torch.randint(count, (), generator=self.generator))

        noise = torch.randn(batch.texts.shape, generator=self.generator) * 0.008
        parts = [batch.texts + noise]
        parts += [classes.texts[pick(len(classes.texts))] for classes in (self.nouns, self.scenes)]
        return self.model.head(torch.cat(parts)).split([len(part) for part in parts])


def grown(perturbation: Tensor, gradient: Tensor, eps: float, first: bool) -> Tensor:
    """The perturbation (N, 3, h, w) after a step of 0.75 eps along the gradient, inside the L2 ball of radius eps."""
    direction = gradient / (gradient.flatten(1).norm(dim=1)[:, None, None, None] + 1e-12)
    moved = perturbation * (0.5 if first else 1.0) + direction * (0.75 * eps)
    length = moved.flatten(1).norm(dim=1)[:, None, None, None]
    return moved * (eps / length.clamp(min=1e-9)).clamp(max=1)


def _groups(parameters: list[nn.Parameter], rate: float, decay: float) -> list[dict]:
    """Groups for the optimiser: matrices and kernels decay, gains, biases and scales do not."""
    decaying = [p for p in parameters if p.ndim > 1 and p[0].numel() > 1]
    others = [p for p in parameters if not (p.ndim > 1 and p[0].numel() > 1)]
    return [
        {"params": decaying, "weight_decay": decay, "share": rate},
        {"params": others, "weight_decay": 0.0, "share": rate},
    ]


class Run:
    """One worker of a training run: model, average, optimiser, step, and minutes so far."""

    def __init__(self, options: argparse.Namespace, worker: int) -> None:
        self.options, self.worker, self.path = options, worker, options.work / f"{options.out}.pt"
        torch.manual_seed(options.seed)
        self.model = Model(options.judge)
        if options.init:
            self.model.load_state_dict(torch.load(options.work / f"{options.init}.pt")["average"])
        if options.shipped:
            weights = load_file(options.shipped / "perceptor.safetensors")
            towers = {k: v.float() for k, v in weights.items() if k.startswith(("image.", "head."))}
            self.model.load_state_dict(towers, strict=False)
        self.model.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        groups = [group for part, rate in self._parts() for group in _groups(part, rate, options.decay)]
        self.optimiser = torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.99), fused=True)
        self.parameters = [p for group in groups for p in group["params"]]
        self.step, self.batch, self.minutes = 0, 0, 0.0
        if options.resume and self.path.exists():
            self._load()

    def _parts(self) -> list[tuple[list[nn.Parameter], float]]:
        """Parameters with the share of the rate at which they learn: a fast text head makes the run diverge."""
        model = self.model
        return [
            (list(model.image.parameters()), 1.0),
            (list(model.head.parameters()), 0.3),
            (list(model.namer.parameters()), 1.0),
            ([model.scale, model.class_scale], 1.0),
        ]

    def _load(self) -> None:
        state = torch.load(self.path)
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
            "config": getattr(self.model.image, "config", {}),
        }
        torch.save(state, self.path.with_suffix(".tmp"))
        os.replace(self.path.with_suffix(".tmp"), self.path)

    def update(self, loss: Tensor) -> None:
        """One step of the optimiser and of the moving average. Gradients and the clock are averaged over the workers."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.options.workers > 1:
            self._share()
        nn.utils.clip_grad_norm_(self.model.image.parameters(), 1.0)
        nn.utils.clip_grad_norm_(self.model.head.parameters(), 1.0)
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

    def progress(self) -> float:
        """0..1 of the schedule, by the clock or by the number of steps, whichever is further."""
        return max(self.minutes / self.options.minutes, self.step / self.options.steps)

    def train(self, batches: Batches, objective: Objective) -> None:
        options, last, log_at = self.options, time.monotonic(), time.monotonic()
        figures = [[0.0] * 3 for _ in range(options.replays)]
        generator = torch.Generator()
        while (progress := self.progress()) < 1:
            batch = batches(self.worker, self.batch)
            generator.manual_seed(options.seed * 7919 + self.batch * 2 + self.worker)
            eps = options.eps[0] + (options.eps[1] - options.eps[0]) * min(1, progress / 0.6)
            self._set_rate(progress)
            size = options.size or self.model.image.size
            for replay in range(options.replays):
                attack = replay + 1 < options.replays and options.eps[1] > 0
                if replay == 0 or options.eps[1] == 0:
                    clean = views(batch.pictures, 1, size, generator, tuple(options.scale))
                    spread = torch.rand(len(clean), 1, 1, 1, generator=generator) * options.noise
                    change = torch.randn(clean.shape, generator=generator) * spread
                seen = (clean + change).clamp(0, 1).requires_grad_(attack)
                self.update(objective(seen, batch))
                for k, figure in enumerate(objective.figures):
                    figures[replay][k] += 0.03 * (figure - figures[replay][k])
                if attack:
                    change = grown(change, seen.grad, eps, replay == 0)
            self.batch += 1
            now = time.monotonic()
            self.minutes, last = self.minutes + min(now - last, PAUSE) / 60, now
            if self.worker == 0 and now - log_at > 30:
                log_at = now
                self.log(eps, figures)
                self.save()

    def _set_rate(self, progress: float) -> None:
        warm = min(1.0, (self.step + 1) / 100)
        for group in self.optimiser.param_groups:
            group["lr"] = (
                group["share"]
                * self.options.lr
                * warm
                * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
            )

    def log(self, eps: float, figures: list[list[float]]) -> None:
        rate = self.optimiser.param_groups[0]["lr"]
        parts = " | ".join(f"loss {a:.3f} pairs {b:.3f} nouns {c:.3f}" for a, b, c in figures)
        scales = f"{self.model.scale.exp():.1f} {self.model.class_scale.exp():.1f}"
        line = (
            f"{self.minutes:6.1f} min step {self.step} rate {rate:.1e} eps {eps:.2f} scales {scales} {parts}"
        )
        with open(self.path.with_suffix(".log"), "a") as file:
            file.write(line + "\n")


def work(worker: int, options: argparse.Namespace, meeting: str) -> None:
    """One worker, from start to end."""
    torch.set_num_threads(1)
    if options.workers > 1:
        dist.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=worker, world_size=options.workers
        )
    nouns, scenes = classes(options.work)
    batches = Batches(options.work, options.banks, options.batch, options.seed, options.art)
    run = Run(options, worker)
    run.train(batches, Objective(run.model, nouns, scenes, options.seed * 2 + worker, not options.names_only))
    if worker == 0:
        run.save()
        run.log(options.eps[1], [])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", required=True, help="name of the run")
    parser.add_argument("--banks", nargs="+", required=True)
    parser.add_argument("--init", help="name of a run to start from")
    parser.add_argument("--shipped", type=Path, help="start from the exported weights in this folder")
    parser.add_argument("--resume", action="store_true", help="go on where the run of this name was stopped")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--steps", type=float, default=math.inf)
    parser.add_argument("--replays", type=int, default=1)
    parser.add_argument("--eps", type=float, nargs=2, default=(0.0, 0.0))
    parser.add_argument("--scale", type=float, nargs=2, default=(0.65, 1.15))
    parser.add_argument(
        "--size", type=int, help="side of the views: smaller than the tower's at first saves time"
    )
    parser.add_argument("--noise", type=float, default=0.12)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.03)
    parser.add_argument("--average", type=float, default=0.998)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--art", default="sprites")
    parser.add_argument("--names-only", action="store_true", help="no texts yet: only tell the nouns apart")
    parser.add_argument("--judge", action="store_true", help="train the judge's architecture")
    options = parser.parse_args()
    classes(options.work)
    with tempfile.TemporaryDirectory() as folder:
        meeting = str(Path(folder) / "meeting")
        if options.workers == 1:
            work(0, options, meeting)
        else:
            torch.multiprocessing.spawn(work, (options, meeting), nprocs=options.workers)


if __name__ == "__main__":
    main()
