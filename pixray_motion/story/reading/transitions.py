"""Transitions as a story writes them: ``cut``, ``morph: 1s``, ``wipe: {length: 1s, angle: 90}``."""

from __future__ import annotations

from fractions import Fraction

from pixray_motion.story.animated import ComponentTrack
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.parameters import read_parameters
from pixray_motion.story.source.fields import describe_node, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.story.transition import Transition, transition
from pixray_motion.tracks.time import parse_time
from pixray_motion.wording import InvalidValue, quote, shorten

DEFAULT_LENGTH = Fraction(1)  # second
LENGTH = "length"


def read_transition(node: Node, context: SceneContext) -> Transition | None:
    """A name, a name with its length, or with a mapping of that and its parameters; None if that is reported."""
    key, value = _split(node, context)
    if key is None:
        return None
    entry = transition.get(key.text.strip())
    if entry is None:
        context.diagnostics.add(key.location, transition.unknown(shorten(key.text)))
        return None
    if entry.name == "cut":
        if value is not None:
            context.diagnostics.add(value.location, "a cut has no length; write 'transition: cut'")
        return Transition(ComponentTrack("cut"), Fraction(0))
    if not isinstance(value, Mapping):
        return Transition(ComponentTrack(entry.name), _length(value, entry.name, context))
    found = read_parameters(value, entry, context, (LENGTH,))
    track = ComponentTrack(entry.name, found.tracks, found.fixed)
    return Transition(track, _length(found.reserved.get(LENGTH), entry.name, context))


def _split(node: Node, context: SceneContext) -> tuple[Scalar | None, Node | None]:
    if isinstance(node, Scalar):
        return node, None
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        return node.pairs[0]
    names = ", ".join(transition.names())
    context.diagnostics.add(
        node.location,
        f"a transition is one of {names}, with its length, as in {{crossfade: 1s}}. {describe_node(node)}",
    )
    return None, None


def _length(node: Node | None, kind: str, context: SceneContext) -> Fraction:
    """In frames of the scene, one second if it is not said; 0, as of a cut, where it is less than a frame."""
    frames = _said_length(node, kind, context)
    return frames if frames >= 1 else Fraction(0)


def _said_length(node: Node | None, kind: str, context: SceneContext) -> Fraction:
    usual = min(DEFAULT_LENGTH * context.clock.rate, context.length)
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
