"""What the readers of a scene's values share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pixray_motion.geometry import Canvas
from pixray_motion.story import traps
from pixray_motion.story.check import Check
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.report import Refused, Report, quoted, unknown
from pixray_motion.story.time import parse_time
from pixray_motion.story.track import Clock


@dataclass(frozen=True)
class Scope:
    """A scene's clock, and where readers leave problems and checks.

    ``timed`` is False where the scene's length could not be read: then keys are not held against it, and nothing is
    checked over its frames. ``canvas`` is None if it could not be read. ``folder`` is where the story's files lie.
    """

    report: Report
    clock: Clock
    canvas: Canvas | None
    checks: list[Check]
    timed: bool = True
    folder: Path | None = None

    @property
    def length(self) -> Fraction:
        """The scene's exact length in frames."""
        return self.clock.length * self.clock.rate


def fields(node: Node, what: str, allowed: Iterable[str], report: Report) -> dict[str, Node]:
    """The values of a mapping by their keys; reports keys that are not allowed, and anything but a mapping."""
    names = list(allowed)
    if not isinstance(node, Mapping):
        keys = ", ".join(names) or "none"
        glued = traps.glued(node.text) if isinstance(node, Scalar) and node.plain else None
        report.add(node.place, glued or f"{what} is a mapping, 'key: value'; its keys: {keys}. {got(node)}")
        return {}
    found = {}
    for key, value in node.pairs:
        if key.text in names:
            found[key.text] = value
        else:
            report.add(key.place, unknown("key", key.text, names, f" in {what}"))
    return found


def text_of(node: Node, what: str, report: Report) -> str | None:
    """The text of a scalar; reports a list or a mapping."""
    if isinstance(node, Scalar):
        return node.text.strip()
    report.add(node.place, f"{what} is one value. {got(node)}")
    return None


def got(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"Got {quoted(node.text)}"
    return "Got a list" if isinstance(node, Sequence) else "Got a mapping"


def read_keys(node: Mapping, scope: Scope) -> list[tuple[Fraction, Node]]:
    """Keyframes in frames of the scene, exact and increasing, with their values; reports those that are not."""
    keys: list[tuple[Fraction, Node]] = []
    rate, length = scope.clock.rate, scope.length
    for key, value in node.pairs:
        try:
            time = parse_time(key.text.strip())
        except Refused as refused:
            scope.report.add(key.place, refused.message)
            continue
        frame = time.frames(rate, length)
        if scope.timed and frame > length:
            scope.report.add(
                key.place, f"the key {quoted(key.text)} lies behind the scene's end{_end(scope)}"
            )
        elif scope.timed and keys and frame <= keys[-1][0]:
            same = "is the same time as" if frame == keys[-1][0] else "is earlier than"
            scope.report.add(
                key.place, f"the key {quoted(key.text)} {same} the key before it; write keys in order of time"
            )
        else:
            keys.append((frame, value))
    return keys


def _end(scope: Scope) -> str:
    seconds, frames = scope.clock.length, scope.length
    return f" ({float(seconds):.10g}s, {float(frames):.10g} frames)"
