"""The test card: a picture made to show movement, with squares to count, arrows to follow and no two parts alike."""

from __future__ import annotations

import colorsys
import math
import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from pixray_motion.geometry import Canvas

Colour = tuple[int, int, int]
PAPER: Colour = (246, 242, 232)
INK: Colour = (34, 36, 48)
SQUARES = 8  # rows of the chequered field
# Degrees clockwise from up, label and colour; the four colours also mark the corners.
ARROWS: tuple[tuple[float, str, Colour], ...] = (
    (0, "UP", (203, 52, 52)),
    (90, "RIGHT", (38, 110, 190)),
    (180, "DOWN", (40, 140, 80)),
    (270, "LEFT", (208, 140, 20)),
)


def draw_test_card(canvas: Canvas) -> Image.Image:
    """Draw the test card: an RGB picture of the canvas' size, whose squares are an eighth of its height."""
    oversampling = 2  # times larger, for anti-aliased edges
    card = Image.new("RGB", (canvas.width * oversampling, canvas.height * oversampling), PAPER)
    pen = ImageDraw.Draw(card)
    _draw_squares(pen, card.size)
    _draw_rings(pen, card.size)
    for angle, name, colour in ARROWS:
        _draw_arrow(pen, card.size, angle, name, colour)
    _draw_frame(pen, card.size)
    return card.resize((canvas.width, canvas.height), Image.Resampling.LANCZOS)


@cache
def load_font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The typeface that comes with pillow, at ``size`` pixels, at least 6."""
    return ImageFont.load_default(max(6.0, size))


def replace_missing_glyphs(text: str) -> str:
    """Replace what the typeface cannot show: letters with accents by plain ones, everything else by ``?``."""
    return "".join(_replace_missing_glyph(character) for character in text)


@cache
def _replace_missing_glyph(character: str) -> str:
    if not _is_missing(character):
        return character
    plain = [c for c in unicodedata.normalize("NFKD", character) if unicodedata.category(c)[0] not in "MC"]
    return "".join("?" if _is_missing(c) else c for c in plain)


def _is_missing(character: str) -> bool:
    """Whether the typeface has no glyph, and so draws the same box as for a character that does not exist."""
    letters = load_font(14)
    return bytes(letters.getmask(character)) == bytes(letters.getmask("\uffff"))


def _draw_squares(pen: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """A chequered field. Hue runs across and lightness down, so that every square has a colour of its own."""
    width, height = size
    side = height / SQUARES
    columns = math.ceil(width / side / 2)
    for column in range(-columns, columns):
        for row in range(SQUARES):
            left, top = width / 2 + column * side, row * side
            hue = (column + columns) / (2 * columns)
            light = 0.90 - 0.30 * row / SQUARES - (0.10 if (column + row) % 2 else 0.0)
            fill = colorsys.hls_to_rgb(hue, light, 0.55)
            pen.rectangle((left, top, left + side, top + side), _to_bytes(fill), _mix(INK, PAPER, 0.55))


def _draw_rings(pen: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """Two circles about the centre, which a shear turns into ellipses, and the axes."""
    width, height = size
    x, y = width / 2, height / 2
    for radius in (min(size) / 8, min(size) * 3 / 8):
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius), outline=INK, width=max(1, height // 180)
        )
    pen.line((0, y, width, y), INK, max(1, height // 360))
    pen.line((x, 0, x, height), INK, max(1, height // 360))


def _draw_arrow(
    pen: ImageDraw.ImageDraw, size: tuple[int, int], angle: float, name: str, colour: Colour
) -> None:
    """An arrow that points away from the centre. ``angle`` is in degrees, clockwise from up."""
    (width, height), short = size, min(size)
    turn = math.radians(angle)
    along, across = (math.sin(turn), -math.cos(turn)), (math.cos(turn), math.sin(turn))

    def point(forward: float, aside: float) -> tuple[float, float]:
        """Pixels (x, y), from distances along and across the arrow in lengths of the shorter side."""
        return (
            width / 2 + (along[0] * forward + across[0] * aside) * short,
            height / 2 + (along[1] * forward + across[1] * aside) * short,
        )

    shaft = [point(0.14, -0.012), point(0.25, -0.012), point(0.25, 0.012), point(0.14, 0.012)]
    pen.polygon(shaft, colour)
    pen.polygon([point(0.25, -0.035), point(0.32, 0), point(0.25, 0.035)], colour)
    pen.text(
        point(0.42, 0),
        name,
        INK,
        load_font(height / 14),
        anchor="mm",
        stroke_width=height // 120,
        stroke_fill=PAPER,
    )


def _draw_frame(pen: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """The edge and four different corners, so that what comes into view can be told from what was there."""
    width, height = size
    pen.rectangle((0, 0, width - 1, height - 1), outline=INK, width=max(2, height // 60))
    inset, span = min(size) / 16, min(size) / 10
    corners = ((0.0, 0.0, "A"), (1.0, 0.0, "B"), (1.0, 1.0, "C"), (0.0, 1.0, "D"))
    for (right, low, letter), (_, _, colour) in zip(corners, ARROWS, strict=True):
        left, top = inset + right * (width - span - 2 * inset), inset + low * (height - span - 2 * inset)
        pen.rectangle((left, top, left + span, top + span), colour)
        pen.text((left + span / 2, top + span / 2), letter, PAPER, load_font(span * 0.8), anchor="mm")


def _to_bytes(colour: tuple[float, float, float]) -> Colour:
    """Red, green and blue in 0..255, from 0..1."""
    red, green, blue = (round(value * 255) for value in colour)
    return red, green, blue


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    """Interpolate from ``first`` (``share`` 0) to ``second`` (1)."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
