"""Reading a node as what it should be: a mapping with known keys, or one text."""

from __future__ import annotations

from collections.abc import Iterable

from pixray_motion.story.source import yaml_hints
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.wording import quote, unknown_name


def read_mapping(node: Node, what: str, allowed: Iterable[str], diagnostics: Diagnostics) -> dict[str, Node]:
    """The values of a mapping by their keys; reports keys that are not allowed, and anything but a mapping."""
    names = list(allowed)
    if not isinstance(node, Mapping):
        keys = ", ".join(names) or "none"
        glued = yaml_hints.hint_missing_space(node.text) if isinstance(node, Scalar) and node.plain else None
        diagnostics.add(
            node.location,
            glued or f"{what} is a mapping, 'key: value'; its keys: {keys}. {describe_node(node)}",
        )
        return {}
    found = {}
    for key, value in node.pairs:
        if key.text in names:
            found[key.text] = value
        else:
            diagnostics.add(key.location, unknown_name("key", key.text, names, f" in {what}"))
    return found


def read_text(node: Node, what: str, diagnostics: Diagnostics) -> str | None:
    """The text of a scalar; reports a list or a mapping."""
    if isinstance(node, Scalar):
        return node.text.strip()
    diagnostics.add(node.location, f"{what} is one value. {describe_node(node)}")
    return None


def describe_node(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"Got {quote(node.text)}"
    return "Got a list" if isinstance(node, Sequence) else "Got a mapping"
