"""Numbers as SVG writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]


def curve(points: Numbers) -> str:
    """A path of cubic curves through (3 * segments + 1, 2) points."""
    first, rest = points[0], points[1:]
    return f"M{_number(first[0])} {_number(first[1])}C{' '.join(_number(value) for value in rest.ravel())}"


def polygon(corners: Numbers) -> str:
    """A closed path through (K, 2) corners."""
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in corners) + "Z"


def hexadecimal(colour: Numbers) -> str:
    """``#rrggbb`` of red, green, blue, ... in [0, 1]."""
    return "#" + "".join(f"{round(float(level) * 255):02x}" for level in np.clip(colour[:3], 0, 1))


def opacity(share: float) -> str:
    """An attribute, which opaque strokes do without."""
    return "" if share >= 0.9995 else f' stroke-opacity="{share:.3f}"'


def _number(value: Any) -> str:
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
