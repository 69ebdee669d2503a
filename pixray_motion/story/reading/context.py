"""What the readers of a scene's values share."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from pixray_motion.geometry import Canvas
from pixray_motion.story.animated import DenoiserTrack
from pixray_motion.story.plan import Component, Weighted
from pixray_motion.story.reading.validate import Check
from pixray_motion.story.segment import Segment, Span
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.files import NOWHERE, StoryFolder
from pixray_motion.story.source.nodes import Mapping, Node
from pixray_motion.tracks.base import Clock, Track
from pixray_motion.tracks.time import PLAIN, Time, TimeBase, parse_time
from pixray_motion.units import Surroundings
from pixray_motion.wording import InvalidValue, format_number, quote

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class SceneContext:
    """A scene's clock and its ``span`` of the film, and where readers leave problems and checks.

    ``timed`` is False where the scene's length could not be read: then keys are not held against it, and nothing is
    checked over its frames. ``located`` is False where a length before it could not be read: then markers are not held
    against it. ``canvas`` is None if it could not be read, and ``folder`` is where curves lie.
    """

    diagnostics: Diagnostics
    clock: Clock
    span: Span
    canvas: Canvas | None
    checks: list[Check]
    timed: bool = True
    base: TimeBase = PLAIN
    folder: StoryFolder = NOWHERE
    located: bool = True

    @cached_property
    def around(self) -> Surroundings:
        """What fixed values are held against."""
        return Surroundings(self.canvas, self.folder)

    @cached_property
    def length(self) -> Fraction:
        """The scene's exact length in frames."""
        return self.clock.length * self.clock.rate

    @cached_property
    def start(self) -> Fraction:
        """The scene's first frame in the film."""
        return self.clock.start * self.clock.rate


def read_keys(node: Mapping, context: SceneContext) -> list[tuple[Fraction, Node]]:
    """Keyframes in frames of the scene, exact and increasing, with their values; reports those that are not."""
    keys: list[tuple[Fraction, Node]] = []
    for key, value in node.pairs:
        try:
            frame = _frame(parse_time(key.text.strip(), context.base), key.text, context)
        except InvalidValue as error:
            context.diagnostics.add(key.location, error.message)
            continue
        if not context.timed or frame is None:
            keys += [] if frame is None else [(frame, value)]
        elif keys and float(frame) <= float(keys[-1][0]):
            same = "is the same time as" if float(frame) == float(keys[-1][0]) else "is earlier than"
            context.diagnostics.add(
                key.location,
                f"the key {quote(key.text)} {same} the key before it; write keys in order of time",
            )
        else:
            keys.append((frame, value))
    return keys


def has_time_keys(node: Mapping, context: SceneContext) -> bool:
    """Whether any key begins like a time, or is one of the film's markers: such keys are meant as times, even where
    they are not good ones."""
    names = [key.text.strip() for key, _ in node.pairs]
    return any(
        name[:1] in tuple("-.0123456789") or name.split(" ")[0] in context.base.markers for name in names
    )


def _frame(time: Time, text: str, context: SceneContext) -> Fraction | None:
    """A key's frame, which lies within the scene; None for a marker in a scene that begins nobody knows when."""
    frame, length = time.frames(context.clock.rate, context.length, context.start), context.length
    if time.marker and not context.located:
        return None
    if not context.timed:
        return frame
    if time.marker and -HALF <= frame <= length + HALF:
        return min(max(frame, Fraction(0)), length)  # where the scene's ends were rounded to frames
    if 0 <= frame <= length:
        return frame
    if not time.marker:
        raise InvalidValue(f"the key {quote(text)} lies behind the scene's end{_end(context)}")
    moment, first = (frame + context.start) / context.clock.rate, context.clock.start
    side, bound = ("before", first) if frame < 0 else ("behind", first + context.clock.length)
    edge = "start" if frame < 0 else "end"
    raise InvalidValue(
        f"the key {quote(text)} ({_seconds(moment)} in the film) lies {side} the scene's {edge} ({_seconds(bound)})"
    )


def _seconds(seconds: Fraction) -> str:
    return f"{format_number(round(float(seconds), 3))}s"


def _end(context: SceneContext) -> str:
    seconds, frames = context.clock.length, context.length
    return f" ({float(seconds):.10g}s, {float(frames):.10g} frames)"


@dataclass(frozen=True)
class FilmContext:
    """What all scenes share. ``canvas`` and ``rate`` are None if they could not be read."""

    diagnostics: Diagnostics
    checks: list[Check]
    canvas: Canvas | None
    rate: Fraction | None
    seed: int = 0
    defaults: dict[str, Node] = field(default_factory=dict)
    folder: StoryFolder = NOWHERE
    base: TimeBase = PLAIN

    @cached_property
    def around(self) -> Surroundings:
        """What fixed values are held against."""
        return Surroundings(self.canvas, self.folder)


@dataclass(frozen=True)
class Inherited:
    """What a scene takes over from what it lies in, unless it says otherwise.

    ``segments``, the innermost first, are added to its own; ``first_only`` are the keys of a sequence that concern its
    first scene alone, such as 'cut'; ``layer`` names the layer that it is drawn for.
    """

    drawer: Component
    perceptors: tuple[Weighted, ...]
    border: str
    denoiser: Node | None = None
    own_denoiser: tuple[Segment, DenoiserTrack | None] | None = None
    steps: tuple[Segment, Track] | None = None
    segments: tuple[Segment, ...] = ()
    first_only: dict[str, Node] = field(default_factory=dict)
    layer: str = ""
