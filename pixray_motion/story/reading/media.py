"""Layers that are not drawn: ``image: FILE``, ``text: WORDS``."""

from __future__ import annotations

from pixray_motion.drawers.static import static_layer
from pixray_motion.story.plan import Component
from pixray_motion.story.reading.parameters import read_fixed_parameters
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.units import Surroundings


def read_static_layer(name: str, node: Node, around: Surroundings, diagnostics: Diagnostics) -> Component:
    """An image or a text with its parameters; a single value is the one parameter that it needs."""
    entry = static_layer.get(name)
    assert entry is not None, name  # the caller knows the names
    if isinstance(node, Scalar):
        node = Mapping([(Scalar(entry.required[0], node.location), node)], node.location)
    return Component(name, read_fixed_parameters(node, entry, diagnostics, around).values)
