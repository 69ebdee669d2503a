"""Trains the image tower and the text head against fixed sentence embeddings, clean or adversarially robust.

    python -m training.train --work WORK --out easy --banks easy --names-only --minutes 5 --size 32
    python -m training.train --work WORK --out clean --init easy --banks a easy --minutes 8 --size 32
    python -m training.train --work WORK --out robust --init clean --banks a easy --minutes 43 --replays 3 --eps 1 1.75
    python -m training.train --work WORK --out robust --banks a easy --minutes 43 --replays 3 --eps 1 1.75 --resume

Shapes come first: single things on plain ground, told apart by name alone; with everything at once the tower learns little
but colours for a long time.

With ``--replays m`` and an eps every batch gives m updates of the weights while its perturbation grows along the gradient that comes
with them ("free" adversarial training, Shafahi et al. 2019), inside an L2 ball that grows from the first to the second eps.
The state of a run lies in ``WORK/OUT.pt`` and ``WORK/OUT.log``. With ``--pack`` pictures come from that file, on any device,
and texts from the text tower that ships:

    python -m training.train --work WORK --out robust --pack WORK/pack.bin --device cuda --workers 1 --batch 1024 --lower --side 64
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pixray_motion.perceptors.towers import ImageTower, TextHead
from training.composed import Composed
from training.judge_tower import JudgeTower
from training.labels import Batch, Classes
from training.pack import load
from training.run import Part, Run, add_options, in_workers
from training.views import views
from training.vocabulary import NOUNS
from training.words import read_tensors


class Model(nn.Module):
    """The towers that are trained, with the learned temperatures of the two losses."""

    def __init__(
        self, judge: bool = False, channels: Sequence[int] = (), blocks: Sequence[int] = (), side: int = 48
    ) -> None:
        super().__init__()
        tower = ImageTower(channels or CHANNELS, blocks or BLOCKS, size=side)
        self.image: nn.Module = JudgeTower() if judge else tower
        self.head = TextHead()
        self.namer = nn.Linear(self.image.head.in_features, len(NOUNS))
        self.scale = nn.Parameter(torch.tensor(math.log(20.0)))
        self.class_scale = nn.Parameter(torch.tensor(math.log(20.0)))


CHANNELS, BLOCKS = (32, 64, 128, 256), (0, 2, 2, 2)
NAMED_WEIGHT, NOUN_WEIGHT, SCENE_WEIGHT = 1.0, 1.5, 0.5


def contrastive(similarity: Tensor, meanings: Tensor) -> Tensor:
    """Symmetric InfoNCE over scaled similarities (N, N); others of the same meaning are no negatives."""
    same = (meanings[:, None] == meanings[None]).fill_diagonal_(False)
    logits = similarity.masked_fill(same, -1e4)
    target = torch.arange(len(meanings), device=meanings.device)
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
        self.device = nouns.texts.device
        self.generator = torch.Generator(self.device).manual_seed(seed)
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
        hits = similarity.argmax(1) == torch.arange(len(images), device=self.device)
        self.figures = [pairs.item(), hits.float().mean().item(), accuracy]
        return pairs + NAMED_WEIGHT * named + NOUN_WEIGHT * objects + SCENE_WEIGHT * places

    def _heard(self, batch: Batch) -> list[Tensor]:
        """The batch's texts, a little noisy, and the names of the nouns and of the scenes, each through the text head."""

        def pick(count: int) -> int:
            return int(torch.randint(count, (), generator=self.generator, device=self.device))

        noise = torch.randn(batch.texts.shape, generator=self.generator, device=self.device) * 0.008
        parts = [batch.texts + noise]
        parts += [classes.texts[pick(len(classes.texts))] for classes in (self.nouns, self.scenes)]
        return self.model.head(torch.cat(parts)).split([len(part) for part in parts])


def grown(perturbation: Tensor, gradient: Tensor, eps: float, first: bool) -> Tensor:
    """The perturbation (N, 3, h, w) after a step of 0.75 eps along the gradient, inside the L2 ball of radius eps."""
    direction = gradient / (gradient.flatten(1).norm(dim=1)[:, None, None, None] + 1e-12)
    moved = perturbation * (0.5 if first else 1.0) + direction * (0.75 * eps)
    length = moved.flatten(1).norm(dim=1)[:, None, None, None]
    return moved * (eps / length.clamp(min=1e-9)).clamp(max=1)


def untrained(options: argparse.Namespace) -> Model:
    """The model at the start of a run."""
    torch.manual_seed(options.seed)
    model = Model(options.judge, options.channels, options.blocks, options.side)
    if options.init:
        state = torch.load(options.work / f"{options.init}.pt", map_location="cpu")
        model.load_state_dict(state["average"])
    if options.shipped:
        weights, _ = read_tensors(options.shipped / "perceptor.safetensors")
        towers = {k: v.float() for k, v in weights.items() if k.startswith(("image.", "head."))}
        model.load_state_dict(towers, strict=False)
    return model


def parts(model: Model) -> list[Part]:
    """Parameters with the share of the rate at which they learn: a fast text head makes the run diverge."""
    return [
        (list(model.image.parameters()), 1.0),
        (list(model.head.parameters()), 0.3),
        (list(model.namer.parameters()), 1.0),
        ([model.scale, model.class_scale], 1.0),
    ]


def train(run: Run, worker: int, batches: Callable[[int, int], Batch], objective: Objective) -> None:
    """All batches of a run, each ``replays`` times while its perturbation grows."""
    options, model, log_at = run.options, objective.model, time.monotonic()
    figures = [[0.0] * 3 for _ in range(options.replays)]
    generator = torch.Generator(run.device)
    lower = torch.autocast(run.device.type, torch.bfloat16, enabled=options.lower)
    for progress in run.batches():
        batch = batches(worker, run.batch)
        generator.manual_seed(options.seed * 7919 + run.batch * 2 + worker)
        eps = options.eps[0] + (options.eps[1] - options.eps[0]) * min(1, progress / 0.6)
        size = options.size or model.image.size
        for replay in range(options.replays):
            attack = replay + 1 < options.replays and options.eps[1] > 0
            if replay == 0 or options.eps[1] == 0:
                clean = views(batch.pictures, 1, size, generator, tuple(options.scale))
                spread = (
                    torch.rand(len(clean), 1, 1, 1, generator=generator, device=run.device) * options.noise
                )
                change = torch.randn(clean.shape, generator=generator, device=run.device) * spread
            seen = (clean + change).clamp(0, 1).requires_grad_(attack)
            with lower:
                error = objective(seen, batch)
            run.update(error)
            for k, figure in enumerate(objective.figures):
                figures[replay][k] += 0.03 * (figure - figures[replay][k])
            if attack:
                change = grown(change, seen.grad, eps, replay == 0)
        if worker == 0 and time.monotonic() - log_at > 30:
            log_at = time.monotonic()
            shares = " | ".join(f"loss {a:.3f} pairs {b:.3f} nouns {c:.3f}" for a, b, c in figures)
            scales = f"{model.scale.exp():.1f} {model.class_scale.exp():.1f}"
            run.log(f"eps {eps:.2f} scales {scales} {shares}")
            run.save()
    if worker == 0:
        run.log("done")
        run.save()


def work(worker: int, options: argparse.Namespace) -> None:
    """One worker, from start to end."""
    batches: Callable[[int, int], Batch]
    if options.pack:
        source = Composed(load(options.pack), options.specs, options.batch, options.seed, options.device)
        (nouns, scenes), batches = source.classes(), source
    else:
        from training.data import Batches, classes

        nouns, scenes = classes(options.work)
        batches = Batches(options.work, options.banks, options.batch, options.seed, options.art)
    if options.end is not None:
        options.minutes = max((options.end - time.monotonic()) / 60, 1e-9)
    model = untrained(options)
    run = Run(model, parts(model), options, getattr(model.image, "config", {}))
    train(
        run,
        worker,
        batches,
        Objective(model, nouns, scenes, options.seed * 2 + worker, not options.names_only),
    )


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--work", type=Path, required=True)
    made.add_argument("--out", required=True, help="name of the run")
    made.add_argument("--banks", nargs="+", default=[])
    add_options(made, batch=64, lr=2e-3)
    made.add_argument("--shipped", type=Path, help="start from the exported weights in this folder")
    made.add_argument("--replays", type=int, default=1)
    made.add_argument("--eps", type=float, nargs=2, default=(0.0, 0.0))
    made.add_argument("--scale", type=float, nargs=2, default=(0.65, 1.15))
    made.add_argument(
        "--size", type=int, help="side of the views: smaller than the tower's at first saves time"
    )
    made.add_argument("--noise", type=float, default=0.12)
    made.add_argument("--names-only", action="store_true", help="no texts yet: only tell the nouns apart")
    made.add_argument("--judge", action="store_true", help="train the judge's architecture")
    made.add_argument(
        "--pack", type=Path, help="compose on the device, from this file, instead of from banks"
    )
    made.set_defaults(end=None)
    made.add_argument("--specs", type=int, default=100_000, help="specifications, with --pack")
    made.add_argument("--lower", action="store_true", help="bfloat16")
    made.add_argument("--blocks", type=int, nargs=4, default=BLOCKS)
    made.add_argument("--channels", type=int, nargs=4, default=CHANNELS)
    made.add_argument("--side", type=int, default=48, help="side of the pictures that the tower sees")
    return made


def main() -> None:
    options = parser().parse_args()
    if not options.pack:
        from training.data import classes

        classes(options.work)
    in_workers(work, options)


if __name__ == "__main__":
    main()
