"""A part of the film, a scene or what holds several scenes, with what it says while it lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Motion
from pixray_motion.movements.base import Distortion, Movement, steps
from pixray_motion.story.animated import FilterTrack, LossTrack, PromptTrack, Value
from pixray_motion.tracks.base import Samples, Track

CHUNK = 256  # frames whose values are computed at once: always as many, so that none depends on the others
KEPT = 4  # chunks
T = TypeVar("T")


@dataclass(frozen=True)
class Span:
    """Where a part lies in the film: ``frames`` of the film from ``start`` on.

    Its own time goes through ``length`` frames meanwhile, ``speed`` of them in a frame of the film; below 0 it runs from
    its end to its beginning.
    """

    start: int
    frames: int
    length: Fraction
    speed: Fraction = Fraction(1)

    def local_time(self, frame: int) -> Fraction:
        """The part's own time, in frames, at a frame of the film."""
        passed = self.speed * (frame - self.start)
        return passed if self.speed > 0 else self.length + passed

    def samples(self, frames: Samples) -> Samples:
        """The same for many frames."""
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
    filters: tuple[FilterTrack, ...] = ()
    _values: dict[int, dict[int, list[float]]] = field(default_factory=dict, repr=False, init=False)
    _steps: dict[int, list[Motion]] = field(default_factory=dict, repr=False, init=False)
    _bent: dict[int, list[tuple[CoordinateMap, ...]]] = field(default_factory=dict, repr=False, init=False)

    @cached_property
    def morphs(self) -> bool:
        """Whether any prompt turns from one text into another."""
        return any(len(line.texts) > 1 for line in self.prompts)

    def value(self, frame: int) -> Value:
        """A function that tells a track's value at a frame of the film."""
        number, row = divmod(frame - self.span.start, CHUNK)
        known = _chunk(self._values, number, dict)

        def look(track: Track) -> float:
            values = known.get(id(track))
            if values is None:
                values = known[id(track)] = track.sample(self.span.samples(self._frames(number))).tolist()
            return float(values[row])

        return look

    def step(self, frame: int) -> Motion:
        """What the part's movements do between the frame before and ``frame``."""
        if not self.moves:
            return Motion.identity()
        number, row = divmod(frame - self.span.start, CHUNK)
        motion: Motion = _chunk(self._steps, number, lambda: self._stepped(number))[row]
        return motion

    def distortion_steps(self, frame: int) -> tuple[CoordinateMap, ...]:
        """The same of those that bend."""
        if not self.distortions:
            return ()
        number, row = divmod(frame - self.span.start, CHUNK)
        distortions: tuple[CoordinateMap, ...] = _chunk(
            self._bent, number, lambda: self._distortions(number)
        )[row]
        return distortions

    def _stepped(self, number: int) -> list[Motion]:
        return steps(self._in_turn(self.moves), *self._pairs(number))

    def _distortions(self, number: int) -> list[tuple[CoordinateMap, ...]]:
        each = [bend.steps(*self._pairs(number)) for bend in self._in_turn(self.distortions)]
        return [sum(row, ()) for row in zip(*each, strict=True)]

    def _in_turn(self, moves: tuple[T, ...]) -> tuple[T, ...]:
        """In such an order that backwards they undo what they do forwards."""
        return moves if self.span.speed > 0 else moves[::-1]

    def _pairs(self, number: int) -> tuple[Samples, Samples]:
        """A chunk's frames, each with the one before it, in the part's own time."""
        frames = self._frames(number)
        return self.span.samples(frames - 1), self.span.samples(frames)

    def _frames(self, number: int) -> Samples:
        return np.arange(CHUNK, dtype=np.float64) + (number * CHUNK + self.span.start)

    def __getstate__(self) -> dict[str, Any]:
        """Without what can be computed again, which is filed by the identity of tracks."""
        return vars(self) | {"_values": {}, "_steps": {}, "_bent": {}}


def _chunk(kept: dict[int, Any], number: int, make: Any) -> Any:
    """A chunk that is kept, or a new one in the oldest one's place."""
    if number not in kept:
        while len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[number] = make()
    return kept[number]
