"""Landscapes: every sky over every land, painted by batches of tensors on any device, at any size.

``painted`` knows no files and no drawings; things are put into the landscapes by ``easel``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Sky:
    """``names`` of the sky itself ("NAME over the mountains"), ``places`` that follow what lies under it, colours 0..255."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    top: Colour
    bottom: Colour
    light: Colour
    """The tint of the land below."""
    clouds: float = 0.0
    stars: bool = False
    disc: str = ""
    """"sun", "low sun" or "moon"."""


@dataclass(frozen=True)
class Land:
    """``names`` of the land alone, ``places`` for things in it; ``far`` and ``near`` colours 0..255 of its layers."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    form: str
    """"ridges", "peaks", "flat", "water", "trees" or "blocks"."""
    far: Colour
    near: Colour
    snow: bool = False


SKIES: dict[str, Sky] = {
    "day": Sky(("a blue sky",), ("under a blue sky", "on a clear day", ""), (60, 140, 230), (190, 225, 250), (1, 1, 1)),
    "cloudy": Sky(("a cloudy sky", "white clouds"), ("under a cloudy sky", ""), (80, 150, 230), (200, 225, 245), (1, 1, 1), 0.5),
    "sunny": Sky(("the sun", "a sunny sky"), ("on a sunny day", "under the sun"), (70, 150, 235), (200, 230, 250), (1, 1, 0.95), 0.15, False, "sun"),
    "sunset": Sky(
        ("a sunset", "an orange sunset", "the setting sun"), ("at sunset", "in the evening", "at dusk"), (90, 50, 130), (255, 170, 70),
        (0.75, 0.5, 0.45), 0.2, False, "low sun",
    ),
    "dawn": Sky(("a pink sunrise", "the dawn"), ("at dawn", "at sunrise"), (120, 150, 220), (255, 190, 180), (0.85, 0.75, 0.8), 0.2, False, "low sun"),
    "night": Sky(
        ("a starry night sky", "the night sky", "stars"), ("at night", "under a starry sky", "under the stars"), (8, 10, 40), (40, 50, 110),
        (0.25, 0.28, 0.5), 0.0, True,
    ),
    "moon": Sky(
        ("a full moon", "the moon"), ("in the moonlight", "under a full moon", "at night under the moon"), (10, 14, 50), (50, 65, 130),
        (0.35, 0.4, 0.62), 0.0, True, "moon",
    ),
    "storm": Sky(("a dark stormy sky", "dark clouds"), ("under dark clouds", "in a storm"), (45, 50, 65), (120, 125, 140), (0.55, 0.57, 0.62), 0.8),
    "grey": Sky(("a gray sky",), ("under a gray sky", "on a foggy day"), (150, 155, 165), (205, 208, 212), (0.85, 0.87, 0.9), 0.3),
    "rainbow": Sky(("a rainbow",), ("under a rainbow", "with a rainbow"), (80, 150, 225), (200, 225, 245), (1, 1, 1), 0.2),
}  # fmt: skip

LANDS: dict[str, Land] = {
    "hills": Land(("green hills", "rolling hills", "hills"), ("on a hill", "on the hills", "on a green hill"), "ridges", (130, 190, 110), (50, 135, 45)),
    "mountains": Land(("mountains", "rocky mountains"), ("in the mountains", "in front of mountains"), "peaks", (120, 130, 160), (70, 75, 95)),
    "snowy mountains": Land(
        ("snowy mountains", "snow covered mountains"), ("in front of snowy mountains", "in the snowy mountains"), "peaks", (120, 135, 170),
        (85, 95, 120), True,
    ),
    "sea": Land(("the sea", "the ocean", "the water"), ("at sea", "on the sea", "by the sea"), "water", (40, 110, 190), (15, 60, 130)),
    "beach": Land(("a beach", "a sandy beach"), ("on the beach", "on a beach"), "water", (60, 150, 210), (235, 210, 150)),
    "desert": Land(("the desert", "sand dunes"), ("in the desert", "on sand dunes"), "ridges", (240, 205, 140), (220, 165, 85)),
    "meadow": Land(("a meadow", "a green field", "grass"), ("on a meadow", "in a field", "on the grass"), "flat", (120, 190, 80), (60, 150, 45)),
    "wheat": Land(("a wheat field", "a golden field"), ("in a wheat field",), "flat", (235, 205, 110), (205, 155, 50)),
    "snow": Land(("a snowy field", "a snowy landscape", "snow"), ("in the snow", "on the snow"), "flat", (225, 235, 248), (245, 248, 255)),
    "forest": Land(("a forest", "pine trees", "the woods"), ("in the forest", "in front of a forest", "in the woods"), "trees", (60, 120, 80), (25, 75, 40)),
    "autumn": Land(("an autumn forest", "autumn trees"), ("in an autumn forest", "in autumn"), "trees", (225, 130, 50), (165, 70, 30)),
    "city": Land(("a city", "a city skyline", "skyscrapers"), ("in a city", "in front of a city"), "blocks", (130, 140, 160), (70, 75, 95)),
}  # fmt: skip


def painted(skies: Tensor, lands: Tensor, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """(N, 3, h, w) in [0, 1]: landscapes of the skies and lands with these numbers (N,), in the orders of the tables."""
    sky = _skies(skies, size, generator)
    return _lands(sky, skies, lands, generator).clamp_(0, 1)


class _Dice:
    """Random numbers for N pictures on one device."""

    def __init__(self, count: int, generator: torch.Generator, device: torch.device) -> None:
        self.count, self.generator, self.device = count, generator, device

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        shape = shape or (1, 1)
        return (
            torch.rand(self.count, *shape, generator=self.generator, device=self.device) * (high - low) + low
        )

    def noise(self, size: tuple[int, int], cells: tuple[int, int]) -> Tensor:
        """(N, h, w), smooth, about 0..1."""
        grid = torch.rand(self.count, 1, *cells, generator=self.generator, device=self.device)
        return F.interpolate(grid, size=size, mode="bicubic", align_corners=True)[:, 0]


def _table(rows: list[Colour], numbers: Tensor, scale: float = 255.0) -> Tensor:
    return (torch.tensor(rows, device=numbers.device, dtype=torch.float32) / scale)[numbers]


def _mixed(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Pictures or colours (N, 3, ...) with the share (N, h, w) of ``b``."""
    return torch.lerp(a, b, share[:, None].clamp(0, 1))


def _skies(skies: Tensor, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    known, (height, width), dice = list(SKIES.values()), size, _Dice(len(skies), generator, skies.device)
    device, square = skies.device, min(size)
    y = torch.linspace(0, 1, height, device=device)[None, :, None]
    x = (torch.linspace(0, 1, width, device=device) * width / square)[None, None, :]
    y_square = y * height / square
    across = width / square

    def jitter() -> Tensor:
        return dice.uniform(-0.06, 0.06, 3)

    top = (_table([s.top for s in known], skies) + jitter()).clamp(0, 1)[..., None, None]
    bottom = (_table([s.bottom for s in known], skies) + jitter()).clamp(0, 1)[..., None, None]
    picture = _mixed(top, bottom, (y / 0.65).clamp(0, 1).expand(len(skies), height, width))

    def has(values: list[bool]) -> Tensor:
        return torch.tensor(values, device=device)[skies].float()[:, None, None]

    stars = torch.rand(len(skies), height, width, generator=generator, device=device)
    bright = ((stars - 0.992) / 0.008).clamp(0, 1) * has([s.stars for s in known])
    picture = _mixed(
        picture,
        torch.ones_like(picture),
        1.6 * F.max_pool2d(bright, 2, 1, 1)[:, :height, :width] * (y < 0.75),
    )
    rainbow = has([s is SKIES["rainbow"] for s in known])
    centre, radius, band = dice.uniform(0.35, 0.65) * across, dice.uniform(0.45, 0.6), 0.035
    ring = ((x - centre).square() + (y_square - 0.8).square()).sqrt()
    hues = (
        torch.tensor(
            [[150, 60, 200], [50, 90, 230], [60, 190, 80], [250, 230, 60], [250, 150, 40], [230, 50, 50]],
            device=device,
        )
        / 255
    )
    place = (ring - radius) / band
    colours = hues[place.clamp(0, 5).long()].permute(0, 3, 1, 2)
    picture = _mixed(picture, colours, 0.85 * ((place >= 0) & (place < 6)) * rainbow)
    kinds = [s.disc for s in known]
    sun, low, moon = (has([k == kind for k in kinds]) for kind in ("sun", "low sun", "moon"))
    x0, y0 = (
        dice.uniform(0.15, 0.85) * across,
        dice.uniform(0.12, 0.32) * (1 - low) + dice.uniform(0.38, 0.58) * low,
    )
    away = ((x - x0).square() + (y_square - y0).square()).sqrt() / dice.uniform(0.07, 0.14)
    any_disc = sun + low + moon
    warm = torch.tensor([1.0, 0.93, 0.6], device=device)[None, :, None, None]
    pale = torch.tensor([0.97, 0.96, 0.86], device=device)[None, :, None, None]
    tint = torch.where(moon[:, None] > 0, pale, warm).expand_as(picture)
    picture = _mixed(
        picture, tint, any_disc * (0.45 * torch.exp(-(away - 1).clamp(min=0) * (1.2 + 2 * moon)))
    )
    picture = _mixed(picture, tint, any_disc * ((1 - away) * 8 + 0.5).clamp(0, 1))
    cover = torch.tensor([s.clouds for s in known], device=device)[skies][:, None, None]
    billows = (
        0.6 * dice.noise(size, (5, 4)) + 0.3 * dice.noise(size, (10, 8)) + 0.1 * dice.noise(size, (22, 18))
    )
    share = ((billows - (0.85 - 0.6 * cover)) * 7).clamp(0, 0.95) * (cover > 0) * (1 - y).clamp(0.2, 1)
    tone = (bottom * 0.5 + 0.5).expand_as(picture) * (1 - 0.5 * has([s is SKIES["storm"] for s in known]))[
        :, None
    ]
    return _mixed(picture, tone, share)


LAYERS = 3


def _lands(picture: Tensor, skies: Tensor, lands: Tensor, generator: torch.Generator) -> Tensor:
    known, dice, device = list(LANDS.values()), _Dice(len(lands), generator, lands.device), picture.device
    count, _, height, width = picture.shape
    square = min(height, width)
    y = (torch.linspace(0, 1, height, device=device))[None, :, None]
    x = (torch.linspace(0, 1, width, device=device) * width / square)[None, :]
    forms = [land.form for land in known]

    def has(*wanted: str) -> Tensor:
        return torch.tensor([form in wanted for form in forms], device=device)[lands].float()[:, None]

    light = _table([s.light for s in SKIES.values()], skies, 1.0)
    far, near = (_table([getattr(land, part) for land in known], lands) for part in ("far", "near"))
    snow = torch.tensor([land.snow for land in known], device=device)[lands].float()[:, None, None]
    horizon = dice.uniform(0.48, 0.66, 1)
    flat, peaks, trees, blocks, water = (
        has("flat", "water"),
        has("peaks"),
        has("trees"),
        has("blocks"),
        has("water"),
    )
    beach = (lands == list(LANDS).index("beach")).float()[:, None]
    for layer in range(LAYERS):
        depth = layer / (LAYERS - 1)
        wave = sum(
            torch.sin(x * dice.uniform(2.0, 4.5, 1) * k + dice.uniform(0, 6.3, 1)) / k for k in (1, 2, 3)
        )
        line = dice.uniform(0, 1, 1) + x * dice.uniform(1.1, 1.9, 1)
        peak = 2 * (line % 1 - 0.5).abs() + 0.35 * (2 * ((line * 2.7) % 1 - 0.5).abs())
        spikes = (x * dice.uniform(7, 11, 1) + dice.uniform(0, 1, 1)) % 1
        cell = (x * dice.uniform(6, 9, 1)).long() + torch.randint(
            0, 99, (count, 1), generator=generator, device=device
        )
        tower = ((cell * 12.9898).sin() * 43758.5453) % 1
        rise = 0.02 * wave * (1 - flat) + 0.03 * wave * has("ridges")
        rise = (
            rise
            + peaks * (0.36 - 0.14 * layer) * (peak - 0.3)
            + trees * (0.12 * (1 - 2 * (spikes - 0.5).abs()) - 0.02)
        )
        rise = rise + blocks * (0.30 - 0.12 * layer) * tower
        base = horizon + depth * (0.3 * (1 - water) + water * (beach * 0.24 + (1 - beach) * 0.6))
        edge = (base - rise)[:, None, :]
        inside = ((y - edge) * square + 0.5).clamp(0, 1)
        colour = torch.lerp(
            far, near, torch.full_like(far, depth) * (1 - water) + water * (beach * (layer == 2))
        )
        colour = ((colour + dice.uniform(-0.05, 0.05, 3)).clamp(0, 1) * light)[..., None, None]
        shade = 1 - 0.3 * ((y - edge) / 0.5).clamp(0, 1)
        grain = 0.94 + 0.12 * dice.noise((height, width), (height // 3, width // 5))
        body = (colour * (shade * grain)[:, None]).expand(count, 3, height, width)
        ripples = 0.05 * torch.sin(y * 90 + 2 * torch.sin(x * 9)[:, None, :] + dice.uniform(0, 6))
        wet = water * (1 - beach * (layer == 2))
        body = body + (wet[..., None] * ripples)[:, None] * light[..., None, None]
        cap = (snow * ((0.5 - 0.2 * layer) * (0.16 - (y - edge)) * 40).clamp(0, 1)).expand(
            count, height, width
        )
        white = light[..., None, None].expand_as(body) * 0.97
        body = _mixed(body, white, cap)
        across, down = x * 40, y * 40
        window = ((across % 2 < 0.9)[:, None, :] & (down % 2.4 < 1.2)).float()
        lit = (((across // 2)[:, None, :] * 7.13 + (down // 2.4) * 3.7 + layer).sin() * 43758.5) % 1 > 0.45
        dim = 1 - light.mean(1)[:, None, None]
        glow = torch.tensor([1.0, 0.9, 0.55], device=device)[None, :, None, None].expand_as(body)
        body = _mixed(body, glow, blocks[..., None] * window * lit * (0.35 + 0.6 * dim))
        picture = _mixed(picture, body, inside.expand(count, height, width))
    return picture
