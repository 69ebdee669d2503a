"""What a denoiser is: a model that predicts the clean picture behind a noisy one, given a text.

A noisy picture is ``alpha * x0 + sigma * noise``, with ``(alpha, sigma) = alpha_sigma(noise_level)``: at level 0 it
is the picture, at level 1 nothing but noise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

denoiser: Registry[Callable[..., Denoiser]] = Registry(
    "denoiser", builtin="pixray_motion.denoisers", animatable=False
)


class Denoiser(ABC):
    """``side``: pixels along the shorter side of the pictures that it knows; the longer is a multiple of ``multiple``.

    The annotated parameters of its constructor are what a story may set; all of them have defaults.
    """

    side: int
    multiple: int

    @abstractmethod
    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """Any strings, even empty ones -> (N, D)."""

    @abstractmethod
    def predict_x0(self, noisy: Tensor, noise_level: float, texts: Tensor) -> Tensor:
        """(1, 3, h, w), a picture in -1..1 with noise of a level in 0..1, and texts (N, D) -> (1 + N, 3, h, w).

        The clean pictures, about -1..1, that it may have been: first without any text, then with each of them.
        """

    distilled: bool = False
    """Whether it can ``predict_guided``: guidance in one pass instead of two."""

    def predict_guided(
        self, noisy: Tensor, noise_level: float, texts: Tensor, guidance_scales: Sequence[float]
    ) -> Tensor:
        """As ``predict_x0``, with a guidance scale (at least 0) for each text -> (N, 3, h, w).

        A row of scale 0 is the picture without any text, one of scale 1 the picture with its text; more exaggerates.
        """
        raise NotImplementedError(f"{type(self).__name__} is not distilled")

    @abstractmethod
    def fingerprint(self) -> str:
        """Names the weights, so that a saved state is not continued with others."""

    def native(self, canvas: Canvas) -> Canvas:
        """The canvas' shape at the size that the denoiser knows."""
        long = max(canvas.width, canvas.height) * self.side / min(canvas.width, canvas.height)
        longer = max(self.side, round(long / self.multiple) * self.multiple)
        return Canvas(longer, self.side) if canvas.width >= canvas.height else Canvas(self.side, longer)


def alpha_sigma(noise_level: float) -> tuple[float, float]:
    """How much picture and how much noise there is at a level in 0..1 (the cosine schedule of Nichol 2021)."""
    return math.cos(noise_level * math.pi / 2), math.sin(noise_level * math.pi / 2)
