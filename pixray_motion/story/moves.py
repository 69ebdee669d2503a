"""A scene's movements."""

from __future__ import annotations

from pixray_motion.movements.base import Bending, Group, Move, Movement, bends, movement
from pixray_motion.story.check import MoveCheck, StepCheck
from pixray_motion.story.choices import named, read_parameter
from pixray_motion.story.keyed import PerSecond
from pixray_motion.story.limits import LINES
from pixray_motion.story.nodes import Mapping, Node, Sequence
from pixray_motion.story.numbers import read_pair
from pixray_motion.story.report import quoted
from pixray_motion.story.scope import Scope, fields, got
from pixray_motion.story.track import Constant, Track
from pixray_motion.units import SECONDS, SEED, Kind, Pair

GROUP = "group"


def read_moves(node: Node, scope: Scope) -> tuple[tuple[Movement, ...], tuple[Bending, ...]]:
    """A scene's movements, in the order in which they act, and then those that bend."""
    before = scope.report.count
    listed = _list(node, scope, "move")
    moves = tuple(move for move in listed if isinstance(move, Movement))
    if moves and scope.timed and scope.report.count == before:
        scope.checks.append(StepCheck(node.place, moves, scope.clock))
    return moves, tuple(move for move in listed if isinstance(move, Bending))


def _list(node: Node, scope: Scope, what: str) -> tuple[Movement | Bending, ...]:
    if not isinstance(node, Sequence):
        scope.report.add(node.place, f"'{what}' is a list, as in [zoom: {{factor: 2}}]. {got(node)}")
        return ()
    if len(node.items) > LINES:
        scope.report.add(node.place, f"'{what}' has at most {LINES} movements. Got {len(node.items)}")
        return ()
    return tuple(move for item in node.items if (move := _move(item, scope)) is not None)


def _move(node: Node, scope: Scope) -> Movement | Bending | None:
    if isinstance(node, Mapping) and len(node.pairs) == 1 and node.pairs[0][0].text == GROUP:
        return _group(node, scope)
    if isinstance(node, Mapping) and len(node.pairs) > 1:
        names = ", ".join(quoted(key.text) for key, _ in node.pairs[:3])
        scope.report.add(
            node.place, f"a movement has one name; begin each of {names} with '- ', or indent its parameters"
        )
        return None
    found = named(node, movement, scope.report)
    if found is None:
        return None
    entry, parameters = found
    before = scope.report.count
    tracks: dict[str, Track | tuple[Track, Track]] = {}
    if parameters is not None:
        kinds = {p.name: p.kind for p in entry.parameters}
        for name, value in fields(parameters, f"'{entry.name}'", kinds, scope.report).items():
            kind = kinds[name]
            if isinstance(kind, Pair):
                tracks[name] = read_pair(value, name, kind, scope)
            else:
                tracks[name] = read_parameter(value, name, kind, scope)
    for parameter in entry.parameters:
        if parameter.kind in (SECONDS, SEED) and parameter.name not in tracks:
            tracks[parameter.name] = _of_the_film(parameter.kind, scope)
    if bends(entry.make):
        return Bending(entry.name, entry.make, tracks)
    move = Move(entry.name, entry.make, tracks)
    _check(move, entry.name, node, scope, before)
    return move


def _of_the_film(kind: Kind, scope: Scope) -> Track:
    """What a movement is told without being asked: the scene's time, and the film's seed."""
    return PerSecond(1.0, scope.clock) if kind is SECONDS else Constant(float(scope.clock.seed % 2**32))


def _group(node: Mapping, scope: Scope) -> Group:
    before = scope.report.count
    key, value = node.pairs[0]
    children = _list(value, scope, GROUP)
    for child in children:
        if isinstance(child, Bending):
            scope.report.add(
                key.place, f"'{child.name}' bends the picture and acts by itself; take it out of the group"
            )
    group = Group(tuple(child for child in children if isinstance(child, Movement)))
    _check(group, GROUP, node, scope, before)
    return group


def _check(move: Movement, name: str, node: Node, scope: Scope, before: int) -> None:
    """Ask for a check over all frames if reading went well, that is if no problem was added to ``before``."""
    if scope.timed and scope.report.count == before:
        scope.checks.append(MoveCheck(name, node.place, move, scope.clock, scope.canvas))
