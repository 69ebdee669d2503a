"""Transitions as a story writes them: ``cut``, ``morph: 1s``, ``wipe: {length: 1s, angle: 90}``."""

from __future__ import annotations

from fractions import Fraction

from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.story.transition import KINDS, Transition
from pixray_motion.tracks.literals import parse_constant
from pixray_motion.tracks.time import parse_time
from pixray_motion.wording import InvalidValue, quote, unknown_name

USUAL = Fraction(1)  # second
NUMBERS = {
    "wipe": {"angle": (-360.0, 360.0), "feather": (0.0, 2.0)},
    "zoom-through": {"factor": (1.1, 100.0)},
}


def read_transition(node: Node, context: SceneContext) -> Transition | None:
    """A kind, or a kind with its length, or with a mapping; None if that is reported."""
    key, value = _split(node, context)
    if key is None:
        return None
    kind = key.text.strip()
    if kind not in KINDS:
        context.diagnostics.add(key.location, unknown_name("transition", kind, KINDS))
        return None
    if kind == "cut":
        if value is not None:
            context.diagnostics.add(value.location, "a cut has no length; write 'transition: cut'")
        return Transition("cut", Fraction(0))
    if not isinstance(value, Mapping):
        return Transition(kind, _length(value, kind, context))
    return _whole(kind, value, context)


def _split(node: Node, context: SceneContext) -> tuple[Scalar | None, Node | None]:
    if isinstance(node, Scalar):
        return node, None
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        return node.pairs[0]
    context.diagnostics.add(
        node.location,
        f"a transition is one of {', '.join(KINDS)}, with its length, as in {{crossfade: 1s}}. {describe_node(node)}",
    )
    return None, None


def _whole(kind: str, value: Mapping, context: SceneContext) -> Transition:
    ranges = NUMBERS.get(kind, {})
    found = read_mapping(value, f"'{kind}'", ("length", *ranges), context.diagnostics)
    numbers = {}
    for name, (low, high) in ranges.items():
        if name in found:
            text = read_text(found[name], f"'{name}'", context.diagnostics)
            try:
                numbers[name] = parse_constant(text or "", name, low, high)
            except InvalidValue as error:
                context.diagnostics.add(found[name].location, error.message)
    return Transition(kind, _length(found.get("length"), kind, context), **numbers)


def _length(node: Node | None, kind: str, context: SceneContext) -> Fraction:
    """In frames of the scene; one second if it is not said."""
    usual = min(USUAL * context.clock.rate, context.length)
    if node is None:
        return usual
    text = read_text(node, f"the length of '{kind}'", context.diagnostics)
    if text is None:
        return usual
    try:
        frames = parse_time(text, context.base).frames(context.clock.rate, context.length)
        if not frames:
            raise InvalidValue(f"the length of '{kind}' is {quote(text)}; write a longer one, or 'cut'")
    except InvalidValue as error:
        context.diagnostics.add(node.location, error.message)
        return usual
    return frames
