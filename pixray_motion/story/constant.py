"""Plain numbers."""

from __future__ import annotations

import math
import re

from pixray_motion.story.limits import NUMBER_CHARACTERS
from pixray_motion.story.report import Refused, quoted, span

NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def parse_constant(text: str, name: str, low: float, high: float, unit: str = "") -> float:
    """A finite number between ``low`` and ``high``; anything else is ``Refused``."""
    if len(text) > NUMBER_CHARACTERS or not is_number(text):
        raise Refused(f"'{name}' is a number from {span(low, high)}. Got {quoted(text)}")
    value = float(text)
    if math.isinf(value):
        raise Refused(f"{quoted(text)} is too large for '{name}'; {span(low, high)} is allowed")
    if not low <= value <= high:
        of = f" ({unit})" if unit else ""
        raise Refused(f"'{name}' is {quoted(text)}; {span(low, high)}{of} is allowed")
    return value
