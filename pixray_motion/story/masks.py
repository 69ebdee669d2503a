"""Masks as a story writes them: ``{ellipse: {at: [0, 0], size: [1, 0.8], feather: 0.1}}``."""

from __future__ import annotations

from pixray_motion.story.choices import read_flag
from pixray_motion.story.fixed import image_values
from pixray_motion.story.lines import MaskLine
from pixray_motion.story.nodes import Mapping, Node, Scalar
from pixray_motion.story.numbers import read_number, read_pair
from pixray_motion.story.report import Refused, unknown
from pixray_motion.story.scope import Scope, fields, got, text_of
from pixray_motion.story.track import Constant
from pixray_motion.units import AMOUNT, ANGLE, LENGTH, Pair

SHAPES = ("ellipse", "rect", "image")
KEYS = ("at", "size", "angle", "feather", "invert")
ZERO, ONE = Constant(0.0), Constant(1.0)


def read_mask(node: Node, scope: Scope) -> MaskLine | None:
    """The mask of a layer; None if that is reported."""
    if not isinstance(node, Mapping) or len(node.pairs) != 1:
        scope.report.add(
            node.place,
            f"a mask is one shape, as in {{ellipse: {{size: [1, 0.8], feather: 0.1}}}}. {got(node)}",
        )
        return None
    key, value = node.pairs[0]
    shape = key.text.strip()
    if shape not in SHAPES:
        scope.report.add(key.place, unknown("mask", shape, SHAPES))
        return None
    if shape == "image":
        return _image(value, scope)
    found = fields(value, f"'{shape}'", KEYS, scope.report)
    pair = Pair(LENGTH)
    return MaskLine(
        shape,
        at=read_pair(found["at"], "at", pair, scope) if "at" in found else (ZERO, ZERO),
        size=read_pair(found["size"], "size", pair, scope) if "size" in found else (ONE, ONE),
        angle=read_number(found["angle"], "angle", ANGLE, scope) if "angle" in found else ZERO,
        feather=read_number(found["feather"], "feather", AMOUNT, scope) if "feather" in found else ZERO,
        invert="invert" in found and read_flag(found["invert"], "invert", scope.report),
    )


def _image(node: Node, scope: Scope) -> MaskLine | None:
    """A grey picture, stretched to the canvas: white shows the layer and black hides it."""
    found = (
        {"file": node}
        if isinstance(node, Scalar)
        else fields(node, "'image'", ("file", "invert"), scope.report)
    )
    text = text_of(found["file"], "'file'", scope.report) if "file" in found else None
    invert = "invert" in found and read_flag(found["invert"], "invert", scope.report)
    try:
        if text is None:
            raise Refused("an image mask needs a file, as in {image: mask.png}")
        values = dict(image_values(text, scope.home))
    except Refused as refused:
        scope.report.add(node.place, refused.message)
        return None
    return MaskLine("image", (ZERO, ZERO), (ONE, ONE), ZERO, ZERO, invert, text, values["hash"])
