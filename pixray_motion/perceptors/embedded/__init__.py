"""The perceptor that ships with the program, so that it works with no download."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pixray_motion.errors import ModelError
from pixray_motion.lazy import torch
from pixray_motion.perceptors.base import Perceptor, perceptor
from pixray_motion.units import Count

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.perceptors.towers import ImageTower, TextHead, TextTower

WEIGHTS, TOKENIZER = "perceptor.safetensors", "tokenizer.json"


@perceptor("embedded")
class EmbeddedPerceptor(Perceptor):
    """A small text-image model of our own, trained to be adversarially robust (training/README.md)."""

    def __init__(self, cuts: Annotated[int, Count(1, 256)] = 8, folder: Path | None = None) -> None:
        """Read the weights; a missing or damaged file is a ``ModelError``.

        ``cuts``: how many cutouts of the picture a step shows it; more make steps slower and steadier.
        """
        from tokenizers import Tokenizer

        folder = folder or Path(str(files(__package__)))
        config, tensors, self._fingerprint = _read(folder / WEIGHTS)
        self._image, self._text, self._head = _towers(config, tensors)
        self.size, self.cuts = self._image.size, cuts
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:  # the tokenizers package raises plain Exception
            raise ModelError(
                f"{folder / TOKENIZER}: cannot be read ({error}); install pixray-motion again"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed_text(self, texts: Sequence[str]) -> Tensor:
        """See ``Perceptor.embed_text``. A long text is read in pieces, whose embeddings are averaged by length."""
        with torch.no_grad():
            return torch.stack([self._embed(text) for text in texts])

    def embed_images(self, images: Tensor) -> Tensor:
        embedded: Tensor = self._image(images)
        return embedded

    def fingerprint(self) -> str:
        return f"embedded {self._fingerprint[:16]}"

    def sentences(self, texts: Sequence[str]) -> Tensor:
        """(N, 384), unit: the texts as the text tower reads them, before the head that leads to the pictures' space."""
        with torch.no_grad():
            return torch.stack([self._sentence(text) for text in texts])

    def states(self, text: str) -> Tensor:
        """(L, width): what each token of a text means where it stands, of all of its pieces in order."""
        with torch.no_grad():
            return torch.cat([states[0] for states, _ in self._read_pieces(text)])

    def _embed(self, text: str) -> Tensor:
        embedded: Tensor = self._head(self._sentence(text)[None])[0]
        return embedded

    def _sentence(self, text: str) -> Tensor:
        sentences = torch.zeros(self._head.config["inputs"], device=self._head.linear.weight.device)
        for states, mask in self._read_pieces(text):
            sentences += (states.shape[1] - 1) * self._text.pooled(states, mask)[0]
        unit: Tensor = sentences / sentences.norm()
        return unit

    def _read_pieces(self, text: str) -> Iterator[tuple[Tensor, Tensor]]:
        """The text in pieces that the tower can read: states (1, L, width) and mask (1, L) of each."""
        words = self._tokenizer.encode(named(text), add_special_tokens=False).ids
        start, end = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
        room = self._text.length - 2
        for piece in [words[i : i + room] for i in range(0, len(words), room)] or [[]]:
            tokens = torch.tensor([[start, *piece, end]], device=self._head.linear.weight.device)
            mask = torch.ones_like(tokens, dtype=torch.bool)
            yield self._text.states(tokens, mask), mask


def named(text: str) -> str:
    """Replace emoji and other symbols, which the tokenizer does not know, by their Unicode names: a dog face."""
    return "".join(
        f" {unicodedata.name(char, '').lower()} " if unicodedata.category(char) == "So" else char
        for char in text
    )


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Tensor], str]:
    """The towers' keyword arguments, the tensors as float32, and a hash of the file."""
    from safetensors import SafetensorError, safe_open

    try:
        fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()
        with safe_open(str(path), framework="pt") as file:
            config = json.loads((file.metadata() or {})["config"])
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
        return config, tensors, fingerprint
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: the perceptor's weights are missing; install pixray-motion again"
        ) from error
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(
            f"{path}: not a file of perceptor weights ({error}); install pixray-motion again"
        ) from error


def _towers(
    config: dict[str, dict[str, Any]], tensors: dict[str, Tensor]
) -> tuple[ImageTower, TextTower, TextHead]:
    """The image tower (folded), the text tower and the text head, frozen."""
    from pixray_motion.perceptors.towers import ImageTower, TextHead, TextTower

    image, text, head = ImageTower(**config["image"]), TextTower(**config["text"]), TextHead(**config["head"])
    for prefix, tower in (("image.", image), ("text.", text), ("head.", head)):
        own = {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        tower.load_state_dict(own)
        tower.requires_grad_(False).eval()
    return image.folded(), text, head
