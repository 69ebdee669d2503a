"""Every number of a story at every frame where it is needed: finite, in its unit's range, and movements that can be
undone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from pixray_motion.geometry import Canvas
from pixray_motion.limits import CHECK_WORK, SINGULAR, STEP_SIZE
from pixray_motion.movements.base import Group, Move, Movement
from pixray_motion.movements.base import movement as movement_registry
from pixray_motion.story.segment import Span
from pixray_motion.story.source.diagnostics import Diagnostics, SourceLocation
from pixray_motion.tracks.base import Clock, Constant, Samples, Track
from pixray_motion.tracks.formula import Formula, estimate_cost
from pixray_motion.tracks.keyframes import Keyframes
from pixray_motion.tracks.samples import Sampled
from pixray_motion.units import Unit
from pixray_motion.wording import format_number, format_range

CHUNK = 16_384
HORIZON = 0.05
SHAPE_COSTS = {"cubic-bezier": 400, "steps": 4}
FINITE = ", so keep divisors away from 0, roots and logarithms positive, and exponents up to 64"


@dataclass(frozen=True)
class NumberCheck:
    """A track that was read as ``name`` at ``location``, and the unit that its values must keep to.

    Of a ``steady`` movement only one step is looked at, since its values count from the frame before.
    """

    name: str
    location: SourceLocation
    track: Track
    unit: Unit
    clock: Clock
    span: Span
    steady: bool = False

    def tracks(self) -> list[Track]:
        return [self.track]

    def work(self) -> int:
        return _cost(self.track) * len(_frames([self.track], self.span, self.steady))

    def run(self, diagnostics: Diagnostics) -> bool:
        """Report the first frame whose value is wrong; True if there is none."""
        for frames in _chunks(_frames([self.track], self.span, self.steady)):
            values = self.track.sample(_times(frames, self.span, self.steady))
            good = (values >= self.unit.low) & (values <= self.unit.high)  # False for NaN
            if not good.all():
                first = int(np.argmin(good))
                diagnostics.add(self.location, self._sentence(int(frames[first]), float(values[first])))
                return False
        return True

    def _sentence(self, frame: int, value: float) -> str:
        allowed = f"{format_range(self.unit.low, self.unit.high)} ({self.unit.name}) is allowed"
        hint = "" if np.isfinite(value) else FINITE
        when = describe_moment(frame, self.span, self.clock)
        return f"'{self.name}' is {format_number(value)} {when}; {allowed}{hint}"


@dataclass(frozen=True)
class MoveCheck:
    """A movement whose pose must be invertible, because a frame's motion undoes the pose of the frame before."""

    name: str
    location: SourceLocation
    movement: Movement
    clock: Clock
    span: Span
    canvas: Canvas | None = None

    def tracks(self) -> list[Track]:
        return list(_tracks(self.movement))

    @property
    def steady(self) -> bool:
        """Whether only one step needs a look."""
        return isinstance(self.movement, Move) and self.movement.is_steady

    def work(self) -> int:
        return 50 * len(_frames(self.tracks(), self.span, self.steady))

    def run(self, diagnostics: Diagnostics) -> bool:
        """Report the first frame whose pose cannot be undone; True if there is none.

        At rest a movement leaves areas as they are, so a negative one has passed through 0.
        """
        for frames in _chunks(_frames(self.tracks(), self.span, self.steady)):
            times = _times(frames, self.span, self.steady)
            areas = determinants(self.movement, times)
            good = np.isfinite(areas) & (areas > SINGULAR)
            if not good.all():
                first = int(np.argmin(good))
                when = describe_moment(int(frames[first]), self.span, self.clock)
                what = (
                    "flattens or mirrors the picture"
                    if areas[first] <= SINGULAR
                    else "grows beyond all numbers"
                )
                diagnostics.add(self.location, f"'{self.name}' {what} {when}; make it milder")
                return False
            depths = nearest_depths(self.movement, times, self.canvas) if self.canvas else np.ones(1)
            if depths.min() < HORIZON:
                when = describe_moment(int(frames[np.argmin(depths)]), self.span, self.clock)
                diagnostics.add(
                    self.location,
                    f"'{self.name}' leans so far {when} that a part of the picture comes to lie beside the camera; "
                    "make the angle or the field of view smaller",
                )
                return False
        return True


@dataclass(frozen=True)
class StepCheck:
    """A scene's movements, which together must not change sizes beyond all measure from one frame to the next."""

    location: SourceLocation
    movements: tuple[Movement, ...]
    clock: Clock
    span: Span

    def tracks(self) -> list[Track]:
        return [track for movement in self.movements for track in _tracks(movement)]

    def work(self) -> int:
        return 50 * len(self.movements) * len(_frames(self.tracks(), self.span))

    def run(self, diagnostics: Diagnostics) -> bool:
        """Report the first frame whose step is too large; True if there is none."""
        for frames in _chunks(_frames(self.tracks(), self.span)[1:]):
            before, after = self.span.samples(frames - 1), self.span.samples(frames)
            steps = [movement.steps(before, after) for movement in self.movements]
            areas = sum(np.log(np.abs(np.linalg.det(step))) for step in steps)
            good = np.abs(areas) / 2 <= math.log(STEP_SIZE)
            if not good.all():
                when = describe_moment(int(frames[np.argmin(good)]), self.span, self.clock)
                diagnostics.add(
                    self.location,
                    f"the movements together change sizes more than {STEP_SIZE} times in one step {when}; make them "
                    "milder or slower",
                )
                return False
        return True


Check = NumberCheck | MoveCheck | StepCheck


def run_checks(
    checks: list[Check], spans: Mapping[Span, Span], location: SourceLocation, diagnostics: Diagnostics
) -> None:
    """Run them all, a movement's after its numbers'; too much work for one story is a problem at ``location``.

    ``spans``: of what is needed beyond its end, see ``needed_spans``.
    """
    checks = [replace(check, span=spans.get(check.span, check.span)) for check in checks]
    if sum(check.work() for check in checks) > CHECK_WORK:
        diagnostics.add(
            location, "the story has too many changing values over too many frames to check; cut it in parts"
        )
        return
    bad: set[int] = set()
    for check in checks:
        tracks = {id(track) for track in check.tracks()}
        if isinstance(check, NumberCheck) or not tracks & bad:
            bad |= set() if check.run(diagnostics) else tracks


def determinants(movement: Movement, frames: Samples) -> Samples:
    """(N,): by how much each frame's pose changes areas; 0 where it cannot be undone."""
    if isinstance(movement, Group):
        total = np.ones(frames.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            for child in movement.children:
                total = total * determinants(child, frames)
        return total
    assert isinstance(movement, Move)
    areas: Samples = np.linalg.det(movement.poses(frames))
    if movement_registry.traits(movement.name).get("mirrors"):
        np.abs(areas, out=areas)
    return areas


def nearest_depths(movement: Movement, frames: Samples, canvas: Canvas) -> Samples:
    """(N,): how far the nearest corner of the canvas is from the camera, over how far its centre is."""
    if isinstance(movement, Group):
        depths = np.ones(frames.shape)
        for child in movement.children:
            depths = np.minimum(depths, nearest_depths(child, frames, canvas))
        return depths
    assert isinstance(movement, Move)
    corners = np.concatenate([canvas.corners(), np.ones((4, 1))], 1)
    nearest: Samples = (movement.poses(frames)[:, 2] @ corners.T).min(-1)
    return nearest


def describe_moment(frame: int, span: Span, clock: Clock) -> str:
    """When a frame of the film is, in the time of the scene that has a mistake there."""
    local = span.local_time(frame)
    seconds = format_number(round(float(local / clock.rate), 3))
    where = f"at the scene's frame {format_number(float(local))} ({seconds}s)"
    return where if frame < span.end else f"{where}, after its end, while the next one comes in"


def _tracks(movement: Movement) -> Iterator[Track]:
    if isinstance(movement, Group):
        for child in movement.children:
            yield from _tracks(child)
    elif isinstance(movement, Move):
        for track in movement.tracks.values():
            yield from track if isinstance(track, tuple) else (track,)


def _frames(tracks: list[Track], span: Span, steady: bool = False) -> range:
    """The frames of the film that need a look: of constants one, since they are the same at all of them, and of what
    is steady two."""
    if all(isinstance(track, Constant) for track in tracks):
        return span.needed[:1]
    return span.needed[:2] if steady else span.needed


def _times(frames: Samples, span: Span, steady: bool) -> Samples:
    """The local times that are looked at: of what is ``steady`` those since the frame before."""
    return (frames - span.start) * float(span.speed) if steady else span.samples(frames)


def _chunks(frames: range) -> Iterator[Samples]:
    """All frame numbers in pieces that stay in the processor's cache."""
    for start in range(frames.start, frames.stop, CHUNK):
        yield np.arange(start, min(start + CHUNK, frames.stop), dtype=np.float64)


def _cost(track: Track) -> int:
    """About how many operations a frame takes."""
    if isinstance(track, Formula):
        return estimate_cost(track.program)
    if isinstance(track, Keyframes):
        shapes = max(SHAPE_COSTS.get(easing.name, 20) for easing in set(track.easings))
        return 10 + shapes + 2 * max(_cost(part) for part in track.tracks)
    if isinstance(track, Sampled):
        return 80 if track.window else 20
    return 1
