"""The film's beat and its markers."""

from __future__ import annotations

import re
from fractions import Fraction

from pixray_motion.story.eased import NAMES
from pixray_motion.story.formula import CONSTANTS, VARIABLES, WORDS
from pixray_motion.story.functions import FUNCTIONS
from pixray_motion.story.limits import BPM, MARKERS, NUMBER_CHARACTERS
from pixray_motion.story.nodes import Mapping, Node, Scalar
from pixray_motion.story.report import Refused, Report, quoted
from pixray_motion.story.scope import got, text_of
from pixray_motion.story.time import PLAIN, Time, TimeBase, parse_time

KEYS_OF_CURVES = ("from", "column", "rate", "since", "scale", "offset", "smooth")
KEYS_OF_PROMPTS = ("text", "weight", "stop")
TAKEN = {
    *VARIABLES, *CONSTANTS, *WORDS, *FUNCTIONS, *NAMES, *KEYS_OF_CURVES, *KEYS_OF_PROMPTS, "s", "b", "beats",
}  # fmt: skip

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LONGEST = 40
_BPM = re.compile(r"[0-9]+(?:\.[0-9]+|/[0-9]*[1-9][0-9]*)?")


def read_bpm(node: Node, report: Report) -> Fraction:
    """Beats a minute, exactly: ``120``, ``127.5`` or ``383/3``."""
    text = text_of(node, "'bpm'", report)
    if text is None:
        return PLAIN.bpm
    low, high = BPM
    if len(text) <= NUMBER_CHARACTERS and _BPM.fullmatch(text) and low <= Fraction(text) <= high:
        return Fraction(text)
    report.add(node.place, f"'bpm' is {low} to {high} beats a minute. Got {quoted(text)}")
    return PLAIN.bpm


def read_markers(node: Node, bpm: Fraction, rate: Fraction, report: Report) -> TimeBase:
    """``name: time``, from the film's start; a marker may stand at a distance from one above it."""
    markers: dict[str, Fraction] = {}
    if not isinstance(node, Mapping):
        report.add(node.place, f"'markers' is a mapping, 'name: time', as in {{drop: 12.5s}}. {got(node)}")
        return TimeBase(bpm)
    if len(node.pairs) > MARKERS:
        report.add(node.place, f"a film has at most {MARKERS} markers. Got {len(node.pairs)}")
        return TimeBase(bpm)
    for key, value in node.pairs:
        time = _marker(key, value, TimeBase(bpm, markers), report)
        markers[key.text] = time.frames(rate) / rate if time else Fraction(0)
        if time and markers[key.text] < 0:
            report.add(value.place, f"the marker {quoted(key.text)} lies before the film's start")
    return TimeBase(bpm, markers)


def _marker(key: Scalar, value: Node, base: TimeBase, report: Report) -> Time | None:
    """A marker's time; None if it is reported, or if its name is."""
    if not _NAME.fullmatch(key.text) or len(key.text) > _LONGEST:
        report.add(
            key.place,
            f"a marker's name is a letter and up to {_LONGEST - 1} letters, digits, - and _. Got {quoted(key.text)}",
        )
    elif key.text in TAKEN:
        report.add(key.place, f"the word '{key.text}' means something else in a story; choose another name")
    text = text_of(value, f"the marker {quoted(key.text)}", report)
    try:
        time = parse_time(text, base) if text is not None else None
        if time and time.unit == "%":
            raise Refused(f"a marker cannot be {quoted(text or '')}; write 48f, 4s, 0:04 or 8 beats")
    except Refused as refused:
        report.add(value.place, refused.message)
        return None
    return time
