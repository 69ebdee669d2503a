"""What the planes of a picture are sums of: waves, wavelets, or single pixels. All are orthonormal.

A basis scales its parts by a *gain* that falls with their frequency, as natural pictures do, with a mean square of 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

# Daubechies' filter of eight taps, "Ten Lectures on Wavelets" (1992), table 6.1.
LOW = (
    *(0.23037781330889650, 0.71484657055291560, 0.63088076792985890, -0.02798376941685985),
    *(-0.18703481171909309, 0.03084138183556076, 0.03288301166688520, -0.01059740178506903),
)
HIGH = tuple(sign * tap for sign, tap in zip((1, -1) * 4, reversed(LOW), strict=True))
LEVELS = 6
SHORTEST = 8  # pixels along the side of the coarsest level, at least


class Basis(ABC):
    """For planes (1, 3, height, width)."""

    rate = 1.0
    """How far a step goes, over that of the waves."""

    def __init__(self, height: int, width: int, decay: float) -> None:
        """``decay``: how fast fine detail falls off (power of the frequency)."""
        self.height, self.width = height, width
        frequency = self.frequency().clamp(min=1 / max(height, width))
        gain = frequency**-decay
        self.gain = gain / gain.square().mean().sqrt()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of what ``planes`` takes."""

    @abstractmethod
    def frequency(self) -> Tensor:
        """Of each part, in cycles a pixel."""

    @abstractmethod
    def planes(self, parts: Tensor) -> Tensor:
        """(1, 3, h, w): the sum of the parts."""

    @abstractmethod
    def parts(self, planes: Tensor) -> Tensor:
        """The inverse of ``planes``."""


class Waves(Basis):
    """Parts: (1, 3, h, w//2+1, 2), real and imaginary."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 3, *self.gain.shape, 2)

    def frequency(self) -> Tensor:
        y, x = torch.fft.fftfreq(self.height)[:, None], torch.fft.rfftfreq(self.width)[None]
        return torch.hypot(y, x)

    def planes(self, parts: Tensor) -> Tensor:
        waves = torch.view_as_complex(parts) * self.gain
        planes: Tensor = torch.fft.irfft2(waves, s=(self.height, self.width), norm="ortho")
        return planes

    def parts(self, planes: Tensor) -> Tensor:
        waves = torch.fft.rfft2(planes, norm="ortho") / self.gain
        return torch.view_as_real(waves).contiguous()


class Wavelets(Basis):
    """Parts: (1, 3, h, w), of each level its three kinds of detail around the coarser ones, which lie upper left."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 3, self.height, self.width)

    def frequency(self) -> Tensor:
        frequency = torch.empty(self.height, self.width)
        for level, (height, width) in enumerate(self._sizes()):
            frequency[:height, :width] = 0.375 / 2**level
        height, width = self._sizes()[-1]
        frequency[: _half(height), : _half(width)] = 0.125 / 2 ** (len(self._sizes()) - 1)
        return frequency

    def planes(self, parts: Tensor) -> Tensor:
        planes = parts * self.gain
        for height, width in reversed(self._sizes()):
            inner = _joined(_joined(planes[..., :height, :width], 3), 2)
            planes = _put(planes, inner)
        return planes

    def parts(self, planes: Tensor) -> Tensor:
        for height, width in self._sizes():
            planes = _put(planes, _divided(_divided(planes[..., :height, :width], 2), 3))
        return planes / self.gain

    def _sizes(self) -> list[tuple[int, int]]:
        """Of what each level divides, from fine to coarse."""
        sizes = [(self.height, self.width)]
        while len(sizes) < LEVELS and min(sizes[-1]) >= 4 * SHORTEST:
            height, width = sizes[-1]
            sizes.append((_half(height), _half(width)))
        return sizes


class Pixels(Basis):
    """Parts: the planes themselves, without any decay."""

    rate = 2.5  # no part is magnified, so that at the waves' rate pictures stay pale

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 3, self.height, self.width)

    def frequency(self) -> Tensor:
        return torch.ones(1, 1)

    def planes(self, parts: Tensor) -> Tensor:
        return parts

    def parts(self, planes: Tensor) -> Tensor:
        return planes


BASES: dict[str, type[Basis]] = {"fft": Waves, "dwt": Wavelets, "rgb": Pixels}


def _half(length: int) -> int:
    """How long the coarse half is; of an odd length, the last one belongs to it as it is."""
    return length // 2 + length % 2


def _divided(signal: Tensor, dim: int) -> Tensor:
    """The coarse half, and after it the detail, along one axis that closes to a circle."""
    even = signal.shape[dim] // 2 * 2
    circle, last = signal.narrow(dim, 0, even), signal.narrow(dim, even, signal.shape[dim] - even)
    every = [circle.roll(-k, dim).unfold(dim, 1, 2).squeeze(-1) for k in range(len(LOW))]
    low, high = (sum(tap * some for tap, some in zip(taps, every, strict=True)) for taps in (LOW, HIGH))
    return torch.cat([torch.as_tensor(low), last, torch.as_tensor(high)], dim)


def _joined(signal: Tensor, dim: int) -> Tensor:
    """The inverse of ``_divided``, which is its transpose."""
    length = signal.shape[dim]
    half = length // 2
    low, last = signal.narrow(dim, 0, half), signal.narrow(dim, half, length % 2)
    high = signal.narrow(dim, length - half, half)
    circle = torch.zeros_like(signal.narrow(dim, 0, 2 * half))
    for k, (first, second) in enumerate(zip(LOW, HIGH, strict=True)):
        some = first * low + second * high
        spread = torch.stack([some, torch.zeros_like(some)], dim + 1).flatten(dim, dim + 1)
        circle = circle + spread.roll(k, dim)
    return torch.cat([circle, last], dim)


def _put(planes: Tensor, inner: Tensor) -> Tensor:
    """``planes`` with their upper left replaced."""
    height, width = inner.shape[-2:]
    upper = torch.cat([inner, planes[..., :height, width:]], -1)
    return torch.cat([upper, planes[..., height:, :]], -2)
