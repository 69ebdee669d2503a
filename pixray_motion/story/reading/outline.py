"""The tree of scenes as a story writes it, with the length of everything, before anything else of it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeVar

from pixray_motion import limits
from pixray_motion.literals import parse_constant
from pixray_motion.story.reading.parameters import read_flag
from pixray_motion.story.source import yaml_hints
from pixray_motion.story.source.diagnostics import Diagnostics, SourceLocation
from pixray_motion.story.source.fields import describe_node, read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.tracks.time import PLAIN, Time, TimeBase, parse_time
from pixray_motion.units import Count
from pixray_motion.wording import InvalidValue, printable, quote

T = TypeVar("T")
SEQUENCE = "sequence"
SHARED = ("prompts", "move", "losses", "filters", "steps", "border", "denoiser", "drawer", "perceptor")
PLAYED = ("name", "cut", "transition", "repeat", "reverse", "speed")
SCENE_KEYS = (*PLAYED, "length", *SHARED, "init_image", "layers")
SEQUENCE_KEYS = (*PLAYED, *SHARED, "scenes")


@dataclass
class SceneNode:
    """A scene, or a sequence of ``children``. ``length`` is in its own frames, None if it could not be read.

    ``layers`` are the scenes of each of its layers, none for one that has no scenes of its own.
    """

    node: Node
    name: str
    found: dict[str, Node]
    length: Fraction | None
    speed: Fraction = Fraction(1)
    reverse: bool = False
    repeat: int = 1
    children: list[SceneNode] = field(default_factory=list)
    layers: list[list[SceneNode]] = field(default_factory=list)

    @property
    def location(self) -> SourceLocation:
        """Where it says that it is repeated, or else where it begins."""
        return (self.found["repeat"] if self.repeat > 1 else self.node).location

    @property
    def outer(self) -> Fraction | None:
        """How long it takes, with all repeats, in frames of what it lies in."""
        return None if self.length is None else self.length / self.speed * self.repeat

    def walk(self) -> Iterator[SceneNode]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class OutlineReader:
    """What reading an outline takes: where mistakes go, the film's rate, and what scenes are that do not say."""

    diagnostics: Diagnostics
    rate: Fraction | None
    defaults: dict[str, Node]
    base: TimeBase = PLAIN

    def film(self, node: Node) -> list[SceneNode]:
        """The items of the film itself, whose scenes may last up to a marker."""
        return self.read(node, begin=Fraction(0))

    def read(self, node: Node, above: str = "", begin: Fraction | None = None) -> list[SceneNode]:
        """The items of a list of scenes; ``above`` is the number of the sequence that they are in, with a dot.

        ``begin`` is where the first starts in the film, None where that is not known yet.
        """
        if not isinstance(node, Sequence) or not node.items:
            empty = (
                "an empty list" if isinstance(node, Sequence) else describe_node(node).removeprefix("Got ")
            )
            self.diagnostics.add(
                node.location,
                f"'scenes' is a list of at least one scene, as in [{{length: 4s}}]. Got {empty}",
            )
            return []
        if len(node.items) > limits.SCENES:
            self.diagnostics.add(
                node.location, f"a film has at most {limits.SCENES} scenes. Got {len(node.items)}"
            )
            return []
        items = []
        for number, item in enumerate(node.items, 1):
            items.append(self._item(item, f"{above}{number}", begin))
            outer = items[-1].outer
            begin = None if begin is None or outer is None else begin + outer
        return items

    def _item(self, node: Node, number: str, begin: Fraction | None) -> SceneNode:
        if isinstance(node, Mapping) and len(node.pairs) == 1 and node.pairs[0][0].text == SEQUENCE:
            return self._sequence(node.pairs[0][1], number)
        found = self.defaults | read_mapping(node, "a scene", SCENE_KEYS, self.diagnostics)
        item = self._played(node, found, f"scene {number}")
        item.length = self._length(node, found.get("length"), begin)
        if "layers" in found:
            item.layers = self._layers(found["layers"])
        return item

    def _layers(self, node: Node) -> list[list[SceneNode]]:
        """The scenes of each layer. What else is wrong with layers is told where they are read."""
        if not isinstance(node, Sequence) or len(node.items) > limits.LAYERS:
            return []
        reader = replace(self, defaults={})
        scenes = [layer.get("scenes") if isinstance(layer, Mapping) else None for layer in node.items]
        return [[] if one is None else reader.read(one) for one in scenes]

    def _sequence(self, node: Node, number: str) -> SceneNode:
        found = read_mapping(node, "a sequence", SEQUENCE_KEYS, self.diagnostics)
        item = self._played(node, found, f"sequence {number}")
        if "scenes" in found:
            item.children = self.read(found["scenes"], f"{number}.")
        elif isinstance(node, Mapping) and "scenes" not in node.lost:
            self.diagnostics.add(node.location, "the sequence has no scenes; write 'scenes:' and a list")
        lengths = [child.outer for child in item.children]
        if lengths and None not in lengths:
            item.length = sum((length for length in lengths if length is not None), Fraction(0))
        return item

    def _played(self, node: Node, found: dict[str, Node], usual: str) -> SceneNode:
        """With its name, and how it is played."""
        name = _name(found["name"], self.diagnostics) if "name" in found else usual
        item = SceneNode(node, name, found, None)
        if "repeat" in found:
            item.repeat = self._parsed(found["repeat"], "repeat", _repeat, 1)
        if "speed" in found:
            item.speed = self._parsed(found["speed"], "speed", _speed, Fraction(1))
        item.reverse = "reverse" in found and read_flag(found["reverse"], "reverse", self.diagnostics)
        return item

    def _parsed(self, node: Node, name: str, parse: Callable[[str], T], usual: T) -> T:
        text = read_text(node, f"'{name}'", self.diagnostics)
        try:
            return usual if text is None else parse(text)
        except InvalidValue as error:
            self.diagnostics.add(node.location, error.message)
            return usual

    def _length(self, item: Node, node: Node | None, begin: Fraction | None) -> Fraction | None:
        """A scene's exact length in frames, up to a marker if it is one; None if that is reported."""
        if node is None:
            if isinstance(item, Mapping) and "length" not in item.lost:
                self.diagnostics.add(item.location, "the scene has no length; write one, as in 'length: 4s'")
            return None
        text = read_text(node, "'length'", self.diagnostics)
        if text is None:
            return None
        try:
            time = parse_time(text, self.base)
            if time.unit == "%":
                raise InvalidValue(f"a scene's length cannot be {quote(text)}; write 48f, 4s or 0:04")
            return self._lasting(time, text, begin) if self.rate else None
        except InvalidValue as error:
            self.diagnostics.add(node.location, error.message)
            return None

    def _lasting(self, time: Time, text: str, begin: Fraction | None) -> Fraction:
        assert self.rate is not None
        if not time.marker:
            return time.frames(self.rate)
        if begin is None:
            raise InvalidValue(
                f"a scene lasts up to the marker {quote(text)} only where its start is known: outside of sequences "
                "and layers, and behind scenes whose lengths are right"
            )
        length = time.frames(self.rate, start=begin)
        if length <= 0:
            end, start = (f"{float(frames / self.rate):.10g}s" for frames in (begin + length, begin))
            raise InvalidValue(
                f"{quote(text)} ({end} in the film) is not after the scene's start ({start}); choose a later marker, "
                "or shorten the scenes before"
            )
        return length


def check_names(items: list[SceneNode], diagnostics: Diagnostics) -> None:
    """Report names that are given twice."""
    taken: dict[str, SourceLocation] = {}
    for item in (inner for outer in items for inner in outer.walk()):
        location = item.found["name"].location if "name" in item.found else item.node.location
        if item.name in taken:
            line = taken[item.name].line
            diagnostics.add(
                location, f"the scene name {quote(item.name)} is taken by line {line}; choose another"
            )
        taken.setdefault(item.name, location)


def default_name(index: int) -> str:
    return f"scene {index + 1}"


def _repeat(text: str) -> int:
    return Count(1, limits.REPEATS + 1).parse(text, "repeat")


def _speed(text: str) -> Fraction:
    """Exact, so that lengths stay exact."""
    parse_constant(text, "speed", 0.01, 100)
    return Fraction(text.rstrip(".") if text.endswith(".") else text)


def _name(node: Node, diagnostics: Diagnostics) -> str:
    text = read_text(node, "a scene's name", diagnostics)
    if text is None or not isinstance(node, Scalar):
        return ""
    if node.plain and (hint := yaml_hints.hint_comment(node.text, node.after)):
        diagnostics.add(node.location, hint)
    elif printable(text) != text or not 0 < len(text) <= limits.NAME_CHARACTERS:
        diagnostics.add(
            node.location,
            f"a scene's name has 1 to {limits.NAME_CHARACTERS} characters on one line. Got {quote(text)}",
        )
    elif re.fullmatch(r"[0-9]+", text):
        diagnostics.add(
            node.location, f"the scene name {quote(text)} could be a scene's number; put a letter in it"
        )
    return text
