"""``--set key.path=value``: changes to a story's nodes before they are read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from pixray_motion.limits import DEPTH
from pixray_motion.story.reading.outline import SEQUENCE, default_name
from pixray_motion.story.source.diagnostics import Diagnostics, SourceLocation
from pixray_motion.story.source.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    compose,
    has_unprintable,
    measure,
)
from pixray_motion.wording import InvalidValue, one_of, quote, respell, shorten

SCENES = "scenes"
_YAML = ("{", "[", "'", '"')  # values that begin so are YAML; all others are text as it stands


def apply_overrides(root: Mapping, options: Iterable[tuple[str, str]], diagnostics: Diagnostics) -> None:
    """Change ``root`` in place, one option after the other; reports those that cannot be."""
    for number, (path, value) in enumerate(options):
        location = SourceLocation(
            number, 0, format_option(path, value)
        )  # the number keeps mistakes in the options' order
        try:
            node = _value(value, location, diagnostics)
            if node is not None:
                _put(root, path, node, location)
        except InvalidValue as error:
            diagnostics.add(location, error.message)


def format_option(path: str, value: str) -> str:
    """An option as messages name it."""
    return shorten(f"{path}={value}")


def _value(text: str, location: SourceLocation, diagnostics: Diagnostics) -> Node | None:
    text = text.strip()
    if not text:
        raise InvalidValue("the value is missing; write key.path=value")
    if has_unprintable(text):
        raise InvalidValue(f"the text {quote(text)} holds a control character; take it out")
    if not text.startswith(_YAML):
        return Scalar(text, location)
    found = Diagnostics()
    node = compose(text, found)
    for problem in found.problems():
        diagnostics.add(location, problem.message)
    return node and _placed(node, location)


def _placed(node: Node, option: SourceLocation) -> Node:
    """The same node with places in ``option``; columns stay, so that each mistake keeps a place of its own."""
    location = SourceLocation(option.line, node.location.column, option.option)
    if isinstance(node, Sequence):
        return Sequence([_placed(item, option) for item in node.items], location)
    if isinstance(node, Mapping):
        pairs = [
            (
                replace(key, location=SourceLocation(location.line, key.location.column, location.option)),
                value,
            )
            for key, value in node.pairs
        ]
        return Mapping([(key, _placed(value, option)) for key, value in pairs], location, node.lost)
    return replace(node, location=location)


def _put(root: Mapping, path: str, value: Node, location: SourceLocation) -> None:
    """Walk down ``path``, making the mappings that are missing, and put ``value`` there."""
    here: Mapping | Sequence = root
    rest, scenes, depth = path.strip(), False, measure(value).depth
    for around in itertools.count(1):
        key, rest = _first(here, rest, scenes)
        parent, slot = _slot(here, key, scenes)
        if around + depth > DEPTH:
            raise InvalidValue(f"the value would lie deeper than {DEPTH} levels; write a shorter path")
        if not rest:
            _assign(parent, slot, value, location)
            return
        below = _child(parent, slot)
        if below is None or isinstance(below, Scalar) or (here is root and _other_drawer(key, below, rest)):
            below = Mapping([], location)
            _assign(parent, slot, below, location)
        scenes = key == SCENES
        here = below


def _other_drawer(key: str, below: Node, rest: str) -> bool:
    """A film has one drawer, so naming another one takes the place of the first and of its parameters."""
    return key == "drawer" and isinstance(below, Mapping) and below.get(_first(below, rest, False)[0]) is None


def _first(here: Mapping | Sequence, path: str, scenes: bool) -> tuple[str, str]:
    """The first key of ``path``, and the rest; keys that exist may hold dots, as ``1.5s`` does."""
    known = list(_named(here)) if scenes and isinstance(here, Sequence) else []
    if isinstance(here, Mapping):
        known = [key.text for key, _ in here.pairs]
    for name in sorted(known, key=len, reverse=True):
        if path == name or path.startswith(f"{name}."):
            return name, path[len(name) + 1 :]
    key, _, rest = path.partition(".")
    if not key:
        raise InvalidValue("a key is missing; write key.path=value, as in scenes.0.length=2s")
    return respell(key, known), rest


def _named(scenes: Sequence) -> dict[str, tuple[Mapping | Sequence, str | int]]:
    """Where the scenes and sequences of a list are, by their names, and those inside them, unless a name is taken."""
    found: dict[str, tuple[Mapping | Sequence, str | int]] = {}
    inner: list[Sequence] = []
    for index, item in enumerate(scenes.items):
        parent, slot = _inside(scenes, index)
        scene = _child(parent, slot)
        name = scene.get("name") if isinstance(scene, Mapping) else None
        found[name.text.strip() if isinstance(name, Scalar) else default_name(index)] = parent, slot
        below = scene.get(SCENES) if isinstance(scene, Mapping) and item is not scene else None
        inner += [below] if isinstance(below, Sequence) else []
    for below in inner:
        found = _named(below) | found
    return found


def _inside(scenes: Sequence, index: int) -> tuple[Mapping | Sequence, str | int]:
    """Where the values of an item are: a sequence's are one level deeper."""
    item = scenes.items[index]
    if isinstance(item, Mapping) and len(item.pairs) == 1 and item.pairs[0][0].text == SEQUENCE:
        return item, SEQUENCE
    return scenes, index


def _slot(here: Mapping | Sequence, key: str, scenes: bool) -> tuple[Mapping | Sequence, str | int]:
    """What holds the value that ``key`` stands for, and where in it."""
    if isinstance(here, Mapping):
        return here, key
    count = len(here.items)
    if key.isascii() and key.isdigit() and len(key) < 9 and int(key) < count:
        return here, int(key)
    names = _named(here) if scenes else {}
    if key in names:
        return names[key]
    numbers = f"0 to {count - 1}" if count else "none, for the list is empty"
    if scenes:
        raise InvalidValue(
            f"there is no scene {quote(key)}; {one_of(shorten(key), names)}, or a number from {numbers}"
        )
    raise InvalidValue(f"the list has no item {quote(key)}; write the number of one: {numbers}")


def _child(here: Mapping | Sequence, slot: str | int) -> Node | None:
    if isinstance(here, Sequence):
        return here.items[int(slot)]
    return here.get(str(slot))


def _assign(here: Mapping | Sequence, slot: str | int, value: Node, location: SourceLocation) -> None:
    if isinstance(here, Sequence):
        here.items[int(slot)] = value
        return
    for index, (key, _) in enumerate(here.pairs):
        if key.text == slot:
            here.pairs[index] = (key, value)
            return
    here.pairs.append((Scalar(str(slot), location), value))
