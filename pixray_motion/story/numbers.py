"""Numbers as a story writes them: constants, rates, formulas and keyframes of these."""

from __future__ import annotations

import math
import re

import numpy as np

from pixray_motion.story.check import NumberCheck
from pixray_motion.story.easing import EASINGS
from pixray_motion.story.formula import Formula, run
from pixray_motion.story.keyed import Keyed, PerSecond
from pixray_motion.story.limits import NUMBER_CHARACTERS
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.parser import compile_formula
from pixray_motion.story.report import Refused, number, quoted, span, unknown
from pixray_motion.story.scope import Scope, got, read_keys
from pixray_motion.story.track import Constant, Track
from pixray_motion.units import Pair, Unit

_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_CONSTANT = re.compile(_NUMBER)
_RATE = re.compile(rf"({_NUMBER})\s*/\s*s")
_EASED = re.compile(r"(?s)(.*[\w).])\s+([A-Za-z][\w-]*)")

NOTHING = Constant(0.0)  # stands for a number that could not be read


def read_number(node: Node, name: str, unit: Unit, scope: Scope) -> Track:
    """A number over the scene's time; whatever is wrong with it is reported, and then the result means nothing."""
    before = scope.report.count
    if isinstance(node, Mapping):
        track = _keyed(node, name, unit, scope)
    elif isinstance(node, Scalar):
        track = _value(node, node.text.strip(), name, unit, scope)
    else:
        scope.report.add(
            node.place, f"'{name}' is one number, a formula or keyframes {{0s: 1, 4s: 2}}. Got a list"
        )
        track = NOTHING
    if scope.timed and scope.report.count == before and not isinstance(track, Constant):
        scope.checks.append(NumberCheck(name, node.place, track, unit, scope.clock))
    return track


def read_pair(node: Node, name: str, pair: Pair, scope: Scope) -> tuple[Track, Track]:
    """Two numbers ``[x, y]``."""
    if not isinstance(node, Sequence) or len(node.items) != 2:
        scope.report.add(
            node.place, f"'{name}' is a pair [x, y]; each of the two may have keyframes. {got(node)}"
        )
        return NOTHING, NOTHING
    x, y = node.items
    return read_number(x, f"{name} x", pair.unit, scope), read_number(y, f"{name} y", pair.unit, scope)


def is_number(text: str) -> bool:
    return _CONSTANT.fullmatch(text) is not None


def parse_constant(text: str, name: str, low: float, high: float, unit: str = "") -> float:
    """A finite number between ``low`` and ``high``; anything else is ``Refused``."""
    if len(text) > NUMBER_CHARACTERS or not _CONSTANT.fullmatch(text):
        raise Refused(f"'{name}' is a number from {span(low, high)}. Got {quoted(text)}")
    value = float(text)
    if math.isinf(value):
        raise Refused(f"{quoted(text)} is too large for '{name}'; {span(low, high)} is allowed")
    if not low <= value <= high:
        of = f" ({unit})" if unit else ""
        raise Refused(f"'{name}' is {quoted(text)}; {span(low, high)}{of} is allowed")
    return value


def parse_track(text: str, name: str, unit: Unit, scope: Scope) -> Track:
    """A constant, a rate or a formula."""
    if _CONSTANT.fullmatch(text):
        return Constant(parse_constant(text, name, unit.low, unit.high, unit.name))
    if match := _RATE.fullmatch(text):
        return _rate(text, float(match[1]), name, unit, scope)
    if (words := text.split()) and words[-1] in EASINGS:
        raise Refused(
            f"'{name}': the easing '{words[-1]}' belongs to a keyframe, as in {{0s: 1, 4s: 2 {words[-1]}}}"
        )
    try:
        program = compile_formula(text)
    except Refused as refused:
        raise Refused(f"'{name}': {refused.message}", refused.offset) from refused
    if any(step.name and not step.arity for step in program):
        return Formula(program, scope.clock)
    value = float(np.float64(run(program, {})))
    if not unit.low <= value <= unit.high:
        shown = f"is {number(value)}" if math.isfinite(value) else "is no finite number"
        raise Refused(
            f"'{name}': {quoted(text)} {shown}; {span(unit.low, unit.high)} ({unit.name}) is allowed"
        )
    return Constant(value)


def _rate(text: str, value: float, name: str, unit: Unit, scope: Scope) -> Track:
    if len(text) > NUMBER_CHARACTERS or math.isinf(value):
        raise Refused(f"{quoted(text)} is too large for '{name}'; {span(unit.low, unit.high)} is allowed")
    if unit.geometric and value <= 0:
        raise Refused(f"'{name}': {quoted(text)} multiplies once a second, so it must be above 0")
    return PerSecond(value, scope.clock, unit.geometric)


def _value(node: Scalar, text: str, name: str, unit: Unit, scope: Scope) -> Track:
    """The track of a scalar's ``text``, which begins it (a key's easing may follow)."""
    try:
        if not text:
            raise Refused(f"'{name}' has no value; write a number, a formula or keyframes {{0s: 1, 4s: 2}}")
        return parse_track(text, name, unit, scope)
    except Refused as refused:
        lead = len(node.text) - len(node.text.lstrip())
        scope.report.add(node.at(lead + refused.offset), refused.message)
        return NOTHING


def _keyed(node: Mapping, name: str, unit: Unit, scope: Scope) -> Track:
    keys = read_keys(node, scope)
    if not node.pairs:
        scope.report.add(node.place, f"'{name}' has no keyframes; write at least one, as in {{0s: 1}}")
    tracks, easings = [], []
    for _, value in keys:
        track, easing = _key(value, name, unit, scope)
        tracks.append(track)
        easings.append(easing)
    if not keys:
        return NOTHING
    return Keyed(tuple(float(frame) for frame, _ in keys), tuple(tracks), tuple(easings), unit.geometric)


def _key(node: Node, name: str, unit: Unit, scope: Scope) -> tuple[Track, str]:
    """A key's value and the easing of the segment that arrives at it."""
    if not isinstance(node, Scalar):
        scope.report.add(
            node.place, f"a keyframe of '{name}' is one value, as in {{0s: 1, 4s: 2 ease-in}}. {got(node)}"
        )
        return NOTHING, "linear"
    text, easing = node.text.strip(), "linear"
    if text in EASINGS:
        scope.report.add(node.place, f"a number is missing before the easing '{text}'")
        return NOTHING, easing
    match = _EASED.fullmatch(text)
    if match:
        if match[2] not in EASINGS:
            offset = len(node.text) - len(node.text.lstrip()) + match.start(2)
            scope.report.add(node.at(offset), unknown("easing", match[2], EASINGS))
            return NOTHING, easing
        text, easing = match[1], match[2]
    return _value(node, text, name, unit, scope), easing
