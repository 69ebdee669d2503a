"""A number that follows a curve from a file: ``{from: curve.csv, column: rms}``."""

from __future__ import annotations

import numpy as np

from pixray_motion.story.constant import parse_constant
from pixray_motion.story.curves import Curve, read_curve
from pixray_motion.story.markers import KEYS_OF_CURVES
from pixray_motion.story.nodes import Mapping, Node, Scalar
from pixray_motion.story.report import Refused, quoted
from pixray_motion.story.sampled import Sampled
from pixray_motion.story.scope import Scope, fields, got
from pixray_motion.story.time import parse_time
from pixray_motion.story.track import Samples, Track

RATES = (1e-3, 1e6)
FACTOR = 1e9


def is_sampled(node: Mapping) -> bool:
    return node.get("from") is not None or "from" in node.lost


def read_sampled(node: Mapping, name: str, scope: Scope) -> Track | None:
    """The track; None if something is wrong, which is reported."""
    before = scope.report.count
    found = fields(node, f"the curve of '{name}'", KEYS_OF_CURVES, scope.report)
    low, high = RATES
    rate = _number(found.get("rate"), "rate", low, high, 0.0, scope)
    scale = _number(found.get("scale"), "scale", -FACTOR, FACTOR, 1.0, scope)
    offset = _number(found.get("offset"), "offset", -FACTOR, FACTOR, 0.0, scope)
    window = _window(found.get("smooth"), scope)
    since = _text(found.get("since"), "since", scope) or "scene"
    if since not in ("scene", "film"):
        scope.report.add(found["since"].place, f"'since' is scene or film. Got {quoted(since)}")
    file, column = _text(found.get("from"), "from", scope), _text(found.get("column"), "column", scope)
    if file is None or scope.report.count > before:
        return None
    try:
        curve = read_curve(scope.home, file, column, timed=not rate)
        start = float(scope.clock.start * scope.clock.rate) if since == "film" else 0.0
        return _track(curve, file, rate, scale, offset, window, start, scope)
    except Refused as refused:
        scope.report.add(found["from"].place, f"'{name}': {refused.message}")
        return None


def _track(
    curve: Curve,
    file: str,
    rate: float,
    scale: float,
    offset: float,
    window: float,
    start: float,
    scope: Scope,
) -> Track:
    """``window`` and ``start`` are in frames."""
    film = float(scope.clock.rate)
    if curve.times is None:
        times: Samples = np.arange(len(curve.values), dtype=np.float64) * (film / rate if rate else 1.0)
    else:
        times = curve.times * film if curve.unit == "s" else curve.times
    with np.errstate(all="ignore"):
        values = curve.values * scale + offset
        sound = np.isfinite(values).all() and np.isfinite(times).all() and (np.diff(times) > 0).all()
    if not sound:
        raise Refused(f"{quoted(file)} holds numbers that are too large or too close; scale them down")
    return Sampled(times - start, values, window)


def _number(node: Node | None, name: str, low: float, high: float, default: float, scope: Scope) -> float:
    text = _text(node, name, scope)
    if node is None or text is None:
        return default
    try:
        return parse_constant(text, name, low, high)
    except Refused as refused:
        scope.report.add(node.place, refused.message)
        return default


def _window(node: Node | None, scope: Scope) -> float:
    """In frames."""
    text = _text(node, "smooth", scope)
    if node is None or text is None:
        return 0.0
    try:
        time = parse_time(text, scope.base)
        if time.marker or time.unit == "%":
            raise Refused(f"'smooth' is a span of time, as in 0.2s. Got {quoted(text)}")
        return float(time.frames(scope.clock.rate))
    except Refused as refused:
        scope.report.add(node.place, refused.message)
        return 0.0


def _text(node: Node | None, name: str, scope: Scope) -> str | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text.strip()
    scope.report.add(node.place, f"'{name}' is one value. {got(node)}")
    return None
