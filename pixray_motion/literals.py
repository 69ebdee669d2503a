"""Plain numbers, as a story writes them."""

from __future__ import annotations

import math
import re

from pixray_motion.limits import NUMBER_CHARACTERS
from pixray_motion.wording import InvalidValue, format_range, quote

NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)


def is_number(text: str) -> bool:
    """Whether the whole text is a decimal number; ``inf`` and ``nan`` are not."""
    return _NUMBER.fullmatch(text) is not None


def parse_constant(text: str, name: str, low: float, high: float, unit: str = "") -> float:
    """Parse a finite number between ``low`` and ``high``, inclusive. ``name`` and ``unit`` are for the message.

    Raises: ``InvalidValue`` for anything else.
    """
    if len(text) > NUMBER_CHARACTERS or not _NUMBER.fullmatch(text):
        raise InvalidValue(f"'{name}' is a number from {format_range(low, high)}. Got {quote(text)}")
    value = float(text)
    if math.isinf(value):
        raise InvalidValue(f"{quote(text)} is too large for '{name}'; {format_range(low, high)} is allowed")
    if not low <= value <= high:
        of = f" ({unit})" if unit else ""
        raise InvalidValue(f"'{name}' is {quote(text)}; {format_range(low, high)}{of} is allowed")
    return value
