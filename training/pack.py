"""All that training needs, in one file of at most 20 MB that numpy, torch and zlib read.

    python -m training.pack --work WORK --out WORK/pack.bin          # drawings, scenes and names
    python -m training.pack --show WORK/pack.bin                     # what is in it

A machine without a network trains on this file and the tracked files alone. It holds no captions: specifications follow from
a seed (``Pack.writer``), and the text tower that ships embeds them on the spot.

Format: ``MAGIC``; 8 bytes, little-endian: the length of a JSON header; the header; blocks. The header's ``arrays`` name the
type, shape, place and length of each block, zlib-compressed, and its ``names`` the pools with the numbers and weights of their
sprites. Sprites are indices of up to 48 colours with alpha each; scenes are quantised coefficients of the cosine transform of
8x8 pixels (as in JPEG), in coefficient order, since those compress best.
"""

import argparse
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.captions import Writer, pools
from training.easel import SIDE, Easel, Palette
from training.sets import EMOJI_SETS, ICON_SETS
from training.vocabulary import NOUNS, SCENES

MAGIC = b"pixray-motion pack 1\n"
LIMIT = 20_000_000
COLOURS = 48
CLIPART_WEIGHT, ICON_WEIGHT = 0.4, 0.3
FEW = 3  # drawings of a name: fewer are joined by icons
VARIANTS = 40  # of each painted scene
BLOCK = 8
KEPT = (24, 10, 10)  # coefficients of light and of two colour differences, in zigzag order
STEPS = (10.0, 14.0, 14.0)  # of the quantisation, in 0..255, growing with the frequency
TO_DIFFERENCES = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


@dataclass(frozen=True)
class Pack:
    """``indices`` uint8 (N, SIDE, SIDE) and ``colours`` uint8 (N, COLOURS, 4) of the sprites; ``scenes`` int8
    (len(SCENES) * variants, coefficients, blocks); ``names``: pools of sprites, in the order of their numbers."""

    indices: np.ndarray
    colours: np.ndarray
    scenes: np.ndarray
    names: dict[str, list[tuple[int, float]]]

    def palette(self) -> Palette:
        rgba = np.take_along_axis(
            self.colours, self.indices.reshape(len(self.indices), -1, 1).astype(np.int64), 1
        )
        sprites = torch.from_numpy(rgba).view(-1, SIDE, SIDE, 4).permute(0, 3, 1, 2).contiguous()
        return Palette(sprites, scene_pictures(self.scenes), self.names)

    def writer(self, seed: int) -> Writer:
        return Writer(list(self.names), {}, seed)

    def easel(self, device: torch.device | str, seed: int) -> Easel:
        return Easel(self.palette(), device, seed)


def save(pack: Pack, path: Path) -> None:
    """Write the file; more than ``LIMIT`` bytes are a ``ValueError``."""
    arrays: dict[str, Any] = {}
    blocks, start = [], 0
    for name in ("indices", "colours", "scenes"):
        array = getattr(pack, name)
        data = zlib.compress(np.ascontiguousarray(array).tobytes(), 9)
        arrays[name] = {
            "type": str(array.dtype),
            "shape": list(array.shape),
            "start": start,
            "length": len(data),
        }
        blocks.append(data)
        start += len(data)
    header = json.dumps({"arrays": arrays, "names": pack.names}).encode()
    packed = zlib.compress(header, 9)
    whole = b"".join([MAGIC, len(packed).to_bytes(8, "little"), packed, *blocks])
    if len(whole) > LIMIT:
        raise ValueError(f"{len(whole)} bytes are more than the {LIMIT} of a pack")
    path.write_bytes(whole)


def load(path: Path) -> Pack:
    """What was saved, equal in every number. Another file is a ``ValueError``."""
    whole = path.read_bytes()
    if not whole.startswith(MAGIC):
        raise ValueError(f"{path}: not a pack; make it with python -m training.pack")
    place = len(MAGIC) + 8
    length = int.from_bytes(whole[len(MAGIC) : place], "little")
    header = json.loads(zlib.decompress(whole[place : place + length]))
    arrays = {}
    for name, entry in header["arrays"].items():
        start = place + length + entry["start"]
        data = zlib.decompress(whole[start : start + entry["length"]])
        arrays[name] = np.frombuffer(data, entry["type"]).reshape(entry["shape"])
    names = {name: [(int(i), float(w)) for i, w in pool] for name, pool in header["names"].items()}
    return Pack(arrays["indices"], arrays["colours"], arrays["scenes"], names)


def with_few_colours(sprites: Tensor, count: int = COLOURS, rounds: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Sprites uint8 (N, h, h, 4), straight alpha -> indices uint8 (N, h, h) and colours uint8 (N, count, 4): k-means of the
    premultiplied colours, begun at evenly spread pixels in the order of their lightness. Indices are sorted by frequency."""
    n, side = len(sprites), sprites.shape[1]
    pixels = sprites.reshape(n, -1, 4).float()
    pixels = torch.cat([pixels[..., :3] * pixels[..., 3:] / 255, pixels[..., 3:]], 2)
    key = pixels @ torch.tensor([1.0, 2.0, 0.5, 3.0])
    order = key.argsort(1)
    visible = (pixels[..., 3] > 0).sum(1).clamp(min=1)
    spread = torch.linspace(0, 1, count - 1)[None] * (visible[:, None] - 1)
    first = (pixels.shape[1] - visible)[:, None] + spread.long()
    centres = pixels.gather(1, order.gather(1, first)[..., None].expand(-1, -1, 4))
    centres = torch.cat([torch.zeros(n, 1, 4), centres], 1)  # nothing at all comes first
    for turn in range(rounds + 1):
        nearest = torch.cdist(pixels, centres).argmin(2)
        if turn == rounds:
            break
        sums = torch.zeros_like(centres).scatter_add_(1, nearest[..., None].expand(-1, -1, 4), pixels)
        counts = torch.zeros(n, count).scatter_add_(1, nearest, torch.ones_like(key))
        moved = sums / counts[..., None].clamp(min=1)
        centres[:, 1:] = torch.where(counts[:, 1:, None] > 0, moved[:, 1:], centres[:, 1:])
    counts = torch.zeros(n, count).scatter_add_(1, nearest, torch.ones_like(key))
    ranks = counts.argsort(1, descending=True)
    places = ranks.argsort(1)
    centres = centres.gather(1, ranks[..., None].expand(-1, -1, 4))
    alpha = centres[..., 3:].round()
    straight = (centres[..., :3] * 255 / alpha.clamp(min=1)).clamp(0, 255).round()
    colours = torch.cat([straight, alpha], 2) * (alpha > 0) * (counts.gather(1, ranks) > 0)[..., None]
    return places.gather(1, nearest).byte().view(n, side, side).numpy(), colours.byte().numpy()


def _zigzag() -> list[int]:
    places = [(y, x) for y in range(BLOCK) for x in range(BLOCK)]
    places.sort(key=lambda p: (p[0] + p[1], p[0] if (p[0] + p[1]) % 2 else -p[0]))
    return [y * BLOCK + x for y, x in places]


def _cosines() -> Tensor:
    """(64, 64): rows are the orthonormal waves of an 8x8 block, in zigzag order."""
    k, x = torch.arange(BLOCK, dtype=torch.float64)[:, None], torch.arange(BLOCK, dtype=torch.float64)[None]
    waves = torch.cos(math.pi * (2 * x + 1) * k / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
    waves[0] /= math.sqrt(2)
    both = torch.einsum("ay,bx->abyx", waves, waves).reshape(64, 64)
    return both[_zigzag()].float()


def _quanta(plane: int) -> Tensor:
    """(KEPT[plane], 1): the steps of the coefficients."""
    return STEPS[plane] * (1 + torch.arange(KEPT[plane])[:, None] / 12)


def scene_coefficients(pictures: Tensor) -> np.ndarray:
    """uint8 (N, 3, SIDE, SIDE) -> int8 (N, sum(KEPT), blocks)."""
    planes = torch.einsum("nchw,dc->ndhw", pictures.float() - 128, torch.tensor(TO_DIFFERENCES))
    planes[:, 1:] += 128 * torch.tensor(TO_DIFFERENCES)[1:].sum(1)[None, :, None, None]
    waves, parts = _cosines(), []
    for plane, kept in enumerate(KEPT):
        blocks = F.unfold(planes[:, plane : plane + 1], BLOCK, stride=BLOCK)
        parts.append((waves[:kept] @ blocks / _quanta(plane)).round().clamp(-127, 127))
    return torch.cat(parts, 1).to(torch.int8).numpy()


def scene_pictures(coefficients: np.ndarray) -> Tensor:
    """int8 (N, sum(KEPT), blocks) -> uint8 (N, 3, SIDE, SIDE)."""
    waves, planes = _cosines(), []
    for plane, part in enumerate(torch.from_numpy(coefficients.astype(np.float32)).split(KEPT, 1)):
        blocks = waves[: KEPT[plane]].T @ (part * _quanta(plane))
        planes.append(F.fold(blocks, (SIDE, SIDE), BLOCK, stride=BLOCK))
    back = torch.linalg.inv(torch.tensor(TO_DIFFERENCES))
    return (torch.einsum("ndhw,cd->nchw", torch.cat(planes, 1), back) + 128).round().clamp(0, 255).byte()


def chosen_pools(meta: Sequence[dict]) -> dict[str, list[tuple[int, float]]]:
    """The names that are drawn, and by which sprites: emoji in colour, clip art beside them, other sets where there is
    neither or few. Everyday nouns first, then what Unicode names in at most three words."""
    known = {
        name: pool for name, pool in pools(list(meta)).items() if name in NOUNS or _is_plain(name, pool, meta)
    }
    found: dict[str, list[tuple[int, float]]] = {}
    for name, pool in known.items():
        emoji = [(i, 1.0) for i, _ in pool if meta[i]["set"] in EMOJI_SETS]
        clipart = [(i, CLIPART_WEIGHT) for i, _ in pool if meta[i]["set"] == "openclipart"]
        icons = [(i, ICON_WEIGHT) for i, _ in pool if meta[i]["set"] in ICON_SETS]
        chosen = emoji + clipart
        if len(chosen) < FEW:
            chosen += icons
        found[name] = chosen or pool
    return found


def _is_plain(name: str, pool: list[tuple[int, float]], meta: Sequence[dict]) -> bool:
    clear = any(meta[i]["set"] in ("noto", "fluent-emoji", "fluent-emoji-flat") for i, _ in pool)
    return clear and len(name.split()) <= 3


def packed(sprites: np.ndarray, meta: Sequence[dict], grounds: np.ndarray) -> Pack:
    """``sprites`` uint8 (N, SIDE, SIDE, 4); ``grounds`` uint8 (len(SCENES) * variants, SIDE, SIDE, 3)."""
    names = chosen_pools(meta)
    used = sorted({i for pool in names.values() for i, _ in pool})
    place = {number: k for k, number in enumerate(used)}
    parts = [with_few_colours(torch.from_numpy(sprites[used[k : k + 64]])) for k in range(0, len(used), 64)]
    scenes = []
    variants = len(grounds) // len(SCENES)
    for scene in range(len(SCENES)):
        few = torch.from_numpy(grounds[scene * variants : scene * variants + min(variants, VARIANTS)])
        scenes.append(scene_coefficients(few.permute(0, 3, 1, 2)))
    return Pack(
        np.concatenate([indices for indices, _ in parts]),
        np.concatenate([colours for _, colours in parts]),
        np.concatenate(scenes),
        {name: [(place[i], weight) for i, weight in pool] for name, pool in names.items()},
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--show", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.show:
        pack = load(options.show)
    else:
        meta = json.loads((options.work / "sprites.json").read_text())
        sprites = np.load(options.work / "sprites.npy", mmap_mode="r")
        pack = packed(sprites, meta, np.load(options.work / "backgrounds.npy"))
        save(pack, options.out)
    size = (options.show or options.out).stat().st_size
    print(
        f"{len(pack.indices)} sprites of {len(pack.names)} names, {len(pack.scenes)} scenes, {size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
