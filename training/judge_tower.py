"""The judge's network: another architecture and input size than the perceptor's."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class JudgeTower(nn.Module):
    """BatchNorm, ReLU, strided 3x3 convolutions, mean and maximum pooled: (N, 3, 40, 40) in [0, 1] -> (N, dim), unit."""

    size = 40

    def __init__(self, channels: Sequence[int] = (32, 64, 128, 256), dim: int = 256) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for width in channels:
            layers += [nn.Conv2d(inputs, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            inputs = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * channels[-1], dim)

    def forward(self, pictures: Tensor) -> Tensor:
        return F.normalize(self.head(self.features(pictures)), dim=-1)

    def features(self, pictures: Tensor) -> Tensor:
        """(N, 2 * channels[-1]): what the head sees."""
        x = self.body(((pictures - 0.45) * 3).contiguous(memory_format=torch.channels_last))
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
