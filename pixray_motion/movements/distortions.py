"""Movements that bend the picture: swirl, wave, ripple, lens, and the folds of a kaleidoscope.

They act on the screen, after the scene's other movements. All are at rest by default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixray_motion.coordinate_maps import CoordinateMap, Points
from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.units import CENTRE, Amount, Angle, Extent, Length, Point, RingShare, Scale

SOLVED = 30  # Newton steps, of which a handful is enough


@movement("swirl")
@dataclass(frozen=True)
class Swirl(CoordinateMap):
    """Stir the picture clockwise by ``angle`` degrees at ``about``, less and less up to ``radius``."""

    angle: Angle = 0.0
    radius: Extent = 0.5
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        return self._turned(points, self.angle)

    def apply_inverse(self, points: Points) -> Points:
        return self._turned(points, -self.angle)

    def _turned(self, points: Points, angle: float) -> Points:
        arms = points - np.array(self.about)
        share = np.minimum(1, (arms**2).sum(-1) / self.radius**2)
        turn = np.radians(angle) * (1 - share) ** 2
        c, s = np.cos(turn), np.sin(turn)
        x, y = arms[..., 0], arms[..., 1]
        turned: Points = np.stack([c * x - s * y, s * x + c * y], -1) + np.array(self.about)
        return turned


@movement("wave")
@dataclass(frozen=True)
class Wave(CoordinateMap):
    """Let a wave run through the picture towards ``angle`` (0 is right, 90 down) as ``phase`` grows, 360 a length.

    Where its crest is, the picture is lifted by ``height`` to the left of its way: up, for a wave that runs right.
    """

    height: Length = 0.0
    length: Extent = 0.5
    phase: Angle = 0.0
    angle: Angle = 0.0

    def apply(self, points: Points) -> Points:
        return self._lifted(points, self.height)

    def apply_inverse(self, points: Points) -> Points:
        return self._lifted(points, -self.height)

    def _lifted(self, points: Points, height: float) -> Points:
        turn = np.radians(self.angle)
        along, left = np.array([np.cos(turn), np.sin(turn)]), np.array([np.sin(turn), -np.cos(turn)])
        lift = np.sin(2 * np.pi * (points @ along) / self.length - np.radians(self.phase))
        lifted: Points = points + height * lift[..., None] * left
        return lifted


@movement("ripple")
@dataclass(frozen=True)
class Ripple(CoordinateMap):
    """Let rings run outwards from ``about`` as ``phase`` grows, 360 a ``length``.

    ``amount`` is how much they crowd and thin the picture; at 1 they would fold it over.
    """

    amount: RingShare = 0.0
    length: Extent = 0.25
    phase: Angle = 0.0
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        arms = points - np.array(self.about)
        distance = np.linalg.norm(arms, axis=-1)
        return self._stretched(arms, distance, self._rings(distance)[0])

    def apply_inverse(self, points: Points) -> Points:
        """By Newton's method: the rings have no inverse in closed form, but never fall."""
        arms = points - np.array(self.about)
        wanted = np.linalg.norm(arms, axis=-1)
        distance = wanted
        for _ in range(SOLVED):
            reached, slope = self._rings(distance)
            step = (reached - wanted) / slope
            distance = np.clip(distance - step, 0, None)
            if np.abs(step).max() < 1e-13:
                break
        return self._stretched(arms, wanted, distance)

    def _rings(self, distance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the rings carry what is at a distance, and the slope of that. In the middle they are flat."""
        turns = 2 * np.pi / self.length
        calm = self.length / 4
        height = self.amount / turns
        share, rise = distance / (distance + calm), calm / (distance + calm) ** 2
        turn = turns * distance - np.radians(self.phase)
        wave, slope = np.sin(turn), turns * np.cos(turn)
        return distance + height * share * wave, 1 + height * (share * slope + rise * wave)

    def _stretched(self, arms: Points, before: NDArray[np.float64], after: NDArray[np.float64]) -> Points:
        share = np.divide(after, before, out=np.ones_like(before), where=before > 0)
        stretched: Points = arms * share[..., None] + np.array(self.about)
        return stretched


@movement("lens")
@dataclass(frozen=True)
class Lens(CoordinateMap):
    """Hold a round lens over the picture that magnifies ``factor`` times at ``about``, up to ``radius``.

    Below 1 it makes things smaller. Nothing is lost: towards its rim it does the opposite.
    """

    factor: Scale = 1.0
    radius: Extent = 0.4
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        return self._magnified(points, self.factor)

    def apply_inverse(self, points: Points) -> Points:
        return self._magnified(points, 1 / self.factor)

    def _magnified(self, points: Points, factor: float) -> Points:
        arms = points - np.array(self.about)
        share = np.minimum(1, np.linalg.norm(arms, axis=-1, keepdims=True) / self.radius)
        magnified: Points = arms * factor / (1 + (factor - 1) * share) + np.array(self.about)
        return magnified


@movement("kaleidoscope")
@dataclass(frozen=True)
class Kaleidoscope(CoordinateMap):
    """Fold every frame into ``segments`` mirrored ones around ``about``; what lies towards ``angle`` is shown in all.

    0 segments fold nothing; 1 is a mirror. Of ``angle``, 0 is right and 90 down; the half of a segment that is shown
    lies clockwise of it.
    """

    segments: Amount = 0.0
    angle: Angle = 0.0
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        """What is shown stays where it is; of its copies, see ``copies``."""
        return points

    def apply_inverse(self, points: Points) -> Points:
        if not self.count:
            return points
        arms, turn, segment = self._polar(points)
        within = np.mod(turn, segment)
        folded = np.radians(self.angle) + np.where(within <= segment / 2, within, segment - within)
        distance = np.linalg.norm(arms, axis=-1)[..., None]
        there = distance * np.stack([np.cos(folded), np.sin(folded)], -1) + np.array(self.about)
        return np.where(
            self.keeps(points)[..., None], points, there
        )  # to the last bit, where nothing changes

    def relative_to(self, before: CoordinateMap) -> tuple[CoordinateMap, ...]:  # noqa: ARG002
        """A fold cannot be undone, and is done in every frame."""
        return (self,) if self.count else ()

    def keeps(self, points: Points) -> NDArray[np.bool_]:
        if not self.count:
            return super().keeps(points)
        _, turn, segment = self._polar(points)
        kept: NDArray[np.bool_] = turn <= segment / 2
        return kept

    def copies(self) -> tuple[Motion, ...]:
        start = Motion.rotation(self.angle)
        mirrored = start @ Motion.mirror(1, -1) @ start.inverse()
        turns = [Motion.rotation(360 * k / self.count) for k in range(self.count)]
        copies = [copy.about(self.about) for turn in turns for copy in (turn, turn @ mirrored)]
        return tuple(copies[1:])  # the first one is what is shown

    @property
    def count(self) -> int:
        """How often the plane is folded."""
        return int(self.segments)

    def _polar(self, points: Points) -> tuple[Points, NDArray[np.float64], float]:
        """Arms from the middle, their angles clockwise of where the first segment begins, and a segment's angle."""
        arms = points - np.array(self.about)
        turn = np.mod(np.arctan2(arms[..., 1], arms[..., 0]) - np.radians(self.angle), 2 * np.pi)
        return arms, turn, 2 * np.pi / self.count
