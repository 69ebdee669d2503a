"""A story file as plain nodes: texts, lists and mappings with their places. Nothing is converted to YAML's types."""

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
    """A text. ``inset`` is how far in from ``location`` its first character stands, or None where the file spells it
    otherwise (escapes, several lines); ``after`` is what follows on the line."""

    text: str
    location: SourceLocation
    plain: bool = True
    inset: int | None = 0
    after: str = ""

    @property
    def empty(self) -> bool:
        return self.plain and not self.text

    def at(self, offset: int) -> SourceLocation:
        """The place of the character ``offset``."""
        return self.location if self.inset is None else self.location.right(self.inset + offset)


@dataclass
class Sequence:
    items: list[Node]
    location: SourceLocation


@dataclass
class Mapping:
    """Pairs in the order of the file; keys are all different. ``lost`` are keys without a value, already reported."""

    pairs: list[tuple[Scalar, Node]]
    location: SourceLocation
    lost: set[str] = field(default_factory=set)

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if name.text == key), None)


Node = Scalar | Sequence | Mapping
Event = Any  # ruamel's events are untyped

# Control characters and halves of surrogate pairs, which no terminal, label or file can show.
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


# Line ends to YAML and not to editors: as spaces, they do not shift the line numbers of messages.
_BREAKS = dict.fromkeys(map(ord, "\x85\u2028\u2029"), " ")


class _Stop(Exception):
    """The rest of the file cannot be read; the reason is already reported."""


@dataclass
class _Open:
    """A list or mapping that is still open, ``flow`` if it has brackets; in a mapping ``key`` waits for its value."""

    node: Sequence | Mapping
    flow: bool
    key: Scalar | None = None
    waiting: bool = False
    seen: dict[str, SourceLocation] = field(default_factory=dict)


def compose(text: str, diagnostics: Diagnostics) -> Node | None:
    """The root node, or None if YAML cannot read the file or it is empty. Reports everything that is not allowed."""
    composer = _Composer(text.translate(_BREAKS), diagnostics)
    try:
        _short_lines(text, diagnostics)
        composer.run()
    except _Stop:
        return None
    if composer.root is None:
        diagnostics.add(START, "the story is empty; begin with 'story: 1'")
    return composer.root


def _short_lines(text: str, diagnostics: Diagnostics) -> None:
    """ruamel takes a time that grows with the square of a tag's length, so lines must end some time."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > limits.LINE_CHARACTERS:
            diagnostics.add(
                SourceLocation(number, 1),
                f"the line is longer than {limits.LINE_CHARACTERS} characters; break it",
            )
            raise _Stop


class _Composer:
    """Turns YAML's events into nodes without recursion, whatever the file's depth."""

    def __init__(self, text: str, diagnostics: Diagnostics) -> None:
        self.root: Node | None = None
        self._text = text
        self._report = diagnostics
        self._open: list[_Open] = []
        self._documents = 0
        self._nodes = 0
        self._last = START

    def run(self) -> None:
        try:
            for event in YAML(typ="safe", pure=True).parse(self._text):
                self._take(event)
        except MarkedYAMLError as error:
            flow = [one.node.location for one in self._open if one.flow]
            self._refuse(*yaml_hints.explain(error, self._text, flow[-1] if flow else None))
        except YAMLError as error:  # a character that YAML does not allow
            self._refuse(*yaml_hints.explain_character(error, self._text))
        except (ValueError, OverflowError):  # ruamel lets escapes such as "\UFFFFFFFF" through to chr()
            self._refuse(
                self._last, "after this a backslash escape names no character; write the character itself"
            )

    def _take(self, event: Event) -> None:
        if isinstance(event, (StreamStartEvent, StreamEndEvent, DocumentEndEvent)):
            return
        self._last = location = SourceLocation(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, DocumentStartEvent):
            self._document(location)
        elif isinstance(event, (SequenceEndEvent, MappingEndEvent)):
            self._close()
        else:
            self._node(event, location)

    def _document(self, location: SourceLocation) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(
                location, "a second YAML document begins here; a story file holds one, so take '---' out"
            )

    def _node(self, event: Event, location: SourceLocation) -> None:
        self._nodes += 1
        if self._nodes > limits.NODES:
            self._refuse(location, f"the story has more than {limits.NODES} values; make it shorter")
        self._plain_yaml(event, location)
        if isinstance(event, (AliasEvent, ScalarEvent)):
            self._add(self._scalar(event, location))
            return
        if len(self._open) >= limits.DEPTH:
            self._refuse(location, f"the story is nested deeper than {limits.DEPTH} levels")
        sequence = isinstance(event, SequenceStartEvent)
        assert sequence or isinstance(event, MappingStartEvent)
        self._open.append(
            _Open(Sequence([], location) if sequence else Mapping([], location), self._bracket(event))
        )

    def _bracket(self, event: Event) -> bool:
        """Whether a list or mapping is written in brackets; the mapping in ``[zoom: 2]`` has none of its own."""
        return self._text[event.start_mark.index] in "[{"

    def _plain_yaml(self, event: Event, location: SourceLocation) -> None:
        """Report what makes a file more than a tree of texts."""
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

    def _scalar(self, event: Event, location: SourceLocation) -> Scalar:
        if isinstance(event, AliasEvent) or event.anchor is not None or event.tag is not None:
            return Scalar("", location, plain=False)  # already reported
        value, plain = str(event.value), event.style is None
        start, end = event.start_mark.index, event.end_mark.index
        inset = 0 if plain else 1
        spelled = self._text[start + inset : end - inset]
        if _HIDDEN.search(value):
            self._report.add(location, f"the text {quote(value)} holds a control character; take it out")
        after = self._text[end : end + 200].partition("\n")[0].rstrip()
        return Scalar(value, location, plain, inset if spelled == value else None, after)

    def _add(self, node: Node) -> None:
        """Hang a finished node into the list or mapping that is open."""
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if isinstance(top.node, Sequence):
            self._item(top.node, node)
        elif not top.waiting:
            top.key, top.waiting = self._key(node, top), True
        else:
            top.waiting = False
            if top.key is not None:
                self._pair(top, top.key, node)

    def _close(self) -> None:
        done = self._open.pop()
        self._add(done.node)

    def _key(self, node: Node, top: _Open) -> Scalar | None:
        """The key if it can be one; its value is dropped otherwise."""
        if not isinstance(node, Scalar):
            self._report.add(node.location, "a key must be one word, and this is a list or a mapping")
        elif not node.text:
            self._report.add(node.location, "a key is missing before ':'")
        elif node.plain and (hint := yaml_hints.glued_key(node.text, node.after)):
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

    def _item(self, sequence: Sequence, node: Node) -> None:
        if isinstance(node, Scalar) and node.empty:
            self._report.add(node.location, "an item of this list is empty; write it or take it out")
        else:
            sequence.items.append(node)

    def _pair(self, top: _Open, key: Scalar, value: Node) -> None:
        assert isinstance(top.node, Mapping)
        if isinstance(value, Scalar) and value.empty:
            self._report.add(key.location, yaml_hints.no_value(key.text, key.after, top.flow))
            top.node.lost.add(key.text)
        else:
            top.node.pairs.append((key, value))

    def _refuse(self, location: SourceLocation, message: str) -> None:
        self._report.add(location, message)
        raise _Stop
