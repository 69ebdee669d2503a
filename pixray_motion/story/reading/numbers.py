"""Numbers as a story writes them: constants, rates, formulas and keyframes of these."""

from __future__ import annotations

import math
import re

import numpy as np

from pixray_motion.limits import NUMBER_CHARACTERS
from pixray_motion.literals import NUMBER, is_number, parse_constant
from pixray_motion.story.reading.context import SceneContext, read_keys
from pixray_motion.story.reading.curves import is_curve, read_curve_track
from pixray_motion.story.reading.validate import NumberCheck
from pixray_motion.story.source import yaml_hints
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.tracks.base import Constant, Track
from pixray_motion.tracks.easing import LINEAR, Easing, is_easing, parse_easing, split_easing
from pixray_motion.tracks.formula import Formula, is_constant, run
from pixray_motion.tracks.formula_parser import compile_formula
from pixray_motion.tracks.keyframes import Keyframes, PerSecond
from pixray_motion.units import Kind, Unit
from pixray_motion.wording import InvalidValue, format_number, format_range, quote

_RATE = re.compile(rf"({NUMBER})\s*/\s*(s|beat)")

NOTHING = Constant(0.0)  # stands for a number that could not be read


def read_number(node: Node, name: str, unit: Unit, context: SceneContext) -> Track:
    """A number over the scene's time; whatever is wrong with it is reported, and then the result means nothing."""
    before = context.diagnostics.count
    if isinstance(node, Mapping):
        sampled = is_curve(node)
        track = (
            (read_curve_track(node, name, context) or NOTHING)
            if sampled
            else _keyed(node, name, unit, context)
        )
    elif isinstance(node, Scalar):
        track = _value(node, node.text.strip(), name, unit, context)
    else:
        context.diagnostics.add(
            node.location, f"'{name}' is one number, a formula or keyframes {{0s: 1, 4s: 2}}. Got a list"
        )
        track = NOTHING
    if context.timed and context.diagnostics.count == before and not isinstance(track, Constant):
        context.checks.append(NumberCheck(name, node.location, track, unit, context.clock, context.span))
    return track


def read_tracks(node: Node, name: str, kind: Kind, context: SceneContext) -> tuple[Track, ...]:
    """A list with a number over time for each part of ``kind``."""
    items = split_list(node, name, kind, context.diagnostics)
    if items is None:
        return (NOTHING,) * len(kind.parts)
    return tuple(
        read_number(item, f"{name} {label}", unit, context)
        for item, (label, unit) in zip(items, kind.parts, strict=True)
    )


def split_list(node: Node, name: str, kind: Kind, diagnostics: Diagnostics) -> list[Node] | None:
    """The items of a value of several numbers; None if it is no list of as many, which is reported."""
    labels = [label for label, _ in kind.parts]
    if isinstance(node, Sequence) and len(node.items) == len(labels):
        return node.items
    pair = len(labels) == 2
    what = f"a {'pair' if pair else 'list'} [{', '.join(labels)}]"
    over_time = f"; each of the {'two' if pair else len(labels)} may have keyframes"
    diagnostics.add(node.location, f"'{name}' is {what}{over_time}. {describe_node(node)}")
    return None


def parse_track(text: str, name: str, unit: Unit, context: SceneContext) -> Track:
    """A constant, a rate or a formula. Raises: ``InvalidValue``."""
    if is_number(text):
        return Constant(parse_constant(text, name, unit.low, unit.high, unit.name))
    if match := _RATE.fullmatch(text):
        return _rate(text, float(match[1]), match[2], name, unit, context)
    easing = split_easing(text)[1]
    if is_easing(easing):
        raise InvalidValue(
            f"'{name}': the easing '{easing}' belongs to a keyframe, as in {{0s: 1, 4s: 2 {easing}}}"
        )
    try:
        program = compile_formula(text)
    except InvalidValue as error:
        raise InvalidValue(f"'{name}': {error.message}", error.offset, error.detail) from error
    if not is_constant(program):
        return Formula(program, context.clock)
    value = float(np.float64(run(program, {})))
    if not unit.low <= value <= unit.high:
        shown = f"is {format_number(value)}" if math.isfinite(value) else "is no finite number"
        raise InvalidValue(
            f"'{name}': {quote(text)} {shown}; {format_range(unit.low, unit.high)} ({unit.name}) is allowed"
        )
    return Constant(value)


def _rate(text: str, value: float, per: str, name: str, unit: Unit, context: SceneContext) -> Track:
    if len(text) > NUMBER_CHARACTERS or math.isinf(value):
        raise InvalidValue(
            f"{quote(text)} is too large for '{name}'; {format_range(unit.low, unit.high)} is allowed"
        )
    if unit.geometric and value <= 0:
        raise InvalidValue(
            f"'{name}': {quote(text)} multiplies once a {'second' if per == 's' else per}, so it must be above 0"
        )
    pace = 1.0 if per == "s" else float(context.clock.bpm / 60)
    return PerSecond(value, context.clock, unit.geometric, pace)


def _value(node: Scalar, text: str, name: str, unit: Unit, context: SceneContext) -> Track:
    """The track of a scalar's ``text``, which begins it (a key's easing may follow)."""
    try:
        if not text:
            raise InvalidValue(
                f"'{name}' has no value; write a number, a formula or keyframes {{0s: 1, 4s: 2}}"
            )
        if node.plain and "(" in text and (hint := yaml_hints.hint_comma(node.text, node.after)):
            raise InvalidValue(f"'{name}': {hint}")
        return parse_track(text, name, unit, context)
    except InvalidValue as error:
        lead = len(node.text) - len(node.text.lstrip())
        context.diagnostics.add(node.at(lead + error.offset), error.message, detail=error.detail)
        return NOTHING


def _keyed(node: Mapping, name: str, unit: Unit, context: SceneContext) -> Track:
    keys = read_keys(node, context)
    if not node.pairs:
        context.diagnostics.add(
            node.location, f"'{name}' has no keyframes; write at least one, as in {{0s: 1}}"
        )
    tracks: list[Track] = []
    easings: list[Easing] = []
    for _, value in keys:
        track, easing = _key(value, name, unit, context)
        tracks.append(track)
        easings.append(easing)
    if not keys:
        return NOTHING
    if len(keys) > easings.count(LINEAR):
        _check_spline_keys(tracks, easings, [value for _, value in keys], context)
    return Keyframes(tuple(float(frame) for frame, _ in keys), tuple(tracks), tuple(easings), unit.geometric)


def _key(node: Node, name: str, unit: Unit, context: SceneContext) -> tuple[Track, Easing]:
    """A key's value and the easing of the segment that arrives at it."""
    if not isinstance(node, Scalar):
        context.diagnostics.add(
            node.location,
            f"a keyframe of '{name}' is one value, as in {{0s: 1, 4s: 2 ease-in}}. {describe_node(node)}",
        )
        return NOTHING, LINEAR
    text = node.text.strip()
    if text[:1].isalpha() and is_easing(text):
        context.diagnostics.add(node.location, f"a number is missing before the easing '{text}'")
        return NOTHING, LINEAR
    value, word, start = split_easing(text)
    easing = LINEAR
    if word:
        try:
            easing = parse_easing(word)
        except InvalidValue as error:
            lead = len(node.text) - len(node.text.lstrip())
            context.diagnostics.add(node.at(lead + start), error.message)
            return NOTHING, easing
    return _value(node, value, name, unit, context), easing


def _check_spline_keys(
    tracks: list[Track], easings: list[Easing], nodes: list[Node], context: SceneContext
) -> None:
    """Report a key that moves beside a segment that is a spline, which goes through all keys."""
    kind = next((easing for easing in easings if easing.is_spline), None)
    moving = next((i for i, track in enumerate(tracks) if not isinstance(track, Constant)), None)
    if kind is not None and moving is not None:
        context.diagnostics.add(
            nodes[moving].location,
            f"'{kind}' draws a curve through all keys, so each is a plain number, and this one moves; write a number, "
            f"or another easing than '{kind}'",
        )
