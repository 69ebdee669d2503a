"""The word behind a key's value: ``2 ease-in``, ``2 steps(4)``, ``2 cubic-bezier(0.4, 0, 0.2, 1)``."""

from __future__ import annotations

import re

from pixray_motion.registry import nearest
from pixray_motion.story.constant import parse_constant
from pixray_motion.story.easing import EASINGS, FAMILIES, SPLINES, Bezier, Easing, Steps
from pixray_motion.story.formula import WORDS
from pixray_motion.story.functions import FUNCTIONS
from pixray_motion.story.limits import EASING_STEPS, FORMULA_CHARACTERS
from pixray_motion.story.report import Refused, cut, quoted

BEZIER, STEPS = "cubic-bezier", "steps"
NAMES = (*EASINGS, *SPLINES, STEPS, BEZIER)

_ALLOWED = (
    f"linear, hold, {', '.join(SPLINES)}, steps(n), cubic-bezier(x1, y1, x2, y2), ease-in, ease-out, ease-in-out, and "
    f"the last three with an ending: -{', -'.join(FAMILIES)}"
)
_WORD = r"([A-Za-z][\w-]*)\s*(?:\(([^()]*)\))?"
_ALONE = re.compile(_WORD)
_BEHIND = re.compile(rf"(?s)(.*[\w).])\s+({_WORD})")
_LAST = re.compile(r"[A-Za-z_]\w*\Z")
_HEIGHT = 100.0  # of a curve's control points


def split_easing(text: str) -> tuple[str, str, int]:
    """The value and its easing ('' if there is none), and where in ``text`` the easing begins.

    The last word of a formula is no easing: that of ``1 if t < 2 else t`` follows an operator.
    """
    match = _BEHIND.fullmatch(text) if len(text) <= 2 * FORMULA_CHARACTERS else None
    if match is None or (match[3] in FUNCTIONS and match[4] is not None):
        return text, "", 0
    before = _LAST.search(match[1])
    if before and before[0] in WORDS:
        return text, "", 0
    return (text, "", 0) if match[3] in WORDS else (match[1], match[2], match.start(2))


def is_easing(text: str) -> bool:
    """Whether ``text`` is an easing and nothing else, right or wrong in its values."""
    match = _ALONE.fullmatch(text)
    return match is not None and match[1] in NAMES


def parse_easing(text: str) -> Easing:
    """Read an easing; anything else is ``Refused`` with the nearest name."""
    match = _ALONE.fullmatch(text)
    name = match[1] if match else text
    if match is None or name not in NAMES:
        raise Refused(f"unknown easing {quoted(name)}; {nearest(cut(name), NAMES)}allowed: {_ALLOWED}")
    values = None if match[2] is None else [value.strip() for value in match[2].split(",")]
    if name == STEPS:
        return _steps(values)
    if name == BEZIER:
        return _bezier(values)
    if values is not None:
        raise Refused(f"the easing '{name}' takes no values; write {name} alone")
    return name


def _steps(values: list[str] | None) -> Steps:
    if values is None or len(values) != 1 or not re.fullmatch(r"[0-9]{1,9}", values[0]):
        raise Refused(f"'{STEPS}' takes one whole number, as in {STEPS}(4){_got(values)}")
    if not 1 <= int(values[0]) <= EASING_STEPS:
        raise Refused(f"'{STEPS}' takes a whole number from 1 to {EASING_STEPS}{_got(values)}")
    return Steps(int(values[0]))


def _bezier(values: list[str] | None) -> Bezier:
    if values is None or len(values) != 4:
        raise Refused(f"'{BEZIER}' takes four numbers, as in {BEZIER}(0.4, 0, 0.2, 1){_got(values)}")
    numbers = [
        parse_constant(value, f"{name} of {BEZIER}", *((0.0, 1.0) if name[0] == "x" else (-_HEIGHT, _HEIGHT)))
        for name, value in zip(("x1", "y1", "x2", "y2"), values, strict=True)
    ]
    return Bezier(*numbers)


def _got(values: list[str] | None) -> str:
    return "" if values is None else f". Got {quoted(', '.join(values))}"
