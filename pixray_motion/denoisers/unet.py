"""The network of the embedded denoiser: a small text-conditional U-Net (Ronneberger 2015; Ho 2020).

It takes pictures of any size whose sides are multiples of ``multiple`` pixels, but it learned what things look like at
one size: ``side`` pixels along the shorter side.

File format: ``embedded/denoiser.safetensors`` holds the weights as float16; its metadata has ``config``, a JSON object
with the keyword arguments of ``UNet``, and ``distilled``, "true", if guidance is distilled into the weights.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

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


class TokenAttention(nn.Module):
    """Attention from all positions to a text's tokens, added to the input: (N, channels, h, w) -> the same shape.

    Words keep their places, so that "a red car on a green hill" is not all of red, green, car and hill at once. A
    learned key stands beside the tokens: it is all there is to look at where a picture has none.
    """

    def __init__(self, channels: int, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(channels // 16, channels)
        self.query = nn.Conv2d(channels, channels, 1)
        self.key_value = nn.Linear(width, 2 * channels)
        self.nothing = nn.Parameter(torch.zeros(1, 1, 2 * channels))
        self.output = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(cast(Tensor, self.output.bias))

    def forward(self, x: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """``tokens`` (N, L, width); ``mask`` (N, L), bool: True where there is a token."""
        n, channels, height, width = x.shape
        each = channels // self.heads
        query = self.query(self.norm(x)).view(n, self.heads, each, -1).transpose(2, 3)
        known = self.key_value(tokens)
        known = torch.cat([self.nothing.to(known.dtype).expand(n, 1, -1), known], 1)
        key, value = known.view(n, -1, 2, self.heads, each).permute(2, 0, 3, 1, 4)
        seen = F.pad(mask, (1, 0), value=True)[:, None, None, :]
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=seen).transpose(2, 3)
        total: Tensor = x + self.output(attended.reshape(n, channels, height, width))
        return total


class Inner(nn.Module):
    """The innermost stage, at half of the size: (N, channels, h, w) -> the same shape, to be added to the input.

    Its channels are many and its positions few: it knows what things are called, at little cost. It gives zero at
    first, so that a network that has learned without it loses nothing.
    """

    def __init__(self, channels: int, width: int, depth: int, condition: int, tokens: int) -> None:
        super().__init__()
        self.shrink = nn.Conv2d(channels, width, 2, stride=2)
        self.blocks = nn.ModuleList(Block(width, width, condition) for _ in range(depth))
        self.look = nn.ModuleList(Attention(width) for _ in range(depth))
        self.read = nn.ModuleList(TokenAttention(width, tokens) for _ in range(depth if tokens else 0))
        self.grow = nn.ConvTranspose2d(width, channels, 2, stride=2)
        nn.init.zeros_(self.grow.weight)
        nn.init.zeros_(cast(Tensor, self.grow.bias))

    def forward(self, x: Tensor, condition: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        x = self.shrink(x)
        for place, (block, look) in enumerate(zip(self.blocks, self.look, strict=True)):
            x = look(block(x, condition))
            x = self.read[place](x, tokens, mask) if self.read else x
        grown: Tensor = self.grow(x)
        return grown


class UNet(nn.Module):
    """Predicts v (see ``alpha_sigma``) from noisy pictures and texts.

    Takes pictures ``x`` (N, 3, h, w), whose clean part is in -1..1, noise levels (N,) in 0..1 and text embeddings
    (N, ``text``) of norm 1; gives v (N, 3, h, w), float32. Where ``absent`` (N,), bool, is True, a learned "no text"
    replaces the text (classifier-free guidance; Ho and Salimans, 2022). Pixels are folded 2x2 into channels, and the
    sides are then halved ``len(channels) - 1`` times. With ``inner``, its width and depth, there is an innermost stage.

    With ``tokens`` > 0 it also attends to a text's tokens, ``tokens`` numbers each, where ``forward`` is given some
    (a vector between two texts has none). With ``guided`` it takes the guidance scale (N,), too, and predicts what
    classifier-free guidance of that scale would: guidance distilled into one pass (Meng 2023).
    """

    def __init__(
        self,
        channels: Sequence[int] = (48, 96, 192),
        blocks: Sequence[int] = (1, 2, 3),
        text: int = 384,
        condition: int = 256,
        side: int = 48,
        tokens: int = 0,
        guided: bool = False,
        inner: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "channels": list(channels),
            "blocks": list(blocks),
            "inner": list(inner),
        }
        self.config |= {
            "text": text,
            "condition": condition,
            "side": side,
            "tokens": tokens,
            "guided": guided,
        }
        self.side, self.multiple = side, 2 ** (len(channels) + bool(inner))
        self.tokens, self.guided = tokens, guided
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
        self.read = nn.ModuleList(
            TokenAttention(deepest, tokens) for _ in range(2 * blocks[-1] if tokens else 0)
        )
        if guided:
            last = nn.Linear(condition, condition)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.strength = nn.Sequential(nn.Linear(2, condition), nn.SiLU(), last)
        self.middle = Block(deepest, deepest, condition)
        self.inner = Inner(deepest, inner[0], inner[1], condition, tokens) if inner else None
        self.norm = nn.GroupNorm(channels[0] // 8, channels[0])
        self.output = nn.Conv2d(channels[0], 12, 3, padding=1)
        nn.init.zeros_(self.output.weight)

    def forward(
        self,
        x: Tensor,
        noise_level: Tensor,
        text: Tensor,
        absent: Tensor | None = None,
        tokens: tuple[Tensor, Tensor] | None = None,
        guidance_scale: Tensor | None = None,
    ) -> Tensor:
        """``tokens``: those of the texts (N, L, ``tokens``), and where there are any (N, L), bool."""
        condition = self._condition(noise_level, text, absent, guidance_scale)
        states, present = self._tokens(tokens, absent, text)
        x = self.input(F.pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last))
        skips: list[Tensor] = []
        deepest, place = len(self.down) - 1, 0

        def attended(x: Tensor) -> Tensor:
            nonlocal place
            x = self.look[place](x)
            x = self.read[place](x, states, present) if self.tokens else x
            place += 1
            return x

        for stage, (shrink, blocks) in enumerate(zip(self.shrink, self.down, strict=True)):
            x = shrink(x)
            for block in cast(nn.ModuleList, blocks):
                x = block(x, condition)
                x = attended(x) if stage == deepest else x
                skips.append(x)
        inner = 0 if self.inner is None else self.inner(x, condition, states, present)
        x = self.middle(x, condition) + inner
        for stage, (grow, blocks) in reversed(list(enumerate(zip(self.grow, self.up, strict=True)))):
            for block in cast(nn.ModuleList, blocks):
                x = block(torch.cat([x, skips.pop()], 1), condition)
                x = attended(x) if stage == deepest else x
            x = grow(x)
        return F.pixel_shuffle(self.output(F.silu(self.norm(x))), 2).float()

    def _tokens(
        self, tokens: tuple[Tensor, Tensor] | None, absent: Tensor | None, text: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The tokens (N, L, ``tokens``) and where there are any (N, L): none where the text is absent."""
        if tokens is None:
            none = torch.zeros(len(text), 0, dtype=torch.bool, device=text.device)
            return text.new_zeros(len(text), 0, self.tokens), none
        states, present = tokens
        return states, present if absent is None else present & ~absent[:, None]

    def _condition(
        self, noise_level: Tensor, text: Tensor, absent: Tensor | None, guidance_scale: Tensor | None
    ) -> Tensor:
        """The condition (N, ``condition``): the sinusoidal encoding of the noise level plus the text's, and the
        guidance scale's."""
        text = text * text.shape[-1] ** 0.5
        if absent is not None:
            text = torch.where(absent[:, None], self.nothing, text)
        frequencies = 1000 * torch.exp(
            -math.log(1e4) / TIME_FREQUENCIES * torch.arange(TIME_FREQUENCIES, device=noise_level.device)
        )
        angles = noise_level[:, None] * frequencies
        total = self.time(torch.cat([angles.sin(), angles.cos()], 1)) + self.words(text)
        if self.guided and guidance_scale is not None:
            total = total + self.strength(torch.stack([guidance_scale / 10, guidance_scale.sqrt() / 3], 1))
        return F.silu(total)
