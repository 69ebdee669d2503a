"""Layers that are not drawn but given: an image from a file, and words."""

from __future__ import annotations

import hashlib
from typing import Any

from PIL import Image, UnidentifiedImageError

from pixray_motion.story import limits
from pixray_motion.story.choices import parse_colour
from pixray_motion.story.constant import parse_constant
from pixray_motion.story.files import Home
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.plan import Choice
from pixray_motion.story.report import Refused, Report, quoted
from pixray_motion.story.scope import fields, got, text_of

FIXED = ("image", "text")
KEYS = {"image": ("file", "height", "at"), "text": ("text", "height", "at", "colour", "outline")}
FIRST_KEY = {"image": "file", "text": "text"}


def read_fixed_picture(kind: str, node: Node, home: Home, report: Report) -> Choice:
    """``image: FILE``, ``text: WORDS``, or a mapping with these, ``height`` and ``at`` in canvas heights."""
    if isinstance(node, Scalar):
        found: dict[str, Node] = {FIRST_KEY[kind]: node}
    else:
        found = fields(node, f"'{kind}'", KEYS[kind], report)
        if FIRST_KEY[kind] not in found and isinstance(node, Mapping):
            report.add(node.place, f"'{kind}' needs the key '{FIRST_KEY[kind]}'")
    values: list[tuple[str, Any]] = []
    for key, value in found.items():
        try:
            values += _value(key, value, home, report)
        except Refused as refused:
            report.add(value.place, refused.message)
    return Choice(kind, tuple(sorted(values)))


def image_values(text: str, home: Home) -> list[tuple[str, Any]]:
    """The file's name, and the hash of what is in it; anything but a picture of a sensible size is ``Refused``."""
    path = home.file(text, limits.IMAGE_BYTES)
    try:
        with Image.open(path) as picture:
            width, height = picture.size
    except UnidentifiedImageError as error:
        raise Refused(f"the file {quoted(text)} is not a picture; write a png or jpg file") from error
    except Exception as error:  # Pillow's decoders raise whatever they stumble upon
        raise Refused(f"the picture {quoted(text)} cannot be read; save it anew as png or jpg") from error
    if max(width, height) > limits.CANVAS[1]:
        raise Refused(f"the picture {quoted(text)} is {width}x{height}; at most {limits.CANVAS[1]} a side")
    return [("file", text), ("hash", hashlib.sha256(path.read_bytes()).hexdigest())]


def _value(key: str, node: Node, home: Home, report: Report) -> list[tuple[str, Any]]:
    if key == "at":
        if not isinstance(node, Sequence) or len(node.items) != 2:
            raise Refused(f"'at' is a pair [x, y]. {got(node)}")
        texts = [text_of(item, "'at'", report) or "0" for item in node.items]
        return [(key, tuple(parse_constant(text, "at", -10, 10) for text in texts))]
    text = text_of(node, f"'{key}'", report)
    if text is None:
        return []
    if key == "file":
        return image_values(text, home)
    if key == "height":
        return [(key, parse_constant(text, key, 0.01, 10))]
    if key == "text":
        return [(key, _words(text))]
    return [(key, parse_colour(text, key))]


def _words(text: str) -> str:
    if not text or len(text) > limits.TEXT_CHARACTERS:
        raise Refused(f"a text layer has 1 to {limits.TEXT_CHARACTERS} characters. Got {len(text)}")
    return text
