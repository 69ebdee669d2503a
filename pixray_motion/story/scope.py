"""What the readers of a scene's values share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from pixray_motion.geometry import Canvas
from pixray_motion.story import traps
from pixray_motion.story.check import Check
from pixray_motion.story.files import NOWHERE, Home
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.report import Refused, Report, number, quoted, unknown
from pixray_motion.story.time import PLAIN, Time, TimeBase, parse_time
from pixray_motion.story.track import Clock

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Scope:
    """A scene's clock, and where readers leave problems and checks.

    ``timed`` is False where the scene's length could not be read: then keys are not held against it, and nothing is
    checked over its frames. ``placed`` is False where a length before it could not be read: then markers are not held
    against it. ``canvas`` is None if it could not be read, and ``home`` is where curves lie.
    """

    report: Report
    clock: Clock
    canvas: Canvas | None
    checks: list[Check]
    timed: bool = True
    base: TimeBase = PLAIN
    home: Home = NOWHERE
    placed: bool = True

    @property
    def length(self) -> Fraction:
        """The scene's exact length in frames."""
        return self.clock.length * self.clock.rate

    @property
    def start(self) -> Fraction:
        """The scene's first frame in the film."""
        return self.clock.start * self.clock.rate


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
    for key, value in node.pairs:
        try:
            frame = _frame(parse_time(key.text.strip(), scope.base), key.text, scope)
        except Refused as refused:
            scope.report.add(key.place, refused.message)
            continue
        if not scope.timed or frame is None:
            keys += [] if frame is None else [(frame, value)]
        elif keys and float(frame) <= float(keys[-1][0]):
            same = "is the same time as" if float(frame) == float(keys[-1][0]) else "is earlier than"
            scope.report.add(
                key.place, f"the key {quoted(key.text)} {same} the key before it; write keys in order of time"
            )
        else:
            keys.append((frame, value))
    return keys


def _frame(time: Time, text: str, scope: Scope) -> Fraction | None:
    """A key's frame, which lies within the scene; None for a marker in a scene that begins nobody knows when."""
    frame, length = time.frames(scope.clock.rate, scope.length, scope.start), scope.length
    if time.marker and not scope.placed:
        return None
    if not scope.timed:
        return frame
    if time.marker and -HALF <= frame <= length + HALF:
        return min(max(frame, Fraction(0)), length)  # where the scene's ends were rounded to frames
    if 0 <= frame <= length:
        return frame
    if not time.marker:
        raise Refused(f"the key {quoted(text)} lies behind the scene's end{_end(scope)}")
    moment, first = (frame + scope.start) / scope.clock.rate, scope.clock.start
    side, bound = ("before", first) if frame < 0 else ("behind", first + scope.clock.length)
    edge = "start" if frame < 0 else "end"
    raise Refused(
        f"the key {quoted(text)} ({_seconds(moment)} in the film) lies {side} the scene's {edge} ({_seconds(bound)})"
    )


def _seconds(seconds: Fraction) -> str:
    return f"{number(round(float(seconds), 3))}s"


def _end(scope: Scope) -> str:
    seconds, frames = scope.clock.length, scope.length
    return f" ({float(seconds):.10g}s, {float(frames):.10g} frames)"
