"""The film's beat and its markers."""

from __future__ import annotations

import re
from fractions import Fraction

from pixray_motion.limits import BPM, MARKERS, NUMBER_CHARACTERS
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.tracks.easing import easing_names
from pixray_motion.tracks.formula import CONSTANTS, VARIABLES, WORDS
from pixray_motion.tracks.functions import FUNCTIONS
from pixray_motion.tracks.time import PLAIN, Time, TimeBase, parse_time
from pixray_motion.wording import InvalidValue, quote

CURVE_KEYS = ("from", "column", "rate", "since", "scale", "offset", "smooth")
PROMPT_KEYS = ("text", "weight", "stop")
TAKEN = {
    *VARIABLES, *CONSTANTS, *WORDS, *FUNCTIONS, *CURVE_KEYS, *PROMPT_KEYS, "s", "b", "beats",
}  # fmt: skip

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LONGEST = 40
_BPM = re.compile(r"[0-9]+(?:\.[0-9]+|/[0-9]*[1-9][0-9]*)?")


def read_bpm(node: Node, diagnostics: Diagnostics) -> Fraction:
    """Beats a minute, exactly: ``120``, ``127.5`` or ``383/3``."""
    text = read_text(node, "'bpm'", diagnostics)
    if text is None:
        return PLAIN.bpm
    low, high = BPM
    if len(text) <= NUMBER_CHARACTERS and _BPM.fullmatch(text) and low <= Fraction(text) <= high:
        return Fraction(text)
    diagnostics.add(node.location, f"'bpm' is {low} to {high} beats a minute. Got {quote(text)}")
    return PLAIN.bpm


def read_markers(node: Node, bpm: Fraction, rate: Fraction, diagnostics: Diagnostics) -> TimeBase:
    """``name: time``, from the film's start; a marker may stand at a distance from one above it."""
    markers: dict[str, Fraction] = {}
    if not isinstance(node, Mapping):
        diagnostics.add(
            node.location,
            f"'markers' is a mapping, 'name: time', as in {{drop: 12.5s}}. {describe_node(node)}",
        )
        return TimeBase(bpm)
    if len(node.pairs) > MARKERS:
        diagnostics.add(node.location, f"a film has at most {MARKERS} markers. Got {len(node.pairs)}")
        return TimeBase(bpm)
    for key, value in node.pairs:
        time = _marker(key, value, TimeBase(bpm, markers), diagnostics)
        markers[key.text] = time.frames(rate) / rate if time else Fraction(0)
        if time and markers[key.text] < 0:
            diagnostics.add(value.location, f"the marker {quote(key.text)} lies before the film's start")
    return TimeBase(bpm, markers)


def _marker(key: Scalar, value: Node, base: TimeBase, diagnostics: Diagnostics) -> Time | None:
    """A marker's time; None if it is reported, or if its name is."""
    if not _NAME.fullmatch(key.text) or len(key.text) > _LONGEST:
        diagnostics.add(
            key.location,
            f"a marker's name is a letter and up to {_LONGEST - 1} letters, digits, - and _. Got {quote(key.text)}",
        )
    elif key.text in TAKEN or key.text in easing_names():
        diagnostics.add(
            key.location, f"the word '{key.text}' means something else in a story; choose another name"
        )
    text = read_text(value, f"the marker {quote(key.text)}", diagnostics)
    try:
        time = parse_time(text, base) if text is not None else None
        if time and time.unit == "%":
            raise InvalidValue(f"a marker cannot be {quote(text or '')}; write 48f, 4s, 0:04 or 8 beats")
    except InvalidValue as error:
        diagnostics.add(value.location, error.message)
        return None
    return time
