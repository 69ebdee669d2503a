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


@denoiser("embedded")
class EmbeddedDenoiser(Denoiser):
    """A small text-conditional denoiser of our own, with the embedded perceptor's text tower (training/README.md)."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read the weights; a missing or damaged file is a ``ModelError``."""
        self._reader = EmbeddedPerceptor()
        path = (folder or Path(str(files(__package__)))) / WEIGHTS
        self._net, self._fingerprint = _read(path)
        self.side, self.multiple = self._net.side, self._net.multiple

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        return self._reader.sentences(texts)

    def predict_x0(self, noisy: Tensor, noise_level: float, texts: Tensor) -> Tensor:
        """See ``Denoiser.predict_x0``."""
        count = 1 + len(texts)
        rows = torch.cat([texts[:1], texts])
        absent = torch.arange(count, device=noisy.device) == 0
        many = noisy.expand(count, -1, -1, -1)
        a, b = alpha_sigma(noise_level)
        with torch.no_grad():
            velocity = self._net(many, torch.full((count,), noise_level, device=noisy.device), rows, absent)
        predicted: Tensor = a * noisy - b * velocity
        return predicted

    def fingerprint(self) -> str:
        return f"embedded {self._fingerprint[:16]}, {self._reader.fingerprint()}"


def _read(path: Path) -> tuple[UNet, str]:
    """The network, frozen, and a hash of its file."""
    from safetensors import SafetensorError, safe_open

    from pixray_motion.denoisers.unet import UNet

    try:
        fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()
        with safe_open(str(path), framework="pt") as file:
            config: dict[str, Any] = json.loads((file.metadata() or {})["config"])
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
    return net.requires_grad_(False).eval(), fingerprint
