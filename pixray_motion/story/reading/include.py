"""``- include: other.yaml`` among the scenes: the scenes of another file in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from pixray_motion import limits
from pixray_motion.story.reading.outline import SEQUENCE
from pixray_motion.story.source.diagnostics import Diagnostics, SourceLocation
from pixray_motion.story.source.fields import describe_node, read_mapping
from pixray_motion.story.source.files import StoryFolder
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence, compose
from pixray_motion.wording import InvalidValue, quote

INCLUDE = "include"
KEYS = ("story", "scenes")


@dataclass
class Includer:
    """Puts files in their places; ``folder`` is the story's, ``count`` how many files there have been."""

    folder: StoryFolder
    diagnostics: Diagnostics
    count: int = 0
    inside: list[Path] = field(default_factory=list)

    def expand(self, node: Node | None) -> None:
        """In the lists of scenes below a story, a sequence or a layer."""
        if not isinstance(node, Mapping):
            return
        scenes, layers = node.get("scenes"), node.get("layers")
        if isinstance(scenes, Sequence):
            scenes.items = [one for item in scenes.items for one in self._scenes(item)]
        if isinstance(layers, Sequence):
            for layer in layers.items:
                self.expand(layer)

    def _scenes(self, item: Node) -> list[Node]:
        if isinstance(item, Mapping) and len(item.pairs) == 1:
            key, value = item.pairs[0]
            if key.text == INCLUDE:
                return self._included(value)
            self.expand(value if key.text == SEQUENCE else item)
        else:
            self.expand(item)
        return [item]

    def _included(self, node: Node) -> list[Node]:
        """The scenes of the file that is named, those that it includes itself among them."""
        self.count += 1
        try:
            if not isinstance(node, Scalar):
                raise InvalidValue(f"'{INCLUDE}' is the name of a file. {describe_node(node)}")
            if self.count > limits.INCLUDES:
                raise InvalidValue(f"a story includes at most {limits.INCLUDES} files; include fewer")
            name = node.text.strip()
            path, _, text = self.folder.load(name, limits.FILE_BYTES, INCLUDE, _decode)
            if path in self.inside:
                raise InvalidValue(f"the file {quote(name)} includes itself; take one of the two out")
        except InvalidValue as error:
            self.diagnostics.add(node.location, error.message)
            return []
        return self._read(text, path, name)

    def _read(self, text: str, path: Path, name: str) -> list[Node]:
        root = compose(text, self.diagnostics.for_file(name))
        if root is None:
            return []
        root = _moved(root, name)
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
        self.expand(root)
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
