"""The network of the embedded denoiser: a small text-conditional U-Net (Ronneberger 2015; Ho 2020).

It takes pictures of any size whose sides are multiples of ``multiple`` pixels, but it learned what things look like at
one size: ``side`` pixels along the shorter side.

File format: ``embedded/denoiser.safetensors`` holds the weights as float16; its metadata has one entry, ``config``, a
JSON object with the keyword arguments of ``UNet``.
"""

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# In the sinusoidal encoding of a noise level. The shapes of the weights that ship depend on it.
TIME_FREQUENCIES = 32


def alpha_sigma(noise_level: Tensor) -> tuple[Tensor, Tensor]:
    """The amounts of picture and of noise at noise levels (...) in 0..1: cos and sin of a quarter turn, (...) each.

    A noisy picture is ``x = alpha * x0 + sigma * noise``, and the network predicts ``v = alpha * noise - sigma * x0``
    (Salimans and Ho, 2022), with the cosine schedule (Nichol and Dhariwal, 2021) without its offset.
    """
    return torch.cos(noise_level * (math.pi / 2)), torch.sin(noise_level * (math.pi / 2))


class Block(nn.Module):
    """A residual block of two 3x3 convolutions, (N, inputs, h, w) -> (N, outputs, h, w).

    Between them, the condition (N, ``condition``) scales and shifts the channels (FiLM; Perez 2018).
    """

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.GroupNorm(outputs // 16, outputs, affine=False)
        self.film = nn.Linear(condition, 2 * outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.normal_(self.film.weight, std=0.01)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition)[..., None, None].chunk(2, 1)
        y: Tensor = self.norm(self.first(F.silu(x))) * (1 + scale) + shift
        total: Tensor = self.skip(x) + self.second(F.silu(y))
        return total


class Attention(nn.Module):
    """Self-attention over all positions, added to the input: (N, channels, h, w) -> the same shape."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(channels // 16, channels)
        self.query_key_value = nn.Conv2d(channels, 3 * channels, 1)
        self.output = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.output.weight)

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        split = self.query_key_value(self.norm(x)).view(n, 3, self.heads, channels // self.heads, -1)
        query, key, value = split.transpose(3, 4).unbind(1)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(2, 3)
        total: Tensor = x + self.output(attended.reshape(n, channels, height, width))
        return total


class UNet(nn.Module):
    """Predicts v (see ``alpha_sigma``) from noisy pictures and texts.

    Takes pictures ``x`` (N, 3, h, w), whose clean part is in -1..1, noise levels (N,) in 0..1 and text embeddings
    (N, ``text``) of norm 1; gives v (N, 3, h, w), float32. Where ``absent`` (N,), bool, is True, a learned "no text"
    replaces the text (classifier-free guidance; Ho and Salimans, 2022). Pixels are folded 2x2 into channels, and the
    sides are then halved ``len(channels) - 1`` times.
    """

    def __init__(
        self,
        channels: Sequence[int] = (48, 96, 192),
        blocks: Sequence[int] = (1, 2, 3),
        text: int = 384,
        condition: int = 256,
        side: int = 48,
    ) -> None:
        super().__init__()
        sizes = {"channels": list(channels), "blocks": list(blocks)}
        self.config = sizes | {"text": text, "condition": condition, "side": side}
        self.side, self.multiple = side, 2 ** len(channels)
        self.time = nn.Sequential(
            nn.Linear(2 * TIME_FREQUENCIES, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        self.words = nn.Sequential(
            nn.Linear(text, 2 * condition), nn.SiLU(), nn.Linear(2 * condition, condition)
        )
        self.nothing = nn.Parameter(torch.zeros(text))
        self.input = nn.Conv2d(12, channels[0], 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        self.up, self.grow = nn.ModuleList(), nn.ModuleList()
        for stage, width in enumerate(channels):
            narrow = channels[max(stage - 1, 0)]
            self.shrink.append(nn.Conv2d(narrow, width, 2, stride=2) if stage else nn.Identity())
            self.down.append(nn.ModuleList(Block(width, width, condition) for _ in range(blocks[stage])))
            self.up.append(nn.ModuleList(Block(2 * width, width, condition) for _ in range(blocks[stage])))
            self.grow.append(nn.ConvTranspose2d(width, narrow, 2, stride=2) if stage else nn.Identity())
        deepest = channels[-1]
        self.look = nn.ModuleList(Attention(deepest) for _ in range(2 * blocks[-1]))
        self.middle = Block(deepest, deepest, condition)
        self.norm = nn.GroupNorm(channels[0] // 8, channels[0])
        self.output = nn.Conv2d(channels[0], 12, 3, padding=1)
        nn.init.zeros_(self.output.weight)

    def forward(self, x: Tensor, noise_level: Tensor, text: Tensor, absent: Tensor | None = None) -> Tensor:
        condition = self._condition(noise_level, text, absent)
        x = self.input(F.pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last))
        skips: list[Tensor] = []
        deepest, attention = len(self.down) - 1, iter(self.look)
        for stage, (shrink, blocks) in enumerate(zip(self.shrink, self.down, strict=True)):
            x = shrink(x)
            for block in cast(nn.ModuleList, blocks):
                x = block(x, condition)
                x = next(attention)(x) if stage == deepest else x
                skips.append(x)
        x = self.middle(x, condition)
        for stage, (grow, blocks) in reversed(list(enumerate(zip(self.grow, self.up, strict=True)))):
            for block in cast(nn.ModuleList, blocks):
                x = block(torch.cat([x, skips.pop()], 1), condition)
                x = next(attention)(x) if stage == deepest else x
            x = grow(x)
        return F.pixel_shuffle(self.output(F.silu(self.norm(x))), 2).float()

    def _condition(self, noise_level: Tensor, text: Tensor, absent: Tensor | None) -> Tensor:
        """The condition (N, ``condition``): the noise level's sinusoidal encoding plus the text's."""
        text = text * text.shape[-1] ** 0.5
        if absent is not None:
            text = torch.where(absent[:, None], self.nothing, text)
        frequencies = 1000 * torch.exp(
            -math.log(1e4) / TIME_FREQUENCIES * torch.arange(TIME_FREQUENCIES, device=noise_level.device)
        )
        angles = noise_level[:, None] * frequencies
        return F.silu(self.time(torch.cat([angles.sin(), angles.cos()], 1)) + self.words(text))
