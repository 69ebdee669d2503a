"""Times as a story writes them, kept exact: ``48f``, ``4s``, ``0:04.5``, ``8 beats``, ``50%``, ``drop + 1s``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from pixray_motion.limits import NUMBER_CHARACTERS, TIME_CHARACTERS
from pixray_motion.wording import InvalidValue, one_of, quote, shorten

_DECIMAL = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_AMOUNT = re.compile(rf"({_DECIMAL})(s|%)")
_BEATS = re.compile(rf"({_DECIMAL})(?:b| ?beats?)")
_FRAMES = re.compile(r"([0-9]+)f")
_CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]*)?)")
_BARE = re.compile(_DECIMAL)
_MARKER = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(?: *([+-]) *(\S.*))?")

EXAMPLES = "write 48f, 4s or 0:04"


@dataclass(frozen=True)
class TimeBase:
    """What beats and markers mean: beats per minute, and the seconds from the film's start to each marker, by name."""

    bpm: Fraction = Fraction(120)
    markers: Mapping[str, Fraction] = field(default_factory=dict)


PLAIN = TimeBase()


@dataclass(frozen=True)
class Time:
    """An exact time, at least 0, in seconds, in frames, or in per cent of the scene's length.

    With a ``marker`` it is counted from there, may be negative, and is a time of the film and not of a scene;
    ``origin`` is the marker's time in seconds from the film's start.
    """

    amount: Fraction
    unit: Literal["s", "f", "%"]
    marker: str = ""
    origin: Fraction = Fraction(0)

    def frames(
        self, rate: Fraction, length: Fraction = Fraction(0), start: Fraction = Fraction(0)
    ) -> Fraction:
        """The time in frames of a scene, not rounded.

        ``rate`` is in frames per second, ``length`` is the scene's number of frames, and ``start`` its first frame in
        the film.
        """
        amount = {"f": self.amount, "s": self.amount * rate, "%": self.amount * length / 100}[self.unit]
        return amount + self.origin * rate - start if self.marker else amount


def parse_time(text: str, base: TimeBase = PLAIN) -> Time:
    """Parse a time.

    Raises: ``InvalidValue`` if ``text`` is not a time, or names an unknown marker.
    """
    if len(text) > TIME_CHARACTERS:
        raise InvalidValue(f"{quote(text)} is too long for a time; {EXAMPLES}")
    match = _MARKER.fullmatch(text)
    if match and (base.markers or match[2]):
        return _parse_from_marker(match[1], match[2], match[3], base)
    if match:
        raise InvalidValue(
            f"{quote(text)} is neither a time nor a marker; {EXAMPLES}, or name a time under 'markers'"
        )
    return _parse_offset(text, base.bpm)


def round_half_up(frames: Fraction) -> int:
    """Round to the nearest frame; a time half way between two goes to the later one."""
    return math.floor(frames + Fraction(1, 2))


def _parse_offset(text: str, bpm: Fraction) -> Time:
    """A time without a marker, counted from the scene's start."""
    if len(text) > NUMBER_CHARACTERS:
        raise InvalidValue(f"{quote(text)} is too long for a time; {EXAMPLES}")
    if match := _FRAMES.fullmatch(text):
        return Time(Fraction(match[1]), "f")
    if match := _AMOUNT.fullmatch(text):
        return Time(_to_fraction(match[1]), "s" if match[2] == "s" else "%")
    if match := _CLOCK.fullmatch(text):
        return Time(_parse_clock(match[1], match[2], match[3], text), "s")
    if match := _BEATS.fullmatch(text):
        return Time(_to_fraction(match[1]) * 60 / bpm, "s")
    if _BARE.fullmatch(text):
        if not _to_fraction(text):
            return Time(Fraction(0), "s")
        raise InvalidValue(
            f"the number {quote(text)} is not a time; write {text}f for frames or {text}s for seconds"
        )
    raise InvalidValue(_explain_refusal(text))


def _parse_from_marker(name: str, sign: str | None, offset: str | None, base: TimeBase) -> Time:
    """A time counted from the marker ``name``, as in ``drop + 1s``."""
    if name not in base.markers:
        stem = name.split("-")[0]
        hint = f"; put spaces round '-' behind a marker, as in '{stem} - 1s'" if stem in base.markers else ""
        allowed = (
            one_of(shorten(name), base.markers) if base.markers else "the story names none under 'markers'"
        )
        raise InvalidValue(f"unknown marker {quote(name)}; {allowed}{hint}")
    if sign is None or offset is None:
        return Time(Fraction(0), "s", name, base.markers[name])
    shift = _parse_offset(offset, base.bpm)
    if shift.unit == "%":
        raise InvalidValue(
            f"{quote(offset)} behind a marker is not known; write {name} {sign} 1s, 12f or 2 beats"
        )
    return Time(shift.amount if sign == "+" else -shift.amount, shift.unit, name, base.markers[name])


def _parse_clock(hours: str | None, minutes: str, seconds: str, text: str) -> Fraction:
    if _to_fraction(seconds) >= 60 or (hours is not None and int(minutes) >= 60):
        raise InvalidValue(f"{quote(text)} is not a time: minutes and seconds go up to 59 in h:mm:ss")
    return Fraction(int(hours or 0) * 3600 + int(minutes) * 60) + _to_fraction(seconds)


def _to_fraction(digits: str) -> Fraction:
    """The exact value of a decimal. ``Fraction`` reads '5.' only from Python 3.12 on."""
    return Fraction(digits.rstrip(".") if digits.endswith(".") else digits)


def _explain_refusal(text: str) -> str:
    """The sentence for a text that is almost a time, or for any other."""
    if re.fullmatch(rf"-\s*(?:{_DECIMAL})[sf%]?", text):
        return f"{quote(text)} is not a time: times begin at 0"
    if re.fullmatch(rf"(?:{_DECIMAL})f", text):
        return f"{quote(text)} is not a time: frames are whole"
    if re.fullmatch(r"(?:[0-9]+:)?[0-9]+:[0-9](?:\.[0-9]*)?", text):
        return f"{quote(text)} is not a time: seconds have two digits after the colon, as in 1:05"
    return f"{quote(text)} is not a time; {EXAMPLES}"
