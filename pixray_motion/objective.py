"""What a frame is refined towards: prompts, as perceptors see them, and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pixray_motion.cutouts import coloured, views
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.losses import loss

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.drawers.base import Picture
    from pixray_motion.perceptors.base import Perceptor
    from pixray_motion.story.model import Plan, Prompt

LOOK = 128  # the longer side, in pixels, at which losses look at a picture


@dataclass(frozen=True)
class Look:
    """All that a loss may see: the picture (1, 3, H, W) in [0, 1], small, and the plan of its frame."""

    picture: Picture
    canvas: Canvas
    plan: Plan

    @cached_property
    def image(self) -> Tensor:
        shrink = min(1.0, LOOK / max(self.canvas.width, self.canvas.height))
        size = Canvas(max(1, round(self.canvas.width * shrink)), max(1, round(self.canvas.height * shrink)))
        return self.picture.image(size)


@dataclass(frozen=True)
class Sight:
    """A perceptor with the texts of a story, embedded once: text -> (D,) unit."""

    perceptor: Perceptor
    texts: dict[str, Tensor]

    def target(self, prompt: Prompt) -> Tensor:
        """(D,) unit: the prompt's text, or a point on the great circle between two of them."""
        first, *rest = prompt.texts
        if not rest:
            return self.texts[first[0]]
        return slerp(self.texts[first[0]], self.texts[rest[0][0]], rest[0][1])


@dataclass
class Objective:
    """Call it with a picture: the named terms, weighted, whose sum is to be made small."""

    plan: Plan
    canvas: Canvas
    sights: Sequence[Sight]
    rng: Generator
    _likeness: dict[str, float] = field(default_factory=dict)

    def __call__(self, picture: Picture) -> dict[str, Tensor]:
        picture = filtered(picture, self.plan)
        terms: dict[str, Tensor] = {}
        for number, sight in enumerate(self.sights):
            terms |= {
                f"{name}@{number}" if number else name: term
                for name, term in self._seen(picture, sight).items()
            }
        look = Look(picture, self.canvas, self.plan)
        for name, weight in self.plan.losses:
            if weight:
                terms[name] = weight * loss.make(name)(look)
        return terms

    def scores(self) -> dict[str, float]:
        """How alike the last picture and its prompts were: the cosine, -1..1, over all prompts that attract."""
        return dict(self._likeness)

    def _seen(self, picture: Picture, sight: Sight) -> dict[str, Tensor]:
        perceptor = sight.perceptor
        looks = picture.cutouts(views(self.canvas, perceptor.cuts, self.rng), perceptor.size)
        seen = perceptor.embed_images(coloured(looks, self.rng))
        terms, likeness = {}, []
        for index, prompt in enumerate(self.plan.prompts):
            if prompt.weight:
                target = sight.target(prompt).to(seen)
                terms[f"prompt {index + 1}"] = prompt_loss(seen, target, prompt)
                if prompt.weight > 0:
                    likeness.append((seen.detach() @ target).mean())
        self._likeness["score"] = float(torch.stack(likeness).mean()) if likeness else 0.0
        return terms


def prompt_loss(seen: Tensor, target: Tensor, prompt: Prompt) -> Tensor:
    """Half the squared great-circle distance between (N, D) looks and a (D,) target, weighted (pixray's prompt loss).

    A negative weight pushes away. A look whose distance, signed like the weight, is below ``stop`` pulls no more.
    """
    distance = great_circle(seen, target).square() / 2
    signed = distance if prompt.weight > 0 else -distance
    if prompt.stop != float("-inf"):
        signed = torch.where(signed < prompt.stop, signed.detach(), signed)
    weighted: Tensor = abs(prompt.weight) * signed.mean()
    return weighted


def great_circle(a: Tensor, b: Tensor) -> Tensor:
    """The angle in radians between unit vectors, along the last axis; exact for small angles too."""
    half: Tensor = ((a - b).norm(dim=-1) / 2).clamp(max=1 - 1e-6).arcsin()
    return 2 * half


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """The unit vector that lies ``share`` of the way from ``a`` to ``b`` on their great circle."""
    angle = great_circle(a, b)
    if angle < 1e-4:
        return a
    mixed: Tensor = torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b
    unit: Tensor = mixed / mixed.norm()
    return unit


def filtered(picture: Picture, plan: Plan) -> Picture:
    """The picture through the plan's filters, in order."""
    for call in plan.filters:
        picture = picture.through(partial(image_filter.make(call.name), **dict(call.values)))
    return picture
