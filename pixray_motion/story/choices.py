"""Things that a story names: the drawer, perceptors, losses and filters, with their parameters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from PIL import ImageColor

from pixray_motion.drawers.base import Drawer, drawer
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas
from pixray_motion.losses import loss
from pixray_motion.perceptors.base import perceptor
from pixray_motion.priors.base import prior
from pixray_motion.registry import Entry, Registry
from pixray_motion.story.constant import parse_constant
from pixray_motion.story.limits import LINES
from pixray_motion.story.lines import FilterLine, PriorLine
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.numbers import read_number
from pixray_motion.story.plan import Choice
from pixray_motion.story.report import Refused, Report, cut, quoted
from pixray_motion.story.scope import Scope, fields, got, text_of
from pixray_motion.story.track import Constant, Track
from pixray_motion.units import GUIDANCE, SHARE, WEIGHT, Count, Flag, Grid, Kind, OneOf, Palette, Real, Unit

NONE = "none"
PRIOR_KEYS = ("model", "weight", "guidance", "level")
PRIOR = PriorLine("embedded", Constant(0.1), Constant(5.0), Constant(0.35))
_SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})")
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")


def parse_size(text: str) -> tuple[int, int]:
    """``80x45`` -> (80, 45)."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise Refused(f"{quoted(text)} is not a size; write width x height, as in 192x108")
    return int(match[1]), int(match[2])


def parse_whole(text: str, name: str, low: int, high: int) -> int:
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise Refused(f"'{name}' is a whole number from {low} to {high}. Got {quoted(text)}")
    return int(text)


def parse_flag(text: str, name: str) -> bool:
    if text not in ("true", "false"):
        raise Refused(f"'{name}' is true or false. Got {quoted(text)}")
    return text == "true"


def read_flag(node: Node, name: str, report: Report) -> bool:
    text = text_of(node, f"'{name}'", report)
    try:
        return text is not None and parse_flag(text, name)
    except Refused as refused:
        report.add(node.place, refused.message)
        return False


def named(node: Node, registry: Registry[Any], report: Report) -> tuple[Entry[Any], Node | None] | None:
    """A registered entry from ``name`` or ``name: {parameters}``, with its parameters; None if that is reported."""
    kind, parameters = registry.kind, None
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        key, parameters = node.pairs[0]
    elif isinstance(node, Scalar):
        key = node
    else:
        report.add(
            node.place, f"a {kind} is a name, or one name with its parameters, 'name: {{...}}'. {got(node)}"
        )
        return None
    entry = registry.get(key.text.strip())
    if entry is None:
        report.add(key.place, registry.unknown(cut(key.text)))
        return None
    return entry, parameters


def read_drawer(node: Node, canvas: Canvas | None, report: Report) -> Choice:
    found = named(node, drawer, report)
    if found is None:
        return Choice("")
    entry, parameters = found
    if parameters is None:
        return Choice(entry.name)
    values = []
    for name, value in fields(
        parameters, f"'{entry.name}'", [p.name for p in entry.parameters], report
    ).items():
        kind = next(p.kind for p in entry.parameters if p.name == name)
        values.append((name, read_fixed(value, name, kind, canvas, report)))
    return Choice(entry.name, tuple(values))


def usual_steps(name: str) -> tuple[int, int]:
    """The steps of a picture from nothing and of a frame after another, if a story does not say."""
    entry = drawer.get(name)
    steps: tuple[int, int] = getattr(entry.make, "steps", Drawer.steps) if entry else Drawer.steps
    return steps


def read_fixed(node: Node, name: str, kind: Kind, canvas: Canvas | None, report: Report) -> Any:
    """A value that is the same for the whole film: a tuple for a grid, an int, a flag, a word, else a float."""
    if not isinstance(node, Scalar):
        report.add(node.place, f"'{name}' is one value for the whole film. {got(node)}")
        return None
    try:
        return _fixed(node.text.strip(), name, kind, canvas)
    except Refused as refused:
        report.add(node.place, refused.message)
        return None


def _fixed(text: str, name: str, kind: Kind, canvas: Canvas | None) -> Any:
    if isinstance(kind, Grid):
        columns, rows = parse_size(text)
        if min(columns, rows) < kind.low:
            raise Refused(f"'{name}' has at least {kind.low} columns and rows. Got {quoted(text)}")
        if canvas is not None and (columns > canvas.width or rows > canvas.height):
            raise Refused(f"'{name}' is {quoted(text)}, finer than the canvas; up to {canvas} is allowed")
        return columns, rows
    if isinstance(kind, Flag):
        return parse_flag(text, name)
    if isinstance(kind, OneOf):
        if text not in kind.words:
            raise Refused(f"'{name}' is {', '.join(kind.words[:-1])} or {kind.words[-1]}. Got {quoted(text)}")
        return text
    if isinstance(kind, Palette):
        return _palette(text, name, kind.most)
    if isinstance(kind, Count):
        return parse_whole(text, name, kind.low, kind.high)
    if isinstance(kind, (Real, Unit)):
        return parse_constant(text, name, kind.low, kind.high)
    raise Refused(f"'{name}' is a pair, which only a movement can have; take it out")


def _palette(text: str, name: str, most: int) -> tuple[tuple[int, ...], ...]:
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= most:
        raise Refused(f"'{name}' is 1 to {most} colours, as in \"black white #ffcc00\". Got {len(words)}")
    return tuple(parse_colour(word, name) for word in words)


def parse_colour(text: str, name: str) -> tuple[int, ...]:
    """A name of CSS or ``#rrggbb`` -> red, green, blue from 0 to 255."""
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise Refused(f"'{name}' is a colour such as white or '#ffcc00'. Got {quoted(text)}") from error


def read_perceptors(node: Node, report: Report) -> tuple[str, ...]:
    """A name, a list of different names, or ``none``."""
    names: list[str] = []
    if isinstance(node, Scalar) and node.text.strip() == NONE:
        return ()
    for item in node.items if isinstance(node, Sequence) else [node]:
        name = text_of(item, "a perceptor", report)
        if name is None:
            continue
        if perceptor.get(name) is None:
            report.add(item.place, perceptor.unknown(cut(name)))
        elif name in names:
            report.add(item.place, f"the perceptor '{name}' is listed twice; take one out")
        names.append(name)
    if isinstance(node, Sequence) and not node.items:
        report.add(node.place, f"'perceptor' is an empty list; allowed: {', '.join(perceptor.names())}")
    return tuple(names)


def read_prior(node: Node, scope: Scope) -> PriorLine | None:
    """``none``, a name, or a mapping of ``model``, ``weight``, ``guidance`` and ``level``."""
    if isinstance(node, Scalar):
        name = node.text.strip()
        if name == NONE:
            return None
        return replace(PRIOR, name=_prior_name(node, scope.report))
    found = fields(node, "'prior'", PRIOR_KEYS, scope.report)
    name = PRIOR.name
    if "model" in found:
        name = _prior_name(found["model"], scope.report)
    tracks = {
        key: read_number(found[key], key, GUIDANCE if key == "guidance" else SHARE, scope)
        for key in ("weight", "guidance", "level")
        if key in found
    }
    return replace(PRIOR, name=name, **tracks)


def _prior_name(node: Node, report: Report) -> str:
    name = text_of(node, "the prior's model", report)
    if name is not None and prior.get(name) is None:
        report.add(node.place, f"{prior.unknown(cut(name))}, {NONE}")
    return name or PRIOR.name


def read_losses(node: Node, scope: Scope) -> dict[str, Track]:
    """``name: weight``."""
    tracks: dict[str, Track] = {}
    if not isinstance(node, Mapping):
        scope.report.add(
            node.place,
            f"'losses' is a mapping, 'name: weight'; names: {', '.join(loss.names())}. {got(node)}",
        )
        return tracks
    for key, value in node.pairs:
        if loss.get(key.text) is None:
            scope.report.add(key.place, loss.unknown(cut(key.text)))
        else:
            tracks[key.text] = read_number(value, key.text, WEIGHT, scope)
    return tracks


def read_filters(node: Node, scope: Scope) -> tuple[FilterLine, ...]:
    """A list of names, with parameters or without."""
    if not isinstance(node, Sequence):
        scope.report.add(node.place, f"'filters' is a list, as in [contrast: {{amount: 1.2}}]. {got(node)}")
        return ()
    if len(node.items) > LINES:
        scope.report.add(node.place, f"a scene has at most {LINES} filters. Got {len(node.items)}")
        return ()
    return tuple(line for item in node.items if (line := _filter(item, scope)) is not None)


def _filter(node: Node, scope: Scope) -> FilterLine | None:
    found = named(node, image_filter, scope.report)
    if found is None:
        return None
    entry, parameters = found
    tracks: dict[str, Track] = {}
    if parameters is not None:
        kinds = {p.name: p.kind for p in entry.parameters}
        for name, value in fields(parameters, f"'{entry.name}'", kinds, scope.report).items():
            tracks[name] = read_parameter(value, name, kinds[name], scope)
    return FilterLine(entry.name, tracks)


def read_parameter(node: Node, name: str, kind: Kind, scope: Scope) -> Track:
    """A parameter that may change over time if its kind does."""
    if isinstance(kind, Unit):
        return read_number(node, name, kind, scope)
    value = read_fixed(node, name, kind, scope.canvas, scope.report)
    return Constant(float(value) if isinstance(value, (int, float)) else 0.0)
