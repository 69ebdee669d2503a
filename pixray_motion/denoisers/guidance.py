"""How a denoiser guides a drawing: classifier-free guidance, and score distillation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pixray_motion.denoisers.base import Denoiser, alpha_sigma
from pixray_motion.denoisers.colours import (
    anchor_colours,
    colour_freedom,
    colour_stats,
    match_colour_stats,
    update_anchor,
)
from pixray_motion.embeddings import embed_prompt
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.story.plan import DenoiserSettings, Prompt

if TYPE_CHECKING:
    from torch import Generator, Tensor

WeightedTexts = Sequence[tuple["Tensor", float]]
GUIDANCE_RESCALE = 0.7  # of the way back to the colours of a prediction with a guidance scale of 1 (Lin 2023)
FINAL_LEVEL = 0.15  # the noise level of a frame's last step; lower ones see no shapes, only grain
LEVEL_JITTER = (
    0.06  # the standard deviation of noise levels around their course, so that no one level leaves its print
)
LEVELS = (0.03, 0.97)  # at 0 there is nothing to denoise, and at 1 nothing is seen of the picture
STEADY_WEIGHT = (
    0.5  # times the denoiser's weight while nothing is new: small steps to a mean picture pale a film
)


@dataclass(frozen=True)
class PromptedDenoiser:
    """A denoiser with the texts of a story, embedded once: text -> (D,)."""

    denoiser: Denoiser
    texts: Mapping[str, Tensor]


@dataclass(frozen=True)
class Guidance:
    """A denoiser's part in refining one drawing of a frame.

    ``anchor`` (2, 3): the colour statistics, in -1..1, of the drawing when its prompts were last new.
    """

    prompted: PromptedDenoiser
    settings: DenoiserSettings
    prompts: tuple[Prompt, ...]
    canvas: Canvas
    rng: Generator
    anchor: Tensor | None = None

    @cached_property
    def native(self) -> Canvas:
        """The size at which the denoiser sees the picture."""
        return self.prompted.denoiser.native(self.canvas)

    @cached_property
    def freedom(self) -> float:
        """0..1: how far the frame may change its colours."""
        return colour_freedom(self.settings.prompt_change)

    @cached_property
    def _texts(self) -> WeightedTexts:
        """The prompts' embeddings (D,) with their weights, the same at every step of a frame."""
        texts = self.prompted.texts
        return [(embed_prompt(prompt, texts), prompt.weight) for prompt in self.prompts if prompt.weight]

    def predict_x0(self, noisy: Tensor, noise_level: float) -> Tensor:
        """(1, 3, h, w) in -1..1: the picture behind a ``noisy`` one of the native size that shows the prompts."""
        scale = self.settings.guidance_scale
        return guided_x0(self.prompted.denoiser, noisy, noise_level, self._texts, scale)

    def noise(self) -> Tensor:
        """(1, 3, h, w) of the native size, unit normal."""
        return torch.randn((1, 3, self.native.height, self.native.width), generator=self.rng)

    def view(self, picture: Picture) -> Tensor:
        """(1, 3, h, w) in -1..1: the picture as the denoiser sees it."""
        return picture.preview(self.canvas, self.native) * 2 - 1

    def distillation_update(self, draw: Callable[[], Picture], progress: float) -> Tensor:
        """(1, 3, h, w) of the native size, in 0..1's units: what a step adds to the picture (SDS, Poole 2022).

        The picture is seen through noise, and the update goes a part of the way to the predicted clean one.
        ``progress`` (0..1) of the frame's steps are done: noise levels fall from the settings' to a low one.
        """
        image, start = self.view(draw()), self.settings.noise_level
        noise_level = start + (min(FINAL_LEVEL, start) - start) * progress
        noise_level += LEVEL_JITTER * float(torch.randn((), generator=self.rng))
        noise_level = min(max(noise_level, LEVELS[0]), LEVELS[1])
        alpha, sigma = alpha_sigma(noise_level)
        x0 = self.predict_x0(alpha * image + sigma * self.noise().to(image), noise_level)
        weight = self.settings.weight * (STEADY_WEIGHT + (1 - STEADY_WEIGHT) * self.freedom)
        after = self.anchored(torch.lerp(image, x0, weight), image)
        return _blur((after - image) / 2)

    def anchored(self, image: Tensor, before: Tensor) -> Tensor:
        """``image`` (1, 3, h, w) in -1..1 with the colours that it had ``before``, as far as nothing is new."""
        return anchor_colours(image, before, self.anchor, self.freedom)

    def next_anchor(self, draw: Callable[[], Picture]) -> Tensor:
        """(2, 3): the colour anchor of the frames to come; ``draw`` is called where something is new."""
        if self.anchor is not None and not self.freedom:
            return self.anchor
        with torch.no_grad():
            return update_anchor(self.anchor, self.view(draw()), self.freedom)


def guided_x0(
    denoiser: Denoiser, noisy: Tensor, noise_level: float, texts: WeightedTexts, guidance_scale: float
) -> Tensor:
    """(1, 3, h, w) in -1..1: the clean picture, away from any one and towards the ``texts``, (D,) each with its weight.

    Classifier-free guidance (Ho 2022), for several texts at once (Liu 2022): weights that attract share
    ``guidance_scale``, the others push away by their own part of it. Guidance exaggerates colours, too, which would
    burn or darken a picture from frame to frame, so it is brought back to those of one with a scale of 1 (Lin 2023).
    """
    if denoiser.distilled:
        return _distilled_x0(denoiser, noisy, noise_level, texts, guidance_scale)
    total = sum(weight for _, weight in texts if weight > 0) or 1.0
    predicted = denoiser.predict_x0(noisy, noise_level, torch.stack([text for text, _ in texts]))
    unconditional, conditional = predicted[:1], predicted[1:]
    shares = torch.tensor([weight for _, weight in texts]).to(conditional) / total
    towards = (shares[:, None, None, None] * (conditional - unconditional)).sum(0, keepdim=True)
    guided, plain = (
        unconditional + guidance_scale * towards,
        unconditional + min(guidance_scale, 1.0) * towards,
    )
    rescaled: Tensor = torch.lerp(guided, match_colour_stats(guided, colour_stats(plain)), GUIDANCE_RESCALE)
    return rescaled.clamp(-1, 1)


def _distilled_x0(
    denoiser: Denoiser, noisy: Tensor, noise_level: float, texts: WeightedTexts, guidance_scale: float
) -> Tensor:
    """As ``guided_x0``, by a denoiser that has learned guidance: one pass for each text that attracts.

    Texts that push away, and only they, take a pass each, and one together for the picture without any text.
    """
    attracting = [(text, weight) for text, weight in texts if weight > 0]
    repelling = [(text, weight) for text, weight in texts if weight < 0]
    total = sum(weight for _, weight in attracting) or 1.0
    rows = [(text, guidance_scale) for text, _ in attracting] + [(text, 1.0) for text, _ in repelling]
    if repelling or not attracting:
        rows.append((texts[0][0], 0.0))
    asked, scales = torch.stack([text for text, _ in rows]), [scale for _, scale in rows]
    predicted = denoiser.predict_guided(noisy, noise_level, asked, scales)
    shares = torch.tensor([weight / total for _, weight in attracting]).to(predicted)[:, None, None, None]
    count = len(attracting)
    guided = (shares * predicted[:count]).sum(0, keepdim=True) if attracting else predicted[-1:]
    if repelling:
        away = torch.tensor([weight / total for _, weight in repelling]).to(predicted)[:, None, None, None]
        pushed = guided + guidance_scale * (away * (predicted[count:-1] - predicted[-1:])).sum(
            0, keepdim=True
        )
        guided = torch.lerp(pushed, match_colour_stats(pushed, colour_stats(guided)), GUIDANCE_RESCALE)
    return guided.clamp(-1, 1)


def _blur(image: Tensor) -> Tensor:
    """(1, 3, h, w) without its finest waves: a denoiser's grid of pixels must not show in a larger picture."""
    kernel = torch.tensor([0.25, 0.5, 0.25]).to(image)
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="replicate").flatten(0, 1)[:, None]
    smooth = torch.nn.functional.conv2d(padded, torch.outer(kernel, kernel)[None, None])
    return smooth.view(image.shape)
