"""Draws specifications a whole batch at a time, on any device: what ``compose`` does for each picture, as tensors.

``Palette`` holds what is drawn with, ``encoded`` turns specifications into numbers once, and ``Easel`` paints rows of
them, differently each time. Needs numpy and torch only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.captions import Spec
from training.landscapes import LANDS, SKIES, painted
from training.styles import STYLISED, grey
from training.vocabulary import COLOURS, SCENES, SHAPES, STYLES, TEXTURES

SIDE = 96
PLACES = 8  # things in one picture at most
PASTEL = 0.55
KINDS = ("object", "pair", "above", "on", "wear", "scene", "shape", "texture")
GROUNDS = ("", "colour", "gradient", "pattern", "scene", "land")
MASKS = tuple(f"shape {shape}" for shape in SHAPES)
SKIES_ABOVE = (
    "sky",
    "clear",
    "sunny",
    "night",
    "moon",
    "space",
    "sunset",
    "under",
    "rain",
    "storm",
    "fireworks",
    "aurora",
    "foggy",
    "fire",
    "brick",
)
"""Scenes without a ground to stand on."""


@dataclass(frozen=True)
class Palette:
    """``sprites`` uint8 (N, 4, SIDE, SIDE), straight alpha; ``grounds`` uint8 (scenes * variants, 3, SIDE, SIDE), in the
    order of ``SCENES``; ``pools``: the numbers and the weights of the sprites that show a name."""

    sprites: Tensor
    grounds: Tensor
    pools: dict[str, list[tuple[int, float]]]


@dataclass(frozen=True)
class Encoded:
    """Specifications as numbers, int64 each: (N,), and (N, 2) for the things and their colours. -1 is none."""

    kind: Tensor
    things: Tensor
    colours: Tensor
    count: Tensor
    ground: Tensor
    parts: Tensor
    """What the ground is made of: two colours, a scene, or a sky and a land."""
    texture: Tensor
    style: Tensor

    def rows(self, rows: Tensor) -> "Encoded":
        return Encoded(**{name: value[rows] for name, value in vars(self).items()})

    def to(self, device: torch.device) -> "Encoded":
        return Encoded(**{name: value.to(device) for name, value in vars(self).items()})

    def __len__(self) -> int:
        return len(self.kind)


def encoded(specs: Sequence[Spec], names: Sequence[str]) -> Encoded:
    """``names``: those of the pools, in order; the shapes come after them."""
    place = {name: i for i, name in enumerate([*names, *MASKS])}
    colour, scene = ({name: i for i, name in enumerate(known)} for known in (COLOURS, SCENES))
    sky, land = ({name: i for i, name in enumerate(known)} for known in (SKIES, LANDS))
    rows = np.full((len(specs), 11), -1, np.int64)
    for row, spec in zip(rows, specs, strict=True):
        things = [f"shape {spec.things[0]}"] if spec.kind == "shape" else list(spec.things)
        row[0] = KINDS.index(spec.kind)
        row[1 : 1 + len(things)] = [place[thing] for thing in things]
        row[3:5] = [colour.get(name, -1) for name in (spec.colour, spec.second_colour)]
        row[5] = spec.count
        ground = spec.ground
        if spec.kind == "texture":
            ground = ("pattern", *ground)
        row[6] = GROUNDS.index(ground[0]) if ground else 0
        if not ground:
            continue
        if ground[0] == "pattern":
            row[9], ground = TEXTURES.index(ground[1]), ground[1:]
        known = {"scene": (scene,), "land": (sky, land)}.get(spec.ground[0], (colour, colour))
        row[7 : 6 + len(ground)] = [table[name] for table, name in zip(known, ground[1:], strict=False)]
    for row, spec in zip(rows, specs, strict=True):
        row[10] = list(STYLES).index(spec.style) if spec.style else -1
    r = torch.from_numpy(rows)
    return Encoded(r[:, 0], r[:, 1:3], r[:, 3:5], r[:, 5], r[:, 6], r[:, 7:9], r[:, 9], r[:, 10])


class Easel:
    """Paints encoded specifications. All tensors and the generator are on one device."""

    def __init__(self, palette: Palette, device: torch.device | str = "cpu", seed: int = 0) -> None:
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        masks = _shape_masks()
        self.sprites = torch.cat([palette.sprites, masks]).to(self.device)
        self.grounds = palette.grounds.to(self.device)
        self.variants = len(self.grounds) // len(SCENES)
        pools = [*palette.pools.values(), *([(len(palette.sprites) + i, 1.0)] for i in range(len(masks)))]
        shares = [np.cumsum([weight for _, weight in pool]) for pool in pools]
        ends = np.concatenate([i + share / share[-1] for i, share in enumerate(shares)])
        self.ends = torch.from_numpy(ends).to(self.device)
        self.members = torch.tensor([number for pool in pools for number, _ in pool], device=self.device)
        self.mono, self.head = self._measured()
        self.glasses = [i for i, name in enumerate(palette.pools) if name.endswith("glasses")]
        values = torch.tensor(list(COLOURS.values()), dtype=torch.float32, device=self.device)
        self.colours = values / 255

    def _measured(self) -> tuple[Tensor, Tensor]:
        """Which sprites are of one colour, white (N,); and (N, 2): where the head is, its x and top in 0..1."""
        mono, heads = [], []
        places = torch.linspace(0, 1, SIDE, device=self.device)
        for part in self.sprites.split(2048):
            alpha = part[:, 3].float() / 255
            light = (part[:, :3].float().mean(1) / 255 * alpha).sum((1, 2)) / alpha.sum((1, 2)).clamp(min=1)
            mono.append(light > 0.985)
            solid = alpha > 0.5
            top = solid.any(2).float().argmax(1)
            near = (torch.arange(SIDE, device=self.device)[None] - top[:, None]).clamp(min=-1)
            head = (solid & ((near >= 0) & (near < SIDE // 5))[..., None]).any(1).float()
            x = (head * places).sum(1) / head.sum(1).clamp(min=1)
            heads.append(torch.stack([x, top / SIDE], 1))
        return torch.cat(mono), torch.cat(heads)

    def paint(self, specs: Encoded, size: tuple[int, int] = (SIDE, SIDE)) -> Tensor:
        """(N, 3, h, w) in [0, 1]; ``size`` is (h, w)."""
        canvas = self._ground(specs, size)
        sprites, boxes, which = self._placed(specs, size)
        for depth in range(PLACES):
            rows = (sprites[:, depth] >= 0).nonzero()[:, 0]
            if len(rows):
                self._paste(canvas, specs, rows, sprites[rows, depth], boxes[rows, depth], which[rows, depth])
        return self._stylised(canvas, specs.style).clamp_(0, 1)

    def _uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.device) * (high - low) + low

    def _normal(self, deviation: float, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device) * deviation

    def _named(self, numbers: Tensor, jitter: float = 0.085) -> Tensor:
        """(N, 3): colours near the named ones."""
        return (self.colours[numbers.clamp(min=0)] + self._uniform(-jitter, jitter, len(numbers), 3)).clamp(
            0, 1
        )

    # Grounds

    def _ground(self, specs: Encoded, size: tuple[int, int]) -> Tensor:
        canvas = self._plain(specs, size)

        def rows(kind: str) -> Tensor:
            return (specs.ground == GROUNDS.index(kind)).nonzero()[:, 0]

        if len(found := rows("colour")):
            canvas[found] = self._named(specs.parts[found, 0])[..., None, None].expand(-1, -1, *size)
        if len(found := rows("gradient")):
            a, b = (self._named(specs.parts[found, k])[..., None, None] for k in (0, 1))
            canvas[found] = torch.lerp(
                a, b, torch.linspace(0, 1, size[0], device=self.device)[:, None].expand(size)
            )
        if len(found := rows("pattern")):
            canvas[found] = self._pattern(specs.rows(found), size)
        if len(found := rows("scene")):
            canvas[found] = self._scene(specs.parts[found, 0], size)
        if len(found := rows("land")):
            canvas[found] = painted(specs.parts[found, 0], specs.parts[found, 1], size, self.generator)
        return canvas

    def _plain(self, specs: Encoded, size: tuple[int, int]) -> Tensor:
        """Unnamed grounds: white, pastel, any colour, a soft gradient, never the colour of the thing."""
        n, chance = len(specs), self._uniform(0, 1, len(specs), 1)
        number = torch.randint(1, len(COLOURS), (n,), generator=self.generator, device=self.device)
        top = self._named((specs.colours[:, 0].clamp(min=0) + number) % len(COLOURS), 0.15)
        top = torch.where(chance < 0.65, 1 - (1 - top) * PASTEL, top)
        white = self._uniform(0.94, 1, n, 1).expand(-1, 3)
        drawn = [list(STYLES).index(style) for style in ("silhouette", "sketch")]
        wanted = (specs.style == drawn[0]) | (specs.style == drawn[1])
        is_white = (chance[:, 0] < 0.35) & (specs.colours[:, 0] != list(COLOURS).index("white")) | wanted
        top = torch.where(is_white[:, None], white, top)
        change = self._uniform(-0.3, 0.3, n, 1) * (self._uniform(0, 1, n, 1) > 0.8)
        bottom = (top + change).clamp(0, 1)
        share = torch.linspace(0, 1, size[0], device=self.device)[:, None].expand(size)
        return torch.lerp(top[..., None, None], bottom[..., None, None], share)

    def _pattern(self, specs: Encoded, size: tuple[int, int]) -> Tensor:
        n, (height, width) = len(specs), size
        a, b = (self._named(specs.parts[:, k])[..., None, None] for k in (0, 1))
        y = torch.arange(height, device=self.device)[None, :, None] + self._uniform(0, 9, n, 1, 1)
        x = torch.arange(width, device=self.device)[None, None, :] + self._uniform(0, 9, n, 1, 1)
        period, turn = self._uniform(9, 22, n, 1, 1), self._uniform(0, torch.pi, n, 1, 1)
        dots = period + 6
        ramp = torch.linspace(0, 1, height, device=self.device)[:, None].expand(n, *size)
        masks = {
            "stripes": ((x * turn.cos() + y * turn.sin()) / period) % 1 > 0.5,
            "horizontal stripes": ((y / period) % 1 > 0.5).expand(n, *size),
            "vertical stripes": ((x / period) % 1 > 0.5).expand(n, *size),
            "checkerboard": ((x // period) + (y // period)) % 2 > 0.5,
            "polka dots": torch.hypot(x % dots - dots / 2, y % dots - dots / 2) > dots * 0.3,
            "concentric circles": (torch.hypot(x - width / 2, y - height / 2) / period) % 1 > 0.5,
            "plain": torch.zeros(n, *size, device=self.device),
            "gradient": ramp,
        }
        every = torch.stack([masks[name].float() for name in TEXTURES], 1)
        share = every[torch.arange(n, device=self.device), specs.texture.clamp(min=0)]
        return torch.lerp(a, b, share[:, None])

    def _scene(self, scenes: Tensor, size: tuple[int, int]) -> Tensor:
        """Painted scenes, mirrored or not, a little enlarged; in a long picture half of the way cut, half stretched."""
        n, (height, width) = len(scenes), size
        variant = torch.randint(self.variants, (n,), generator=self.generator, device=self.device)
        picture = self.grounds[scenes * self.variants + variant].float() / 255
        keep, long = self._uniform(0.82, 1.0, n), (max(size) / min(size)) ** 0.5
        across = keep * (1 if width >= height else 1 / long)
        down = keep * (1 if height >= width else 1 / long)
        mirror = torch.where(self._uniform(0, 1, n) < 0.5, -1.0, 1.0)
        x, y = ((1 - part) * self._uniform(-1, 1, n) for part in (across, down))
        zero = torch.zeros_like(x)
        matrix = torch.stack([torch.stack([across * mirror, zero, x], 1), torch.stack([zero, down, y], 1)], 1)
        grid = F.affine_grid(matrix, [n, 3, height, width], align_corners=False)
        seen = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
        return seen * self._uniform(0.92, 1.08, n, 1, 1, 1)

    # Things

    def _chosen(self, pools: Tensor) -> Tensor:
        """(N,): a sprite of each pool, by the weights; -1 of none."""
        chance = (
            torch.rand(len(pools), generator=self.generator, device=self.device, dtype=torch.float64)
            * 0.999999
        )
        found = torch.searchsorted(self.ends, pools.clamp(min=0) + chance, right=True)
        return torch.where(pools >= 0, self.members[found.clamp(max=len(self.members) - 1)], -1)

    def _placed(self, specs: Encoded, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Sprites (N, PLACES), -1 for none, back to front; boxes (N, PLACES, 3): x, y and width in units of the shorter side,
        from its middle square's corner; and which thing each is, 0 or 1 (N, PLACES)."""
        n, kind = len(specs), specs.kind
        first, second = self._chosen(specs.things[:, 0]), self._chosen(specs.things[:, 1])
        sprites = torch.full((n, PLACES), -1, device=self.device)
        boxes, which = torch.zeros(n, PLACES, 3, device=self.device), torch.zeros_like(sprites)

        def is_kind(*names: str) -> Tensor:
            found = torch.zeros(n, dtype=torch.bool, device=self.device)
            for name in names:
                found |= kind == KINDS.index(name)
            return found

        def put(rows: Tensor, depth: int, thing: int, x: Tensor, y: Tensor, width: Tensor) -> None:
            sprites[:, depth] = torch.where(rows, second if thing else first, sprites[:, depth])
            boxes[:, depth] = torch.where(rows[:, None], torch.stack([x, y, width], 1), boxes[:, depth])
            which[:, depth] = torch.where(rows, thing, which[:, depth])

        def u(low: float, high: float) -> Tensor:
            return self._uniform(low, high, n)

        single = is_kind("object", "shape") & (specs.count == 1)
        put(single, 0, 0, *self._alone(specs))
        for count, places in _SEVERAL.items():
            rows = is_kind("object") & (specs.count == count)
            for depth, (x, y, width) in enumerate(places):
                put(rows, depth, 0, x + u(-0.04, 0.04), y + u(-0.04, 0.04), width * u(0.85, 1.1))
        left, width, y = u(0.24, 0.3), u(0.42, 0.56), u(0.45, 0.62)
        left = torch.where(u(0, 1) < 0.5, left, 1 - left)
        put(is_kind("pair"), 0, 1, left, y, width)
        put(is_kind("pair"), 1, 0, 1 - left, y + u(-0.05, 0.05), width)
        put(is_kind("above"), 0, 1, u(0.4, 0.6), u(0.7, 0.76), u(0.4, 0.52))
        put(is_kind("above"), 1, 0, u(0.4, 0.6), u(0.22, 0.3), u(0.38, 0.48))
        put(is_kind("on"), 0, 1, u(0.45, 0.55), u(0.68, 0.74), u(0.52, 0.64))
        put(is_kind("on"), 1, 0, u(0.45, 0.55), u(0.28, 0.35), u(0.42, 0.52))
        wearer, worn = self._worn(specs, first)
        put(is_kind("wear"), 0, 0, *wearer)
        put(is_kind("wear"), 1, 1, *worn)
        tall, wide = (length / min(size) for length in size)
        aside = (torch.randn(n, generator=self.generator, device=self.device) * 0.35).clamp(-1, 1)[:, None]
        boxes[..., 0] += (wide - 1) / 2 * (1 + aside)
        boxes[..., 1] += (tall - 1) / 2 * (1 + aside)
        return sprites, boxes, which

    def _alone(self, specs: Encoded) -> tuple[Tensor, Tensor, Tensor]:
        """The box of a single thing: large and about in the middle; in a place with a ground it mostly stands there."""
        n = len(specs)
        size = torch.where(
            self._uniform(0, 1, n) < 0.85, self._uniform(0.72, 1.0, n), self._uniform(0.45, 0.72, n)
        )
        aloft = torch.zeros_like(specs.kind, dtype=torch.bool)
        for scene in SKIES_ABOVE:
            aloft |= specs.parts[:, 0] == list(SCENES).index(scene)
        grounded = (specs.ground == GROUNDS.index("land")) | (
            (specs.ground == GROUNDS.index("scene")) & ~aloft
        )
        stands = grounded & (self._uniform(0, 1, n) < 0.75)
        size = torch.where(stands, self._uniform(0.45, 0.85, n), size)
        room = ((1 - size) / 2).clamp(min=0.03) * 0.7
        x = 0.5 + self._uniform(-1, 1, n) * room
        y = torch.where(stands, self._uniform(0.8, 0.98, n) - size / 2, 0.5 + self._uniform(-1, 1, n) * room)
        return x, y, size

    def _worn(self, specs: Encoded, wearers: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The boxes of the wearer, below, and of the hat at the top of its drawing, or of the glasses a third down."""
        n = len(specs)
        size = self._uniform(0.62, 0.78, n)
        y = 0.94 - size / 2
        head = self.head[wearers.clamp(min=0)]
        top, x = y + (head[:, 1] - 0.5) * size, 0.5 + (head[:, 0] - 0.5) * size * 0.7
        glasses = torch.zeros(n, dtype=torch.bool, device=self.device)
        for pool in self.glasses:
            glasses |= specs.things[:, 1] == pool
        width = size * self._uniform(0.45, 0.62, n)
        down = torch.where(glasses, size * self._uniform(0.3, 0.4, n), -width * self._uniform(0.05, 0.2, n))
        return (torch.full_like(x, 0.5), y, size), (x, top + down, width)

    def _paste(
        self, canvas: Tensor, specs: Encoded, rows: Tensor, numbers: Tensor, boxes: Tensor, which: Tensor
    ) -> None:
        """Blends one sprite into each of the pictures ``rows``."""
        n, size = len(rows), (canvas.shape[2], canvas.shape[3])
        sprites = self.sprites[numbers].float() / 255
        colour = specs.colours[rows].gather(1, which[:, None])[:, 0]
        silhouette = specs.style[rows] == list(STYLES).index("silhouette")
        strength = torch.where(colour >= 0, self._uniform(0.8, 1.0, n), 0.0)
        wanted = self._named(colour)
        loose = self.mono[numbers] & (colour < 0)
        wanted = torch.where(loose[:, None], self._uniform(0, 0.85, n, 3), wanted)
        strength = torch.where(loose, 1.0, strength)
        wanted = torch.where(silhouette[:, None], 0.04, wanted)
        strength = torch.where(silhouette, 2.0, strength)
        rgb, alpha = sprites[:, :3], sprites[:, 3:]
        tinted = recoloured(rgb, alpha, wanted, strength)
        rgb = torch.where((strength > 0)[:, None, None, None], tinted, self._varied(rgb))
        layer = self._resampled(torch.cat([rgb * alpha, alpha], 1), boxes, size)
        canvas[rows] = canvas[rows] * (1 - layer[:, 3:]) + layer[:, :3]

    def _varied(self, rgb: Tensor) -> Tensor:
        """Small random changes of saturation and tint."""
        n = len(rgb)
        light = rgb.mean(1, keepdim=True)
        gain = self._uniform(0.88, 1.1, n, 3, 1, 1)
        return (torch.lerp(light, rgb, self._uniform(0.75, 1.25, n, 1, 1, 1)) * gain).clamp(0, 1)

    def _resampled(self, sprites: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
        """Premultiplied sprites (N, 4, SIDE, SIDE) in their boxes, a little turned, stretched, sheared, some mirrored."""
        n, short = len(sprites), min(size)
        angle, stretch = self._normal(0.1, n), torch.exp(self._normal(0.06, n))
        shear, mirror = self._normal(0.05, n), torch.where(self._uniform(0, 1, n) < 0.35, -1.0, 1.0)
        inverse = 1 / boxes[:, 2].clamp(min=0.05)
        cos, sin = angle.cos() * inverse, angle.sin() * inverse
        tall, wide = size[0] / short, size[1] / short
        x, y = boxes[:, 0] * 2 - wide, boxes[:, 1] * 2 - tall
        a, b = mirror * cos * stretch, mirror * (sin + shear * inverse)
        c, d = -sin, cos / stretch
        first = torch.stack([a * wide, b * tall, -a * x - b * y], 1)
        matrix = torch.stack([first, torch.stack([c * wide, d * tall, -c * x - d * y], 1)], 1)
        layer = torch.empty(n, 4, *size, device=self.device)
        small = boxes[:, 2] * short < 0.6 * SIDE
        for half, chosen in ((False, ~small), (True, small)):
            rows = chosen.nonzero()[:, 0]
            if len(rows):
                source = F.avg_pool2d(sprites[rows], 2) if half else sprites[rows]
                grid = F.affine_grid(matrix[rows], [len(rows), 4, *size], align_corners=False)
                layer[rows] = F.grid_sample(source, grid, padding_mode="zeros", align_corners=False)
        return layer

    def _stylised(self, canvas: Tensor, styles: Tensor) -> Tensor:
        for style, apply in STYLISED.items():
            rows = (styles == list(STYLES).index(style)).nonzero()[:, 0]
            if len(rows):
                canvas[rows] = apply(canvas[rows], self.generator)
        return canvas


_SEVERAL = {
    2: [(0.26, 0.5, 0.5), (0.74, 0.5, 0.5)],
    3: [(0.5, 0.25, 0.44), (0.26, 0.72, 0.44), (0.74, 0.72, 0.44)],
    4: [(x, y, 0.46) for y in (0.26, 0.74) for x in (0.26, 0.74)],
    7: [(x, y, 0.31) for x, y in ((0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.33, 0.5), (0.67, 0.5), (0.2, 0.8), (0.5, 0.8), (0.8, 0.8))],
}  # fmt: skip


def recoloured(rgb: Tensor, alpha: Tensor, colours: Tensor, strength: Tensor) -> Tensor:
    """Sprites (N, 3, h, w) in the wanted colours (N, 3), keeping light and shade; strength 2 leaves only the outline."""
    light = grey(rgb)
    mean = (light * alpha).sum((2, 3), keepdim=True) / alpha.sum((2, 3), keepdim=True).clamp(min=1)
    shade, base = light / mean.clamp(min=0.1), colours[:, :, None, None]
    bright = base + (1 - base) * ((shade - 1) * 0.6).clamp(0, 0.8)
    tinted = torch.where(shade < 1, base * shade.clamp(0.15, 1), bright)
    dark = (colours.amax(1) < 0.25)[:, None, None, None]
    tinted = torch.where(dark, (base * 0.5 + 0.12 * (shade - 0.6)).clamp(0, 0.4), tinted)
    pale = (colours.amin(1) > 0.85)[:, None, None, None]
    tinted = torch.where(pale, 1 - (1 - light.clamp(0, 1)) * 0.45, tinted)
    share = strength[:, None, None, None]
    return torch.where(share > 1, base.expand_as(tinted), tinted * share + rgb * (1 - share))


def _shape_masks() -> Tensor:
    """Opaque white shapes, uint8 (len(SHAPES), 4, SIDE, SIDE), in the order of ``SHAPES``."""
    lines = torch.linspace(-1, 1, 4 * SIDE) * 1.06
    y, x = torch.meshgrid(lines, lines, indexing="ij")
    radius, angle = torch.hypot(x, y), torch.atan2(x, -y)

    def regular(n: int, turn: float = 0.0) -> Tensor:
        sector = (angle + turn + torch.pi / n) % (2 * torch.pi / n) - torch.pi / n
        return radius * sector.cos() < torch.cos(torch.tensor(torch.pi / n))

    sector = (angle + torch.pi / 5) % (2 * torch.pi / 5) - torch.pi / 5
    tip, dent = torch.tensor([0.0, -1.0]), 0.42 * torch.tensor([0.5878, -0.8090])
    across, along = radius * sector.abs().sin(), -radius * sector.abs().cos()
    side = (dent[0] - tip[0]) * (along - tip[1]) - (dent[1] - tip[1]) * (across - tip[0])
    winding = radius * 3 * 2 * torch.pi
    shapes = {
        "circle": radius < 1,
        "ring": (radius < 1) & (radius > 0.62),
        "square": (x.abs() < 0.8) & (y.abs() < 0.8),
        "diamond": x.abs() + y.abs() < 1,
        "triangle": regular(3),
        "hexagon": regular(6),
        "star": side > 0,
        "cross": ((x.abs() < 0.33) | (y.abs() < 0.33)) & (x.abs() < 1) & (y.abs() < 1),
        "rectangle": (x.abs() < 1) & (y.abs() < 0.55),
        "heart": (1.15 * x) ** 2 + (1.25 * (-y + 0.1) - 0.9 * x.abs().clamp(min=1e-6).sqrt() * 0.8) ** 2
        < 0.9,
        "spiral": (((angle - winding) / (2 * torch.pi)) % 1 < 0.3) & (radius < 1),
    }
    solid = torch.stack([shapes[name] for name in SHAPES]).float()[:, None]
    alpha = (F.avg_pool2d(solid, 4) * 255).round().byte()
    return torch.cat([torch.full((len(SHAPES), 3, SIDE, SIDE), 255, dtype=torch.uint8), alpha], 1)
