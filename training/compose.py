"""Draws batches of specifications: backgrounds from a bank, sprites pasted by batched resampling, styles. Torch only, no files.

python -m training.compose --work WORK                   # paints the bank of backgrounds, backgrounds.npy
python -m training.compose --work WORK --sheet a         # a sheet of 48 pictures of bank_a with captions
"""

import argparse
import json
import math
import re
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional as F

from training.captions import Spec, load_spec, pools
from training.easel import recoloured
from training.scenes import Brush, paint
from training.styles import STYLISED
from training.vocabulary import COLOURS, SCENES, SHAPES, WEARABLE

SIZE = 64
PASTEL = 0.55
Box = tuple[float, float, float]


def paint_backgrounds(
    sprites: np.ndarray, names: dict[str, list[tuple[int, float]]], variants: int, seed: int
) -> np.ndarray:
    """All scenes in the order of ``SCENES``, uint8 (len(SCENES) * variants, 96, 96, 3)."""
    wanted = (
        "palm tree,beach with umbrella,umbrella on ground,cactus,couch and lamp,chair,bed,potted plant,castle,japanese castle,house,"
        "house with garden,hut,church,tractor,cow,horse,pig,sheep,ewe,sailboat,ship,passenger ship,ferry,motor boat"
    ).split(",")
    drawings = {}
    for name in wanted:
        chosen = sprites[[i for i, weight in names.get(name, []) if weight == 1]].astype(np.float32) / 255
        drawings[name] = list(np.concatenate([chosen[..., :3] * chosen[..., 3:], chosen[..., 3:]], -1))
    brush = Brush(seed, drawings)
    return np.stack([paint(name, brush) for name in SCENES for _ in range(variants)])


def shape_masks() -> np.ndarray:
    """Opaque white shapes, uint8 (len(SHAPES), 64, 64, 4), in the order of ``SHAPES``."""
    masks = np.zeros((len(SHAPES), SIZE, SIZE), np.uint8)
    for mask, shape in zip(masks, SHAPES, strict=True):
        _draw_shape(mask, shape)
    return np.concatenate([np.full((*masks.shape, 3), 255, np.uint8), masks[..., None]], -1)


def _draw_shape(mask: np.ndarray, shape: str) -> None:
    middle, reach = SIZE / 2 - 0.5, SIZE / 2 - 2

    def polygon(points: np.ndarray, closed: bool = True) -> None:
        corners = np.round((points * reach + middle) * 16).astype(np.int32)
        if closed:
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
        else:
            cv2.polylines(mask, [corners], False, 255, 5, cv2.LINE_AA, 4)

    def regular(n: int, turn: float = 0.0, inner: float = 1.0) -> np.ndarray:
        angles = turn - np.pi / 2 + np.arange(2 * n) * np.pi / n
        radii = np.where(np.arange(2 * n) % 2, inner, 1.0)
        return np.stack([radii * np.cos(angles), radii * np.sin(angles)], 1)

    t = np.linspace(0, 2 * np.pi, 64)
    if shape in ("circle", "ring"):
        polygon(np.stack([np.cos(t), np.sin(t)], 1))
        if shape == "ring":
            cv2.circle(mask, (32, 32), 19, 0, -1, cv2.LINE_AA)
    elif shape in ("square", "diamond", "triangle", "hexagon"):
        n = {"square": 4, "diamond": 4, "triangle": 3, "hexagon": 6}[shape]
        polygon(regular(n, np.pi / 4 if shape == "square" else 0.0)[::2])
    elif shape == "star":
        polygon(regular(5, 0.0, 0.42))
    elif shape == "cross":
        polygon(np.array([[-1, -0.33], [1, -0.33], [1, 0.33], [-1, 0.33]]))
        polygon(np.array([[-0.33, -1], [0.33, -1], [0.33, 1], [-0.33, 1]]))
    elif shape == "rectangle":
        polygon(np.array([[-1, -0.55], [1, -0.55], [1, 0.55], [-1, 0.55]]))
    elif shape == "heart":
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        polygon(np.stack([np.sin(t) ** 3, -y / 16], 1))
    else:
        s = np.linspace(0, 6 * np.pi, 160)
        polygon(np.stack([s * np.cos(s), s * np.sin(s)], 1) / 19, closed=False)


class Composer:
    """Draws specifications. ``sprites`` uint8 (N, 64, 64, 4) straight alpha, ``grounds`` uint8 (scenes * variants, 64, 64, 3)."""

    def __init__(
        self, sprites: np.ndarray, names: dict[str, list[tuple[int, float]]], grounds: np.ndarray, seed: int
    ) -> None:
        self.sprites, self.grounds = sprites, grounds
        self.shapes = shape_masks()
        self.variants = len(grounds) // len(SCENES)
        self.scene = {name: i for i, name in enumerate(SCENES)}
        self.pools = {n: (np.array([i for i, _ in p]), _share([w for _, w in p])) for n, p in names.items()}
        self.random = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.size = (SIZE, SIZE)

    def prefer_colour_drawings(self) -> None:
        """Where a name has drawings in colour, draw only those: one of few styles is learned sooner than one of many."""
        for name, (numbers, shares) in self.pools.items():
            weights = np.diff(shares, prepend=0.0)
            best = weights > 0.99 * weights.max()
            self.pools[name] = (numbers[best], _share(list(weights[best])))

    def draw(self, specs: list[Spec], size: tuple[int, int] = (SIZE, SIZE)) -> Tensor:
        """(N, 3, h, w) in [0, 1]; the shorter of h and w is 64."""
        self.size = size
        canvas = (
            torch.from_numpy(np.stack([self._ground(spec) for spec in specs]))
            .permute(0, 3, 1, 2)
            .contiguous()
        )
        layers: list[list[tuple[int, np.ndarray, Box, Spec, bool]]] = []
        for i, spec in enumerate(specs):
            aside = self._aside()
            for depth, (thing, (x, y, width), main) in enumerate(self._things(spec)):
                box = (x + aside[0], y + aside[1], width)
                while len(layers) <= depth:
                    layers.append([])
                layers[depth].append((i, thing, box, spec, main))
        for layer in layers:
            self._paste(canvas, layer)
        self._stylise(canvas, [spec.style for spec in specs])
        return canvas.clamp_(0, 1)

    def _uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator) * (high - low) + low

    def _colour(self, name: str, jitter: float = 22) -> np.ndarray:
        near = np.array(COLOURS[name]) + self.random.uniform(-jitter, jitter, 3)
        return (np.clip(near, 0, 255) / 255).astype(np.float32)

    def _plain(self, spec: Spec) -> np.ndarray:
        """An unnamed background: white, pastel, any colour or a soft gradient, never the colour of the thing."""
        r = self.random.random()
        if (r < 0.3 and spec.colour != "white") or spec.style in ("silhouette", "sketch"):
            top = np.full(3, self.random.uniform(0.94, 1.0), np.float32)
        else:
            others = [c for c in COLOURS if c != spec.colour]
            top = self._colour(others[self.random.integers(len(others))], 40)
            if r < 0.65:
                top = 1 - (1 - top) * PASTEL
        if r < 0.85:
            return np.broadcast_to(top, (*self.size, 3)).astype(np.float32)
        bottom = np.clip(top + self.random.uniform(-0.3, 0.3), 0, 1)
        return _blend(top, bottom, np.broadcast_to(np.linspace(0, 1, self.size[0])[:, None], self.size))

    def _aside(self) -> tuple[float, float]:
        """Where the middle of what is shown lies in a long picture, from its middle; units of the shorter side."""
        if self.size == (SIZE, SIZE):
            return 0.0, 0.0
        room = (max(self.size) / SIZE - 1) / 2
        aside = float(np.clip(self.random.normal(0, 0.35), -1, 1)) * room
        return (aside, 0.0) if self.size[1] > self.size[0] else (0.0, aside)

    def _ground(self, spec: Spec) -> np.ndarray:
        """float32 (64, 64, 3)."""
        if not spec.ground:
            return self._plain(spec)
        kind, *rest = spec.ground
        if kind == "scene":
            picture = self.grounds[self.scene[rest[0]] * self.variants + self.random.integers(self.variants)]
            picture = self._fitted(picture[:, ::-1] if self.random.random() < 0.5 else picture)
            return picture.astype(np.float32) * np.float32(self.random.uniform(0.92, 1.08) / 255)
        if kind == "colour":
            return np.broadcast_to(self._colour(rest[0]), (*self.size, 3)).astype(np.float32)
        if kind == "pattern":
            kind, *rest = rest
        return self._texture(kind, self._colour(rest[0]), self._colour(rest[1]))

    def _fitted(self, picture: np.ndarray) -> np.ndarray:
        """A square scene for a picture that may be longer: half of the way cut, half of the way stretched."""
        height, width = self.size
        if height == width:
            return picture
        keep = round(SIZE / math.sqrt(max(self.size) / SIZE))
        start = int(self.random.integers(SIZE - keep + 1))
        part = picture[start : start + keep] if width > height else picture[:, start : start + keep]
        resized: np.ndarray = cv2.resize(
            np.ascontiguousarray(part), (width, height), interpolation=cv2.INTER_LINEAR
        )
        return resized

    def _texture(self, name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        y, x = np.mgrid[0 : self.size[0], 0 : self.size[1]].astype(np.float32) + self.random.uniform(0, 9)
        period, turn = self.random.uniform(6, 15), self.random.uniform(0, np.pi)
        if name == "plain":
            return np.broadcast_to(a, (*self.size, 3)).astype(np.float32)
        if name == "gradient":
            down, across = (np.linspace(0, 1, length) for length in self.size)
            ramp = down[:, None] if self.random.random() < 0.6 else across[None]
            return _blend(a, b, np.broadcast_to(ramp, self.size))
        if name == "stripes":
            mask = ((x * np.cos(turn) + y * np.sin(turn)) / period) % 1 > 0.5
        elif name in ("horizontal stripes", "vertical stripes"):
            mask = ((y if name[0] == "h" else x) / period) % 1 > 0.5
        elif name == "checkerboard":
            mask = ((x // period) + (y // period)) % 2 > 0.5
        elif name == "polka dots":
            period += 4
            mask = np.hypot(x % period - period / 2, y % period - period / 2) > period * 0.3
        else:
            mask = (np.hypot(x - x.mean(), y - y.mean()) / period) % 1 > 0.5
        return _blend(a, b, mask)

    def _sprite(self, name: str) -> np.ndarray:
        numbers, shares = self.pools[name]
        return self.sprites[numbers[np.searchsorted(shares, self.random.random())]]

    def _things(self, spec: Spec) -> list[tuple[np.ndarray, Box, bool]]:
        """(sprite, box, whether it is the main thing), back to front; a box is (x, y, width) in canvas units of 0..1."""
        if spec.kind == "shape":
            return [(self.shapes[SHAPES.index(spec.things[0])], self._centred(), True)]
        if not spec.things:
            return []
        u = self.random.uniform
        main = self._sprite(spec.things[0])
        if spec.kind == "object":
            boxes = [self._centred()] if spec.count == 1 else self._several(spec.count)
            return [(main, box, True) for box in boxes]
        second = self._sprite(spec.things[1])
        if spec.kind == "pair":
            left, size, y = (u(0.24, 0.3), u(0.42, 0.55), u(0.45, 0.58))
            places = [left, 1 - left] if u() < 0.5 else [1 - left, left]
            return [
                (second, (places[0], y, size), False),
                (main, (places[1], y + u(-0.05, 0.05), size), True),
            ]
        if spec.kind == "above":
            low, high = (u(0.4, 0.6), u(0.7, 0.76), u(0.4, 0.52)), (u(0.4, 0.6), u(0.22, 0.3), u(0.38, 0.48))
            return [(second, low, False), (main, high, True)]
        if spec.kind == "on":
            return [
                (second, (0.5, 0.7, u(0.55, 0.65)), False),
                (main, (u(0.45, 0.55), 0.32, u(0.42, 0.52)), True),
            ]
        return self._worn(main, second, spec.things[1])

    def _worn(self, wearer: np.ndarray, worn: np.ndarray, name: str) -> list[tuple[np.ndarray, Box, bool]]:
        """The wearer below, the hat at the top of its drawing, or the glasses a third down."""
        size, u = self.random.uniform(0.62, 0.78), self.random.uniform
        y = 0.94 - size / 2
        rows = np.nonzero((wearer[..., 3] > 128).any(1))[0]
        top = y + (rows[0] / SIZE - 0.5) * size
        head = np.nonzero((wearer[rows[0] : rows[0] + 14, :, 3] > 128).any(0))[0]
        x = 0.5 + ((head.min() + head.max()) / 2 / SIZE - 0.5) * size * 0.7
        assert name in WEARABLE
        if name.endswith("glasses"):
            return [
                (wearer, (0.5, y, size), True),
                (worn, (x, top + size * u(0.3, 0.4), size * u(0.45, 0.6)), False),
            ]
        hat = size * u(0.45, 0.62)
        return [(wearer, (0.5, y, size), True), (worn, (x, top - hat * u(0.05, 0.2), hat), False)]

    def _centred(self) -> Box:
        u = self.random.uniform
        size = u(0.72, 1.0) if u() < 0.8 else u(0.45, 0.72)
        room = max(0.03, (1 - size) / 2) * 0.7
        return 0.5 + u(-room, room), 0.5 + u(-room, room), size

    def _several(self, count: int) -> list[Box]:
        u = self.random.uniform
        if count == 2:
            places, size = [(0.26, 0.5), (0.74, 0.5)] if u() < 0.7 else [(0.5, 0.26), (0.5, 0.74)], 0.5
        elif count == 3:
            row, triangle = [(0.2, 0.5), (0.5, 0.5), (0.8, 0.5)], [(0.5, 0.25), (0.26, 0.72), (0.74, 0.72)]
            places, size = (row, 0.38) if u() < 0.4 else (triangle, 0.44)
        elif count == 4:
            places, size = [(x, y) for x in (0.26, 0.74) for y in (0.26, 0.74)], 0.46
        else:
            places = [
                (0.18, 0.2),
                (0.5, 0.2),
                (0.82, 0.2),
                (0.32, 0.5),
                (0.68, 0.5),
                (0.18, 0.8),
                (0.5, 0.8),
                (0.82, 0.8),
            ]
            size = 0.31
        return [(x + u(-0.04, 0.04), y + u(-0.04, 0.04), size * u(0.85, 1.1)) for x, y in places]

    def _paste(self, canvas: Tensor, layer: list[tuple[int, np.ndarray, Box, Spec, bool]]) -> None:
        """Blends one sprite into each picture that has one at this depth."""
        rows = torch.tensor([i for i, *_ in layer])
        sprites = (
            torch.from_numpy(np.stack([sprite for _, sprite, *_ in layer])).permute(0, 3, 1, 2).float() / 255
        )
        boxes = torch.tensor([box for _, _, box, _, _ in layer], dtype=torch.float32)
        colours = self._wanted_colours(layer, sprites)
        rgb = self._varied(sprites[:, :3])
        tinted = (colours[1] > 0).nonzero()[:, 0]
        rgb[tinted] = recoloured(
            sprites[tinted, :3], sprites[tinted, 3:], colours[0][tinted], colours[1][tinted]
        )
        pasted = self._placed(torch.cat([rgb * sprites[:, 3:], sprites[:, 3:]], 1), boxes)
        canvas[rows] = canvas[rows] * (1 - pasted[:, 3:]) + pasted[:, :3]

    def _wanted_colours(self, layer: list, sprites: Tensor) -> tuple[Tensor, Tensor]:
        """For each sprite the colour (N, 3) and how much of it, 0..1 (N,): named, or any for one-colour drawings."""
        mono = (sprites[:, :3] * sprites[:, 3:]).sum((1, 2, 3)) >= 2.999 * sprites[:, 3].sum((1, 2)) * 0.99
        colours, strength = torch.zeros(len(layer), 3), torch.zeros(len(layer))
        for k, (_, _, _, spec, main) in enumerate(layer):
            if spec.style == "silhouette":
                colours[k], strength[k] = 0.04, 2.0
            elif main and spec.colour:
                colours[k] = torch.from_numpy(self._colour(spec.colour))
                strength[k] = float(self.random.choice([1.0, 1.0, 0.9, 0.8]))
            elif mono[k]:
                colours[k], strength[k] = (
                    torch.from_numpy(self.random.random(3).astype(np.float32) * 0.85),
                    1.0,
                )
        return colours, strength

    def _varied(self, rgb: Tensor) -> Tensor:
        """Small random changes of hue, saturation and brightness."""
        n = len(rgb)
        saturation, gain = self._uniform(0.7, 1.25, n, 1, 1, 1), self._uniform(0.85, 1.12, n, 3, 1, 1)
        light = rgb.mean(1, keepdim=True) * (1 - saturation)
        return torch.addcmul(light, rgb, saturation).mul_(gain).clamp_(0, 1)

    def _placed(self, sprites: Tensor, boxes: Tensor) -> Tensor:
        """Premultiplied sprites (N, 4, 64, 64) resampled into their boxes, a little turned, stretched, sheared, sometimes mirrored."""
        n = len(sprites)
        angle = torch.randn(n, generator=self.generator) * 0.12
        stretch = torch.exp(torch.randn(n, generator=self.generator) * 0.07)
        shear = torch.randn(n, generator=self.generator) * 0.06
        mirror = torch.where(self._uniform(0, 1, n) < 0.35, -1.0, 1.0)
        inverse = 1 / boxes[:, 2]
        cos, sin = torch.cos(angle) * inverse, torch.sin(angle) * inverse
        x, y = boxes[:, 0] * 2 - 1, boxes[:, 1] * 2 - 1
        tall, wide = self.size[0] / SIZE, self.size[1] / SIZE
        a, b = mirror * cos * stretch, mirror * (sin + shear * inverse)
        c, d = -sin, cos / stretch
        matrix = torch.stack(
            [
                torch.stack([a * wide, b * tall, -a * x - b * y], 1),
                torch.stack([c * wide, d * tall, -c * x - d * y], 1),
            ],
            1,
        )
        small = boxes[:, 2] < 0.6
        if small.any():
            halved = F.interpolate(
                F.avg_pool2d(sprites[small], 2), scale_factor=2, mode="bilinear", align_corners=False
            )
            sprites[small] = halved
        grid = F.affine_grid(matrix, [n, 4, *self.size], align_corners=False)
        return F.grid_sample(sprites, grid, padding_mode="zeros", align_corners=False)

    def _stylise(self, canvas: Tensor, styles: list[str]) -> None:
        """Applies the styles in place."""
        for style, apply in STYLISED.items():
            rows = [i for i, s in enumerate(styles) if s == style]
            if rows:
                canvas[rows] = apply(canvas[rows], self.generator)


def _share(weights: list[float]) -> np.ndarray:
    total = np.cumsum(weights)
    return total / total[-1]


def _blend(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    mixed = a + (b - a) * t[..., None]
    return mixed.astype(np.float32)


def shrunk(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, h, h, channels), with straight alpha where there are four, at this composer's size: uint8 (N, 64, 64, channels)."""
    if pictures.shape[1] == SIZE:
        return pictures
    small = np.empty((len(pictures), SIZE, SIZE, pictures.shape[3]), np.uint8)
    for start in range(0, len(pictures), 512):
        part = torch.from_numpy(pictures[start : start + 512].astype(np.float32)).permute(0, 3, 1, 2)
        part[:, :3] *= part[:, 3:] / 255 if part.shape[1] == 4 else 1
        part = F.interpolate(part, size=(SIZE, SIZE), mode="bilinear", antialias=True)
        part[:, :3] *= 255 / part[:, 3:].clamp(min=1) if part.shape[1] == 4 else 1
        small[start : start + 512] = part.permute(0, 2, 3, 1).round().clamp(0, 255).byte().numpy()
    return small


def load_composer(work: Path, seed: int, art: str = "sprites") -> Composer:
    """The composer of the perceptor's art, or of the judge's (``held_out``)."""
    meta = json.loads((work / f"{art}.json").read_text())
    grounds = "backgrounds" if art == "sprites" else f"backgrounds_{art}"
    sprites, scenes = (np.load(work / f"{name}.npy", mmap_mode="r") for name in (art, grounds))
    return Composer(shrunk(sprites), pools(meta), shrunk(scenes), seed)


def sheet(pictures: Tensor, captions: list[str], columns: int, zoom: int) -> Image.Image:
    """Pictures (N, 3, h, w) in [0, 1] with their captions below them."""
    rows = -(-len(captions) // columns)
    page = Image.new("RGB", (columns * (zoom + 6), rows * (zoom + 30)), "white")
    pen = ImageDraw.Draw(page)
    for i, caption in enumerate(captions):
        x, y = (i % columns) * (zoom + 6), (i // columns) * (zoom + 30)
        values = (pictures[i].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
        filter = Image.Resampling.NEAREST if values.shape[0] < zoom // 2 else Image.Resampling.BICUBIC
        page.paste(Image.fromarray(values).resize((zoom, zoom), filter), (x, y))
        width = max(10, zoom // 6)
        for k, part in enumerate(re.findall(f".{{1,{width}}}", caption)[:2]):
            pen.text((x + 1, y + zoom + 1 + 12 * k), part, fill=0)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--art", default="sprites", help="sprites, or held_out for the judge")
    parser.add_argument("--variants", type=int, default=160, help="pictures of each scene")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", help="name of a bank: draw a sheet of it instead")
    arguments = parser.parse_args()
    work, art = arguments.work, arguments.art
    if arguments.sheet:
        bank = json.loads((work / f"bank_{arguments.sheet}.json").read_text())
        start = 4 * (arguments.seed * 97 % (len(bank["captions"]) // 4 - 12))
        part = slice(start, start + 48)
        pictures = load_composer(work, arguments.seed, art).draw([load_spec(s) for s in bank["specs"][part]])
        sheet(pictures, bank["captions"][part], 12, 112).save(work / f"sheet_{arguments.sheet}.png")
        return
    meta = json.loads((work / f"{art}.json").read_text())
    sprites = np.load(work / f"{art}.npy", mmap_mode="r")
    grounds = paint_backgrounds(sprites, pools(meta), arguments.variants, arguments.seed)
    np.save(work / ("backgrounds.npy" if art == "sprites" else f"backgrounds_{art}.npy"), grounds)
    print(len(grounds), "backgrounds")


if __name__ == "__main__":
    main()
