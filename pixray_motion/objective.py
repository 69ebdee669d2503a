"""What a frame is refined towards: prompts, as perceptors see them, and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from pixray_motion.cutouts import jitter_colours, sample_cutout_transforms
from pixray_motion.denoisers.base import alpha_sigma, colour_stats, guided_x0, match_colour_stats
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.losses import loss
from pixray_motion.picture import Picture
from pixray_motion.story.plan import distinct_names

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.denoisers.base import Denoiser
    from pixray_motion.perceptors.base import Perceptor
    from pixray_motion.story.plan import DenoiserSettings, Plan, Prompt

LOW = 0.15  # the level at which a denoiser looks in the end
WAVER = 0.06  # the standard deviation of levels around their course
CALM = 0.5  # of a denoiser's weight, where nothing that is wanted is new
STIRRED = 4.0  # how much sooner than wholly new a picture is free to change all of its tones
RETURN = 0.1  # of the way to the tones that a picture is to keep, each time that a denoiser looks
LOOK = 128  # the longer side, in pixels, at which losses look at a picture


@dataclass(frozen=True)
class LossInput:
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
class PromptedPerceptor:
    """A perceptor with the texts of a story, embedded once: text -> (D,) unit."""

    perceptor: Perceptor
    texts: dict[str, Tensor]

    def target(self, prompt: Prompt) -> Tensor:
        """(D,) unit."""
        return embedded(prompt, self.texts)


@dataclass(frozen=True)
class PromptedDenoiser:
    """A denoiser with the texts of a story, embedded once: text -> (D,)."""

    denoiser: Denoiser
    texts: dict[str, Tensor]

    def guided_x0(
        self, noisy: Tensor, noise_level: float, prompts: Sequence[Prompt], guidance: float
    ) -> Tensor:
        """(1, 3, h, w) in -1..1: the picture behind a ``noisy`` one that shows the prompts."""
        wanted = [(embedded(prompt, self.texts), prompt.weight) for prompt in prompts if prompt.weight]
        return guided_x0(self.denoiser, noisy, noise_level, wanted, guidance)


@dataclass
class Objective:
    """Call it with a picture: the named terms, weighted, whose sum is to be made small.

    ``colour_stats`` (2, 3) are those that the picture had when its prompts were last new, at the native size, in -1..1.
    """

    plan: Plan
    canvas: Canvas
    prompted_perceptors: Sequence[PromptedPerceptor]
    rng: Generator
    prompted_denoisers: PromptedDenoiser | None = None
    tones: Tensor | None = None
    _likeness: dict[str, float] = field(default_factory=dict)

    def __call__(self, picture: Picture) -> dict[str, Tensor]:
        picture = filtered(picture, self.plan)
        terms: dict[str, Tensor] = {}
        scores: list[tuple[str, float, float]] = []
        labels = distinct_names(one.component for one in self.plan.perceptors)
        for label, one, sight in zip(labels, self.plan.perceptors, self.prompted_perceptors, strict=False):
            if one.weight:
                found, score = self._seen(picture, sight)
                many = len(labels) > 1
                terms |= {f"{name}, {label}" if many else name: one.weight * t for name, t in found.items()}
                scores.append((label, score, one.weight))
        self._likeness |= weighted_scores(scores)
        look = LossInput(picture, self.canvas, self.plan)
        names = distinct_names(one.component for one in self.plan.losses)
        for name, one in zip(names, self.plan.losses, strict=True):
            if one.weight:
                found_loss = loss.make(one.component.name)(look, **dict(one.component.values))
                terms[name] = one.weight * found_loss
        return terms

    @property
    def guide(self) -> DenoiserSettings | None:
        """What the denoiser has to say in this frame, if there is one."""
        guide = self.plan.guide
        return guide if self.prompted_denoisers and guide and guide.weight else None

    @property
    def native(self) -> Canvas:
        """The size at which the denoiser, or else the film, sees pictures."""
        return (
            self.prompted_denoisers.denoiser.native(self.canvas) if self.prompted_denoisers else self.canvas
        )

    def noise(self) -> Tensor:
        """(1, 3, h, w) of the native size, unit normal."""
        return torch.randn((1, 3, self.native.height, self.native.width), generator=self.rng)

    def guided_x0(self, noisy: Tensor, noise_level: float) -> Tensor:
        """(1, 3, h, w) in -1..1: the denoiser's picture behind a ``noisy`` one of the native size."""
        assert self.prompted_denoisers is not None
        assert self.plan.guide is not None
        return self.prompted_denoisers.guided_x0(
            noisy, noise_level, self.plan.prompts, self.plan.guide.guidance_scale
        )

    def change(self, draw: Callable[[], Picture], share: float) -> Tensor | None:
        """(1, 3, h, w) of the native size: what a step changes for the denoiser (score distillation, Poole 2022).

        ``share`` (0..1) of the frame's steps are done: levels fall from the guide's to a low one. ``draw`` is called if
        there is a prior to look at the picture.
        """
        guide = self.guide
        if guide is None:
            return None
        image = draw().preview(self.canvas, self.native) * 2 - 1
        noise_level = guide.noise_level + (min(LOW, guide.noise_level) - guide.noise_level) * share
        noise_level += WAVER * float(torch.randn((), generator=self.rng))
        noise_level = min(max(noise_level, 0.03), 0.97)
        a, b = alpha_sigma(noise_level)
        seen = self.guided_x0(a * image + b * self.noise().to(image), noise_level)
        after = torch.lerp(image, seen, guide.weight * (CALM + (1 - CALM) * self._stir))
        after = self._calmed(after, image)
        return _smoothed((after - image) / 2)

    def settled(self, draw: Callable[[], Picture]) -> Tensor | None:
        """(2, 3): the tones to keep from this frame on; ``draw`` is called where something is new."""
        if self.guide is None or (self.tones is not None and not self._stir):
            return self.tones
        with torch.no_grad():
            now = colour_stats(draw().preview(self.canvas, self.native) * 2 - 1)
        return now if self.tones is None else torch.lerp(self.tones.to(now), now, self._stir)

    def sample(self, image: Tensor, noise_level: float, steps: int, likeness: float, kept: bool) -> Tensor:
        """(1, 3, h, w) in -1..1, of the native size: ``image`` with noise of ``noise_level``, denoised in ``steps``.

        DDIM with all of its noise renewed at each step (Song 2020, eta 1); every predicted picture takes a step of
        ``likeness`` along the perceptors' gradient. ``kept``: noise of the story's seed alone, the same in each frame.
        """
        rng = torch.Generator().manual_seed(self.plan.seed) if kept else self.rng
        noise_levels = [noise_level * (1 - index / steps) for index in range(steps + 1)]

        def noise() -> Tensor:
            return torch.randn(image.shape, generator=rng).to(image)

        a, b = alpha_sigma(noise_level)
        noisy, seen = a * image + b * noise(), image
        for index, (now, then) in enumerate(pairwise(noise_levels)):
            (a, b), (a2, b2) = alpha_sigma(now), alpha_sigma(then)
            seen = self.guided_x0(noisy, now)
            if likeness:
                seen = self._liked(seen, likeness * (1 - 0.8 * index / steps))
            spread = b2 / b * (1 - (a / a2) ** 2) ** 0.5
            rest = (noisy - a * seen) / b
            noisy = a2 * seen + max(b2**2 - spread**2, 0.0) ** 0.5 * rest + spread * noise()
        return self._calmed(seen, image)

    @property
    def _stir(self) -> float:
        """0..1: how far the picture is to become another one."""
        return min(1.0, STIRRED * self.plan.guide.prompt_change) if self.plan.guide else 1.0

    def _calmed(self, image: Tensor, before: Tensor) -> Tensor:
        """``image`` with the tones that it had ``before``, or nearer those that it is to keep, if nothing is new.

        A picture that is half way to another is paler than both, a perceptor likes ever stronger colours, and over
        many frames either would add up.
        """
        wanted = colour_stats(before)
        if self.tones is not None:
            wanted = torch.lerp(wanted, self.tones.to(wanted), RETURN)
        return torch.lerp(match_colour_stats(image, wanted), image, self._stir)

    def _liked(self, image: Tensor, length: float) -> Tensor:
        """``image`` (1, 3, h, w) in -1..1 after a step of ``length`` along the gradient of all terms."""
        height, width = image.shape[-2:]
        shown = ((image + 1) / 2).requires_grad_()
        terms = self(Picture(shown, (height, height), Motion.identity()))
        if not terms:
            return image
        (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), shown)
        step = length * (height * width) ** 0.5 / 64
        moved: Tensor = shown.detach() - step * gradient / (gradient.norm() + 1e-12)
        return moved.clamp(0, 1) * 2 - 1

    def scores(self) -> dict[str, float]:
        """How alike the last picture and its prompts were: the cosine, -1..1, over all prompts that attract."""
        return dict(self._likeness)

    def _seen(self, picture: Picture, sight: PromptedPerceptor) -> tuple[dict[str, Tensor], float]:
        """The prompts' terms, and how alike the picture and the prompts that attract are."""
        perceptor = sight.perceptor
        looks = picture.cutouts(
            sample_cutout_transforms(self.canvas, perceptor.cuts, self.rng), perceptor.size
        )
        seen = perceptor.embed_images(jitter_colours(looks, self.rng))
        terms, likeness = {}, []
        for index, prompt in enumerate(self.plan.prompts):
            if prompt.weight:
                target = sight.target(prompt).to(seen)
                terms[f"prompt {index + 1}"] = prompt_loss(seen, target, prompt)
                if prompt.weight > 0:
                    likeness.append((seen.detach() @ target).mean())
        return terms, float(torch.stack(likeness).mean()) if likeness else 0.0


def weighted_scores(scores: Sequence[tuple[str, float, float]]) -> dict[str, float]:
    """(name, score, weight) of perceptors -> "score", the mean by weight, and "score NAME" of each of several."""
    if not scores:
        return {}
    total = sum(weight for _, _, weight in scores)
    mean = sum(score * weight for _, score, weight in scores) / total
    each = {f"score {name}": score for name, score, _ in scores} if len(scores) > 1 else {}
    return {"score": mean} | each


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


def embedded(prompt: Prompt, texts: dict[str, Tensor]) -> Tensor:
    """(D,) unit: the prompt's text, or a point between several, which is reached along great circles, in order."""
    (first, total), *rest = prompt.texts
    point = texts[first]
    for text, share in rest:
        total += share
        point = slerp(point, texts[text], share / total)
    return point


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


def _smoothed(image: Tensor) -> Tensor:
    """(1, 3, h, w) without its finest waves: a denoiser's grid of pixels is not to be seen in a larger picture."""
    kernel = torch.tensor([0.25, 0.5, 0.25]).to(image)
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="replicate").flatten(0, 1)[:, None]
    smooth = torch.nn.functional.conv2d(padded, torch.outer(kernel, kernel)[None, None])
    return smooth.view(image.shape)


def filtered(picture: Picture, plan: Plan) -> Picture:
    """The picture through the plan's filters, in order."""
    for call in plan.filters:
        picture = picture.with_filter(partial(image_filter.make(call.name), **dict(call.values)))
    return picture
