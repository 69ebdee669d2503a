"""Orthonormal bases in which a picture is learned: Fourier, wavelets, or plain pixels.

A basis scales its coefficients by a *gain* that falls with their frequency, as the spectra of natural pictures do
(Field, 1987), and has a mean square of 1. A gradient step on the coefficients therefore changes coarse shapes more than
fine detail (Olah et al., "Feature Visualization", 2017: preconditioning).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

# Daubechies' low-pass filter with eight taps and four vanishing moments, "Ten Lectures on Wavelets" (1992), table 6.1.
# Shorter filters show their blocks in the picture, longer ones ring further.
LOW_PASS = (
    *(0.23037781330889650, 0.71484657055291560, 0.63088076792985890, -0.02798376941685985),
    *(-0.18703481171909309, 0.03084138183556076, 0.03288301166688520, -0.01059740178506903),
)
# Its quadrature mirror: the high-pass filter that makes the pair orthonormal.
HIGH_PASS = tuple(sign * tap for sign, tap in zip((1, -1) * 4, reversed(LOW_PASS), strict=True))
# The most levels of the wavelet transform; with more, single coefficients colour larger parts of the picture.
MAX_LEVELS = 6
MIN_SIDE = 8  # pixels along the shorter side of the coarsest level, so that the filter fits into it


class Basis(ABC):
    """A transform between planes (1, 3, height, width), of any values, and coefficients of the shape ``shape``."""

    learning_rate_factor = 1.0
    """The learning rate that suits the basis, over that of the Fourier basis."""

    def __init__(self, height: int, width: int, decay: float) -> None:
        """``decay``: the power of the frequency by which the gain falls; 0 weights all coefficients alike."""
        self.height, self.width = height, width
        frequency = self.frequency().clamp(min=1 / max(height, width))
        gain = frequency**-decay
        self.gain = gain / gain.square().mean().sqrt()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of the coefficients."""

    @abstractmethod
    def frequency(self) -> Tensor:
        """The frequency of each coefficient, in cycles per pixel, of a shape that broadcasts to theirs."""

    @abstractmethod
    def synthesise(self, coefficients: Tensor) -> Tensor:
        """The planes (1, 3, height, width) that are the sum of the basis functions, times gain and coefficients."""

    @abstractmethod
    def analyse(self, planes: Tensor) -> Tensor:
        """The coefficients of planes (1, 3, height, width): the inverse of ``synthesise``."""


class FourierBasis(Basis):
    """The discrete Fourier basis. Coefficients: (1, 3, height, width//2+1, 2), real and imaginary parts."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 3, *self.gain.shape, 2)

    def frequency(self) -> Tensor:
        y, x = torch.fft.fftfreq(self.height)[:, None], torch.fft.rfftfreq(self.width)[None]
        return torch.hypot(y, x)

    def synthesise(self, coefficients: Tensor) -> Tensor:
        spectrum = torch.view_as_complex(coefficients) * self.gain
        planes: Tensor = torch.fft.irfft2(spectrum, s=(self.height, self.width), norm="ortho")
        return planes

    def analyse(self, planes: Tensor) -> Tensor:
        spectrum = torch.fft.rfft2(planes, norm="ortho") / self.gain
        return torch.view_as_real(spectrum).contiguous()


class WaveletBasis(Basis):
    """The orthonormal wavelet basis of Daubechies (1988), periodic.

    Coefficients: (1, 3, height, width), in the usual nested layout: the three bands of detail of a level lie to the
    right of, below and diagonally from the coarser levels, which fill the upper left corner.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 3, self.height, self.width)

    def frequency(self) -> Tensor:
        frequency = torch.empty(self.height, self.width)
        for level, (height, width) in enumerate(self._level_sizes()):
            frequency[:height, :width] = 0.375 / 2**level
        height, width = self._level_sizes()[-1]
        frequency[: _coarse_length(height), : _coarse_length(width)] = 0.125 / 2 ** (
            len(self._level_sizes()) - 1
        )
        return frequency

    def synthesise(self, coefficients: Tensor) -> Tensor:
        planes = coefficients * self.gain
        for height, width in reversed(self._level_sizes()):
            finer = _synthesise_axis(_synthesise_axis(planes[..., :height, :width], 3), 2)
            planes = _replace_corner(planes, finer)
        return planes

    def analyse(self, planes: Tensor) -> Tensor:
        for height, width in self._level_sizes():
            planes = _replace_corner(planes, _analyse_axis(_analyse_axis(planes[..., :height, :width], 2), 3))
        return planes / self.gain

    def _level_sizes(self) -> list[tuple[int, int]]:
        """Height and width of the corner that each level of the analysis splits, from fine to coarse."""
        sizes = [(self.height, self.width)]
        while len(sizes) < MAX_LEVELS and min(sizes[-1]) >= 4 * MIN_SIDE:
            height, width = sizes[-1]
            sizes.append((_coarse_length(height), _coarse_length(width)))
        return sizes


class PixelBasis(Basis):
    """The pixels themselves. Coefficients: the planes, without any decay."""

    # No coefficient is magnified, so at the Fourier basis' learning rate pictures stay pale.
    learning_rate_factor = 2.5

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 3, self.height, self.width)

    def frequency(self) -> Tensor:
        return torch.ones(1, 1)

    def synthesise(self, coefficients: Tensor) -> Tensor:
        return coefficients

    def analyse(self, planes: Tensor) -> Tensor:
        return planes


BASES: dict[str, type[Basis]] = {"fft": FourierBasis, "dwt": WaveletBasis, "rgb": PixelBasis}


def _coarse_length(length: int) -> int:
    """The number of low-pass coefficients along an axis; the last sample of an odd length is kept as one of them."""
    return length // 2 + length % 2


def _analyse_axis(signal: Tensor, dim: int) -> Tensor:
    """One level of the transform along ``dim``, periodic: the low-pass coefficients, followed by the high-pass ones."""
    even = signal.shape[dim] // 2 * 2
    periodic, last = signal.narrow(dim, 0, even), signal.narrow(dim, even, signal.shape[dim] - even)
    shifted = [periodic.roll(-k, dim).unfold(dim, 1, 2).squeeze(-1) for k in range(len(LOW_PASS))]
    low, high = (
        sum(tap * term for tap, term in zip(taps, shifted, strict=True)) for taps in (LOW_PASS, HIGH_PASS)
    )
    return torch.cat([torch.as_tensor(low), last, torch.as_tensor(high)], dim)


def _synthesise_axis(signal: Tensor, dim: int) -> Tensor:
    """The inverse of ``_analyse_axis``, which is its transpose since the filters are orthonormal."""
    length = signal.shape[dim]
    half = length // 2
    low, last = signal.narrow(dim, 0, half), signal.narrow(dim, half, length % 2)
    high = signal.narrow(dim, length - half, half)
    periodic = torch.zeros_like(signal.narrow(dim, 0, 2 * half))
    for k, (first, second) in enumerate(zip(LOW_PASS, HIGH_PASS, strict=True)):
        term = first * low + second * high
        upsampled = torch.stack([term, torch.zeros_like(term)], dim + 1).flatten(dim, dim + 1)
        periodic = periodic + upsampled.roll(k, dim)
    return torch.cat([periodic, last], dim)


def _replace_corner(planes: Tensor, corner: Tensor) -> Tensor:
    """A copy of ``planes`` with ``corner`` in place of their upper left corner."""
    height, width = corner.shape[-2:]
    upper = torch.cat([corner, planes[..., :height, width:]], -1)
    return torch.cat([upper, planes[..., height:, :]], -2)
