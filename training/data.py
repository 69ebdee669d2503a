"""Batches of pictures composed from the banks of specifications."""

import json
from pathlib import Path

import numpy as np
import torch

from training.captions import Spec, load_spec
from training.compose import SIZE, load_composer
from training.labels import (
    NOUN_PHRASES,
    SCENE_PHRASES,
    Batch,
    Classes,
    noun_number,
    nouns_alike,
    scenes_alike,
)
from training.vocabulary import NOUNS, SCENES


class Batches:
    """Draws batch ``number`` of a worker from all banks in ``work`` whose name is given; a pure function of seed and number."""

    def __init__(self, work: Path, banks: list[str], size: int, seed: int, art: str = "sprites") -> None:
        self.size, self.seed = size, seed
        self.composer = load_composer(work, seed, art)
        self.texts = np.concatenate([np.load(work / f"bank_{name}.npy") for name in banks])
        loaded = [json.loads((work / f"bank_{name}.json").read_text()) for name in banks]
        self.specs = [load_spec(values) for bank in loaded for values in bank["specs"]]
        self.captions = [caption for bank in loaded for caption in bank["captions"]]
        known: dict[Spec, int] = {}
        self.meanings = np.array([known.setdefault(spec, len(known)) for spec in self.specs])
        nouns, scenes = {n: i for i, n in enumerate(NOUNS)}, {s: i for i, s in enumerate(SCENES)}
        self.nouns = np.array([noun_number(spec, nouns) for spec in self.specs])
        self.scenes = np.array([scenes[s.ground[1]] if s.kind == "scene" else -1 for s in self.specs])

    def __call__(self, worker: int, number: int, size: tuple[int, int] = (SIZE, SIZE)) -> Batch:
        """``size``: height and width of the pictures; the shorter is 64."""
        random = np.random.default_rng((self.seed, worker, number))
        groups = random.choice(len(self.specs) // 4, self.size // 4, replace=False)
        rows = (groups[:, None] * 4 + np.arange(4)).ravel()
        self.composer.random = random
        self.composer.generator.manual_seed(int(random.integers(2**62)))
        return Batch(
            self.composer.draw([self.specs[i] for i in rows], size),
            torch.from_numpy(self.texts[rows]).float(),
            torch.from_numpy(self.meanings[rows]),
            torch.from_numpy(self.nouns[rows]),
            torch.from_numpy(self.scenes[rows]),
            rows,
        )


def classes(work: Path) -> tuple[Classes, Classes]:
    """The everyday nouns and the scenes as classes; embeddings are computed once and kept in ``work/classes.pt``."""
    path = work / "classes.pt"
    if not path.exists():
        from training.teacher import Teacher

        teacher = Teacher()
        nouns = torch.stack([teacher([phrase.format(n) for n in NOUNS]) for phrase in NOUN_PHRASES])
        scenes = torch.stack([teacher([c[k] for c, _ in SCENES.values()]) for k in range(SCENE_PHRASES)])
        torch.save((nouns, scenes), path)
    nouns, scenes = torch.load(path)
    return Classes(nouns, nouns_alike()), Classes(scenes, scenes_alike())
