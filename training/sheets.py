"""Sheets of pictures as PNG files, written with zlib alone."""

import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def save_sheet(pictures: Tensor, path: Path, columns: int = 8, zoom: int = 2) -> None:
    """Pictures (N, 3, h, w) in [0, 1], in reading order, ``zoom`` times as large."""
    pictures = F.interpolate(pictures.float().cpu(), scale_factor=zoom, mode="bicubic").clamp(0, 1)
    pictures = F.pad(pictures, (2, 2, 2, 2), value=1.0)
    rows = -(-len(pictures) // columns)
    blank = torch.ones(rows * columns - len(pictures), *pictures.shape[1:])
    page = torch.cat([pictures, blank]).unflatten(0, (rows, columns))
    page = page.permute(0, 3, 1, 4, 2).reshape(rows * pictures.shape[2], -1, 3)
    write_png((page * 255).round().byte().numpy(), path)


def write_png(pixels: np.ndarray, path: Path) -> None:
    """``pixels`` uint8 (h, w, 3)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], 1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
