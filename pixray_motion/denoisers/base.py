"""What a denoiser can do, and what it says about a frame.

A noisy picture is ``a * guided_x0 + b * noise``, where ``(a, b) = alpha_sigma(noise_level)``: level 0 is the picture,
level 1 nothing but noise. A denoiser predicts the clean picture behind a noisy one, given a text.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

denoiser: Registry[Callable[..., Denoiser]] = Registry(
    "denoiser", builtin="pixray_motion.denoisers", animatable=False
)
Wanted = Sequence[tuple["Tensor", float]]
GUIDANCE_RESCALE = 0.7  # of the way from the tones of a picture with guidance to those of one without


class Denoiser(ABC):
    """``side``: pixels along the shorter side of pictures that it knows; the longer is a multiple of ``multiple``.

    The annotated parameters of its constructor are what a story may set; all of them have defaults.
    """

    side: int
    multiple: int

    @abstractmethod
    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """Any strings, even empty ones -> (N, D)."""

    @abstractmethod
    def predict(self, noisy: Tensor, noise_level: float, texts: Tensor) -> Tensor:
        """(1, 3, h, w), a picture in -1..1 with noise of ``noise_level``, and texts (N, D) -> (1 + N, 3, h, w).

        The clean pictures that it may have been, about -1..1: first without any text, then with each of them.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Names the weights, so that a saved state is not continued with others."""

    def native(self, canvas: Canvas) -> Canvas:
        """The canvas' shape at the size that the denoiser knows."""
        long = max(canvas.width, canvas.height) * self.side / min(canvas.width, canvas.height)
        longer = max(self.side, round(long / self.multiple) * self.multiple)
        return Canvas(longer, self.side) if canvas.width >= canvas.height else Canvas(self.side, longer)


def alpha_sigma(noise_level: float) -> tuple[float, float]:
    """How much picture and how much noise there is at ``noise_level`` (the cosine schedule of Nichol 2021)."""
    return math.cos(noise_level * math.pi / 2), math.sin(noise_level * math.pi / 2)


def guided_x0(model: Denoiser, noisy: Tensor, noise_level: float, wanted: Wanted, guidance: float) -> Tensor:
    """(1, 3, h, w) in -1..1: the clean picture, away from any one and towards what is ``wanted``: texts and weights.

    Guidance without a classifier (Ho 2022), for several texts at once (Liu 2022); weights that attract share
    ``guidance``, the others push away by their own part of it. Guidance exaggerates tones, too, which would burn or
    darken a picture from frame to frame, so it is brought back to those of one with a guidance of 1 (Lin 2023).
    """
    total = sum(weight for _, weight in wanted if weight > 0) or 1.0
    texts = torch.stack([text for text, _ in wanted])
    predicted = model.predict(noisy, noise_level, texts)
    anything, each = predicted[:1], predicted[1:]
    shares = torch.tensor([weight for _, weight in wanted]).to(each) / total
    towards = (shares[:, None, None, None] * (each - anything)).sum(0, keepdim=True)
    picture, plain = anything + guidance * towards, anything + min(guidance, 1.0) * towards
    rescaled: Tensor = torch.lerp(picture, match_colour_stats(picture, colour_stats(plain)), GUIDANCE_RESCALE)
    return rescaled.clamp(-1, 1)


def colour_stats(image: Tensor) -> Tensor:
    """(1, 3, h, w) -> (2, 3): the mean and the spread of each colour."""
    return torch.stack([image.mean((0, 2, 3)), image.std((0, 2, 3))])


def match_colour_stats(image: Tensor, wanted: Tensor) -> Tensor:
    """``image`` (1, 3, h, w) with ``wanted`` tones (2, 3)."""
    mean, spread = colour_stats(image)[..., None, None]
    wanted_mean, wanted_spread = wanted[..., None, None]
    changed: Tensor = (image - mean) / (spread + 1e-3) * (wanted_spread + 1e-3) + wanted_mean
    return changed
