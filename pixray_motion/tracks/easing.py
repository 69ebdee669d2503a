"""How a value runs from one key to the next: functions of [0, 1] that begin at 0 and end at 1."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pixray_motion.limits import EASING_STEPS, FORMULA_CHARACTERS
from pixray_motion.tracks.base import Samples
from pixray_motion.tracks.formula import WORDS
from pixray_motion.tracks.functions import FUNCTIONS
from pixray_motion.tracks.literals import parse_constant
from pixray_motion.wording import InvalidValue, quote, shorten, suggest

Shape = Callable[[Samples], Samples]

BACK = 1.70158  # how far the way goes back: a tenth of the whole
ELASTIC = 0.3  # the share of the way that one swing takes
HALVINGS = 40  # of the interval that holds a curve's parameter: 1e-12 is left


def _exponential(x: Samples) -> Samples:
    """Doubles ten times; shifted and scaled to begin at 0, where the power alone would jump."""
    return (np.exp2(10 * x) - 1) / 1023


def _bounce(x: Samples) -> Samples:
    """A ball thrown from 0, three bounces: each next arc is half as wide and a quarter as high from the end."""
    x = 2.75 * (1 - x)
    arcs = [x < 1, x < 2, x < 2.5]
    centre, rest = np.select(arcs, [0, 1.5, 2.25], 2.625), np.select(arcs, [1, 0.25, 0.0625], 0.015625)
    height: Samples = rest - (x - centre) ** 2
    return height


FAMILIES: dict[str, Shape] = {
    "sine": lambda x: 1 - np.cos(np.pi / 2 * x),
    "quad": lambda x: x**2,
    "cubic": lambda x: x**3,
    "quart": lambda x: x**4,
    "quint": lambda x: x**5,
    "expo": _exponential,
    "circ": lambda x: 1 - np.sqrt(1 - x * x),
    "back": lambda x: x * x * ((BACK + 1) * x - BACK),
    "elastic": lambda x: _exponential(x) * np.cos(2 * np.pi / ELASTIC * (1 - x)),
    "bounce": _bounce,
}


def _pinned(shape: Shape) -> Shape:
    """Exactly 0 at 0 and 1 at 1, whatever rounding makes of it."""
    return lambda x: np.where(x <= 0, 0.0, np.where(x >= 1, 1.0, shape(x)))


def _reversed(shape: Shape) -> Shape:
    return lambda x: 1 - shape(1 - x)


def _both(shape: Shape) -> Shape:
    """Half the way by ``shape``, and the other half by its mirror image."""

    def both(x: Samples) -> Samples:
        half = shape(2 * np.minimum(x, 1 - x)) / 2
        return np.where(x < 0.5, half, 1 - half)

    return both


EASINGS: dict[str, Shape] = {
    "linear": lambda x: x,
    "hold": lambda x: np.floor(x),
    "ease-in": lambda x: x * x,
    "ease-out": lambda x: x * (2 - x),
    "ease-in-out": lambda x: x * x * (3 - 2 * x),
    **{f"ease-in-{name}": _pinned(shape) for name, shape in FAMILIES.items()},
    **{f"ease-out-{name}": _pinned(_reversed(shape)) for name, shape in FAMILIES.items()},
    **{f"ease-in-out-{name}": _pinned(_both(shape)) for name, shape in FAMILIES.items()},
}
SPLINES = ("smooth", "akima", "cubic")  # these look at all keys of a track


@dataclass(frozen=True)
class Bezier:
    """The curve from (0, 0) to (1, 1) with the control points (x1, y1) and (x2, y2); x1 and x2 lie in 0..1."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __call__(self, share: Samples) -> Samples:
        """(N,) -> (N,): the curve's y where its x is ``share``. Its x never falls, so halving finds the place."""
        low, high = np.zeros(share.shape), np.ones(share.shape)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            before = _cubic(self.x1, self.x2, middle) < share
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        return _pinned(lambda x: _cubic(self.y1, self.y2, (low + high) / 2) + 0 * x)(share)


def _cubic(first: float, second: float, s: Samples) -> Samples:
    """A Bernstein cubic with the values 0, ``first``, ``second`` and 1."""
    rest = 1 - s
    return 3 * rest * rest * s * first + 3 * rest * s * s * second + s * s * s


@dataclass(frozen=True)
class Steps:
    """``count`` equal steps, each taken at the end of its share."""

    count: int

    def __call__(self, share: Samples) -> Samples:
        return np.floor(share * self.count + 1e-9) / self.count  # 0.57 * 100 is a little below 57


Easing = str | Bezier | Steps


def apply_easing(easing: Easing, share: Samples) -> Samples:
    """``share`` (N,), the even part of the way, in 0..1 -> the part that ``easing`` makes of it."""
    return EASINGS[easing](share) if isinstance(easing, str) else easing(share)


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
    """Read an easing; anything else is ``InvalidValue`` with the nearest name."""
    match = _ALONE.fullmatch(text)
    name = match[1] if match else text
    if match is None or name not in NAMES:
        raise InvalidValue(
            f"unknown easing {quote(name)}; {suggest(shorten(name), NAMES)}allowed: {_ALLOWED}"
        )
    values = None if match[2] is None else [value.strip() for value in match[2].split(",")]
    if name == STEPS:
        return _steps(values)
    if name == BEZIER:
        return _bezier(values)
    if values is not None:
        raise InvalidValue(f"the easing '{name}' takes no values; write {name} alone")
    return name


def _steps(values: list[str] | None) -> Steps:
    if values is None or len(values) != 1 or not re.fullmatch(r"[0-9]{1,9}", values[0]):
        raise InvalidValue(f"'{STEPS}' takes one whole number, as in {STEPS}(4){_got(values)}")
    if not 1 <= int(values[0]) <= EASING_STEPS:
        raise InvalidValue(f"'{STEPS}' takes a whole number from 1 to {EASING_STEPS}{_got(values)}")
    return Steps(int(values[0]))


def _bezier(values: list[str] | None) -> Bezier:
    if values is None or len(values) != 4:
        raise InvalidValue(f"'{BEZIER}' takes four numbers, as in {BEZIER}(0.4, 0, 0.2, 1){_got(values)}")
    numbers = [
        parse_constant(value, f"{name} of {BEZIER}", *((0.0, 1.0) if name[0] == "x" else (-_HEIGHT, _HEIGHT)))
        for name, value in zip(("x1", "y1", "x2", "y2"), values, strict=True)
    ]
    return Bezier(*numbers)


def _got(values: list[str] | None) -> str:
    return "" if values is None else f". Got {quote(', '.join(values))}"
