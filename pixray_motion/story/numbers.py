"""Numbers as a story writes them: constants, rates, formulas and keyframes of these."""

from __future__ import annotations

import math
import re

import numpy as np

from pixray_motion.story import traps
from pixray_motion.story.check import NumberCheck
from pixray_motion.story.constant import NUMBER, is_number, parse_constant
from pixray_motion.story.eased import is_easing, parse_easing, split_easing
from pixray_motion.story.easing import SPLINES, Easing
from pixray_motion.story.follow import is_sampled, read_sampled
from pixray_motion.story.formula import Formula, is_constant, run
from pixray_motion.story.keyed import Keyed, PerSecond
from pixray_motion.story.limits import NUMBER_CHARACTERS
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.parser import compile_formula
from pixray_motion.story.report import Refused, number, quoted, span
from pixray_motion.story.scope import Scope, got, read_keys
from pixray_motion.story.track import Constant, Track
from pixray_motion.units import Pair, Unit

_RATE = re.compile(rf"({NUMBER})\s*/\s*(s|beat)")

NOTHING = Constant(0.0)  # stands for a number that could not be read


def read_number(node: Node, name: str, unit: Unit, scope: Scope) -> Track:
    """A number over the scene's time; whatever is wrong with it is reported, and then the result means nothing."""
    before = scope.report.count
    if isinstance(node, Mapping):
        sampled = is_sampled(node)
        track = (read_sampled(node, name, scope) or NOTHING) if sampled else _keyed(node, name, unit, scope)
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


def parse_track(text: str, name: str, unit: Unit, scope: Scope) -> Track:
    """A constant, a rate or a formula."""
    if is_number(text):
        return Constant(parse_constant(text, name, unit.low, unit.high, unit.name))
    if match := _RATE.fullmatch(text):
        return _rate(text, float(match[1]), match[2], name, unit, scope)
    easing = split_easing(text)[1]
    if is_easing(easing):
        raise Refused(
            f"'{name}': the easing '{easing}' belongs to a keyframe, as in {{0s: 1, 4s: 2 {easing}}}"
        )
    try:
        program = compile_formula(text)
    except Refused as refused:
        raise Refused(f"'{name}': {refused.message}", refused.offset, refused.detail) from refused
    if not is_constant(program):
        return Formula(program, scope.clock)
    value = float(np.float64(run(program, {})))
    if not unit.low <= value <= unit.high:
        shown = f"is {number(value)}" if math.isfinite(value) else "is no finite number"
        raise Refused(
            f"'{name}': {quoted(text)} {shown}; {span(unit.low, unit.high)} ({unit.name}) is allowed"
        )
    return Constant(value)


def _rate(text: str, value: float, per: str, name: str, unit: Unit, scope: Scope) -> Track:
    if len(text) > NUMBER_CHARACTERS or math.isinf(value):
        raise Refused(f"{quoted(text)} is too large for '{name}'; {span(unit.low, unit.high)} is allowed")
    if unit.geometric and value <= 0:
        raise Refused(
            f"'{name}': {quoted(text)} multiplies once a {'second' if per == 's' else per}, so it must be above 0"
        )
    pace = 1.0 if per == "s" else float(scope.clock.bpm / 60)
    return PerSecond(value, scope.clock, unit.geometric, pace)


def _value(node: Scalar, text: str, name: str, unit: Unit, scope: Scope) -> Track:
    """The track of a scalar's ``text``, which begins it (a key's easing may follow)."""
    try:
        if not text:
            raise Refused(f"'{name}' has no value; write a number, a formula or keyframes {{0s: 1, 4s: 2}}")
        if node.plain and (hint := traps.split(node.text, node.after)):
            raise Refused(f"'{name}': {hint}")
        return parse_track(text, name, unit, scope)
    except Refused as refused:
        lead = len(node.text) - len(node.text.lstrip())
        scope.report.add(node.at(lead + refused.offset), refused.message, detail=refused.detail)
        return NOTHING


def _keyed(node: Mapping, name: str, unit: Unit, scope: Scope) -> Track:
    keys = read_keys(node, scope)
    if not node.pairs:
        scope.report.add(node.place, f"'{name}' has no keyframes; write at least one, as in {{0s: 1}}")
    tracks: list[Track] = []
    easings: list[Easing] = []
    for _, value in keys:
        track, easing = _key(value, name, unit, scope)
        tracks.append(track)
        easings.append(easing)
    if not keys:
        return NOTHING
    _still(tracks, easings, [value for _, value in keys], scope)
    return Keyed(tuple(float(frame) for frame, _ in keys), tuple(tracks), tuple(easings), unit.geometric)


def _key(node: Node, name: str, unit: Unit, scope: Scope) -> tuple[Track, Easing]:
    """A key's value and the easing of the segment that arrives at it."""
    if not isinstance(node, Scalar):
        scope.report.add(
            node.place, f"a keyframe of '{name}' is one value, as in {{0s: 1, 4s: 2 ease-in}}. {got(node)}"
        )
        return NOTHING, "linear"
    text = node.text.strip()
    if is_easing(text):
        scope.report.add(node.place, f"a number is missing before the easing '{text}'")
        return NOTHING, "linear"
    value, word, start = split_easing(text)
    easing: Easing = "linear"
    if word:
        try:
            easing = parse_easing(word)
        except Refused as refused:
            lead = len(node.text) - len(node.text.lstrip())
            scope.report.add(node.at(lead + start), refused.message)
            return NOTHING, easing
    return _value(node, value, name, unit, scope), easing


def _still(tracks: list[Track], easings: list[Easing], nodes: list[Node], scope: Scope) -> None:
    """Report a key that moves beside a segment that is a spline, which goes through all keys."""
    kind = next((easing for easing in easings if easing in SPLINES), None)
    moving = next((i for i, track in enumerate(tracks) if not isinstance(track, Constant)), None)
    if kind is not None and moving is not None:
        scope.report.add(
            nodes[moving].place,
            f"'{kind}' draws a curve through all keys, so each is a plain number, and this one moves; write a number, "
            f"or another easing than '{kind}'",
        )
