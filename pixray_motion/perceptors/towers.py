"""The networks of the embedded perceptor: an image tower, a text tower and the head that joins them.

They share one space of ``dim`` (256) numbers: ``ImageTower(picture)`` and ``TextHead(TextTower(words))`` are
unit vectors whose dot product says how well the picture shows what the words say.

File format
-----------
``embedded/perceptor.safetensors`` holds the weights as float16 under the key prefixes ``image.``, ``text.`` and
``head.``. The safetensors metadata has one entry, ``config``: a JSON object with the keyword arguments of the
three classes, as in ``{"image": {"channels": [32, 96], ...}, "text": {"vocab": 30522, ...}, "head": {...}}``.
Beside it lie ``tokenizer.json`` (WordPiece, read by the package ``tokenizers``; a text is cut to
``TextTower.length`` tokens) and ``ATTRIBUTION.md``. Load in float32, then call ``ImageTower.folded()`` once for a
frozen tower that is cheaper and computes the same.
"""

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SILU_GAIN = 1.788
"""SiLU halves the standard deviation of a unit normal input, roughly; this factor restores it."""

RESIDUAL = 0.3
"""Weight of a residual branch, before its learned gain: small, so that an unnormalised net starts near the identity."""


def _silu(x: Tensor) -> Tensor:
    return F.silu(x) * SILU_GAIN


class _Standardise(torch.autograd.Function):
    """Kernels (out, in, h, w) -> the same with zero mean and unit norm; the derivative in closed form saves time."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        flat = weight.flatten(1)
        centred = flat - flat.mean(1, keepdim=True)
        inverse = torch.rsqrt(centred.square().sum(1, keepdim=True) + 1e-4)
        unit = centred.mul_(inverse)
        ctx.save_for_backward(unit, inverse)
        return unit.view(weight.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        unit, inverse = ctx.saved_tensors
        flat = gradient.flatten(1)
        mean, along = flat.mean(1, keepdim=True), torch.linalg.vecdot(flat, unit)[:, None]
        return torch.addcmul(flat - mean, unit, along, value=-1).mul_(inverse).view(gradient.shape)


class StandardisedConv2d(nn.Conv2d):
    """A convolution whose kernels have zero mean and unit norm times a learned gain (NF-ResNets, Brock 2021).

    The output does not depend on the scale of ``weight``, but the optimiser's effective step does: the initial
    standard deviation is 1 / sqrt(fan in), for which Adam's usual step sizes fit.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))
        nn.init.normal_(self.weight, std=(inputs * kernel * kernel) ** -0.5)
        nn.init.zeros_(cast(Tensor, self.bias))

    def standardised(self) -> Tensor:
        """The kernels that are applied, of the shape of ``weight``."""
        unit: Tensor = _Standardise.apply(self.weight)  # type: ignore[no-untyped-call]
        return unit * self.gain

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.standardised(), self.bias, self.stride, self.padding)

    def folded(self) -> nn.Conv2d:
        """A plain convolution that computes the same."""
        inputs, outputs, kernel = self.in_channels, self.out_channels, self.kernel_size[0]
        plain = nn.Conv2d(inputs, outputs, kernel, self.stride[0], cast(tuple[int, int], self.padding)[0])
        with torch.no_grad():
            plain.weight.copy_(self.standardised())
            cast(Tensor, plain.bias).copy_(cast(Tensor, self.bias))
        return plain


class Block(nn.Module):
    """Two 3x3 convolutions added to their input.

    ``scale`` brings the input, whose variance grows along a stage, back to 1.
    """

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.first: nn.Module = StandardisedConv2d(channels, channels, 3, padding=1)
        self.second: nn.Module = StandardisedConv2d(channels, channels, 3, padding=1)
        self.gain = nn.Parameter(torch.tensor(0.5))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(_silu(self.first(_silu(x * self.scale))))
        return x + (RESIDUAL * self.gain) * y


class ImageTower(nn.Module):
    """A residual convolutional network without normalisation layers.

    Pictures (N, 3, size, size) in [0, 1] -> (N, dim), unit. A stem of stride 2 leads to the first stage, a 2x2
    convolution of stride 2 to each further one; stage ``i`` has ``channels[i]`` channels and ``blocks[i]`` blocks.
    """

    def __init__(
        self,
        channels: Sequence[int] = (32, 96, 192, 320),
        blocks: Sequence[int] = (0, 2, 2, 2),
        dim: int = 256,
        size: int = 48,
    ) -> None:
        super().__init__()
        self.config = {"channels": list(channels), "blocks": list(blocks), "dim": dim, "size": size}
        self.size = size
        layers: list[nn.Module] = [StandardisedConv2d(3, channels[0], 5, stride=2, padding=2)]
        for stage, width in enumerate(channels):
            if stage:
                layers.append(StandardisedConv2d(channels[stage - 1], width, 2, stride=2))
            variance = 1.0
            for _ in range(blocks[stage]):
                layers.append(Block(width, variance**-0.5))
                variance += (RESIDUAL * 0.5) ** 2
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels[-1], dim)

    def forward(self, pictures: Tensor) -> Tensor:
        return F.normalize(self.head(self.features(pictures)).float(), dim=-1)

    def features(self, pictures: Tensor) -> Tensor:
        """(N, channels[-1]): what the head sees."""
        x: Tensor = self.body(((pictures - 0.5) * 4.0).contiguous(memory_format=torch.channels_last))
        return _silu(x).mean((2, 3))

    def folded(self) -> "ImageTower":
        """A frozen copy with plain convolutions: the same outputs to 1e-5, no standardisation at each call."""
        tower = copy.deepcopy(self)
        for module in list(tower.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, StandardisedConv2d):
                    setattr(module, name, child.folded())
        for kernels in tower.parameters():
            if kernels.ndim == 4:
                kernels.data = kernels.contiguous(memory_format=torch.channels_last)
        return tower.requires_grad_(False).eval()


class TextLayer(nn.Module):
    """A pre-norm transformer layer: (N, L, width) with a mask (N, 1, 1, L) of real tokens -> (N, L, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm_hidden = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, 4 * width)
        self.output = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        n, length, width = x.shape
        split = self.query_key_value(self.norm_attention(x)).view(n, length, 3, self.heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.projection(attended.transpose(1, 2).reshape(n, length, width))
        y: Tensor = self.output(F.gelu(self.hidden(self.norm_hidden(x))))
        return x + y


class TextTower(nn.Module):
    """A small transformer distilled from a sentence encoder.

    Token numbers (N, L), L <= length, with a mask (N, L), True at real tokens, at least one a row -> (N, dim),
    unit, in the sentence encoder's space. Tokens are looked up in a table of ``rank`` numbers and widened to
    ``width``.
    """

    def __init__(
        self,
        vocab: int,
        rank: int = 128,
        width: int = 256,
        layers: int = 2,
        heads: int = 4,
        dim: int = 384,
        length: int = 32,
    ) -> None:
        super().__init__()
        sizes = {"vocab": vocab, "rank": rank, "width": width, "layers": layers, "heads": heads}
        self.config = sizes | {"dim": dim, "length": length}
        self.length = length
        self.tokens = nn.Embedding(vocab, rank)
        self.widen = nn.Linear(rank, width)
        self.positions = nn.Parameter(torch.zeros(length, width))
        self.layers = nn.ModuleList(TextLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, dim)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        x = self.widen(self.tokens(tokens)) + self.positions[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        real = mask[..., None].to(x.dtype)
        mean = (self.norm(x) * real).sum(1) / real.sum(1)
        return F.normalize(self.output(mean).float(), dim=-1)


class TextHead(nn.Module):
    """Sentence embeddings (N, inputs), unit -> (N, dim), unit, in the image tower's space.

    A linear map plus a small network.
    """

    def __init__(self, inputs: int = 384, dim: int = 256, hidden: int = 512) -> None:
        super().__init__()
        self.config = {"inputs": inputs, "dim": dim, "hidden": hidden}
        self.linear = nn.Linear(inputs, dim)
        self.hidden = nn.Linear(inputs, hidden)
        self.output = nn.Linear(hidden, dim)
        nn.init.zeros_(self.output.bias)

    def forward(self, embeddings: Tensor) -> Tensor:
        x = embeddings * embeddings.shape[-1] ** 0.5
        return F.normalize((self.linear(x) + self.output(F.gelu(self.hidden(x)))).float(), dim=-1)
