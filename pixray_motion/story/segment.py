"""A segment of the film: a scene, or a sequence of scenes, with what it adds to a frame while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Motion
from pixray_motion.movements.base import Distortion, Movement, compute_steps
from pixray_motion.story.animated import ComponentTrack, LossTrack, PromptTrack, Value
from pixray_motion.tracks.base import Constant, Samples, Track

CHUNK = 256  # frames whose values are computed at once: always as many, so that none depends on the others
CHUNKS = 4  # that are remembered: a scene, the one before it, and the first one where a film loops
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Span:
    """Where a segment lies in the film: ``frames`` of the film from ``start`` on.

    Its local time goes through ``length`` frames meanwhile, ``speed`` of them in a frame of the film; below 0 it runs
    from its end to its beginning. ``after``: for how many frames it is needed beyond its end (``story/spans.py``).
    """

    start: int
    frames: int
    length: Fraction
    speed: Fraction = Fraction(1)
    after: int = 0

    @property
    def end(self) -> int:
        """The first frame of the film that no longer belongs to it."""
        return self.start + self.frames

    @property
    def needed(self) -> range:
        """The frames of the film at which anything of the segment is evaluated: these are checked, and no others."""
        return range(self.start, self.end + self.after)

    def local_time(self, frame: int) -> Fraction:
        """The segment's own time, in frames, at a frame of the film."""
        passed = self.speed * (frame - self.start)
        return passed if self.speed > 0 else self.length + passed

    def samples(self, frames: Samples) -> Samples:
        """The same for many frames: (N,) -> (N,)."""
        begin = 0.0 if self.speed > 0 else float(self.length)
        return begin + float(self.speed) * (frames - self.start)


@dataclass(frozen=True, eq=False)
class Segment:
    """What a scene, a sequence of scenes or a layer says for itself; those inside it add their own."""

    span: Span
    prompts: tuple[PromptTrack, ...] = ()
    moves: tuple[Movement, ...] = ()
    distortions: tuple[Distortion, ...] = ()
    losses: tuple[LossTrack, ...] = ()
    filters: tuple[ComponentTrack, ...] = ()
    _values: dict[int, dict[int, tuple[Track, list[float]]]] = field(
        default_factory=dict, repr=False, init=False
    )
    _steps: dict[int, list[Motion]] = field(default_factory=dict, repr=False, init=False)
    _maps: dict[int, list[tuple[CoordinateMap, ...]]] = field(default_factory=dict, repr=False, init=False)

    @cached_property
    def morphs(self) -> bool:
        """Whether any prompt turns from one text into another."""
        return any(len(prompt.texts) > 1 for prompt in self.prompts)

    @cached_property
    def prompts_are_constant(self) -> bool:
        """Whether its prompts are the same at all of its frames."""
        return not self.morphs and all(isinstance(prompt.weight, Constant) for prompt in self.prompts)

    def value(self, frame: int) -> Value:
        """A function that tells a track's value at a frame of the film."""
        number, row = divmod(frame - self.span.start, CHUNK)
        known = recall(self._values, number, dict, CHUNKS)

        def look(track: Track) -> float:
            entry = known.get(
                id(track)
            )  # the track is kept beside its values, so that its id is not given away
            if entry is None:
                entry = track, track.sample(self._times(number))[: self._count(number)].tolist()
                known[id(track)] = entry
            values = entry[1]
            return values[row] if row < len(values) else values[-1]

        return look

    def step(self, frame: int) -> Motion:
        """What the segment's movements do between the frame before and ``frame``."""
        number, row = divmod(frame - self.span.start, CHUNK)
        chunk = self._steps.get(number)
        chunk = chunk or recall(self._steps, number, lambda: self._compute_steps(number), CHUNKS)
        return chunk[min(row, len(chunk) - 1)]

    def distortion_steps(self, frame: int) -> tuple[CoordinateMap, ...]:
        """The same of its distortions."""
        if not self.distortions:
            return ()
        number, row = divmod(frame - self.span.start, CHUNK)
        chunk = recall(self._maps, number, lambda: self._compute_maps(number), CHUNKS)
        return chunk[min(row, len(chunk) - 1)]

    def _compute_steps(self, number: int) -> list[Motion]:
        return compute_steps(self._in_order(self.moves), *self._pairs(number))[: self._count(number)]

    def _compute_maps(self, number: int) -> list[tuple[CoordinateMap, ...]]:
        each = [move.steps(*self._pairs(number)) for move in self._in_order(self.distortions)]
        return [sum(row, ()) for row in zip(*each, strict=True)][: self._count(number)]

    def _in_order(self, moves: tuple[T, ...]) -> tuple[T, ...]:
        """In such an order that backwards they undo what they do forwards."""
        return moves if self.span.speed > 0 else moves[::-1]

    def _pairs(self, number: int) -> tuple[Samples, Samples]:
        """A chunk's frames, each with the one before it, in the segment's own time."""
        return self._times(number, -1), self._times(number)

    def _count(self, number: int) -> int:
        """How many frames of a chunk are needed, and so kept; at least one."""
        return max(1, min(CHUNK, len(self.span.needed) - number * CHUNK))

    def _times(self, number: int, shift: int = 0) -> Samples:
        """A chunk in the segment's own time, ``shift`` frames later; what is not needed repeats what is, since only
        that is checked."""
        frames = np.arange(CHUNK, dtype=np.float64) + (number * CHUNK + self.span.start + shift)
        needed = self.span.needed
        return self.span.samples(np.clip(frames, needed[0], needed[-1]))

    def __getstate__(self) -> dict[str, Any]:
        """Without what can be computed again, which is filed by the identity of tracks."""
        return vars(self) | {"_values": {}, "_steps": {}, "_maps": {}}


def recall(known: dict[K, T], key: K, make: Callable[[], T], most: int) -> T:
    """What is known by ``key``, or made now, in the place of the oldest of ``most`` entries."""
    if key not in known:
        while len(known) >= most:
            del known[next(iter(known))]
        known[key] = make()
    return known[key]
