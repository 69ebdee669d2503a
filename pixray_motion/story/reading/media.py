"""Layers that are not drawn but given: an image from a file, and words."""

from __future__ import annotations

import hashlib
from typing import Any

from PIL import Image, UnidentifiedImageError

from pixray_motion import limits
from pixray_motion.literals import parse_constant
from pixray_motion.story.plan import Component
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.files import StoryFolder
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.units import Colour
from pixray_motion.wording import InvalidValue, quote

STATIC_KINDS = ("image", "text")
KEYS = {"image": ("file", "height", "at"), "text": ("text", "height", "at", "colour", "outline")}
FIRST_KEY = {"image": "file", "text": "text"}


def read_static_layer(kind: str, node: Node, folder: StoryFolder, diagnostics: Diagnostics) -> Component:
    """``image: FILE``, ``text: WORDS``, or a mapping with these, ``height`` and ``at`` in canvas heights."""
    if isinstance(node, Scalar):
        found: dict[str, Node] = {FIRST_KEY[kind]: node}
    else:
        found = read_mapping(node, f"'{kind}'", KEYS[kind], diagnostics)
        if FIRST_KEY[kind] not in found and isinstance(node, Mapping):
            diagnostics.add(node.location, f"'{kind}' needs the key '{FIRST_KEY[kind]}'")
    values: list[tuple[str, Any]] = []
    for key, value in found.items():
        try:
            values += _value(key, value, folder, diagnostics)
        except InvalidValue as error:
            diagnostics.add(value.location, error.message)
    return Component(kind, tuple(sorted(values)))


def read_image_file(text: str, folder: StoryFolder) -> list[tuple[str, Any]]:
    """The file's name, and the hash of what is in it; anything but a picture of a sensible size is ``InvalidValue``."""
    path = folder.file(text, limits.IMAGE_BYTES)
    try:
        with Image.open(path) as picture:
            width, height = picture.size
    except UnidentifiedImageError as error:
        raise InvalidValue(f"the file {quote(text)} is not a picture; write a png or jpg file") from error
    except Exception as error:  # Pillow's decoders raise whatever they stumble upon
        raise InvalidValue(f"the picture {quote(text)} cannot be read; save it anew as png or jpg") from error
    if max(width, height) > limits.CANVAS[1]:
        raise InvalidValue(
            f"the picture {quote(text)} is {width}x{height}; at most {limits.CANVAS[1]} a side"
        )
    return [("file", text), ("hash", hashlib.sha256(path.read_bytes()).hexdigest())]


def _value(key: str, node: Node, folder: StoryFolder, diagnostics: Diagnostics) -> list[tuple[str, Any]]:
    if key == "at":
        if not isinstance(node, Sequence) or len(node.items) != 2:
            raise InvalidValue(f"'at' is a pair [x, y]. {describe_node(node)}")
        texts = [read_text(item, "'at'", diagnostics) or "0" for item in node.items]
        return [(key, tuple(parse_constant(text, "at", -10, 10) for text in texts))]
    text = read_text(node, f"'{key}'", diagnostics)
    if text is None:
        return []
    if key == "file":
        return read_image_file(text, folder)
    if key == "height":
        return [(key, parse_constant(text, key, 0.01, 10))]
    if key == "text":
        return [(key, _words(text))]
    return [(key, Colour().parse(text, key))]


def _words(text: str) -> str:
    if not text or len(text) > limits.TEXT_CHARACTERS:
        raise InvalidValue(f"a text layer has 1 to {limits.TEXT_CHARACTERS} characters. Got {len(text)}")
    return text
