"""Batches for the image tower from a pack, composed on the device: what ``data.Batches`` gives from banks.

Captions are read by the text tower that ships, so the tower learns the vectors that it will be asked with. Needs numpy and
torch only.
"""

import numpy as np
import torch
from torch import Tensor

from training.captions import Spec
from training.easel import encoded
from training.labels import (
    NOUN_PHRASES,
    SCENE_PHRASES,
    Batch,
    Classes,
    noun_number,
    nouns_alike,
    scenes_alike,
)
from training.pack import Pack
from training.vocabulary import NOUNS, SCENES
from training.words import Words


class Composed:
    """Batch ``number``, of groups of four that differ in one attribute; a function of the seed and the number."""

    def __init__(self, pack: Pack, count: int, size: int, seed: int, device: str) -> None:
        writer = pack.writer(seed)
        specs: list[Spec] = []
        while len(specs) < count:
            first = writer.rich_spec()
            specs += [first, *(writer.mutant(first) for _ in range(3))]
        self.device, self.size, self.seed = torch.device(device), size, seed
        self.specs = encoded(specs, list(pack.names)).to(self.device)
        self.words, self.easel = Words(device), pack.easel(device, seed)
        self.tokens = self.words.tokens([writer.caption(spec) for spec in specs]).to(self.device)
        known: dict[Spec, int] = {}
        nouns, scenes = ({name: i for i, name in enumerate(table)} for table in (NOUNS, SCENES))
        labels = [
            (
                known.setdefault(s, len(known)),
                noun_number(s, nouns),
                scenes[s.ground[1]] if _is_scene(s) else -1,
            )
            for s in specs
        ]
        self.labels = torch.tensor(labels, device=self.device)

    def __call__(self, worker: int, number: int) -> Batch:
        self.easel.generator.manual_seed((self.seed * 1_000_003 + number) * 2 + worker)
        groups = torch.randperm(len(self.specs) // 4, generator=self.easel.generator, device=self.device)
        rows = (groups[: self.size // 4, None] * 4 + torch.arange(4, device=self.device)).flatten()
        tokens = self.tokens[rows]
        texts = self.words(tokens[:, : int((tokens > 0).sum(1).max())])[0]
        meanings, nouns, scenes = self.labels[rows].T
        numbers = rows.cpu().numpy() if self.device.type == "cpu" else np.empty(0, np.int64)
        return Batch(self.easel.paint(self.specs.rows(rows)), texts, meanings, nouns, scenes, numbers)

    def classes(self) -> tuple[Classes, Classes]:
        def read(texts: list[str]) -> Tensor:
            return self.words(self.words.tokens(texts).to(self.device))[0]

        nouns = torch.stack([read([phrase.format(noun) for noun in NOUNS]) for phrase in NOUN_PHRASES])
        scenes = torch.stack([read([c[k] for c, _ in SCENES.values()]) for k in range(SCENE_PHRASES)])
        alike = (table.to(self.device) for table in (nouns_alike(), scenes_alike()))
        return tuple(Classes(texts, table) for texts, table in zip((nouns, scenes), alike, strict=True))  # type: ignore[return-value]


def _is_scene(spec: Spec) -> bool:
    return spec.kind == "scene" and spec.ground[0] == "scene"
