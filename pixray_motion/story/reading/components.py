"""Things that a story names: the drawer, perceptors, losses and filters, with their parameters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from PIL import ImageColor

from pixray_motion.denoisers.base import denoiser
from pixray_motion.drawers.base import Drawer, drawer
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas
from pixray_motion.limits import LINES
from pixray_motion.losses import loss
from pixray_motion.perceptors.base import perceptor
from pixray_motion.registry import Entry, Registry
from pixray_motion.story.animated import DenoiserTrack, FilterTrack, LossTrack
from pixray_motion.story.plan import Component, Weighted
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.numbers import read_number
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.tracks.base import Constant, Track
from pixray_motion.tracks.literals import parse_constant
from pixray_motion.units import GUIDANCE, SHARE, WEIGHT, Count, Flag, Grid, Kind, OneOf, Palette, Real, Unit
from pixray_motion.wording import InvalidValue, quote, shorten

NONE = "none"
DENOISER_KEYS = ("model", "weight", "guidance_scale", "strength")
DEFAULT_DENOISER = DenoiserTrack("embedded", Constant(0.1), Constant(5.0), Constant(0.35))
_SIZE = re.compile(r"([0-9]{1,9})x([0-9]{1,9})")
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")


def parse_size(text: str) -> tuple[int, int]:
    """``80x45`` -> (80, 45)."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{quote(text)} is not a size; write width x height, as in 192x108")
    return int(match[1]), int(match[2])


def parse_whole(text: str, name: str, low: int, high: int) -> int:
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise InvalidValue(f"'{name}' is a whole number from {low} to {high}. Got {quote(text)}")
    return int(text)


def parse_flag(text: str, name: str) -> bool:
    if text not in ("true", "false"):
        raise InvalidValue(f"'{name}' is true or false. Got {quote(text)}")
    return text == "true"


def read_flag(node: Node, name: str, diagnostics: Diagnostics) -> bool:
    text = read_text(node, f"'{name}'", diagnostics)
    try:
        return text is not None and parse_flag(text, name)
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return False


def read_entry(
    node: Node, registry: Registry[Any], diagnostics: Diagnostics
) -> tuple[Entry[Any], Node | None] | None:
    """A registered entry from ``name`` or ``name: {parameters}``, with its parameters; None if that is reported."""
    kind, parameters = registry.kind, None
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        key, parameters = node.pairs[0]
    elif isinstance(node, Scalar):
        key = node
    else:
        diagnostics.add(
            node.location,
            f"a {kind} is a name, or one name with its parameters, 'name: {{...}}'. {describe_node(node)}",
        )
        return None
    entry = registry.get(key.text.strip())
    if entry is None:
        diagnostics.add(key.location, registry.unknown(shorten(key.text)))
        return None
    return entry, parameters


def read_drawer(node: Node, canvas: Canvas | None, diagnostics: Diagnostics) -> Component:
    found = read_entry(node, drawer, diagnostics)
    if found is None:
        return Component("")
    entry, parameters = found
    if parameters is None:
        return Component(entry.name)
    values = []
    for name, value in read_mapping(
        parameters, f"'{entry.name}'", [p.name for p in entry.parameters], diagnostics
    ).items():
        kind = next(p.kind for p in entry.parameters if p.name == name)
        values.append((name, read_constant(value, name, kind, canvas, diagnostics)))
    return Component(entry.name, tuple(values))


def default_steps(name: str) -> tuple[int, int]:
    """The steps of a picture from nothing and of a frame after another, if a story does not say."""
    entry = drawer.get(name)
    steps: tuple[int, int] = (
        getattr(entry.make, "default_steps", Drawer.default_steps) if entry else Drawer.default_steps
    )
    return steps


def read_constant(node: Node, name: str, kind: Kind, canvas: Canvas | None, diagnostics: Diagnostics) -> Any:
    """A value that is the same for the whole film: a tuple for a grid, an int, a flag, a word, else a float."""
    if not isinstance(node, Scalar):
        diagnostics.add(node.location, f"'{name}' is one value for the whole film. {describe_node(node)}")
        return None
    try:
        return _constant(node.text.strip(), name, kind, canvas)
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return None


def _constant(text: str, name: str, kind: Kind, canvas: Canvas | None) -> Any:
    if isinstance(kind, Grid):
        columns, rows = parse_size(text)
        if min(columns, rows) < kind.low:
            raise InvalidValue(f"'{name}' has at least {kind.low} columns and rows. Got {quote(text)}")
        if canvas is not None and (columns > canvas.width or rows > canvas.height):
            raise InvalidValue(f"'{name}' is {quote(text)}, finer than the canvas; up to {canvas} is allowed")
        return columns, rows
    if isinstance(kind, Flag):
        return parse_flag(text, name)
    if isinstance(kind, OneOf):
        if text not in kind.words:
            raise InvalidValue(
                f"'{name}' is {', '.join(kind.words[:-1])} or {kind.words[-1]}. Got {quote(text)}"
            )
        return text
    if isinstance(kind, Palette):
        return _palette(text, name, kind.most)
    if isinstance(kind, Count):
        return parse_whole(text, name, kind.low, kind.high)
    if isinstance(kind, (Real, Unit)):
        return parse_constant(text, name, kind.low, kind.high)
    raise InvalidValue(f"'{name}' is a pair, which only a movement can have; take it out")


def _palette(text: str, name: str, most: int) -> tuple[tuple[int, ...], ...]:
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= most:
        raise InvalidValue(
            f"'{name}' is 1 to {most} colours, as in \"black white #ffcc00\". Got {len(words)}"
        )
    return tuple(parse_colour(word, name) for word in words)


def parse_colour(text: str, name: str) -> tuple[int, ...]:
    """A name of CSS or ``#rrggbb`` -> red, green, blue from 0 to 255."""
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise InvalidValue(f"'{name}' is a colour such as white or '#ffcc00'. Got {quote(text)}") from error


def read_perceptors(node: Node, diagnostics: Diagnostics) -> tuple[Weighted, ...]:
    """A name, a list of different names, or ``none``."""
    names: list[str] = []
    if isinstance(node, Scalar) and node.text.strip() == NONE:
        return ()
    for item in node.items if isinstance(node, Sequence) else [node]:
        name = read_text(item, "a perceptor", diagnostics)
        if name is None:
            continue
        if perceptor.get(name) is None:
            diagnostics.add(item.location, perceptor.unknown(shorten(name)))
        elif name in names:
            diagnostics.add(item.location, f"the perceptor '{name}' is listed twice; take one out")
        names.append(name)
    if isinstance(node, Sequence) and not node.items:
        diagnostics.add(
            node.location, f"'perceptor' is an empty list; allowed: {', '.join(perceptor.names())}"
        )
    return tuple(Weighted(Component(name)) for name in names)


def read_denoiser(node: Node, context: SceneContext) -> DenoiserTrack | None:
    """``none``, a name, or a mapping of ``model``, ``weight``, ``guidance_scale`` and ``strength``."""
    if isinstance(node, Scalar):
        name = node.text.strip()
        if name == NONE:
            return None
        return replace(DEFAULT_DENOISER, name=_denoiser_name(node, context.diagnostics))
    found = read_mapping(node, "'denoiser'", DENOISER_KEYS, context.diagnostics)
    name = DEFAULT_DENOISER.name
    if "model" in found:
        name = _denoiser_name(found["model"], context.diagnostics)
    tracks = {
        key: read_number(found[key], key, GUIDANCE if key == "guidance_scale" else SHARE, context)
        for key in ("weight", "guidance_scale", "strength")
        if key in found
    }
    return replace(DEFAULT_DENOISER, name=name, **tracks)


def _denoiser_name(node: Node, diagnostics: Diagnostics) -> str:
    name = read_text(node, "the denoiser's model", diagnostics)
    if name is not None and denoiser.get(name) is None:
        diagnostics.add(node.location, f"{denoiser.unknown(shorten(name))}, {NONE}")
    return name or DEFAULT_DENOISER.name


def read_losses(node: Node, context: SceneContext) -> tuple[LossTrack, ...]:
    """``name: weight``."""
    tracks: list[LossTrack] = []
    if not isinstance(node, Mapping):
        context.diagnostics.add(
            node.location,
            f"'losses' is a mapping, 'name: weight'; names: {', '.join(loss.names())}. {describe_node(node)}",
        )
        return ()
    for key, value in node.pairs:
        if loss.get(key.text) is None:
            context.diagnostics.add(key.location, loss.unknown(shorten(key.text)))
        else:
            tracks.append(LossTrack(key.text, read_number(value, key.text, WEIGHT, context)))
    return tuple(tracks)


def read_filters(node: Node, context: SceneContext) -> tuple[FilterTrack, ...]:
    """A list of names, with parameters or without."""
    if not isinstance(node, Sequence):
        context.diagnostics.add(
            node.location, f"'filters' is a list, as in [contrast: {{amount: 1.2}}]. {describe_node(node)}"
        )
        return ()
    if len(node.items) > LINES:
        context.diagnostics.add(node.location, f"a scene has at most {LINES} filters. Got {len(node.items)}")
        return ()
    return tuple(line for item in node.items if (line := _filter(item, context)) is not None)


def _filter(node: Node, context: SceneContext) -> FilterTrack | None:
    found = read_entry(node, image_filter, context.diagnostics)
    if found is None:
        return None
    entry, parameters = found
    tracks: dict[str, Track] = {}
    if parameters is not None:
        kinds = {p.name: p.kind for p in entry.parameters}
        for name, value in read_mapping(parameters, f"'{entry.name}'", kinds, context.diagnostics).items():
            tracks[name] = read_parameter(value, name, kinds[name], context)
    return FilterTrack(entry.name, tracks)


def read_parameter(node: Node, name: str, kind: Kind, context: SceneContext) -> Track:
    """A parameter that may change over time if its kind does."""
    if isinstance(kind, Unit):
        return read_number(node, name, kind, context)
    value = read_constant(node, name, kind, context.canvas, context.diagnostics)
    return Constant(float(value) if isinstance(value, (int, float)) else 0.0)
