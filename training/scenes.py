"""Procedural scenes: each function paints one variant of a scene as float32 (96, 96, 3) in [0, 1].

Every function takes a ``Brush`` (randomness and a source of sprites) and is registered under its scene's key.
Coordinates are 64ths of a side, x to the right, y down, whatever the resolution. Colours inside the functions are given in 0..255 and jittered.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

SIZE = 64  # units along a side
PIXELS = 96
ZOOM = PIXELS / SIZE
Picture = np.ndarray
Painter = Callable[["Brush"], Picture]
PAINTERS: dict[str, Painter] = {}

_Y, _X = (np.mgrid[0:PIXELS, 0:PIXELS].astype(np.float32) + 0.5) / ZOOM - 0.5


def scene(name: str) -> Callable[[Painter], Painter]:
    """Registers a painter."""

    def register(painter: Painter) -> Painter:
        PAINTERS[name] = painter
        return painter

    return register


class Brush:
    """Seeded randomness, and sprites by name: ``sprites[name]`` is a list of premultiplied float RGBA arrays in [0, 1]."""

    def __init__(self, seed: int, sprites: dict[str, list[np.ndarray]]) -> None:
        self.random = np.random.default_rng(seed)
        self.sprites = sprites

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def count(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def pick(self, options: Sequence):
        return options[int(self.random.integers(len(options)))]

    def colour(self, red: float, green: float, blue: float, jitter: float = 15) -> np.ndarray:
        """A colour near the given one (0..255), as float32 (3,) in [0, 1]."""
        near = np.array([red, green, blue]) + self.random.uniform(-jitter, jitter, 3)
        return (np.clip(near, 0, 255) / 255).astype(np.float32)

    def any_colour(self, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        return self.random.uniform(low, high, 3).astype(np.float32)

    def noise(self, cells: int) -> np.ndarray:
        """Smooth noise (PIXELS, PIXELS), about [0, 1]."""
        grid = self.random.random((cells + 1, cells + 1)).astype(np.float32)
        return cv2.resize(grid, (PIXELS, PIXELS), interpolation=cv2.INTER_CUBIC)

    def ridge(self, base: float, height: float, waves: int = 3) -> np.ndarray:
        """A horizon: y for each column of pixels."""
        x, y = np.arange(PIXELS) / PIXELS * 2 * np.pi, np.zeros(PIXELS)
        for k in range(1, waves + 1):
            y += np.sin(x * k * self.between(0.5, 1.2) + self.between(0, 6.3)) / k
        return base - height * y

    def put(self, picture: Picture, names: Sequence[str], x: float, y: float, size: float) -> Picture:
        """One of the named sprites, centred at (x, y), ``size`` wide; nothing if there is no such sprite."""
        drawings = [s for name in names for s in self.sprites.get(name, [])]
        if not drawings:
            return picture
        sprite = self.pick(drawings)
        scale, x, y = size * ZOOM / sprite.shape[0], (x + 0.5) * ZOOM - 0.5, (y + 0.5) * ZOOM - 0.5
        if scale < 0.6:
            sprite, scale = cv2.resize(sprite, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), scale * 2
        half = sprite.shape[0] / 2 - 0.5
        matrix = np.array([[scale, 0, x - half * scale], [0, scale, y - half * scale]], np.float32)
        layer = cv2.warpAffine(sprite, matrix, (PIXELS, PIXELS), flags=cv2.INTER_LINEAR)
        return picture * (1 - layer[..., 3:]) + layer[..., :3]


def vertical(*colours: np.ndarray) -> Picture:
    """A gradient from top to bottom through the colours."""
    t = np.linspace(0, len(colours) - 1, PIXELS)
    rows = np.stack([np.interp(t, range(len(colours)), [c[k] for c in colours]) for k in range(3)], 1)
    return np.repeat(rows[:, None], PIXELS, 1).astype(np.float32)


def below(picture: Picture, horizon: np.ndarray, colour: np.ndarray, shade: float = 0.0) -> Picture:
    """Everything under the horizon (y for each column) in one colour, darker towards the bottom by ``shade``."""
    depth = np.clip((_Y - horizon[None]) / 40, 0, 1)
    ground = colour * (1 - shade * depth)[..., None]
    return np.where((horizon[None] <= _Y)[..., None], ground, picture).astype(np.float32)


def disc(
    picture: Picture, x: float, y: float, radius: float, colour: Sequence[float], alpha: float = 1.0
) -> Picture:
    mask = np.clip((radius - np.hypot(_X - x, _Y - y)) * ZOOM + 0.5, 0, 1)[..., None] * alpha
    return (picture * (1 - mask) + np.asarray(colour, np.float32) * mask).astype(np.float32)


def polygon(picture: Picture, points: Sequence[tuple[float, float]], colour: Sequence[float]) -> Picture:
    corners = np.round(np.array(points) * ZOOM * 16).astype(np.int32)
    filled = np.ascontiguousarray(picture)
    cv2.fillPoly(filled, [corners], tuple(float(c) for c in colour), cv2.LINE_AA, 4)
    return filled


def line(
    picture: Picture,
    points: Sequence[tuple[float, float]],
    colour: Sequence[float] | np.ndarray,
    width: int = 1,
) -> Picture:
    drawn = np.ascontiguousarray(picture)
    corners = np.round(np.array(points) * ZOOM).astype(np.int32)
    cv2.polylines(drawn, [corners], False, tuple(float(c) for c in colour), round(width * ZOOM), cv2.LINE_AA)
    return drawn


def fill(
    picture: Picture,
    left: float,
    top: float,
    right: float,
    bottom: float,
    colour: Sequence[float] | np.ndarray,
) -> None:
    """Paints a rectangle in place; what lies outside of the picture is left out."""
    x, y, past_x, past_y = (max(0, round(value * ZOOM)) for value in (left, top, right, bottom))
    picture[y:past_y, x:past_x] = colour


def day(b: Brush) -> Picture:
    return vertical(b.colour(60, 140, 230), b.colour(120, 190, 245), b.colour(200, 230, 250))


def dusk(b: Brush) -> Picture:
    return vertical(
        b.colour(70, 40, 120, 25), b.colour(220, 80, 110, 25), b.colour(250, 150, 50), b.colour(255, 215, 110)
    )


def stars(b: Brush, picture: Picture, count: int) -> Picture:
    for _ in range(count):
        x, y = b.count(0, SIZE - 1), b.count(0, SIZE - 1)
        picture = disc(picture, x, y, 0.8 if b.chance(0.25) else 0.5, (1, 1, 1))
    return picture


def dark(b: Brush) -> Picture:
    sky = vertical(b.colour(8, 10, 35, 8), b.colour(15, 20, 70, 10), b.colour(35, 45, 110))
    return stars(b, sky, b.count(20, 50))


def clouds(
    b: Brush, picture: Picture, top: float = 30, colour: Sequence[float] = (1, 1, 1), count: int = 0
) -> Picture:
    for _ in range(count or b.count(1, 4)):
        x, y, size = b.between(0, SIZE), b.between(3, top), b.between(3, 6)
        for k in range(5):
            dy = b.between(-size, size) * 0.4
            picture = disc(picture, x + (k - 2) * size * 0.9, y + dy, size * b.between(0.7, 1.1), colour, 0.9)
    return picture


def sun(
    picture: Picture, x: float, y: float, radius: float, colour: Sequence[float] = (1, 0.95, 0.5)
) -> Picture:
    for reach, alpha in ((2.0, 0.25), (1.4, 0.35), (1.0, 1.0)):
        picture = disc(picture, x, y, radius * reach, colour, alpha)
    return picture


def moon(b: Brush, picture: Picture, x: float, y: float, radius: float, full: float = 0.5) -> Picture:
    picture = disc(picture, x, y, radius * 1.7, (0.7, 0.75, 0.9), 0.2)
    whole = disc(picture, x, y, radius, (0.96, 0.95, 0.82))
    if b.chance(full):
        for _ in range(3):
            dx, dy = b.between(-0.5, 0.5) * radius, b.between(-0.5, 0.5) * radius
            whole = disc(whole, x + dx, y + dy, radius * b.between(0.12, 0.25), (0.85, 0.83, 0.7))
        return whole
    hidden = (np.hypot(_X - x - radius * 0.5, _Y - y + radius * 0.2) < radius)[..., None]
    return np.where(hidden, picture, whole)


def water(b: Brush, picture: Picture, horizon: float, colour: np.ndarray) -> Picture:
    top = int(horizon * ZOOM)
    waves = np.sin(_Y * 1.9 + np.sin(_X * 0.35 + _Y) * 1.3 + b.between(0, 6)) * 0.05
    depth = 1 - 0.35 * np.linspace(0, 1, PIXELS - top)
    picture = picture.copy()
    picture[top:] = np.clip(colour * depth[:, None, None] + waves[top:, :, None], 0, 1)
    return picture


def peak(
    picture: Picture,
    x: float,
    foot: float,
    width: float,
    height: float,
    colour: Sequence[float],
    snow: float = 0,
) -> Picture:
    """A triangular mountain, the upper ``snow`` of it white."""
    picture = polygon(picture, [(x - width / 2, foot), (x, foot - height), (x + width / 2, foot)], colour)
    if not snow:
        return picture
    half, top, edge = width / 2 * snow, foot - height, foot - height * (1 - snow)
    cap = [(x - half, edge), (x, top), (x + half, edge), (x + half / 3, edge - height * snow * 0.3)]
    cap += [(x, edge + height * snow * 0.1), (x - half / 3, edge - height * snow * 0.3)]
    return polygon(picture, cap, (0.97, 0.98, 1.0))


def pine(_: Brush, picture: Picture, x: float, y: float, height: float, colour: np.ndarray) -> Picture:
    picture = polygon(picture, [(x - 1, y - 3), (x + 1, y - 3), (x + 1, y), (x - 1, y)], (0.35, 0.22, 0.1))
    for k in range(3):
        picture = peak(picture, x, y - 2 - height * 0.25 * k, height * (0.6 - 0.13 * k), height * 0.5, colour)
    return picture


def leafy(b: Brush, picture: Picture, x: float, y: float, height: float, colour: np.ndarray) -> Picture:
    trunk = [(x - 1, y - height * 0.5), (x + 1, y - height * 0.5), (x + 1, y), (x - 1, y)]
    picture = polygon(picture, trunk, (0.38, 0.25, 0.12))
    for _ in range(4):
        dx, dy = b.between(-0.18, 0.18) * height, b.between(-0.15, 0.15) * height
        shade = np.clip(colour * b.between(0.8, 1.15), 0, 1)
        picture = disc(picture, x + dx, y - height * 0.65 + dy, height * 0.24, shade)
    return picture


@scene("sky")
def _sky(b: Brush) -> Picture:
    return clouds(b, day(b), 55)


@scene("clear")
def _clear(b: Brush) -> Picture:
    return day(b)


@scene("sunny")
def _sunny(b: Brush) -> Picture:
    return sun(clouds(b, day(b)), b.between(10, 54), b.between(10, 26), b.between(6, 11))


@scene("night")
def _night(b: Brush) -> Picture:
    return dark(b)


@scene("moon")
def _moon(b: Brush) -> Picture:
    return moon(b, dark(b), b.between(16, 48), b.between(16, 40), b.between(8, 19), 0.6)


@scene("space")
def _space(b: Brush) -> Picture:
    picture = np.zeros((PIXELS, PIXELS, 3), np.float32) + b.colour(6, 6, 18, 6)
    if b.chance(0.6):
        tint = b.colour(*b.pick([(90, 30, 120), (30, 60, 140), (140, 40, 80)]))
        picture = picture + (np.clip(b.noise(3), 0, 1) ** 2)[..., None] * tint * 0.8
    picture = stars(b, picture, b.count(30, 70))
    if b.chance(0.5):
        colour, x, y, radius = b.any_colour(0.2), b.between(5, 59), b.between(5, 59), b.between(4, 11)
        picture = disc(picture, x, y, radius, colour * 0.6)
        picture = disc(picture, x - radius * 0.2, y - radius * 0.2, radius * 0.75, colour)
    return picture


@scene("sunset")
def _sunset(b: Brush) -> Picture:
    picture = sun(dusk(b), b.between(14, 50), b.between(28, 46), b.between(6, 11), (1, 0.85, 0.4))
    return below(picture, b.ridge(56, 2), b.colour(40, 20, 40)) if b.chance(0.6) else picture


@scene("sunset_sea")
def _sunset_sea(b: Brush) -> Picture:
    horizon, x = b.between(32, 42), b.between(16, 48)
    picture = sun(dusk(b), x, horizon - b.between(-3, 5), b.between(7, 12), (1, 0.85, 0.4))
    picture = water(b, picture, horizon, b.colour(90, 60, 120))
    glitter = np.exp(-(((_X - x) / np.maximum(4 + (_Y - horizon) * 0.15, 1)) ** 2)) * (
        0.6 + 0.4 * np.sin(_Y * 2)
    )
    return picture + ((horizon < _Y) * glitter)[..., None] * np.array([0.8, 0.5, 0.2], np.float32)


@scene("sea")
def _sea(b: Brush) -> Picture:
    sky = clouds(b, day(b), 14) if b.chance(0.6) else day(b)
    return water(b, sky, b.between(18, 38), b.colour(20, 90, 180))


@scene("beach")
def _beach(b: Brush) -> Picture:
    picture = below(_sea(b), b.ridge(48, 2), b.colour(235, 205, 140))
    things = ["palm tree", "beach with umbrella", "umbrella on ground"]
    return b.put(picture, things, b.between(10, 54), 38, b.between(22, 36)) if b.chance(0.4) else picture


@scene("under")
def _under(b: Brush) -> Picture:
    picture = vertical(b.colour(60, 180, 220), b.colour(20, 110, 190), b.colour(8, 40, 110))
    for _ in range(b.count(4, 12)):
        picture = disc(
            picture, b.between(0, SIZE), b.between(0, SIZE), b.between(1, 2.5), (0.8, 0.95, 1), 0.5
        )
    return below(picture, b.ridge(57, 2), b.colour(200, 180, 120)) if b.chance(0.5) else picture


@scene("grass")
def _grass(b: Brush) -> Picture:
    picture = below(clouds(b, day(b), 16), b.ridge(b.between(30, 44), 3, 2), b.colour(70, 165, 50), 0.4)
    if b.chance(0.3):
        for _ in range(10):
            picture = disc(picture, b.between(0, SIZE), b.between(48, 63), 1.3, b.any_colour())
    return picture


@scene("lawn")
def _lawn(b: Brush) -> Picture:
    grain = b.noise(16)[..., None] * 0.4 + b.random.normal(0, 0.05, (PIXELS, PIXELS, 1))
    return b.colour(60, 150, 45) * (0.75 + grain)


@scene("hills")
def _hills(b: Brush) -> Picture:
    picture = clouds(b, day(b), 14)
    for base, colour in ((34, (110, 180, 90)), (44, (80, 160, 60)), (54, (50, 130, 45))):
        picture = below(picture, b.ridge(base, 4, 2), b.colour(*colour))
    return picture


@scene("desert")
def _desert(b: Brush) -> Picture:
    picture = vertical(b.colour(80, 160, 235), b.colour(240, 215, 170))
    if b.chance(0.6):
        picture = sun(picture, b.between(8, 56), 12, 5)
    picture = below(picture, b.ridge(34, 4, 2), b.colour(225, 180, 100), 0.2)
    picture = below(picture, b.ridge(46, 4, 2), b.colour(215, 165, 80), 0.2)
    return b.put(picture, ["cactus"], b.between(8, 56), 44, 20) if b.chance(0.3) else picture


@scene("snow")
def _snow(b: Brush) -> Picture:
    picture = vertical(b.colour(140, 175, 215), b.colour(205, 222, 242))
    picture = below(picture, b.ridge(42, 3, 2), b.colour(245, 248, 252, 4), 0.08)
    for _ in range(b.count(12, 40)):
        picture = disc(picture, b.between(0, SIZE), b.between(0, SIZE), b.between(0.6, 1.4), (1, 1, 1))
    return picture


def mountains(b: Brush, snow: float) -> Picture:
    picture = day(b) if b.chance(0.75) else dusk(b)
    picture = clouds(b, picture, 12) if b.chance(0.4) else picture
    grey = b.between(0.35, 0.6)
    for _ in range(b.count(1, 3)):
        colour = np.array([grey * 0.9, grey * 0.95, grey * 1.1])
        picture = peak(picture, b.between(8, 56), 58, b.between(44, 70), b.between(30, 44), colour, snow)
    front = np.array([grey, grey, grey * 1.1])
    picture = peak(picture, b.between(24, 40), 58, b.between(50, 70), b.between(38, 50), front, snow)
    ground = b.colour(240, 245, 250, 5) if snow > 0.5 else b.colour(60, 120, 55)
    return below(picture, b.ridge(55, 1.5), ground)


@scene("mount")
def _mount(b: Brush) -> Picture:
    return mountains(b, b.between(0.2, 0.45))


@scene("snowmount")
def _snowmount(b: Brush) -> Picture:
    return mountains(b, b.between(0.55, 0.8))


_GREENS = ((40, 110, 45), (25, 85, 40), (60, 130, 50))
_AUTUMN = ((220, 110, 30), (200, 60, 30), (235, 170, 40), (170, 80, 30))


def woods(
    b: Brush, crowns: Sequence[tuple[int, int, int]], ground: tuple[int, int, int], pines: bool
) -> Picture:
    picture = below(day(b), b.ridge(40, 2), b.colour(*ground))
    tree = pine if pines and b.chance(0.5) else leafy
    for y in (44, 50, 58, 63):
        for _ in range(4):
            place = b.between(0, SIZE), y + b.between(-2, 2), b.between(22, 34)
            picture = tree(b, picture, *place, b.colour(*b.pick(crowns)))
    return picture


@scene("forest")
def _forest(b: Brush) -> Picture:
    return woods(b, _GREENS, (70, 110, 45), True)


@scene("autumn")
def _autumn(b: Brush) -> Picture:
    return woods(b, _AUTUMN, (190, 130, 60), False)


@scene("foggy")
def _foggy(b: Brush) -> Picture:
    return _forest(b) * 0.35 + np.array([0.78, 0.8, 0.82], np.float32) * 0.65


@scene("nightforest")
def _nightforest(b: Brush) -> Picture:
    picture = moon(b, dark(b), b.between(12, 52), 12, 6)
    for y in (50, 57, 63):
        for _ in range(5):
            picture = pine(b, picture, b.between(0, SIZE), y, b.between(22, 34), b.colour(12, 28, 28, 8))
    return picture


_STONE = ((140, 150, 165), (170, 120, 95), (110, 125, 150), (200, 190, 175))
_NEON = ((1.0, 0.3, 0.9), (0.2, 1.0, 1.0), (1.0, 0.9, 0.3))


def skyline(b: Brush, sky: Picture, light: str) -> Picture:
    """Two rows of houses with windows; ``light`` is day, night, dusk or neon."""
    picture = np.ascontiguousarray(sky)
    for row in range(2):
        x = -3
        while x < SIZE:
            width, height = b.count(7, 14), b.count(18, 50 - 10 * row)
            wall = b.colour(*b.pick(_STONE)) if light == "day" else b.colour(25, 25, 45, 14)
            fill(picture, x, SIZE - height, x + width, SIZE, wall)
            for y in range(SIZE - height + 2, SIZE - 1, 4):
                for left in range(max(0, x + 1), min(SIZE - 1, x + width - 2), 3):
                    if b.chance(0.6):
                        fill(picture, left, y, left + 2, y + 2, _window(b, wall, light))
            x += width + b.pick([0, 0, 2])
    return picture


def _window(b: Brush, wall: np.ndarray, light: str) -> np.ndarray:
    if light == "neon":
        return np.array(b.pick(_NEON), np.float32)
    return {"day": wall * 0.55, "night": np.array([1, 0.87, 0.4]), "dusk": np.array([1, 0.8, 0.4])}[light]


@scene("city")
def _city(b: Brush) -> Picture:
    return skyline(b, day(b), "day")


@scene("citynight")
def _citynight(b: Brush) -> Picture:
    sky = dark(b)
    return skyline(b, moon(b, sky, b.between(8, 56), 9, 5) if b.chance(0.4) else sky, "night")


@scene("citysunset")
def _citysunset(b: Brush) -> Picture:
    return skyline(b, dusk(b), "dusk")


@scene("cyber")
def _cyber(b: Brush) -> Picture:
    glow = vertical(
        *(np.array(c, np.float32) for c in ((0.25, 0, 0.4), (0.5, 0.05, 0.5), (0.05, 0.25, 0.45)))
    )
    return skyline(b, dark(b), "neon") * 0.85 + glow * 0.45


@scene("brick")
def _brick(b: Brush) -> Picture:
    picture = np.zeros((PIXELS, PIXELS, 3), np.float32) + b.colour(190, 180, 170)
    height = b.pick([6, 8, 10])
    width = 2 * height
    for row, y in enumerate(range(0, SIZE, height)):
        for x in range(-width, SIZE, width):
            left = x + (width // 2 if row % 2 else 0)
            fill(picture, left, y, left + width - 1, y + height - 1, b.colour(170, 70, 50))
    return picture


@scene("wood")
def _wood(b: Brush) -> Picture:
    grain = np.sin(_Y * b.between(0.5, 1.2) + b.noise(4) * 6 + _X * 0.04) * 0.06
    picture = b.colour(165, 110, 65) + grain[..., None]
    picture[:: round(ZOOM * b.pick([16, 21]))] *= 0.6
    return picture


@scene("fire")
def _fire(b: Brush) -> Picture:
    grid = b.random.random((5, 9)).astype(np.float32)
    flicker = cv2.resize(grid, (PIXELS, PIXELS), interpolation=cv2.INTER_CUBIC)
    heat = np.clip(1.3 - (1 - _Y / (SIZE - 1)) * 1.5 + (flicker - 0.5) * 0.9, 0, 1.2)
    return np.stack([heat * 2.2, heat * 1.6 - 0.45, heat * 1.2 - 0.75], 2)


@scene("rain")
def _rain(b: Brush) -> Picture:
    picture = clouds(b, vertical(b.colour(80, 90, 110), b.colour(130, 140, 155)), 14, (0.35, 0.37, 0.42), 4)
    for _ in range(45):
        x, y = b.between(0, SIZE), b.between(12, SIZE)
        picture = line(picture, [(x, y), (x - 1, y + 4)], (0.65, 0.8, 1.0))
    return picture


@scene("storm")
def _storm(b: Brush) -> Picture:
    picture = clouds(b, vertical(b.colour(30, 30, 50), b.colour(70, 70, 95)), 16, (0.2, 0.2, 0.26), 5)
    bolt = [(b.between(15, 50), 12.0)]
    for _ in range(5):
        bolt.append((bolt[-1][0] + b.between(-8, 8), bolt[-1][1] + 10))
    return line(picture, bolt, (1.0, 1.0, 0.6), 2)


_BOW = ((230, 30, 40), (245, 140, 30), (250, 225, 50), (50, 180, 70), (40, 100, 220), (130, 60, 180))


@scene("rainbow")
def _rainbow(b: Brush) -> Picture:
    sky = clouds(b, day(b), 12) if b.chance(0.5) else day(b)
    x, y, radius, band = 32 + b.between(-8, 8), b.between(48, 62), b.between(34, 46), b.between(2.2, 3.4)
    distance, picture = np.hypot(_X - x, _Y - y), sky
    for k, colour in enumerate(_BOW):
        inside = np.abs(distance - radius + (k + 0.5) * band) <= band / 2
        picture = np.where(inside[..., None], np.array(colour, np.float32) / 255, picture)
    return below(picture, b.ridge(min(y, 54), 1.5), b.colour(70, 160, 60)) if b.chance(0.6) else picture


@scene("road")
def _road(b: Brush) -> Picture:
    horizon, middle = b.between(26, 36), 32 + b.between(-6, 6)
    picture = below(day(b), np.full(PIXELS, horizon), b.colour(80, 150, 60))
    picture = polygon(
        picture, [(middle - 3, horizon), (middle + 3, horizon), (60, 64), (4, 64)], (0.35, 0.35, 0.37)
    )
    for k in range(3):
        y = horizon + 5 + k * 10
        picture = line(picture, [(middle, y), (middle, y + 4)], (1, 1, 1), 1 + k // 2)
    return picture


@scene("flowers")
def _flowers(b: Brush) -> Picture:
    picture, favourite = _grass(b), b.any_colour(0.4)
    for _ in range(45):
        y = b.between(40, 63)
        colour = favourite if b.chance(0.6) else b.any_colour(0.4)
        picture = disc(picture, b.between(0, SIZE), y, 1 + (y - 38) * 0.06, colour)
    return picture


@scene("room")
def _room(b: Brush) -> Picture:
    picture = np.zeros((PIXELS, PIXELS, 3), np.float32) + b.colour(225, 205, 180, 25)
    fill(picture, 0, 44, SIZE, SIZE, b.colour(140, 95, 60))
    fill(picture, 7.5, 9.5, 25, 29, (0.4, 0.25, 0.15))
    for left in (9, 17):
        fill(picture, left, 11, left + 6.5, 27.5, (0.6, 0.8, 1.0))
    things = ["couch and lamp", "chair", "bed", "potted plant"]
    return b.put(picture, things, b.between(36, 52), 42, 26) if b.chance(0.6) else picture


@scene("lake")
def _lake(b: Brush) -> Picture:
    picture, shore = mountains(b, 0.5), round(40 * ZOOM)
    mirrored = picture[shore - 1 :: -1][: PIXELS - shore] * 0.75 + np.array([0, 0.05, 0.12], np.float32)
    return np.concatenate([picture[:shore], mirrored])


@scene("island")
def _island(b: Brush) -> Picture:
    x = b.between(20, 44)
    land = ((_X - x) / 18) ** 2 + ((_Y - 46) / 6) ** 2 < 1
    picture = np.where(land[..., None], b.colour(235, 205, 140), _sea(b))
    return b.put(picture, ["palm tree"], x, 30, b.between(30, 38))


@scene("volcano")
def _volcano(b: Brush) -> Picture:
    picture = peak(dusk(b) if b.chance(0.5) else day(b), 32, 62, 64, 46, (0.3, 0.22, 0.2))
    picture = polygon(picture, [(28, 22), (36, 22), (40, 44), (32, 36), (25, 46)], (1.0, 0.35, 0.05))
    for _ in range(8):
        colour = (1, 0.5 * b.between(0, 1) + 0.2, 0.05)
        picture = disc(picture, 32 + b.between(-5, 5), b.between(4, 20), b.between(2, 4), colour, 0.8)
    return picture


@scene("castle")
def _castle(b: Brush) -> Picture:
    return b.put(_hills(b), ["castle", "japanese castle"], 32 + b.between(-6, 6), 30, b.between(32, 42))


@scene("village")
def _village(b: Brush) -> Picture:
    picture, homes = _grass(b), ["house", "house with garden", "hut", "church"]
    for x in (12, 32, 52):
        picture = b.put(picture, homes, x + b.between(-3, 3), 40 + b.between(-3, 6), b.between(18, 24))
    return picture


@scene("farm")
def _farm(b: Brush) -> Picture:
    picture = b.put(_grass(b), ["house", "tractor", "hut"], 46, 40, 24)
    return b.put(picture, ["cow", "horse", "pig", "sheep", "ewe"], 18, 48, 20)


@scene("ship")
def _ship(b: Brush) -> Picture:
    ships = ["sailboat", "ship", "passenger ship", "ferry", "motor boat"]
    return b.put(_sea(b), ships, 32 + b.between(-10, 10), 34, b.between(26, 40))


@scene("fireworks")
def _fireworks(b: Brush) -> Picture:
    picture = dark(b)
    for _ in range(b.count(2, 4)):
        x, y, colour, reach = b.between(8, 56), b.between(8, 44), b.any_colour(0.3), b.between(7, 16)
        for angle in np.arange(14) * (2 * np.pi / 14):
            ray = np.array([np.cos(angle), np.sin(angle)]) * reach
            picture = line(picture, [(x + ray[0] * 0.3, y + ray[1] * 0.3), (x + ray[0], y + ray[1])], colour)
    return picture


@scene("aurora")
def _aurora(b: Brush) -> Picture:
    picture = dark(b)
    for k in range(3):
        height = 20 + 6 * k + 5 * np.sin(_X * 0.12 + b.between(0, 6))
        glow = np.exp(-(((_Y - height) / 7.0) ** 2))[..., None]
        picture = picture + glow * np.array([0.1, 0.75, 0.4] if k < 2 else [0.4, 0.2, 0.6], np.float32) * 0.7
    return below(picture, b.ridge(54, 3), b.colour(15, 20, 30, 5))


@scene("starrysea")
def _starrysea(b: Brush) -> Picture:
    picture = water(b, dark(b), b.between(34, 44), b.colour(15, 30, 80))
    return moon(b, picture, b.between(14, 50), b.between(10, 22), b.between(5, 9))


def paint(name: str, brush: Brush) -> np.ndarray:
    """A variant of the scene, uint8 (96, 96, 3)."""
    return (np.clip(PAINTERS[name](brush), 0, 1) * 255).round().astype(np.uint8)
