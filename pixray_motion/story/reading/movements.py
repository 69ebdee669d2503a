"""A scene's movements."""

from __future__ import annotations

from dataclasses import replace

from pixray_motion.limits import LINES
from pixray_motion.movements.base import Distortion, Group, Move, Movement, is_distortion, movement
from pixray_motion.story.reading.context import SceneContext
from pixray_motion.story.reading.parameters import read_entry, read_parameters
from pixray_motion.story.reading.validate import MoveCheck, NumberCheck, StepCheck
from pixray_motion.story.source.fields import describe_node
from pixray_motion.story.source.nodes import Mapping, Node, Sequence
from pixray_motion.wording import quote

GROUP = "group"


def read_moves(node: Node, context: SceneContext) -> tuple[tuple[Movement, ...], tuple[Distortion, ...]]:
    """A scene's movements, in the order in which they act, and then those that bend."""
    before = context.diagnostics.count
    listed = _list(node, context, "move")
    moves = tuple(move for move in listed if isinstance(move, Movement))
    if moves and context.timed and context.diagnostics.count == before:
        context.checks.append(StepCheck(node.location, moves, context.clock, context.span))
    return moves, tuple(move for move in listed if isinstance(move, Distortion))


def _list(node: Node, context: SceneContext, what: str) -> tuple[Movement | Distortion, ...]:
    if not isinstance(node, Sequence):
        context.diagnostics.add(
            node.location, f"'{what}' is a list, as in [zoom: {{factor: 2}}]. {describe_node(node)}"
        )
        return ()
    if len(node.items) > LINES:
        context.diagnostics.add(
            node.location, f"'{what}' has at most {LINES} movements. Got {len(node.items)}"
        )
        return ()
    return tuple(move for item in node.items if (move := _move(item, context, what == GROUP)) is not None)


def _move(node: Node, context: SceneContext, grouped: bool) -> Movement | Distortion | None:
    if isinstance(node, Mapping) and len(node.pairs) == 1 and node.pairs[0][0].text == GROUP:
        return _group(node, context)
    if isinstance(node, Mapping) and len(node.pairs) > 1:
        names = ", ".join(quote(key.text) for key, _ in node.pairs[:3])
        context.diagnostics.add(
            node.location,
            f"a movement has one name; begin each of {names} with '- ', or indent its parameters",
        )
        return None
    found = read_entry(node, movement, context.diagnostics)
    if found is None:
        return None
    entry, parameters = found
    before, checked = context.diagnostics.count, len(context.checks)
    read = read_parameters(parameters, entry, context)
    if is_distortion(entry.make):
        return Distortion(entry.name, entry.make, read.tracks, read.fixed)
    move = Move(entry.name, entry.make, read.tracks, read.fixed)
    if move.is_steady and not grouped:  # a group's step is made of poses, which hold whole values
        numbers = [check for check in context.checks[checked:] if isinstance(check, NumberCheck)]
        context.checks[checked:] = [replace(check, steady=True) for check in numbers]
    _check(move, entry.name, node, context, before)
    return move


def _group(node: Mapping, context: SceneContext) -> Group:
    before = context.diagnostics.count
    key, value = node.pairs[0]
    children = _list(value, context, GROUP)
    for child in children:
        if isinstance(child, Distortion):
            context.diagnostics.add(
                key.location, f"'{child.name}' bends the picture and acts by itself; take it out of the group"
            )
    group = Group(tuple(child for child in children if isinstance(child, Movement)))
    _check(group, GROUP, node, context, before)
    return group


def _check(move: Movement, name: str, node: Node, context: SceneContext, before: int) -> None:
    """Ask for a check over all frames if reading went well, that is if no problem was added to ``before``."""
    if context.timed and context.diagnostics.count == before:
        check = MoveCheck(name, node.location, move, context.clock, context.span, context.canvas)
        context.checks.append(check)
