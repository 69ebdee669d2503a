"""The denoiser of our own, with its weights; training/README.md says how they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixray_motion.denoisers.base import Denoiser, alpha_sigma, denoiser
from pixray_motion.errors import ModelError
from pixray_motion.lazy import torch
from pixray_motion.perceptors.embedded import EmbeddedPerceptor

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.denoisers.unet import UNet

WEIGHTS = "denoiser.safetensors"
GREATEST_SCALE = 10.0  # of guidance that a distilled network has learned


@denoiser("embedded")
class EmbeddedDenoiser(Denoiser):
    """A small text-conditional denoiser of our own, with the embedded perceptor's text tower (training/README.md)."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read the weights; a missing or damaged file is a ``ModelError``."""
        self._reader = EmbeddedPerceptor()
        path = (folder or Path(str(files(__package__)))) / WEIGHTS
        self._net, self.distilled, self._fingerprint = _read(path)
        self.side, self.multiple = self._net.side, self._net.multiple
        self._states: dict[bytes, Tensor] = {}

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """See ``Denoiser.embed_text``. The texts' tokens are remembered by these vectors, where the network attends to
        them: a vector that lies between two texts, or that is a picture's, has none.
        """
        sentences = self._reader.sentences(texts)
        if self._net.tokens:
            self._states |= {
                _key(vector): self._reader.states(text) for vector, text in zip(sentences, texts, strict=True)
            }
        return sentences

    def predict_x0(self, noisy: Tensor, noise_level: float, texts: Tensor) -> Tensor:
        """See ``Denoiser.predict_x0``."""
        rows = torch.cat([texts[:1], texts])
        absent = torch.arange(len(rows), device=noisy.device) == 0
        return self._predict(noisy, noise_level, rows, absent, None)

    def predict_guided(
        self, noisy: Tensor, noise_level: float, texts: Tensor, guidance_scales: Sequence[float]
    ) -> Tensor:
        """See ``Denoiser.predict_guided``."""
        scales = torch.tensor(guidance_scales, device=noisy.device, dtype=torch.float32)
        return self._predict(noisy, noise_level, texts, scales == 0, scales.clamp(max=GREATEST_SCALE))

    def _predict(
        self, noisy: Tensor, noise_level: float, rows: Tensor, absent: Tensor, scales: Tensor | None
    ) -> Tensor:
        many = noisy.expand(len(rows), -1, -1, -1)
        levels = torch.full((len(rows),), noise_level, device=noisy.device)
        a, b = alpha_sigma(noise_level)
        with torch.no_grad():
            velocity = self._net(many, levels, rows, absent, self._tokens(rows), scales)
        predicted: Tensor = a * noisy - b * velocity
        return predicted

    def _tokens(self, vectors: Tensor) -> tuple[Tensor, Tensor] | None:
        """The states (N, L, width) of the texts that these vectors (N, D) are, and where there are any (N, L)."""
        if not self._net.tokens:
            return None
        none = vectors.new_zeros(0, self._net.tokens)
        known = [self._states.get(_key(vector), none).to(vectors) for vector in vectors]
        states = torch.nn.utils.rnn.pad_sequence(known, batch_first=True)
        lengths = torch.tensor([len(one) for one in known], device=vectors.device)
        return states, torch.arange(states.shape[1], device=vectors.device) < lengths[:, None]

    def fingerprint(self) -> str:
        return f"embedded {self._fingerprint[:16]}, {self._reader.fingerprint()}"


def _key(vector: Tensor) -> bytes:
    return vector.float().cpu().numpy().tobytes()


def _read(path: Path) -> tuple[UNet, bool, str]:
    """The network, frozen; whether guidance is distilled into it; and a hash of its file."""
    from safetensors import SafetensorError, safe_open

    from pixray_motion.denoisers.unet import UNet

    try:
        fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            config: dict[str, Any] = json.loads(metadata["config"])
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
        net = UNet(**config)
        net.load_state_dict(tensors)
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: the denoiser's weights are missing; reinstall the package, or say 'denoiser: none'"
        ) from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        first = str(error).partition("\n")[0]
        raise ModelError(
            f"{path}: not a file of denoiser weights ({first}); reinstall the package, or say 'denoiser: none'"
        ) from error
    for kernels in net.parameters():
        if kernels.ndim == 4:
            kernels.data = kernels.contiguous(memory_format=torch.channels_last)
    distilled = metadata.get("distilled") == "true"
    return net.requires_grad_(False).eval(), distilled, fingerprint
