"""What a story unfolds to, counted on its outline before anything is unfolded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pixray_motion import limits
from pixray_motion.story.reading.movements import GROUP
from pixray_motion.story.reading.outline import SceneNode
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.nodes import Mapping, Node, Scalar, Sequence

INNER = ("scenes", "layers")
# What takes longer than a value to read and check, in values.
LONG = 32  # characters that count as one more
MOVE = 10  # for each movement, whose poses are computed


@dataclass(frozen=True)
class Tally:
    """What an item comes to. ``values`` are those that are read, ``scenes`` those in a row, and ``written`` how many of
    these the file has, so that the others are repeats."""

    values: int = 0
    scenes: int = 0
    written: int = 0

    @property
    def repeats(self) -> int:
        return self.scenes - self.written

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.values + other.values, self.scenes + other.scenes, self.written + other.written)


@dataclass
class Unfolding:
    """Counts items, each once. ``everywhere`` is what every scene reads that does not say otherwise."""

    everywhere: dict[str, Node]
    _tallies: dict[int, Tally] = field(default_factory=dict)
    _values: dict[int, int] = field(default_factory=dict)

    def check(self, items: list[SceneNode], diagnostics: Diagnostics) -> bool:
        """Whether the film is within its limits; one that is not is reported."""
        for each in (items, *(layer for item in _walk(items) for layer in item.layers)):
            if not self._check_scenes(each, diagnostics):
                return False
        return self._check_values(items, diagnostics)

    def _check_scenes(self, items: list[SceneNode], diagnostics: Diagnostics) -> bool:
        total = self._total(items)
        if total.scenes > limits.SCENES:
            place = self._find(items, lambda tally: tally.scenes, limits.SCENES)
            message = (
                f"a film has at most {limits.SCENES} scenes, repeats counted, and this one {total.scenes}; "
                "repeat less"
            )
        elif total.repeats > limits.REPEATS:
            place = self._find(items, lambda tally: tally.repeats, limits.REPEATS)
            message = (
                f"a film repeats at most {limits.REPEATS} scenes, and this one {total.repeats}; repeat less, or let "
                "it 'loop'"
            )
        else:
            return True
        diagnostics.add(place.location, message)
        return False

    def _check_values(self, items: list[SceneNode], diagnostics: Diagnostics) -> bool:
        total = self._total(items).values
        if total <= limits.UNFOLDED:
            return True
        place = self._find(items, lambda tally: tally.values, limits.UNFOLDED)
        diagnostics.add(
            place.location,
            f"with all repeats and defaults written out the story has {total} values, {self._tally(place).values} of "
            f"them here, and {limits.UNFOLDED} are allowed; repeat less",
        )
        return False

    def _find(self, items: list[SceneNode], weigh: Callable[[Tally], int], most: int) -> SceneNode:
        """The item with which the film's count exceeds ``most``: the innermost, up to one that is repeated."""
        for item in items:
            weight = weigh(self._tally(item))
            if weight > most:
                return self._find(item.children, weigh, most) if item.children and item.repeat == 1 else item
            most -= weight
        return items[-1]

    def _total(self, items: Iterable[SceneNode]) -> Tally:
        return sum((self._tally(item) for item in items), Tally())

    def _tally(self, item: SceneNode) -> Tally:
        if id(item) not in self._tallies:
            self._tallies[id(item)] = self._count(item)
        return self._tallies[id(item)]

    def _count(self, item: SceneNode) -> Tally:
        found = item.found if item.children else self.everywhere | item.found
        own = 1 + sum(self._weigh_pair(key, node) for key, node in found.items() if key not in INNER)
        layers = item.found.get("layers")
        if isinstance(layers, Sequence):
            own += sum(self._weigh_layer(layer) for layer in layers.items)
            own += sum(self._total(layer).values for layer in item.layers)
        inner = self._total(item.children) if item.children else Tally(0, 1, 1)
        return Tally((own + inner.values) * item.repeat, inner.scenes * item.repeat, inner.written)

    def _weigh_layer(self, layer: Node) -> int:
        """Without its scenes, which are items."""
        if not isinstance(layer, Mapping):
            return 1
        found = self.everywhere | {key.text: node for key, node in layer.pairs if key.text not in INNER}
        return 1 + sum(self._weigh_pair(key, node) for key, node in found.items())

    def _weigh_pair(self, key: str, node: Node) -> int:
        return 1 + self._weigh(node) + (MOVE * _count_moves(node) if key == "move" else 0)

    def _weigh(self, node: Node) -> int:
        """How many values a node holds; a long text counts for several."""
        if isinstance(node, Scalar):
            return 1 + len(node.text) // LONG
        known = self._values.get(id(node))
        if known is None:
            below = node.items if isinstance(node, Sequence) else [value for _, value in node.pairs]
            keys = 0 if isinstance(node, Sequence) else len(node.pairs)
            known = self._values[id(node)] = 1 + keys + sum(map(self._weigh, below))
        return known


def _count_moves(node: Node) -> int:
    """The movements of a list, and of the groups in it."""
    if not isinstance(node, Sequence):
        return 0
    groups = [item.get(GROUP) for item in node.items if isinstance(item, Mapping)]
    return len(node.items) + sum(_count_moves(group) for group in groups if group is not None)


def _walk(items: Iterable[SceneNode]) -> Iterable[SceneNode]:
    """All items, also those of layers."""
    for item in items:
        yield item
        yield from _walk(item.children)
        for layer in item.layers:
            yield from _walk(layer)
