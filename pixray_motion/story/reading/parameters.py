"""What a story names, and its parameters: each read by the kind that its function annotates it with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pixray_motion.registry import Entry, Registry
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.numbers import read_number, read_tracks, split_list
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.tracks.base import Constant, Track, TrackValue
from pixray_motion.tracks.keyframes import PerSecond
from pixray_motion.units import NO_SURROUNDINGS, SECONDS, SEED, Flag, Kind, Surroundings, Unit
from pixray_motion.wording import InvalidValue, respell, shorten


@dataclass(frozen=True)
class Parameters:
    """An entry's parameters as a story sets them, in the order in which the entry has them.

    ``tracks`` are those over time: a track, or a tuple of tracks for a value of several numbers. ``fixed`` are all
    others, as they are: words, counts, flags, colours, files. ``reserved`` are the keys that the caller reads itself.
    """

    tracks: dict[str, TrackValue]
    fixed: dict[str, Any]
    reserved: dict[str, Node]

    @property
    def values(self) -> tuple[tuple[str, Any], ...]:
        """The fixed ones, as a component has them."""
        return tuple(self.fixed.items())


def read_entry(
    node: Node, registry: Registry[Any], diagnostics: Diagnostics
) -> tuple[Entry[Any], Node] | None:
    """A registered entry from ``name`` or ``name: {parameters}``, with its parameters; None if that is reported.

    Where there are no parameters, they are an empty mapping at the place of the name.
    """
    found = split_named(node, registry.kind, diagnostics)
    if found is None:
        return None
    key, parameters = found
    entry = find_entry(key, registry, diagnostics)
    return None if entry is None else (entry, parameters or Mapping([], key.location))


def split_named(node: Node, kind: str, diagnostics: Diagnostics) -> tuple[Scalar, Node | None] | None:
    """``name`` or ``name: value`` -> the name, and the value if there is one; None if that is reported."""
    if isinstance(node, Mapping) and len(node.pairs) == 1:
        return node.pairs[0]
    if isinstance(node, Scalar):
        return node, None
    diagnostics.add(
        node.location,
        f"a {kind} is a name, or one name with its parameters, 'name: {{...}}'. {describe_node(node)}",
    )
    return None


def find_entry(key: Scalar, registry: Registry[Any], diagnostics: Diagnostics) -> Entry[Any] | None:
    """The entry that ``key`` names; None if there is none, which is reported."""
    entry = registry.get(key.text.strip())
    if entry is None:
        diagnostics.add(key.location, registry.unknown(shorten(key.text)))
    return entry


def read_parameters(
    node: Node, entry: Entry[Any], context: SceneContext, reserved: Iterable[str] = ()
) -> Parameters:
    """The parameters of an entry whose numbers may change over a scene's time.

    One of the unit ``Seconds`` that the story does not set is the scene's time, and one of the unit ``Seed`` the
    film's seed.
    """
    found, kept = _found(node, entry, reserved, context.diagnostics)
    tracks: dict[str, TrackValue] = {}
    fixed: dict[str, Any] = {}
    for parameter in entry.parameters:
        name, kind = parameter.name, parameter.kind
        if name not in found:
            if kind in (SECONDS, SEED):
                tracks[name] = _tell(kind, context)
        elif parts := kind.parts:
            tracks[name] = _read_animatable(found[name], name, kind, parts, context)
        else:
            fixed[name] = read_fixed(found[name], name, kind, context.diagnostics, context.around)
    return Parameters(tracks, fixed, kept)


def read_fixed_parameters(
    node: Node,
    entry: Entry[Any],
    diagnostics: Diagnostics,
    around: Surroundings,
    reserved: Iterable[str] = (),
) -> Parameters:
    """The parameters of an entry that is made once for the film: even numbers are fixed."""
    found, kept = _found(node, entry, reserved, diagnostics)
    fixed = {
        p.name: read_fixed(found[p.name], p.name, p.kind, diagnostics, around)
        for p in entry.parameters
        if p.name in found
    }
    return Parameters({}, fixed, kept)


def read_fixed(
    node: Node, name: str, kind: Kind, diagnostics: Diagnostics, around: Surroundings = NO_SURROUNDINGS
) -> Any:
    """A value that is the same for the whole film; None if it cannot be read, which is reported."""
    if len(kind.parts) > 1:
        items = split_list(node, name, kind, diagnostics)
        return items and tuple(
            read_fixed(item, f"{name} {label}", unit, diagnostics, around)
            for item, (label, unit) in zip(items, kind.parts, strict=True)
        )
    if not isinstance(node, Scalar):
        diagnostics.add(node.location, f"'{name}' is one value for the whole film. {describe_node(node)}")
        return None
    try:
        return kind.parse(node.text.strip(), name, around)
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return None


def read_flag(node: Node, name: str, diagnostics: Diagnostics) -> bool:
    """``true`` or ``false``; False also where it cannot be read, which is reported."""
    text = read_text(node, f"'{name}'", diagnostics)
    try:
        return text is not None and Flag().parse(text, name)
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return False


def _found(
    node: Node, entry: Entry[Any], reserved: Iterable[str], diagnostics: Diagnostics
) -> tuple[dict[str, Node], dict[str, Node]]:
    """The nodes of an entry's parameters, and those of reserved keys; reports parameters that are missing."""
    own, names = list(reserved), [parameter.name for parameter in entry.parameters]
    found = read_mapping(node, f"'{entry.name}'", [*own, *names], diagnostics)
    if isinstance(node, Mapping):
        missing = [name for name in entry.required if name not in found]
        given = {respell(key, missing) for key in node.lost} if missing else ()
        for name in missing:
            if name not in given:
                diagnostics.add(node.location, f"'{entry.name}' needs the key '{name}'")
    kept = {name: found.pop(name) for name in own if name in found}
    return found, kept


def _read_animatable(
    node: Node, name: str, kind: Kind, parts: tuple[tuple[str, Unit], ...], context: SceneContext
) -> TrackValue:
    if len(parts) == 1:
        return read_number(node, name, parts[0][1], context)
    return read_tracks(node, name, kind, context)


def _tell(kind: Kind, context: SceneContext) -> Track:
    """What a function is told without being asked: the scene's time, or the film's seed."""
    if kind == SECONDS:
        return PerSecond(1.0, context.clock)
    return Constant(float(context.clock.seed % 2**32))
