"""Numbers, paths and colours as SVG writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]


def format_path(points: Numbers) -> str:
    """Path data of cubic Bezier segments with control points (3 * segments + 1, 2), in user units."""
    first, rest = points[0], points[1:]
    start, controls = (" ".join(_format_number(value) for value in part.ravel()) for part in (first, rest))
    return f"M{start}C{controls}"


def format_polygon(corners: Numbers) -> str:
    """Path data of a closed polygon with corners (K, 2), in user units."""
    return "M" + "L".join(f"{_format_number(x)} {_format_number(y)}" for x, y in corners) + "Z"


def format_colour(colour: Numbers) -> str:
    """``#rrggbb`` from red, green, blue (3,) in [0, 1], clipped; further numbers are ignored."""
    return "#" + "".join(f"{round(float(level) * 255):02x}" for level in np.clip(colour[:3], 0, 1))


def format_opacity(share: float) -> str:
    """The attribute ``stroke-opacity`` for an opacity in [0, 1], with a space before it; empty if opaque."""
    return "" if share >= 0.9995 else f' stroke-opacity="{share:.3f}"'


def _format_number(value: Any) -> str:
    """Two decimals, a hundredth of a pixel, without trailing zeros."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
