"""``- include: other.yaml`` among the scenes: the scenes of another file in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from pixray_motion import limits
from pixray_motion.errors import Problem
from pixray_motion.story.reading.outline import SEQUENCE
from pixray_motion.story.source.diagnostics import Diagnostics, SourceLocation
from pixray_motion.story.source.fields import describe_node, read_mapping
from pixray_motion.story.source.files import StoryFolder
from pixray_motion.story.source.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Size,
    compose_counted,
    measure,
)
from pixray_motion.wording import InvalidValue, quote

INCLUDE = "include"
KEYS = ("story", "scenes")
OUTSIDE = 2  # the mapping and the list around a file's scenes, which do not come along


@dataclass(frozen=True)
class IncludedFile:
    """What is in a file: its root and mistakes, without the file's name in their places; the size is of the text."""

    root: Node | None
    problems: tuple[Problem, ...]
    size: Size


@dataclass
class Includer:
    """Puts files in their places; ``folder`` is the story's, ``count`` how many files there have been.

    ``values`` counts those of the story and of every file at each of its places; ``full`` once they are too many.
    Files of the same text are parsed once; ``known`` holds them.
    """

    folder: StoryFolder
    diagnostics: Diagnostics
    count: int = 0
    values: int = 0
    bytes: int = 0
    full: bool = False
    inside: list[Path] = field(default_factory=list)
    known: dict[str, IncludedFile] = field(default_factory=dict)

    def expand_story(self, root: Node) -> None:
        """Put the files in their places in a whole story."""
        self.values = measure(root).values
        self._expand(root, 0)

    def _expand(self, node: Node | None, around: int) -> None:
        """In the lists of scenes below a story, a sequence or a layer with so many lists and mappings around it."""
        if not isinstance(node, Mapping):
            return
        scenes, layers = node.get("scenes"), node.get("layers")
        if isinstance(scenes, Sequence):
            before = self.diagnostics.count
            scenes.items = [one for item in scenes.items for one in self._scenes(item, around + OUTSIDE)]
            if not scenes.items and self.diagnostics.count > before:  # why there are none is reported
                node.lose("scenes")
        if isinstance(layers, Sequence):
            for layer in layers.items:
                self._expand(layer, around + 2)

    def _scenes(self, item: Node, around: int) -> list[Node]:
        if isinstance(item, Mapping) and len(item.pairs) == 1:
            key, value = item.pairs[0]
            if key.text == INCLUDE:
                return self._included(value, around)
            is_sequence = key.text == SEQUENCE
            self._expand(value if is_sequence else item, around + is_sequence)
        else:
            self._expand(item, around)
        return [item]

    def _included(self, node: Node, around: int) -> list[Node]:
        """The scenes of the file that is named, those that it includes itself among them."""
        self.count += 1
        if self.full:
            return []
        try:
            if not isinstance(node, Scalar):
                raise InvalidValue(f"'{INCLUDE}' is the name of a file. {describe_node(node)}")
            if self.count > limits.INCLUDES:
                raise InvalidValue(f"a story includes at most {limits.INCLUDES} files; include fewer")
            name = node.text.strip()
            path, _, text = self.folder.load(name, limits.FILE_BYTES, INCLUDE, _decode)
            if path in self.inside:
                raise InvalidValue(f"the file {quote(name)} includes itself; take one of the two out")
            file = self._parsed(text, name)
            self._check_size(file.size, around, name)
        except InvalidValue as error:
            self.diagnostics.add(node.location, error.message)
            return []
        return self._read(file, path, name, around)

    def _parsed(self, text: str, name: str) -> IncludedFile:
        if text not in self.known:
            self.bytes += len(text.encode())
            if self.bytes > limits.FILE_BYTES:
                self.full = True
                raise InvalidValue(
                    f"with {quote(name)} the included files are larger than {limits.FILE_BYTES} bytes together; "
                    "include less"
                )
            found = Diagnostics()
            root, values = compose_counted(text, found)
            depth = measure(root).depth if root is not None else 0
            self.known[text] = IncludedFile(root, tuple(found.problems()), Size(values, depth))
        return self.known[text]

    def _check_size(self, size: Size, around: int, name: str) -> None:
        """Hold a file against what the story may have altogether, before anything is done with it."""
        self.values += size.values
        if self.values > limits.NODES:
            self.full = True
            raise InvalidValue(
                f"with {quote(name)} the story has {self.values} values, and {limits.NODES} are allowed, all of its "
                "files counted wherever they are included; include less"
            )
        depth = around + size.depth - OUTSIDE
        if depth > limits.DEPTH:
            raise InvalidValue(
                f"with {quote(name)} the story is nested {depth} levels deep, and {limits.DEPTH} are allowed; put "
                "fewer sequences into one another"
            )

    def _read(self, file: IncludedFile, path: Path, name: str, around: int) -> list[Node]:
        places = self.diagnostics.for_file(name)
        for problem in file.problems:
            places.add(SourceLocation(problem.line, problem.column), problem.message, detail=problem.detail)
        if file.root is None:
            return []
        root = _moved(file.root, name)
        found = read_mapping(root, f"the included file {quote(name)}", KEYS, self.diagnostics)
        scenes = found.get("scenes")
        if scenes is not None and not isinstance(scenes, Sequence):
            self.diagnostics.add(
                scenes.location,
                f"'scenes' is a list of scenes, as in [{{length: 4s}}]. {describe_node(scenes)}",
            )
        elif scenes is None and isinstance(root, Mapping):
            self.diagnostics.add(
                root.location, f"the file {quote(name)} has no scenes; write 'scenes:' and a list"
            )
        self.inside.append(path)
        self._expand(root, around - OUTSIDE)
        self.inside.pop()
        return scenes.items if isinstance(scenes, Sequence) else []


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue("is not UTF-8 text; save it with the encoding UTF-8") from error


def _moved(node: Node, file: str) -> Node:
    """The same, with places that name the file."""
    location = _location(node.location, file)
    if isinstance(node, Scalar):
        return replace(node, location=location)
    if isinstance(node, Sequence):
        return Sequence([_moved(item, file) for item in node.items], location)
    pairs = [
        (replace(key, location=_location(key.location, file)), _moved(value, file))
        for key, value in node.pairs
    ]
    return Mapping(pairs, location, node.lost)


def _location(location: SourceLocation, file: str) -> SourceLocation:
    return replace(location, file=file)
