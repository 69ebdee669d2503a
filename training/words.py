"""The text tower that ships, read with numpy and torch alone: texts -> token numbers -> states and pooled vectors."""

import json
import re
from pathlib import Path

import torch
from torch import Tensor

from pixray_motion.perceptors.towers import TextTower

FOLDER = Path(__file__).parent.parent / "pixray_motion/perceptors/embedded"
TYPES = {"F16": torch.float16, "F32": torch.float32, "BF16": torch.bfloat16, "I64": torch.int64}


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors of a safetensors file, and its metadata."""
    data = bytearray(path.read_bytes())
    length = int.from_bytes(data[:8], "little")
    header, place = json.loads(data[8 : 8 + length]), 8 + length
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        kind = TYPES[entry["dtype"]]
        count = (end - start) // kind.itemsize
        flat = (
            torch.frombuffer(data, dtype=kind, count=count, offset=place + start)
            if count
            else torch.empty(0, dtype=kind)
        )
        tensors[name] = flat.view(entry["shape"]).clone()
    return tensors, metadata


class WordPieces:
    """WordPiece for plain English captions: lower case, ASCII. Equal to the package ``tokenizers`` on these."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
        self.start, self.end, self.unknown = (self.vocabulary[f"[{name}]"] for name in ("CLS", "SEP", "UNK"))
        self.known: dict[str, list[int]] = {}

    def __call__(self, text: str) -> list[int]:
        words = re.findall(r"\w+|[^\w\s]", text.lower())
        return [self.start, *(piece for word in words for piece in self._word(word)), self.end]

    def _word(self, word: str) -> list[int]:
        if word not in self.known:
            self.known[word] = self._pieces(word)
        return self.known[word]

    def _pieces(self, word: str) -> list[int]:
        pieces, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.vocabulary:
                    pieces.append(self.vocabulary[piece])
                    start = end
                    break
            else:
                return [self.unknown]
        return pieces


class Words:
    """The text tower on a device."""

    def __init__(self, device: torch.device | str = "cpu", folder: Path = FOLDER) -> None:
        tensors, metadata = read_tensors(folder / "perceptor.safetensors")
        self.tower = TextTower(**json.loads(metadata["config"])["text"])
        own = {
            name.removeprefix("text."): value.float()
            for name, value in tensors.items()
            if name.startswith("text.")
        }
        self.tower.load_state_dict(own)
        self.tower.requires_grad_(False).eval().to(device)
        self.pieces, self.device = WordPieces(folder), device

    def tokens(self, texts: list[str]) -> Tensor:
        """Token numbers (N, L), int64, 0 beyond a text's end; a text is cut to what the tower reads."""
        rows = [self.pieces(text) for text in texts]
        rows = [
            row if len(row) <= self.tower.length else [*row[: self.tower.length - 1], row[-1]] for row in rows
        ]
        longest = max(map(len, rows))
        return torch.tensor([row + [0] * (longest - len(row)) for row in rows])

    @torch.no_grad()
    def __call__(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pooled (N, 384), unit; states (N, L, 256); mask (N, L)."""
        mask = tokens > 0
        states = self.tower.states(tokens, mask)
        return self.tower.pooled(states, mask), states, mask
