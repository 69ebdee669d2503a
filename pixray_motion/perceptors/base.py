"""What judges a picture: a model that puts pictures and texts into one space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pixray_motion.registry import Parameter, Registry
from pixray_motion.units import Real

if TYPE_CHECKING:
    from torch import Tensor

PERCEPTOR_WEIGHT = Real(0, 1000)
perceptor: Registry[Callable[..., Perceptor]] = Registry(
    "perceptor",
    builtin="pixray_motion.perceptors",
    common=(Parameter("weight", PERCEPTOR_WEIGHT, 1.0),),
    animatable=False,
)


class Perceptor(ABC):
    """``size``: the side of the pictures that it sees, in pixels; ``cuts``: how many cutouts a step shows it.

    The annotated parameters of its constructor are what a story may set; all of them have defaults.
    """

    size: int
    cuts: int

    @abstractmethod
    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """Any strings, even empty ones -> (N, D) unit vectors."""

    @abstractmethod
    def embed_images(self, images: Tensor) -> Tensor:
        """(N, 3, size, size) in [0, 1] -> (N, D) unit vectors, differentiable."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Names the weights, so that a saved state is not continued with others."""
