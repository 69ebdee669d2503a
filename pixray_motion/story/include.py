"""``- include: other.yaml`` among the scenes: the scenes of another file in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from pixray_motion.errors import reason
from pixray_motion.story import limits
from pixray_motion.story.files import Home
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence, compose
from pixray_motion.story.outline import SEQUENCE
from pixray_motion.story.report import Place, Refused, Report, quoted
from pixray_motion.story.scope import fields, got

INCLUDE = "include"
KEYS = ("story", "scenes")


@dataclass
class Includer:
    """Puts files in their places; ``home`` is the story's, ``count`` how many files there have been."""

    home: Home
    report: Report
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
                raise Refused(f"'{INCLUDE}' is the name of a file. {got(node)}")
            if self.count > limits.INCLUDES:
                raise Refused(f"a story includes at most {limits.INCLUDES} files; include fewer")
            name = node.text.strip()
            path = self.home.file(name, limits.FILE_BYTES)
            if path in self.inside:
                raise Refused(f"the file {quoted(name)} includes itself; take one of the two out")
            text = _contents(path, name)
        except Refused as refused:
            self.report.add(node.place, refused.message)
            return []
        return self._read(text, path, name)

    def _read(self, text: str, path: Path, name: str) -> list[Node]:
        root = compose(text, self.report.of(name))
        if root is None:
            return []
        root = _moved(root, name)
        found = fields(root, f"the included file {quoted(name)}", KEYS, self.report)
        scenes = found.get("scenes")
        if scenes is not None and not isinstance(scenes, Sequence):
            self.report.add(
                scenes.place, f"'scenes' is a list of scenes, as in [{{length: 4s}}]. {got(scenes)}"
            )
        elif scenes is None and isinstance(root, Mapping):
            self.report.add(root.place, f"the file {quoted(name)} has no scenes; write 'scenes:' and a list")
        self.inside.append(path)
        self.expand(root)
        self.inside.pop()
        return scenes.items if isinstance(scenes, Sequence) else []


def _contents(path: Path, name: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"the file {quoted(name)} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise Refused(
            f"the file {quoted(name)} is not UTF-8 text; save it with the encoding UTF-8"
        ) from error


def _moved(node: Node, file: str) -> Node:
    """The same, with places that name the file."""
    place = _place(node.place, file)
    if isinstance(node, Scalar):
        return replace(node, place=place)
    if isinstance(node, Sequence):
        return Sequence([_moved(item, file) for item in node.items], place)
    pairs = [(replace(key, place=_place(key.place, file)), _moved(value, file)) for key, value in node.pairs]
    return Mapping(pairs, place, node.lost)


def _place(place: Place, file: str) -> Place:
    return replace(place, file=file)
