"""A number that follows a curve from a file: ``{from: curve.csv, column: rms}``."""

from __future__ import annotations

import numpy as np

from pixray_motion.literals import parse_constant
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.markers import CURVE_KEYS
from pixray_motion.story.source.fields import describe_node, read_mapping
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.tracks.base import Samples, Track
from pixray_motion.tracks.samples import Sampled
from pixray_motion.tracks.tables import Column, read_column
from pixray_motion.tracks.time import parse_time
from pixray_motion.wording import InvalidValue, quote

RATES = (1e-3, 1e6)
FACTOR = 1e9


def is_curve(node: Mapping) -> bool:
    return "from" in node.lost or any(key.text == "from" for key, _ in node.pairs)


def read_curve_track(node: Mapping, name: str, context: SceneContext) -> Track | None:
    """The track; None if something is wrong, which is reported."""
    before = context.diagnostics.count
    found = read_mapping(node, f"the curve of '{name}'", CURVE_KEYS, context.diagnostics)
    low, high = RATES
    rate = _number(found.get("rate"), "rate", low, high, 0.0, context)
    scale = _number(found.get("scale"), "scale", -FACTOR, FACTOR, 1.0, context)
    offset = _number(found.get("offset"), "offset", -FACTOR, FACTOR, 0.0, context)
    window = _window(found.get("smooth"), context)
    since = _text(found.get("since"), "since", context) or "scene"
    if since not in ("scene", "film"):
        context.diagnostics.add(found["since"].location, f"'since' is scene or film. Got {quote(since)}")
    file, column = _text(found.get("from"), "from", context), _text(found.get("column"), "column", context)
    if file is None or context.diagnostics.count > before:
        return None
    start = float(context.clock.start * context.clock.rate) if since == "film" else 0.0
    try:
        curve = read_column(context.folder, file, column, timed=not rate)
        return _shared_track(
            curve, file, (float(context.clock.rate), rate, scale, offset, window, start), context
        )
    except InvalidValue as error:
        context.diagnostics.add(found["from"].location, f"'{name}': {error.message}")
        return None


def _shared_track(
    curve: Column, file: str, settings: tuple[float, float, float, float, float, float], context: SceneContext
) -> Track:
    """One track for all values that follow a curve in the same way: a curve can be long, and named often."""

    def make() -> Track:
        context.folder.spend(len(curve.values), "samples")
        return _track(curve, *settings)

    try:
        return context.folder.once((curve, settings), make)
    except InvalidValue as error:
        raise InvalidValue(f"{quote(file)} {error.message}") from error


def _track(
    curve: Column, film: float, rate: float, scale: float, offset: float, window: float, start: float
) -> Track:
    """``film`` is its rate; ``window`` and ``start`` are in its frames."""
    if curve.times is None:
        times: Samples = np.arange(len(curve.values), dtype=np.float64) * (film / rate if rate else 1.0)
    else:
        times = curve.times * film if curve.unit == "s" else curve.times
    with np.errstate(all="ignore"):
        values = curve.values * scale + offset
        sound = np.isfinite(values).all() and np.isfinite(times).all() and (np.diff(times) > 0).all()
    if not sound:
        raise InvalidValue("holds numbers that are too large or too close; scale them down")
    return Sampled(times - start, values, window)


def _number(
    node: Node | None, name: str, low: float, high: float, default: float, context: SceneContext
) -> float:
    text = _text(node, name, context)
    if node is None or text is None:
        return default
    try:
        return parse_constant(text, name, low, high)
    except InvalidValue as error:
        context.diagnostics.add(node.location, error.message)
        return default


def _window(node: Node | None, context: SceneContext) -> float:
    """In frames."""
    text = _text(node, "smooth", context)
    if node is None or text is None:
        return 0.0
    try:
        time = parse_time(text, context.base)
        if time.marker or time.unit == "%":
            raise InvalidValue(f"'smooth' is a span of time, as in 0.2s. Got {quote(text)}")
        return float(time.frames(context.clock.rate))
    except InvalidValue as error:
        context.diagnostics.add(node.location, error.message)
        return 0.0


def _text(node: Node | None, name: str, context: SceneContext) -> str | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text.strip()
    context.diagnostics.add(node.location, f"'{name}' is one value. {describe_node(node)}")
    return None
