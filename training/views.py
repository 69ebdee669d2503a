"""Random views of pictures: what the tower sees in training, and when it draws."""

import torch
from torch import Tensor
from torch.nn import functional as F


def views(
    pictures: Tensor,
    count: int,
    size: int,
    generator: torch.Generator,
    scale: tuple[float, float] = (0.7, 1.15),
    turn: float = 0.12,
    jitter: float = 0.15,
    noise: float = 0.0,
) -> Tensor:
    """``count`` affine views of each picture, on its device: (N, 3, h, w) in [0, 1] -> (N * count, 3, size, size), views of one picture in a row.

    ``scale`` is the share of the picture's width that a view shows, ``turn`` the standard deviation of its angle in radians,
    ``jitter`` the reach of changes of contrast, brightness and tint, ``noise`` the greatest standard deviation of noise.
    """
    n, device = len(pictures) * count, pictures.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(*(shape or (n,)), generator=generator, device=device) * (high - low) + low

    def normal(deviation: float, *shape: int) -> Tensor:
        return torch.randn(*(shape or (n,)), generator=generator, device=device) * deviation

    width, angle, stretch, shear = uniform(*scale), normal(turn), torch.exp(normal(0.07)), normal(0.05)
    room = (1 - width).clamp(min=-0.12).abs() + 0.05
    x, y = uniform(-1, 1) * room, uniform(-1, 1) * room
    cos, sin = width * torch.cos(angle), width * torch.sin(angle)
    matrix = torch.stack(
        [torch.stack([cos * stretch, shear - sin, x], 1), torch.stack([sin, cos / stretch, y], 1)], 1
    )
    source = pictures.repeat_interleave(count, 0) if count > 1 else pictures
    if source.shape[-1] > 1.6 * size:
        source = F.interpolate(
            source, size=(int(1.5 * size),) * 2, mode="bilinear", antialias=True, align_corners=False
        )
    grid = F.affine_grid(matrix, [n, 3, size, size], align_corners=False)
    seen = F.grid_sample(source, grid, padding_mode="reflection", align_corners=False)
    if jitter:
        contrast, light = 1 + jitter * uniform(-1, 1, n, 1, 1, 1), 0.5 * jitter * uniform(-1, 1, n, 1, 1, 1)
        tint = 1 + 0.4 * jitter * uniform(-1, 1, n, 3, 1, 1)
        seen = ((seen - 0.5) * contrast + 0.5 + light) * tint
    if noise:
        seen = seen + torch.randn(seen.shape, generator=generator, device=device) * uniform(
            0, noise, n, 1, 1, 1
        )
    return seen.clamp(0, 1)
