"""The networks of the embedded perceptor, a small CLIP: an image tower, a text tower, and a head that joins them.

Both sides end in one space of ``dim`` (256) numbers: ``ImageTower(picture)`` and ``TextHead(TextTower(words))`` are
unit vectors whose dot product says how well the picture shows what the words say (Radford et al., 2021).

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
"""SiLU divides the standard deviation of a unit normal input by this; the factor restores it (Brock et al., 2021)."""

RESIDUAL_WEIGHT = 0.3
"""Weight of a residual branch, before its learned gain: small, so that a network without normalisation starts near the
identity. The weights that ship were trained with this value."""


def _silu(x: Tensor) -> Tensor:
    """SiLU that keeps the variance of a unit normal input."""
    return F.silu(x) * SILU_GAIN


class _Standardise(torch.autograd.Function):
    """Standardise kernels (out, in, h, w) to zero mean and unit norm each; the gradient in closed form saves time."""

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
    """A convolution with scaled weight standardisation (NF-ResNets; Brock et al., 2021).

    Takes and gives what ``nn.Conv2d`` does. Its kernels have zero mean and unit norm, times a learned gain. The output
    does not depend on the scale of ``weight``, but the optimiser's effective learning rate does: the initial standard
    deviation is 1 / sqrt(fan in), which suits the usual learning rates of Adam.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))
        nn.init.normal_(self.weight, std=(inputs * kernel * kernel) ** -0.5)
        nn.init.zeros_(cast(Tensor, self.bias))

    def standardised(self) -> Tensor:
        """The kernels that are applied: (out, in, h, w), as ``weight``."""
        unit: Tensor = _Standardise.apply(self.weight)  # type: ignore[no-untyped-call]
        return unit * self.gain

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.standardised(), self.bias, self.stride, self.padding)

    def folded(self) -> nn.Conv2d:
        """A plain convolution that computes the same, for inference."""
        inputs, outputs, kernel = self.in_channels, self.out_channels, self.kernel_size[0]
        plain = nn.Conv2d(inputs, outputs, kernel, self.stride[0], cast(tuple[int, int], self.padding)[0])
        with torch.no_grad():
            plain.weight.copy_(self.standardised())
            cast(Tensor, plain.bias).copy_(cast(Tensor, self.bias))
        return plain


class Block(nn.Module):
    """A residual block of two 3x3 convolutions: (N, channels, h, w) -> the same shape.

    ``scale`` brings the variance of the input, which grows along a stage, back to 1.
    """

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.first: nn.Module = StandardisedConv2d(channels, channels, 3, padding=1)
        self.second: nn.Module = StandardisedConv2d(channels, channels, 3, padding=1)
        self.gain = nn.Parameter(torch.tensor(0.5))
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(_silu(self.first(_silu(x * self.scale))))
        return x + (RESIDUAL_WEIGHT * self.gain) * y


class ImageTower(nn.Module):
    """A residual convolutional network without normalisation layers: pictures -> unit vectors.

    Takes pictures (N, 3, size, size) in [0, 1] and gives (N, dim), float32, of norm 1. A stem of stride 2 leads to the
    first stage, a 2x2 convolution of stride 2 to each further one; stage ``i`` has ``channels[i]`` channels and
    ``blocks[i]`` blocks.
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
                variance += (RESIDUAL_WEIGHT * 0.5) ** 2
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels[-1], dim)

    def forward(self, pictures: Tensor) -> Tensor:
        return F.normalize(self.head(self.features(pictures)).float(), dim=-1)

    def features(self, pictures: Tensor) -> Tensor:
        """The features (N, channels[-1]) of pictures (N, 3, size, size) in [0, 1], averaged over the positions."""
        x: Tensor = self.body(((pictures - 0.5) * 4.0).contiguous(memory_format=torch.channels_last))
        return _silu(x).mean((2, 3))

    def folded(self) -> "ImageTower":
        """A frozen copy with plain convolutions: the same outputs to 1e-5, but no standardisation at each call."""
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
    """A pre-norm transformer layer: (N, L, width) -> (N, L, width), with a bool mask (N, 1, 1, L) of real tokens."""

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

    Takes token ids (N, L), L <= ``length``, and a mask (N, L), bool, True at real tokens, at least one per row. Gives
    (N, dim), float32, of norm 1, in the sentence encoder's space. Tokens are embedded in ``rank`` numbers and projected
    to ``width``, since most of the weights are the table of embeddings.
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
        return self.pooled(self.states(tokens, mask), mask)

    def states(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(N, L, width): what each token means where it stands."""
        x = self.widen(self.tokens(tokens)) + self.positions[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        states: Tensor = self.norm(x)
        return states

    def pooled(self, states: Tensor, mask: Tensor) -> Tensor:
        """(N, dim), float32, of norm 1: what the tokens, (N, L, width) as ``states`` has them, mean together."""
        real = mask[..., None].to(states.dtype)
        mean = (states * real).sum(1) / real.sum(1)
        return F.normalize(self.output(mean).float(), dim=-1)


class TextHead(nn.Module):
    """Sentence embeddings (N, inputs) of norm 1 -> (N, dim), float32, of norm 1, in the image tower's space.

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
