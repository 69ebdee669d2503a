"""Masks as a story writes them: ``{ellipse: {at: [0, 0], size: [1, 0.8], feather: 0.1}}``."""

from __future__ import annotations

from pixray_motion.masks import mask
from pixray_motion.story.animated import ComponentTrack, MaskTrack
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.parameters import find_entry, read_flag, read_parameters
from pixray_motion.story.source.fields import describe_node
from pixray_motion.story.source.nodes import Mapping, Node, Scalar

SHORT_KEY = "file"  # what a text alone means, as in {image: mask.png}


def read_mask(node: Node, context: SceneContext) -> MaskTrack | None:
    """The mask of a layer; None if that is reported."""
    if not isinstance(node, Mapping) or len(node.pairs) != 1:
        context.diagnostics.add(
            node.location,
            f"a mask is one shape, as in {{ellipse: {{size: [1, 0.8], feather: 0.1}}}}. {describe_node(node)}",
        )
        return None
    key, value = node.pairs[0]
    entry = find_entry(key, mask, context.diagnostics)
    if entry is None:
        return None
    if isinstance(value, Scalar) and entry.parameter(SHORT_KEY):
        value = Mapping([(Scalar(SHORT_KEY, value.location), value)], value.location)
    found = read_parameters(value, entry, context, ("invert",))
    invert = "invert" in found.reserved and read_flag(found.reserved["invert"], "invert", context.diagnostics)
    return MaskTrack(ComponentTrack(entry.name, found.tracks, found.fixed), invert)
