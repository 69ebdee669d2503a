"""Times as a story writes them, kept exactly: ``48f``, ``4s``, ``0:04.5``, ``1:02:03``, ``50%``, and 0."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pixray_motion.story.limits import NUMBER_CHARACTERS
from pixray_motion.story.report import Refused, quoted

_DECIMAL = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_AMOUNT = re.compile(rf"({_DECIMAL})(s|%)")
_FRAMES = re.compile(r"([0-9]+)f")
_CLOCK = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]*)?)")
_BARE = re.compile(_DECIMAL)

HOW = "write 48f, 4s or 0:04"


@dataclass(frozen=True)
class Time:
    """A time in seconds, in frames, or in per cent of the scene's length: an exact amount, at least 0."""

    amount: Fraction
    unit: Literal["s", "f", "%"]

    def frames(self, rate: Fraction, length: Fraction = Fraction(0)) -> Fraction:
        """In frames, not rounded; ``length`` is the scene's, in frames."""
        if self.unit == "f":
            return self.amount
        return self.amount * rate if self.unit == "s" else self.amount * length / 100


def parse_time(text: str) -> Time:
    """Read a time; anything else is ``Refused`` with a sentence."""
    if len(text) > NUMBER_CHARACTERS:
        raise Refused(f"{quoted(text)} is too long for a time; {HOW}")
    if match := _FRAMES.fullmatch(text):
        return Time(Fraction(match[1]), "f")
    if match := _AMOUNT.fullmatch(text):
        return Time(_fraction(match[1]), "s" if match[2] == "s" else "%")
    if match := _CLOCK.fullmatch(text):
        return Time(_clock(match[1], match[2], match[3], text), "s")
    if _BARE.fullmatch(text):
        if not _fraction(text):
            return Time(Fraction(0), "s")
        raise Refused(
            f"the number {quoted(text)} is not a time; write {text}f for frames or {text}s for seconds"
        )
    raise Refused(_why(text))


def round_half_up(frames: Fraction) -> int:
    """The frame nearest to an exact time in frames; a time half way between two goes to the later one."""
    return math.floor(frames + Fraction(1, 2))


def _clock(hours: str | None, minutes: str, seconds: str, text: str) -> Fraction:
    if _fraction(seconds) >= 60 or (hours is not None and int(minutes) >= 60):
        raise Refused(f"{quoted(text)} is not a time: minutes and seconds go up to 59 in h:mm:ss")
    return Fraction(int(hours or 0) * 3600 + int(minutes) * 60) + _fraction(seconds)


def _fraction(digits: str) -> Fraction:
    """Fraction reads '.5' and '5', and '5.' only from Python 3.12 on."""
    return Fraction(digits.rstrip(".") if digits.endswith(".") else digits)


def _why(text: str) -> str:
    if re.fullmatch(rf"-\s*(?:{_DECIMAL})[sf%]?", text):
        return f"{quoted(text)} is not a time: times begin at 0"
    if re.fullmatch(rf"(?:{_DECIMAL})f", text):
        return f"{quoted(text)} is not a time: frames are whole"
    if re.fullmatch(r"(?:[0-9]+:)?[0-9]+:[0-9](?:\.[0-9]*)?", text):
        return f"{quoted(text)} is not a time: seconds have two digits after the colon, as in 1:05"
    return f"{quoted(text)} is not a time; {HOW}"
