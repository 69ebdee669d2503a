"""What a frame is refined towards: prompts, as perceptors see them, and losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pixray_motion.cutouts import jitter_colours, sample_cutout_transforms
from pixray_motion.embeddings import embed_prompt, prompt_loss
from pixray_motion.filters import apply_filters
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.losses import Cutouts, LossInput, loss
from pixray_motion.picture import Picture
from pixray_motion.story.plan import Drawing, distinct_names

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.perceptors.base import Perceptor


@dataclass(frozen=True)
class PromptedPerceptor:
    """A perceptor with the texts of a story, embedded once: text -> (D,) unit; ``weight``: how much it counts."""

    name: str
    perceptor: Perceptor
    texts: Mapping[str, Tensor]
    weight: float = 1.0


@dataclass(frozen=True)
class Evaluation:
    """What an objective finds: named ``terms``, scalars, whose sum is to be made small, and the parts of its scores.

    ``similarities``: for each perceptor, the mean cosine (a scalar tensor) to all prompts that attract, and its weight.
    """

    terms: Mapping[str, Tensor]
    similarities: Mapping[str, tuple[Tensor, float]]

    def scores(self) -> dict[str, float]:
        """How well the picture shows its prompts, -1..1: ``score``, the mean of all perceptors by weight.

        With several perceptors there is ``score NAME`` for each, too.
        """
        if not self.similarities:
            return {}
        each = {name: float(cosine) for name, (cosine, _) in self.similarities.items()}
        total = sum(weight for _, weight in self.similarities.values())
        mean = sum(each[name] * weight for name, (_, weight) in self.similarities.items()) / total
        named = {f"score {name}": cosine for name, cosine in each.items()} if len(each) > 1 else {}
        return {"score": mean} | named


@dataclass(frozen=True)
class Objective:
    """Call it with a picture to have it evaluated.

    ``before`` gives the frame before, moved into this one; None after a cut.
    """

    drawing: Drawing
    canvas: Canvas
    perceptors: Sequence[PromptedPerceptor]
    rng: Generator
    before: Callable[[], Picture] | None = None
    _targets: dict[tuple[int, int], Tensor] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, picture: Picture, progress: float = 0.0) -> Evaluation:
        """``progress`` (0..1) of the frame's steps are done."""
        if self.drawing.filters:
            picture = apply_filters(picture, self.drawing.filters, self.canvas)
        terms: dict[str, Tensor] = {}
        similarities: dict[str, tuple[Tensor, float]] = {}
        cutouts: dict[str, Cutouts] = {}
        for index, prompted in enumerate(self.perceptors):
            if not prompted.weight:
                continue
            seen = self._look(picture, prompted.perceptor)
            cutouts[prompted.name] = seen
            found, cosine = self._compare(seen.embeddings, index)
            suffix = f", {prompted.name}" if len(self.perceptors) > 1 else ""
            terms |= {name + suffix: term for name, term in found.items()}
            similarities[prompted.name] = cosine, prompted.weight
        if self.drawing.losses:
            terms |= self._losses(picture, cutouts, progress)
        return Evaluation(terms, similarities)

    def _look(self, picture: Picture, perceptor: Perceptor) -> Cutouts:
        """Random cutouts of the picture, and what the perceptor makes of them."""
        transforms = sample_cutout_transforms(self.canvas, perceptor.cuts, self.rng)
        images = jitter_colours(picture.cutouts(transforms, perceptor.size), self.rng)
        return Cutouts(transforms, images, perceptor.embed_images(images))

    def _compare(self, embeddings: Tensor, index: int) -> tuple[dict[str, Tensor], Tensor]:
        """The prompts' terms for one perceptor, and the mean cosine to those that attract (0 if there are none)."""
        weight = self.perceptors[index].weight
        terms, cosines = {}, []
        for number, prompt in enumerate(self.drawing.prompts):
            if not prompt.weight:
                continue
            target = self._target(index, number, embeddings)
            term = prompt_loss(embeddings, target, prompt)
            terms[f"prompt {number + 1}"] = term if weight == 1 else weight * term
            if prompt.weight > 0:
                cosines.append((embeddings.detach() @ target).mean())
        return terms, torch.stack(cosines).mean() if cosines else embeddings.new_zeros(())

    def _target(self, perceptor: int, prompt: int, like: Tensor) -> Tensor:
        """(D,): where a prompt lies for a perceptor, the same at every step of a frame."""
        key = perceptor, prompt
        if key not in self._targets:
            texts = self.perceptors[perceptor].texts
            self._targets[key] = embed_prompt(self.drawing.prompts[prompt], texts).to(like)
        return self._targets[key]

    def _losses(self, picture: Picture, cutouts: Mapping[str, Cutouts], progress: float) -> dict[str, Tensor]:
        look = LossInput(picture, self.canvas, self.drawing, cutouts, progress, self._before_image)
        names = distinct_names(weighted.component for weighted in self.drawing.losses)
        return {
            name: weighted.weight
            * loss.make(weighted.component.name)(look, **dict(weighted.component.values))
            for name, weighted in zip(names, self.drawing.losses, strict=True)
            if weighted.weight
        }

    @cached_property
    def _moved(self) -> Picture | None:
        """The frame before, moved and filtered as this one is: drawn once a frame."""
        if self.before is None:
            return None
        with torch.no_grad():
            return apply_filters(self.before(), self.drawing.filters, self.canvas)

    def _before_image(self, size: Canvas) -> Tensor | None:
        """(1, 3, h, w) in [0, 1]: the frame before, moved, at a size of the canvas' shape."""
        if self._moved is None:
            return None
        with torch.no_grad():
            return self._moved.image(size).detach()
