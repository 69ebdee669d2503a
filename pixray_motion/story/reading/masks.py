"""Masks as a story writes them: ``{ellipse: {at: [0, 0], size: [1, 0.8], feather: 0.1}}``."""

from __future__ import annotations

from pixray_motion.story.animated import MaskTrack
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.media import read_image_file
from pixray_motion.story.reading.numbers import read_number, read_pair
from pixray_motion.story.reading.parameters import read_flag
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.tracks.base import Constant
from pixray_motion.units import AMOUNT, ANGLE, LENGTH, Pair
from pixray_motion.wording import InvalidValue, unknown_name

SHAPES = ("ellipse", "rect", "image")
KEYS = ("at", "size", "angle", "feather", "invert")
ZERO, ONE = Constant(0.0), Constant(1.0)


def read_mask(node: Node, context: SceneContext) -> MaskTrack | None:
    """The mask of a layer; None if that is reported."""
    if not isinstance(node, Mapping) or len(node.pairs) != 1:
        context.diagnostics.add(
            node.location,
            f"a mask is one shape, as in {{ellipse: {{size: [1, 0.8], feather: 0.1}}}}. {describe_node(node)}",
        )
        return None
    key, value = node.pairs[0]
    shape = key.text.strip()
    if shape not in SHAPES:
        context.diagnostics.add(key.location, unknown_name("mask", shape, SHAPES))
        return None
    if shape == "image":
        return _image(value, context)
    found = read_mapping(value, f"'{shape}'", KEYS, context.diagnostics)
    pair = Pair(LENGTH)
    return MaskTrack(
        shape,
        at=read_pair(found["at"], "at", pair, context) if "at" in found else (ZERO, ZERO),
        size=read_pair(found["size"], "size", pair, context) if "size" in found else (ONE, ONE),
        angle=read_number(found["angle"], "angle", ANGLE, context) if "angle" in found else ZERO,
        feather=read_number(found["feather"], "feather", AMOUNT, context) if "feather" in found else ZERO,
        invert="invert" in found and read_flag(found["invert"], "invert", context.diagnostics),
    )


def _image(node: Node, context: SceneContext) -> MaskTrack | None:
    """A grey picture, stretched to the canvas: white shows the layer and black hides it."""
    found = (
        {"file": node}
        if isinstance(node, Scalar)
        else read_mapping(node, "'image'", ("file", "invert"), context.diagnostics)
    )
    text = read_text(found["file"], "'file'", context.diagnostics) if "file" in found else None
    invert = "invert" in found and read_flag(found["invert"], "invert", context.diagnostics)
    try:
        if text is None:
            raise InvalidValue("an image mask needs a file, as in {image: mask.png}")
        values = dict(read_image_file(text, context.folder))
    except InvalidValue as error:
        context.diagnostics.add(node.location, error.message)
        return None
    return MaskTrack("image", (ZERO, ZERO), (ONE, ONE), ZERO, ZERO, invert, text, values["hash"])
