"""Pictures that contracts draw for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

FLAT = {"black": 0.0, "grey": 0.5, "white": 1.0}


def photograph(width: int, height: int, seed: int = 0) -> NDArray[np.float64]:
    """(3, H, W) in [0.05, 0.95]: like a photograph: overlapping objects with soft edges, light, and 1/f texture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    image = np.stack([0.5 + 0.3 * np.sin(x / width * 3 + c) * np.cos(y / height * 2 + c) for c in range(3)])
    for _ in range(60):
        centre, radius = rng.random(2) * (width, height), rng.random() ** 3 * height / 3 + 3
        distance = np.hypot((x - centre[0]) * rng.uniform(0.6, 1.6), y - centre[1]) - radius
        cover = 1 / (1 + np.exp(np.clip(distance / 0.6, -50, 50)))
        image = image * (1 - cover) + rng.random((3, 1, 1)) * cover
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    frequency[0, 0] = 1
    texture = np.fft.ifft2(np.fft.fft2(rng.standard_normal((height, width))) / frequency).real
    image += 0.06 * texture / texture.std()
    clipped: NDArray[np.float64] = np.clip(image, 0.05, 0.95)
    return clipped


def photograph_tensor(width: int, height: int, seed: int = 0) -> Tensor:
    """(1, 3, H, W) float32: a ``photograph``."""
    return torch.from_numpy(photograph(width, height, seed))[None].float()


def flat(level: float, width: int, height: int) -> Tensor:
    """(1, 3, H, W) float32: one grey."""
    return torch.full((1, 3, height, width), level)


def all_pictures(width: int, height: int) -> dict[str, Tensor]:
    """Black, grey and white ones, and a photograph, (1, 3, H, W) each, by name."""
    pictures = {name: flat(level, width, height) for name, level in FLAT.items()}
    return pictures | {"photograph": photograph_tensor(width, height)}
