"""What a batch of pictures says of itself: embeddings of captions, and the classes of nouns and scenes."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.captions import Spec
from training.vocabulary import NOUNS, SCENES, SCENES_LIKE, alike

NOUN_PHRASES = ("a {}", "{}", "a drawing of a {}")
SCENE_PHRASES = 2


@dataclass(frozen=True)
class Batch:
    """``pictures`` (N, 3, h, h) in [0, 1]; ``texts`` (N, 384), unit; ``meanings`` (N,): equal where captions mean the same;
    ``nouns`` and ``scenes`` (N,): the number in ``NOUNS`` or ``SCENES`` of what is shown, -1 where that is none of them."""

    pictures: Tensor
    texts: Tensor
    meanings: Tensor
    nouns: Tensor
    scenes: Tensor
    rows: np.ndarray
    """The specifications' places in the banks."""


@dataclass(frozen=True)
class Classes:
    """Embeddings (variants, C, 384) of the names of C classes, and (C, C) True where one is no mistake for the other."""

    texts: Tensor
    alike: Tensor


def noun_number(spec: Spec, numbers: dict[str, int]) -> int:
    return numbers.get(spec.things[0], -1) if spec.kind in ("object", "wear") else -1


def nouns_alike() -> Tensor:
    """(C, C): nouns of which one is no mistake for the other."""
    names, pairs = list(NOUNS), alike()
    return torch.tensor([[(a, b) in pairs and a != b for b in names] for a in names])


def scenes_alike() -> Tensor:
    names = list(SCENES)
    table = torch.zeros(len(names), len(names), dtype=torch.bool)
    for part in SCENES_LIKE.replace("\n", "|").split("|"):
        members = [names.index(name) for name in part.split()]
        for a in members:
            for b in members:
                table[a, b] |= a != b
    return table
