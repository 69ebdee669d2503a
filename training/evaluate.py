"""Evaluates the perceptor that lies in the package, through the product's own code, and prints one table.

    python -m training.evaluate --work WORK --sheets docs/sheets [--parts identity colour robust cost drawn]

``drawn``: every prompt drawn by ``still_story`` with its defaults, in several ways; the judge names each picture among the
prompts and among 500 captions. ``--lists fresh`` is for the end, once. ``identity``: Twemoji drawings of the everyday nouns, named by the perceptor itself.
"""

import argparse
import json
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pixray_motion.denoisers.embedded import EmbeddedDenoiser
from pixray_motion.engine import render
from pixray_motion.perceptors.embedded import EmbeddedPerceptor
from pixray_motion.stills import still_story
from pixray_motion.studio import Studio
from pixray_motion.variants import without_denoiser, without_perceptor
from training.captions import Spec, article, pools
from training.compose import load_composer, sheet
from training.data import Batches
from training.fresh_prompts import FRESH, KINDS
from training.judge import Judge
from training.prompts import CHOSEN, LOT, UNSEEN
from training.vocabulary import COLOURS, NOUNS, alike

LISTS = {"chosen": CHOSEN, "unseen": UNSEEN, "lot": LOT, "fresh": FRESH}
WAYS = {
    "fft": "fft",
    "pixel": "pixel",
    "diffusion": "diffusion",
    "fft-": "fft-perceptor-alone",
    "pixel-": "pixel-perceptor-alone",
    "diffusion=": "denoiser-alone",
}
SHEET_SEED = 0
PLAIN_GROUNDS = ("white", "pink", "turquoise", "yellow", "blue", "gray")


def still_picture(task: tuple[str, str, int]) -> np.ndarray:
    """A picture of a prompt as ``pixray-motion still_story`` draws it in one of the ``WAYS``: uint8 (128, 128, 3)."""
    prompt, way, seed = task
    story = still_story(prompt, way.rstrip("-="), seed=seed)
    if way.endswith("-"):
        story = without_denoiser(story)
    if way.endswith("="):
        story = without_perceptor(story)
    studio = Studio.open(story)
    return studio.image(next(iter(render(story, studio))))


def drawn(tasks: list[tuple[str, str, int]], folder: Path) -> Tensor:
    """Pictures (N, 3, 128, 128) in [0, 1]; each is kept in ``folder``, so that an interrupted evaluation goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{way}-{seed}-{prompt.replace(' ', '_')}.npy" for prompt, way, seed in tasks]
    missing = [(task, path) for task, path in zip(tasks, paths, strict=True) if not path.exists()]
    with get_context("spawn").Pool(2) as pool:
        made = pool.imap(still_picture, [task for task, _ in missing])
        for (_, path), picture in zip(missing, made, strict=True):
            np.save(path, picture)
    pictures = np.stack([np.load(path) for path in paths])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def judged(options: argparse.Namespace, folder: Path) -> dict[str, str]:
    """The judge's shares for each list of prompts and each way to draw, over all seeds."""
    judge, table = Judge(), {}
    for name in options.lists:
        prompts = list(LISTS[name])
        for way in options.ways:
            few, many = [], []
            for seed in options.seeds:
                pictures = drawn([(prompt, way, seed) for prompt in prompts], folder)
                ranks = judge.ranks(pictures, prompts)
                few.append(ranks[0])
                many.append(ranks[1])
                if seed == SHEET_SEED:
                    _show(pictures, prompts, options.sheets, f"{name}-{WAYS[way]}", options.work)
            count, shares = len(prompts), [torch.stack(few) < 1, torch.stack(many) < 1, torch.stack(many) < 5]
            table[f"{name} {count}, {WAYS[way]}: R@1 of {count}, R@1 of 500, R@5 of 500"] = _shares(shares)
            if name == "fresh":
                table |= {
                    f"of these, {kind}": _shares(
                        [share[:, [prompts.index(p) for p in part]] for share in shares]
                    )
                    for kind, part in KINDS.items()
                }
    return table


def _show(pictures: Tensor, prompts: list[str], sheets: Path, name: str, work: Path) -> None:
    """A sheet with captions; and one without, in an order drawn by lot, whose key stays in ``work``: numbers of prompts."""
    page = sheet(pictures, prompts, 8, 128)
    page.quantize(256).save(sheets / f"{name}.png", optimize=True)
    order = np.random.default_rng(len(name)).permutation(len(prompts))
    page = sheet(pictures[order], [str(i + 1) for i in range(len(prompts))], 8, 128)
    page.quantize(256).save(sheets / f"{name}-bare.png", optimize=True)
    lines = [f"{i + 1}: {prompts[number]}" for i, number in enumerate(order)]
    (work / f"{name}.key").write_text("\n".join(lines) + "\n")


def _shares(hits: list[Tensor]) -> str:
    return " / ".join(f"{hit.float().mean():.3f}" for hit in hits)


def seen_by(perceptor: EmbeddedPerceptor, pictures: Tensor) -> Tensor:
    """Embeddings of composed pictures (N, 3, 64, 64)."""
    small = F.interpolate(
        pictures, size=(perceptor.size,) * 2, mode="bilinear", antialias=True, align_corners=False
    )
    with torch.no_grad():
        return torch.cat([perceptor.embed_images(part) for part in small.split(128)])


def identity(work: Path, perceptor: EmbeddedPerceptor) -> dict[str, str]:
    """Twemoji drawings of the everyday nouns, one each, on white; named among all of them."""
    meta = json.loads((work / "held_out.json").read_text())
    composer = load_composer(work, 1, "held_out")
    twemoji = {
        name: [i for i, _ in pool if meta[i]["set"] == "twemoji"] for name, pool in pools(meta).items()
    }
    nouns = [noun for noun in NOUNS if twemoji.get(noun)]
    for noun in nouns:
        composer.pools[noun] = (np.array(twemoji[noun][:1]), np.array([1.0]))
    composer._centred = lambda: (0.5, 0.5, 0.88)  # type: ignore[method-assign]
    pictures = composer.draw([Spec("object", (noun,), "", 1, ("colour", "white")) for noun in nouns])
    scores = seen_by(perceptor, pictures) @ perceptor.embed_text([article(noun) for noun in nouns]).T
    ranks = (scores > scores.diag()[:, None]).sum(1)
    pairs = alike()
    same = torch.tensor([[(a, b) in pairs and a != b for b in nouns] for a in nouns])
    kind = (scores.masked_fill(same, -2) > scores.diag()[:, None]).sum(1)
    return {
        f"identity of {len(nouns)} nouns, twemoji: top-1, top-5": _shares([ranks < 1, ranks < 5]),
        "the same, synonyms (dog, puppy) not counted as mistakes": _shares([kind < 1, kind < 5]),
    }


def colour(work: Path, perceptor: EmbeddedPerceptor) -> dict[str, str]:
    """Which of 12 colours a recoloured held-out drawing has."""
    composer, hits = load_composer(work, 2, "held_out"), []
    nouns = [n for n in list(NOUNS)[::7] if n in composer.pools and not set(n.split()) & set(COLOURS)][:40]
    for noun in nouns:
        grounds = [("colour", "white" if c != "white" else "blue") for c in COLOURS]
        specs = [Spec("object", (noun,), c, 1, ground) for c, ground in zip(COLOURS, grounds, strict=True)]
        texts = perceptor.embed_text([f"{article(c)} {noun}" for c in COLOURS])
        hits.append(
            (seen_by(perceptor, composer.draw(specs)) @ texts.T).argmax(1) == torch.arange(len(COLOURS))
        )
    return {f"colour of {len(nouns)} nouns, held-out art: 1 of 12": _shares([torch.stack(hits)])}


def robust(work: Path, perceptor: EmbeddedPerceptor, batches: int = 4) -> dict[str, str]:
    """Accuracy in batches of 128 captions under PGD-10 in L2 balls, new compositions of the perceptor's own art."""
    source, table = Batches(work, ["eval"], 128, 999), {}
    drawn_batches = [source(0, number) for number in range(batches)]
    for eps in (0.0, 0.5, 1.0, 2.0):
        hits = []
        for batch in drawn_batches:
            small = F.interpolate(batch.pictures, size=(perceptor.size,) * 2, mode="bilinear", antialias=True)
            captions = [source.captions[i] for i in batch.rows]
            texts = perceptor.embed_text(captions)
            same = (batch.meanings[:, None] == batch.meanings[None]).fill_diagonal_(False)
            seen = _attacked(perceptor, small, texts, same, eps)
            with torch.no_grad():
                scores = (perceptor.embed_images(seen) @ texts.T).masked_fill(same, -2)
            hits.append(scores.argmax(1) == torch.arange(len(texts)))
        table[f"caption among 128, PGD-10, eps {eps}"] = _shares([torch.stack(hits)])
    return table


def _attacked(
    perceptor: EmbeddedPerceptor, pictures: Tensor, texts: Tensor, same: Tensor, eps: float, steps: int = 10
) -> Tensor:
    change = torch.zeros_like(pictures)
    for _ in range(steps if eps else 0):
        change.requires_grad_(True)
        scores = 20 * perceptor.embed_images((pictures + change).clamp(0, 1)) @ texts.T
        loss = F.cross_entropy(scores.masked_fill(same, -1e4), torch.arange(len(texts)), reduction="sum")
        (gradient,) = torch.autograd.grad(loss, change)
        with torch.no_grad():
            change = change + gradient / (gradient.flatten(1).norm(dim=1)[:, None, None, None] + 1e-12) * (
                eps / 4
            )
            length = change.flatten(1).norm(dim=1)[:, None, None, None]
            change = change * (eps / length.clamp(min=1e-9)).clamp(max=1)
    return (pictures + change).detach().clamp(0, 1)


def cost(perceptor: EmbeddedPerceptor) -> dict[str, str]:
    """CPU time of 8 cutouts forward and backward to the pictures, one thread, float32: the median of 15."""
    times, text = [], F.normalize(torch.randn(256), dim=0)
    for _ in range(15):
        pictures = torch.rand(8, 3, perceptor.size, perceptor.size, requires_grad=True)
        start = time.process_time()
        (perceptor.embed_images(pictures) @ text).sum().backward()
        times.append(time.process_time() - start)
    return {"8 cutouts forward and backward": f"{1000 * sorted(times)[7]:.0f} ms"}


def _models(perceptor: EmbeddedPerceptor) -> str:
    return "-".join(f"{perceptor.fingerprint()} {EmbeddedDenoiser().fingerprint()}".replace(",", "").split())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sheets", type=Path, required=True)
    parser.add_argument(
        "--weights", type=Path, help="a folder of exported weights instead of the package's (not for drawn)"
    )
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--lists", nargs="+", choices=LISTS, default=["chosen", "unseen", "lot"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--parts", nargs="+", default=["identity", "colour", "robust", "cost", "drawn"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    perceptor = EmbeddedPerceptor(folder=options.weights)
    parts = {
        "identity": lambda: identity(options.work, perceptor),
        "colour": lambda: colour(options.work, perceptor),
        "robust": lambda: robust(options.work, perceptor),
        "cost": lambda: cost(perceptor),
        "drawn": lambda: judged(options, options.work / "drawn" / _models(perceptor)),
    }
    options.sheets.mkdir(parents=True, exist_ok=True)
    for part in options.parts:
        for name, figure in parts[part]().items():
            print(f"| {name} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
