"""Distils the sentence encoder into the text tower that ships.

    python -m training.distil --work WORK --phrases 60000        # invents phrases; embeds them with the teacher
    python -m training.distil --work WORK --banks a b --minutes 15 [--resume] [--run robust]

The tower starts with random layers; its token table is the teacher's, cut down, and stays as it is. With ``--run`` the loss is also
measured behind that run's text head, where the tower will be used. Writes ``WORK/text.pt``.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from pixray_motion.perceptors.towers import TextHead, TextTower
from training.draw import load_run
from training.fresh_prompts import FRESH
from training.prompts import CHOSEN, UNSEEN
from training.teacher import FOLDER, Teacher, padded, tokenizer
from training.vocabulary import COLOURS, NOUNS, SCENES, STYLES

RANK, WIDTH, LAYERS, HEADS = 128, 256, 3, 4
MEDIA = (
    "an oil painting of {}", "a watercolor of {}", "{} in the style of van gogh", "a photo of {}", "pixel art of {}", "a drawing of {}",
    "{}, digital art", "{} by monet", "a cyberpunk {}", "a portrait of {}", "an abstract painting of {}", "a dream of {}", "{}, 3d render",
    "a mosaic of {}", "{} made of glass", "a psychedelic {}", "a close up of {}", "{} in the fog", "{}, trending on artstation",
)  # fmt: skip
FRAMES = (
    "a {c} {w}", "a {w} {b}", "a {w} and a {v}", "a {w} {n}", "a {n} {w}", "{w} {v}", "a {n} with a {w}", "a {w} {n} {b}", "a {n} {b}",
    "a {w} of {n}", "the {w} of the {v}", "{w}", "a {w}", "the {w}", "{n} in a {w}", "a {c} {n} next to a {w}", "two {n}s {b}",
    "a {w} {v} with {c} {n}s", "a {n} and a {m} {b}", "many {w}s", "a {w} city", "a {w} landscape", "{w} forest", "a {n} holding a {w}",
    "a {n} riding a {m}", "a {w} face", "an old {w} under a {c} sky", "{c} and {d} {w}", "a small {c} {n} on a {w}", "a {w} at night",
)  # fmt: skip


def phrases(count: int, seed: int = 3) -> list[str]:
    """Short texts from the tokenizer's whole words, the vocabulary and templates; none of the evaluation's prompts."""
    chance = random.Random(seed)
    ranked = sorted(tokenizer().get_vocab().items(), key=lambda item: item[1])
    words = [word for word, _ in ranked if word.isalpha() and word.isascii() and len(word) > 2]
    places = [place for _, phrases_ in SCENES.values() for place in phrases_]
    media = MEDIA + tuple(text for texts in STYLES.values() for text in texts)
    found = {chance.choice(("{}", "a {}", "the {}", "a picture of {}")).format(word) for word in words}
    while len(found) < count:
        text = chance.choice(FRAMES).format(
            w=words[int(len(words) * chance.random() ** 2)],
            v=words[int(len(words) * chance.random() ** 2)],
            n=chance.choice(list(NOUNS)),
            m=chance.choice(list(NOUNS)),
            c=chance.choice(list(COLOURS)),
            d=chance.choice(list(COLOURS)),
            b=chance.choice(places),
        )
        found.add(chance.choice(media).format(text) if chance.random() < 0.25 else text)
    return sorted(found - set(CHOSEN) - set(UNSEEN) - set(FRESH))


def untrained() -> TextTower:
    """A tower with random layers; its token table is the best approximation of rank ``RANK`` of the teacher's."""
    weights = load_file(FOLDER / "model.safetensors")
    (table,) = (value.float() for key, value in weights.items() if "word_embeddings" in key)
    tower = TextTower(len(table), rank=RANK, width=WIDTH, layers=LAYERS, heads=HEADS, dim=table.shape[1])
    u, s, _ = torch.linalg.svd(table - table.mean(0), full_matrices=False)
    tokens = u[:, :RANK] * s[:RANK]
    with torch.no_grad():
        tower.tokens.weight.copy_(tokens / tokens.std())
    return tower


def embed(tower: TextTower, texts: list[str], batch: int = 256) -> Tensor:
    """Texts -> (N, 384), unit, without gradients."""
    rows = [encoding.ids for encoding in tokenizer().encode_batch(texts)]
    with torch.no_grad():
        return torch.cat([tower(*padded(rows[i : i + batch])) for i in range(0, len(rows), batch)])


class Texts:
    """All texts with the teacher's embeddings; batches of similar length."""

    def __init__(self, work: Path, banks: list[str], seed: int) -> None:
        known: dict[str, np.ndarray] = {}
        for name in banks:
            captions = json.loads((work / f"bank_{name}.json").read_text())["captions"]
            known.update(zip(captions, np.load(work / f"bank_{name}.npy"), strict=True))
        self.captions = len(known)
        free = json.loads((work / "phrases.json").read_text())
        known.update(zip(free, np.load(work / "phrases.npy"), strict=True))
        self.texts = list(known)
        self.embeddings = torch.from_numpy(np.stack(list(known.values())))
        self.rows = [encoding.ids for encoding in tokenizer().encode_batch(self.texts)]
        self.random = np.random.default_rng(seed)
        order = np.random.default_rng(0).permutation(len(self.texts))
        self.held, kept = order[:1000], order[1000:]
        self.sources = [kept[kept < self.captions], kept[kept >= self.captions]]

    def batch(self, size: int, share_of_captions: float = 0.4) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens, mask, embeddings: ``size`` texts of about one length, drawn from four times as many."""
        count = int(4 * size * share_of_captions)
        chosen = np.concatenate(
            [self.random.choice(s, n) for s, n in zip(self.sources, (count, 4 * size - count), strict=True)]
        )
        chosen = chosen[np.argsort([len(self.rows[i]) for i in chosen], kind="stable")]
        start = self.random.integers(4) * size
        part = chosen[start : start + size]
        return *padded([self.rows[i] for i in part]), self.embeddings[part].float()

    def held_out(self) -> tuple[Tensor, Tensor, Tensor]:
        return *padded([self.rows[i] for i in self.held]), self.embeddings[self.held].float()


def mismatch(mine: Tensor, its: Tensor) -> Tensor:
    """How far unit vectors (N, D) lie from the teacher's, one by one and in their mutual similarities."""
    return (1 - (mine * its).sum(-1)).mean() + 3 * (mine @ mine.T - its @ its.T).square().mean()


def train(
    tower: TextTower, texts: Texts, head: TextHead | None, minutes: float, rate: float, path: Path
) -> None:
    tower.tokens.requires_grad_(False)
    learned = [p for p in tower.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, weight_decay=0.01, fused=True)
    start, logged, step = time.monotonic(), time.monotonic(), 0
    while (progress := (time.monotonic() - start) / (60 * minutes)) < 1:
        share = min(1, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimiser.param_groups:
            group["lr"] = rate * share
        tokens, mask, target = texts.batch(256)
        target = F.normalize(target, dim=-1)
        mine = tower(tokens, mask)
        loss = mismatch(mine, target)
        if head is not None:
            loss = loss + 0.5 * mismatch(head(mine), head(target))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
        optimiser.step()
        step += 1
        if time.monotonic() - logged > 60:
            logged = time.monotonic()
            print(
                f"{(logged - start) / 60:.1f} min step {step} loss {loss.item():.4f}",
                report(tower, texts),
                flush=True,
            )
            torch.save(tower.state_dict(), path)
    torch.save(tower.state_dict(), path)
    print("done", step, report(tower, texts), flush=True)


@torch.no_grad()
def report(tower: TextTower, texts: Texts) -> str:
    tokens, mask, target = texts.held_out()
    cosines = (tower(tokens, mask) * target).sum(-1)
    return f"held-out cosine {cosines.mean():.4f}, worst tenth {cosines.sort().values[:100].mean():.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--phrases", type=int)
    parser.add_argument("--banks", nargs="+")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--run", help="also measure the loss behind this run's head")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    if options.phrases:
        texts = phrases(options.phrases)
        np.save(options.work / "phrases.npy", Teacher()(texts).half().numpy())
        (options.work / "phrases.json").write_text(json.dumps(texts))
        return
    tower, path = untrained(), options.work / "text.pt"
    if options.resume:
        tower.load_state_dict(torch.load(path))
    head = load_run(options.work / f"{options.run}.pt")[1] if options.run else None
    train(tower, Texts(options.work, options.banks, options.seed), head, options.minutes, options.rate, path)


if __name__ == "__main__":
    main()
