"""Points on the unit sphere: where a prompt lies there, and how far a picture is from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pixray_motion.lazy import torch
from pixray_motion.story.plan import Prompt

if TYPE_CHECKING:
    from torch import Tensor

ANGLE_EPSILON = 1e-4  # radians; closer vectors have no stable plane to turn in


def embed_prompt(prompt: Prompt, texts: Mapping[str, Tensor]) -> Tensor:
    """(D,) unit: the prompt's text, or a point between several, which is reached along great circles, in order.

    ``texts`` holds the (D,) unit embedding of every text.
    """
    (first, total), *rest = prompt.texts
    point = texts[first]
    for text, share in rest:
        total += share
        point = slerp(point, texts[text], share / total)
    return point


def prompt_loss(embeddings: Tensor, target: Tensor, prompt: Prompt) -> Tensor:
    """Half the squared great-circle distance between (N, D) cutouts and a (D,) target, weighted: a scalar.

    A negative weight pushes away. A cutout whose distance, signed like the weight, is below ``stop`` pulls no more.
    (The spherical loss of the CLIP-guided notebooks, Crowson 2021, as pixray has it.)
    """
    distance = great_circle_distance(embeddings, target).square() / 2
    signed = distance if prompt.weight > 0 else -distance
    if prompt.stop is not None:
        signed = torch.where(signed < prompt.stop, signed.detach(), signed)
    weighted: Tensor = abs(prompt.weight) * signed.mean()
    return weighted


def great_circle_distance(a: Tensor, b: Tensor) -> Tensor:
    """(...): the angle in radians between unit vectors (..., D), along the last axis; exact for small angles too."""
    half: Tensor = ((a - b).norm(dim=-1) / 2).clamp(max=1 - 1e-6).arcsin()
    return 2 * half


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """(D,): the unit vector that lies ``share`` (0..1) of the way from ``a`` to ``b``, both (D,) unit, on their great
    circle (Shoemake 1985).
    """
    angle = great_circle_distance(a, b)
    if angle < ANGLE_EPSILON:
        return a
    mixed: Tensor = torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b
    unit: Tensor = mixed / mixed.norm()
    return unit
