"""A story file as a tree of nodes: texts, lists and mappings with their locations.

All scalars stay text; YAML's own types, anchors and tags are not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from pixray_motion import limits
from pixray_motion.story.source import yaml_hints
from pixray_motion.story.source.diagnostics import START, Diagnostics, SourceLocation
from pixray_motion.wording import quote


@dataclass(frozen=True)
class Scalar:
    """A text.

    ``plain``: whether it has no quotes. ``inset``: the offset of its first character from ``location``, or None where
    the file spells it differently (escapes, several lines). ``after``: what follows it on its line.
    """

    text: str
    location: SourceLocation
    plain: bool = True
    inset: int | None = 0
    after: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is written: a missing value, and not a quoted empty text."""
        return self.plain and not self.text

    def at(self, offset: int) -> SourceLocation:
        """The location of the character ``offset`` of the text, as far as it is known."""
        return self.location if self.inset is None else self.location.moved_right(self.inset + offset)


@dataclass
class Sequence:
    """A list."""

    items: list[Node]
    location: SourceLocation


@dataclass
class Mapping:
    """Keys and values in the order of the file; keys are unique. ``lost``: keys without a value, already reported."""

    pairs: list[tuple[Scalar, Node]]
    location: SourceLocation
    lost: set[str] = field(default_factory=set)

    def get(self, key: str) -> Node | None:
        """The value of ``key``, or None."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def lose(self, key: str) -> None:
        """Take ``key`` out, whose value could not be read, which is reported."""
        self.pairs = [pair for pair in self.pairs if pair[0].text != key]
        self.lost.add(key)


Node = Scalar | Sequence | Mapping
Event = Any  # ruamel's events are untyped


@dataclass(frozen=True)
class Size:
    """What a node holds: ``values``, itself and keys included, and ``depth``, levels of lists and mappings."""

    values: int
    depth: int


def measure(node: Node) -> Size:
    """The size of a node with all below it. It does not recurse, so that any depth can be measured."""
    values, depth = 0, 0
    todo = [(node, 0)]
    while todo:
        here, above = todo.pop()
        values += 1
        if isinstance(here, Scalar):
            continue
        depth = max(depth, above + 1)
        if isinstance(here, Sequence):
            todo += [(item, above + 1) for item in here.items]
        else:
            values += len(here.pairs)
            todo += [(value, above + 1) for _, value in here.pairs]
    return Size(values, depth)


# Control characters and lone surrogates, which no terminal, label or file can show.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


# Line ends for YAML but not for editors. They are read as spaces, which keeps the line numbers of messages right.
_FOREIGN_LINE_ENDS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), " ")


class _Stop(Exception):
    """The rest of the file cannot be read. The reason is already reported."""


@dataclass
class _Open:
    """A list or mapping that is still open; ``flow`` if it has brackets. In a mapping, ``key`` waits for its value."""

    node: Sequence | Mapping
    flow: bool
    key: Scalar | None = None
    waiting: bool = False
    seen: dict[str, SourceLocation] = field(default_factory=dict)


def has_unprintable(text: str) -> bool:
    """Whether ``text`` holds a control character, or half of a character, which no value may."""
    return _UNPRINTABLE.search(text) is not None


def compose(text: str, diagnostics: Diagnostics) -> Node | None:
    """Parse a story file to its root node, reporting everything that is not allowed.

    None if YAML cannot read the text or it is empty.
    """
    return compose_counted(text, diagnostics)[0]


def compose_counted(text: str, diagnostics: Diagnostics) -> tuple[Node | None, int]:
    """The same, and how many values were parsed, also of a text that cannot be read to its end."""
    composer = _Composer(text.translate(_FOREIGN_LINE_ENDS), diagnostics)
    try:
        _check_line_lengths(text, diagnostics)
        composer.run()
    except _Stop:
        return None, composer.values
    if composer.root is None:
        diagnostics.add(START, "the story is empty; begin with 'story: 1'")
    return composer.root, composer.values


def _check_line_lengths(text: str, diagnostics: Diagnostics) -> None:
    """Refuse very long lines: ruamel's time grows with the square of a tag's length."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > limits.LINE_CHARACTERS:
            diagnostics.add(
                SourceLocation(number, 1),
                f"the line is longer than {limits.LINE_CHARACTERS} characters; break it",
            )
            raise _Stop


class _Composer:
    """Turns YAML's events into nodes without recursion, so that deep files cannot exhaust the stack."""

    def __init__(self, text: str, diagnostics: Diagnostics) -> None:
        self.root: Node | None = None
        self._text = text
        self._report = diagnostics
        self._open: list[_Open] = []
        self._documents = 0
        self.values = 0
        self._last = START

    def run(self) -> None:
        """Compose the whole text, and set ``root``.

        Raises: ``_Stop``.
        """
        try:
            for event in YAML(typ="safe", pure=True).parse(self._text):
                self._handle(event)
        except MarkedYAMLError as error:
            flow = [one.node.location for one in self._open if one.flow]
            self._refuse(*yaml_hints.explain(error, self._text, flow[-1] if flow else None))
        except YAMLError as error:  # a character that YAML does not allow
            self._refuse(*yaml_hints.explain_character(error, self._text))
        except (ValueError, OverflowError):  # ruamel lets escapes such as "\UFFFFFFFF" through to chr()
            self._refuse(
                self._last, "after this a backslash escape names no character; write the character itself"
            )

    def _handle(self, event: Event) -> None:
        if isinstance(event, (StreamStartEvent, StreamEndEvent, DocumentEndEvent)):
            return
        self._last = location = SourceLocation(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, DocumentStartEvent):
            self._start_document(location)
        elif isinstance(event, (SequenceEndEvent, MappingEndEvent)):
            self._end_node()
        else:
            self._start_node(event, location)

    def _start_document(self, location: SourceLocation) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(
                location, "a second YAML document begins here; a story file holds one, so take '---' out"
            )

    def _start_node(self, event: Event, location: SourceLocation) -> None:
        self.values += 1
        if self.values > limits.NODES:
            self._refuse(location, f"the story has more than {limits.NODES} values; make it shorter")
        self._check_features(event, location)
        if isinstance(event, (AliasEvent, ScalarEvent)):
            self._attach(self._make_scalar(event, location))
            return
        if len(self._open) >= limits.DEPTH:
            self._refuse(location, f"the story is nested deeper than {limits.DEPTH} levels")
        sequence = isinstance(event, SequenceStartEvent)
        assert sequence or isinstance(event, MappingStartEvent)
        self._open.append(
            _Open(Sequence([], location) if sequence else Mapping([], location), self._has_bracket(event))
        )

    def _has_bracket(self, event: Event) -> bool:
        """Whether a list or mapping is written in brackets of its own; the mapping in ``[zoom: 2]`` is not."""
        return self._text[event.start_mark.index] in "[{"

    def _check_features(self, event: Event, location: SourceLocation) -> None:
        """Report aliases, anchors and tags, which make a file more than a tree of texts."""
        if isinstance(event, AliasEvent):
            name = quote(f"*{event.anchor}")
            self._report.add(
                location, f"aliases such as {name} are not allowed; repeat what it stands for, or put quotes"
            )
        elif event.anchor is not None:
            name = quote(f"&{event.anchor}")
            self._report.add(location, f"anchors such as {name} are not allowed; leave it out, or put quotes")
        elif event.tag is not None:
            name = quote(self._text[event.start_mark.index :].split(maxsplit=1)[0])
            self._report.add(location, f"tags such as {name} are not allowed; leave it out, or put quotes")

    def _make_scalar(self, event: Event, location: SourceLocation) -> Scalar:
        if isinstance(event, AliasEvent) or event.anchor is not None or event.tag is not None:
            return Scalar("", location, plain=False)  # already reported
        value, plain = str(event.value), event.style is None
        start, end = event.start_mark.index, event.end_mark.index
        inset = 0 if plain else 1
        spelled = self._text[start + inset : end - inset]
        if has_unprintable(value):
            self._report.add(location, f"the text {quote(value)} holds a control character; take it out")
        after = self._text[end : end + 200].partition("\n")[0].rstrip()
        return Scalar(value, location, plain, inset if spelled == value else None, after)

    def _attach(self, node: Node) -> None:
        """Attach a finished node to the innermost open list or mapping."""
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if isinstance(top.node, Sequence):
            self._attach_item(top.node, node)
        elif not top.waiting:
            top.key, top.waiting = self._check_key(node, top), True
        else:
            top.waiting = False
            if top.key is not None:
                self._attach_pair(top, top.key, node)

    def _end_node(self) -> None:
        done = self._open.pop()
        self._attach(done.node)

    def _check_key(self, node: Node, top: _Open) -> Scalar | None:
        """Return the key if it can be one; otherwise report it, and its value is dropped."""
        if not isinstance(node, Scalar):
            self._report.add(node.location, "a key must be one word, and this is a list or a mapping")
        elif not node.text:
            self._report.add(node.location, "a key is missing before ':'")
        elif node.plain and (hint := yaml_hints.hint_key(node.text, node.after)):
            self._report.add(node.location, hint)
        elif node.plain and node.text == "<<":
            self._report.add(
                node.location, "merge keys '<<' are not allowed; repeat what they would bring in"
            )
        elif node.text in top.seen:
            first = top.seen[node.text]
            where = (
                f"first in line {first.line}" if first.line != node.location.line else "twice in this line"
            )
            self._report.add(node.location, f"the key {quote(node.text)} is given twice ({where}); keep one")
        else:
            top.seen[node.text] = node.location
            return node
        return None

    def _attach_item(self, sequence: Sequence, node: Node) -> None:
        if isinstance(node, Scalar) and node.empty:
            self._report.add(node.location, "an item of this list is empty; write it or take it out")
        else:
            sequence.items.append(node)

    def _attach_pair(self, top: _Open, key: Scalar, value: Node) -> None:
        assert isinstance(top.node, Mapping)
        if isinstance(value, Scalar) and value.empty:
            self._report.add(key.location, yaml_hints.hint_missing_value(key.text, key.after, top.flow))
            top.node.lost.add(key.text)
        else:
            top.node.pairs.append((key, value))

    def _refuse(self, location: SourceLocation, message: str) -> None:
        self._report.add(location, message)
        raise _Stop
