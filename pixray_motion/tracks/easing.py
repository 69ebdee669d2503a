"""How a value runs from one key to the next: functions of [0, 1] that begin at 0 and end at 1.

An easing is registered by ``@easing("name")``: a function of the even part of the way, (N,) in 0..1, that returns the
part which it makes of it, (N,). Further parameters, annotated with fixed kinds from ``pixray_motion.units``, are
written as in CSS: ``name(4)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from pixray_motion.limits import EASING_STEPS, FORMULA_CHARACTERS
from pixray_motion.registry import Entry, Registry
from pixray_motion.tracks.base import Samples
from pixray_motion.tracks.formula import WORDS
from pixray_motion.tracks.functions import FUNCTIONS
from pixray_motion.units import Count, Real
from pixray_motion.wording import InvalidValue, quote, shorten, suggest

Shape = Callable[[Samples], Samples]
easing: Registry[Callable[..., Samples]] = Registry(
    "easing", builtin="pixray_motion.tracks.easing", animatable=False
)

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


@easing("linear")
def linear(share: Samples) -> Samples:
    """At an even pace."""
    return share


@easing("hold")
def hold(share: Samples) -> Samples:
    """Stay, and jump at the end."""
    return np.floor(share)


@easing("ease-in")
def ease_in(share: Samples) -> Samples:
    """Begin slowly."""
    return share * share


@easing("ease-out")
def ease_out(share: Samples) -> Samples:
    """End slowly."""
    return share * (2 - share)


@easing("ease-in-out")
def ease_in_out(share: Samples) -> Samples:
    """Begin and end slowly."""
    return share * share * (3 - 2 * share)


@easing("steps")
def steps(share: Samples, count: Annotated[int, Count(1, EASING_STEPS)]) -> Samples:
    """In ``count`` equal steps, each taken at the end of its share."""
    return np.floor(share * count + 1e-9) / count  # 0.57 * 100 is a little below 57


_HEIGHT = 100.0  # of a curve's control points
_Across = Annotated[float, Real(0, 1)]
_Along = Annotated[float, Real(-_HEIGHT, _HEIGHT)]


@easing("cubic-bezier")
def cubic_bezier(share: Samples, x1: _Across, y1: _Along, x2: _Across, y2: _Along) -> Samples:
    """Along the curve from (0, 0) to (1, 1) with the control points (``x1``, ``y1``) and (``x2``, ``y2``), as in CSS.

    (N,) -> (N,): the curve's y where its x is ``share``. Its x never falls, so halving finds the place.
    """
    low, high = np.zeros(share.shape), np.ones(share.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        before = _cubic(x1, x2, middle) < share
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return _pinned(lambda x: _cubic(y1, y2, (low + high) / 2) + 0 * x)(share)


def _cubic(first: float, second: float, s: Samples) -> Samples:
    """A Bernstein cubic with the values 0, ``first``, ``second`` and 1."""
    rest = 1 - s
    return 3 * rest * rest * s * first + 3 * rest * s * s * second + s * s * s


def _register_families() -> None:
    for name, shape in FAMILIES.items():
        for way, whole, how in (
            ("in", shape, "Begin slowly"),
            ("out", _reversed(shape), "End slowly"),
            ("in-out", _both(shape), "Begin and end slowly"),
        ):
            eased = _pinned(whole)
            eased.__doc__ = f'{how}, by the shape "{name}" (Penner 2001).'
            easing(f"ease-{way}-{name}")(eased)


_register_families()
_FAMILIAR = {
    f"ease-{way}{ending}" for way in ("in", "out", "in-out") for ending in ("", *(f"-{f}" for f in FAMILIES))
}
SPLINES = {
    "smooth": "A curve through all keys, which goes beyond none of them (PCHIP, Fritsch and Carlson 1980).",
    "akima": "A curve through all keys, which swings little (Akima 1970).",
    "cubic": "A curve through all keys, as smooth as can be: the natural cubic spline.",
}


@dataclass(frozen=True)
class Easing:
    """An easing with its values in the order of its parameters, or one of the ``SPLINES``, which look at all keys."""

    name: str
    values: tuple[Any, ...] = ()

    @property
    def is_spline(self) -> bool:
        return self.name in SPLINES

    def __call__(self, share: Samples) -> Samples:
        """``share`` (N,), the even part of the way, in 0..1 -> the part (N,) that the easing makes of it."""
        return self._make(share, *self.values)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.values))})" if self.values else self.name

    @cached_property
    def _make(self) -> Callable[..., Samples]:
        return easing.make(self.name)

    def __getstate__(self) -> dict[str, Any]:
        """Without the function, which may be one that cannot be pickled."""
        return {"name": self.name, "values": self.values}


LINEAR = Easing("linear")


def list_splines() -> list[Entry[Any]]:
    """The splines as a list of easings shows them."""
    return [Entry(name, linear, (), summary) for name, summary in SPLINES.items()]


_WORD = r"([A-Za-z][\w-]*)\s*(?:\(([^()]*)\))?"
_ALONE = re.compile(_WORD)
_BEHIND = re.compile(rf"(?s)(.*[\w).])\s+({_WORD})")
_LAST = re.compile(r"[A-Za-z_]\w*\Z")


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


def easing_names() -> list[str]:
    """All words that mean an easing or a spline."""
    return sorted({*easing.names(), *SPLINES})


def is_easing(text: str) -> bool:
    """Whether ``text`` is an easing and nothing else, right or wrong in its values."""
    match = _ALONE.fullmatch(text)
    return match is not None and (match[1] in SPLINES or easing.get(match[1]) is not None)


def parse_easing(text: str) -> Easing:
    """Read an easing; anything else is ``InvalidValue`` with the nearest name."""
    match = _ALONE.fullmatch(text)
    if match is None or not is_easing(text):
        name = match[1] if match else text
        raise InvalidValue(
            f"unknown easing {quote(name)}; {suggest(shorten(name), easing_names())}allowed: {_allowed()}"
        )
    entry = easing.get(match[1])
    parameters = entry.parameters if entry else ()
    values = None if match[2] is None else [value.strip() for value in match[2].split(",")]
    if not parameters:
        if values is not None:
            raise InvalidValue(f"the easing '{match[1]}' takes no values; write {match[1]} alone")
        return Easing(match[1])
    assert entry is not None
    given = values or []
    least = sum(parameter.required for parameter in parameters)
    if not least <= len(given) <= len(parameters):
        raise InvalidValue(f"'{entry.name}' takes {_count(entry, least)}, as in {_form(entry)}{_got(values)}")
    return Easing(
        entry.name,
        tuple(
            parameter.kind.parse(value, f"{parameter.name} of {entry.name}")
            for parameter, value in zip(parameters, given, strict=False)
        ),
    )


def _form(entry: Entry[Any]) -> str:
    """How an easing is written: its name, and its parameters' names in parentheses."""
    names = ", ".join(parameter.name for parameter in entry.parameters)
    return f"{entry.name}({names})" if names else entry.name


def _allowed() -> str:
    """All easings; those that come in families by their endings."""
    names = [_form(entry) for entry in easing.entries() if not entry.name.startswith("ease-")]
    own = [name for name in easing.names() if name.startswith("ease-") and name not in _FAMILIAR]
    return (
        f"{', '.join([*names, *own, *SPLINES])}, ease-in, ease-out, ease-in-out, and the last three with an ending: "
        f"-{', -'.join(FAMILIES)}"
    )


def _count(entry: Entry[Any], least: int) -> str:
    """How many values an easing takes, at least ``least``, and of which kind if all are of one."""
    kinds = {parameter.kind.describe()[0] for parameter in entry.parameters}
    what, most = kinds.pop() if len(kinds) == 1 else "value", len(entry.parameters)
    if least == most == 1:
        return f"one {what}"
    return f"{most} {what}s" if least == most else f"{least} to {most} {what}s"


def _got(values: list[str] | None) -> str:
    return "" if values is None else f". Got {quote(', '.join(values))}"
