"""Transitions as a story writes them: ``cut``, ``morph: 1s``, ``wipe: {length: 1s, angle: 90}``."""

from __future__ import annotations

from fractions import Fraction

from pixray_motion.story.constant import parse_constant
from pixray_motion.story.entrance import KINDS, Entrance
from pixray_motion.story.nodes import Mapping, Node, Scalar
from pixray_motion.story.report import Refused, quoted, unknown
from pixray_motion.story.scope import Scope, fields, got, text_of
from pixray_motion.story.time import parse_time

USUAL = Fraction(1)  # second
NUMBERS = {
    "wipe": {"angle": (-360.0, 360.0), "feather": (0.0, 2.0)},
    "zoom-through": {"factor": (1.1, 100.0)},
}


def read_entrance(node: Node, scope: Scope) -> Entrance | None:
    """A kind, or a kind with its length, or with a mapping; None if that is reported."""
    key, value = _split(node, scope)
    if key is None:
        return None
    kind = key.text.strip()
    if kind not in KINDS:
        scope.report.add(key.place, unknown("transition", kind, KINDS))
        return None
    if kind == "cut":
        if value is not None:
            scope.report.add(value.place, "a cut has no length; write 'transition: cut'")
        return Entrance("cut", Fraction(0))
    if not isinstance(value, Mapping):
        return Entrance(kind, _length(value, kind, scope))
    return _whole(kind, value, scope)


def _split(node: Node, scope: Scope) -> tuple[Scalar | None, Node | None]:
    if isinstance(node, Scalar):
        return node, None
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        return node.pairs[0]
    scope.report.add(
        node.place,
        f"a transition is one of {', '.join(KINDS)}, with its length, as in {{crossfade: 1s}}. {got(node)}",
    )
    return None, None


def _whole(kind: str, value: Mapping, scope: Scope) -> Entrance:
    ranges = NUMBERS.get(kind, {})
    found = fields(value, f"'{kind}'", ("length", *ranges), scope.report)
    numbers = {}
    for name, (low, high) in ranges.items():
        if name in found:
            text = text_of(found[name], f"'{name}'", scope.report)
            try:
                numbers[name] = parse_constant(text or "", name, low, high)
            except Refused as refused:
                scope.report.add(found[name].place, refused.message)
    return Entrance(kind, _length(found.get("length"), kind, scope), **numbers)


def _length(node: Node | None, kind: str, scope: Scope) -> Fraction:
    """In frames of the scene; one second if it is not said."""
    usual = min(USUAL * scope.clock.rate, scope.length)
    if node is None:
        return usual
    text = text_of(node, f"the length of '{kind}'", scope.report)
    if text is None:
        return usual
    try:
        frames = parse_time(text, scope.base).frames(scope.clock.rate, scope.length)
        if not frames:
            raise Refused(f"the length of '{kind}' is {quoted(text)}; write a longer one, or 'cut'")
    except Refused as refused:
        scope.report.add(node.place, refused.message)
        return usual
    return frames
