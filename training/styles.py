"""Styles of whole pictures: (N, 3, h, w) in [0, 1] and a generator on the same device -> the same shape."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.3, 0.59, 0.11)


def grey(x: Tensor) -> Tensor:
    """(N, 1, h, w): how light it is."""
    return (x * x.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)


def blurred(x: Tensor, sigma: float) -> Tensor:
    reach = math.ceil(2.5 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=x.device) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, -1)
    x = F.pad(x, [reach] * 4, mode="replicate")
    x = F.conv2d(x, kernel[:, :, None], groups=x.shape[1])
    return F.conv2d(x, kernel[..., None], groups=x.shape[1])


def _edges(x: Tensor) -> Tensor:
    return (blurred(x, 0.7) - blurred(x, 1.6)).abs()


def _random(x: Tensor, generator: torch.Generator, *shape: int) -> Tensor:
    return torch.rand(len(x), *shape, generator=generator, device=x.device)


def _pixel(x: Tensor, generator: torch.Generator) -> Tensor:
    """Cells of a sixteenth or of a twenty-fourth of the shorter side."""
    cells = 16 if float(_random(x[:1], generator, 1)) < 0.6 else 24
    side = min(x.shape[2:])
    small = F.interpolate(x, size=[round(length * cells / side) for length in x.shape[2:]], mode="area")
    return F.interpolate(small, size=x.shape[2:])


def _sketch(x: Tensor, _: torch.Generator) -> Tensor:
    return (1 - 9 * _edges(grey(x))).clamp(0.1, 1).expand(-1, 3, -1, -1)


def _neon(x: Tensor, generator: torch.Generator) -> Tensor:
    edges = (8 * _edges(x)).clamp(0, 1)
    tints = x.new_tensor([[1, 0.4, 1], [0.4, 0.9, 1], [1, 0.9, 0.3]])
    tint = tints[(3 * _random(x, generator)).long()]
    return (edges + 1.2 * blurred(edges, 1.5)) * tint[..., None, None] + 0.04


def _oil(x: Tensor, generator: torch.Generator) -> Tensor:
    """Medians of 5x5 pixels, with the furrows of a brush."""
    patches = F.unfold(F.pad(x, [2] * 4, mode="replicate"), 5).view(len(x), 3, 25, *x.shape[2:])
    noise = torch.randn(len(x), 1, *x.shape[2:], generator=generator, device=x.device)
    return patches.median(2).values + 0.35 * (blurred(noise, 1.0) - blurred(noise, 2.5))


def _watercolour(x: Tensor, generator: torch.Generator) -> Tensor:
    wash = F.interpolate(_random(x, generator, 1, 9, 9), size=x.shape[2:], mode="bicubic")
    return 1 - (1 - blurred(x, 0.9)) * (0.5 + 0.45 * wash)


STYLISED: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "pixel": _pixel,
    "grey": lambda x, _: grey(x).expand(-1, 3, -1, -1),
    "blur": lambda x, generator: blurred(x, 2 + 1.5 * float(_random(x[:1], generator, 1))),
    "sketch": _sketch,
    "oil": _oil,
    "watercolour": _watercolour,
    "neon": _neon,
}
