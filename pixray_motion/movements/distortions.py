"""Distortions: swirl, wave, ripple, lens, and the folds of a kaleidoscope.

They act on the screen, after the scene's other movements. All are the identity by default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixray_motion.coordinate_maps import CoordinateMap, Points
from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.units import CENTRE, Amount, Angle, Extent, Length, Point, RingShare, Scale

MAX_NEWTON_STEPS = 30  # a bound only: amounts up to 0.95 converge within 8


@movement("swirl")
@dataclass(frozen=True)
class Swirl(CoordinateMap):
    """Stir the picture clockwise around ``about``, by ``angle`` degrees there and falling to none at ``radius``.

    Area is kept everywhere, since each circle only rotates: by ``angle * (1 - (d / radius)**2)**2`` at distance d.
    """

    angle: Angle = 0.0
    radius: Extent = 0.5
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        return self._rotate_arms(points, self.angle)

    def apply_inverse(self, points: Points) -> Points:
        return self._rotate_arms(points, -self.angle)

    def _rotate_arms(self, points: Points, angle: float) -> Points:
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
    """Let a wave run through the picture towards ``angle`` (0 is right, 90 down) as ``phase`` grows.

    One wavelength is ``length`` canvas heights, and 360 degrees of ``phase`` move the wave on by one. At a crest the
    picture is displaced by ``height``, to the left as seen in the wave's direction: up, for a wave that runs right.
    """

    height: Length = 0.0
    length: Extent = 0.5
    phase: Angle = 0.0
    angle: Angle = 0.0

    def apply(self, points: Points) -> Points:
        return self._displace(points, self.height)

    def apply_inverse(self, points: Points) -> Points:
        return self._displace(points, -self.height)

    def _displace(self, points: Points, height: float) -> Points:
        turn = np.radians(self.angle)
        along, left = np.array([np.cos(turn), np.sin(turn)]), np.array([np.sin(turn), -np.cos(turn)])
        lift = np.sin(2 * np.pi * (points @ along) / self.length - np.radians(self.phase))
        lifted: Points = points + height * lift[..., None] * left
        return lifted


@movement("ripple")
@dataclass(frozen=True)
class Ripple(CoordinateMap):
    """Let rings run outwards from ``about`` as ``phase`` grows.

    One wavelength is ``length`` canvas heights, and 360 degrees of ``phase`` move the rings on by one. ``amount`` is
    how strongly they compress and stretch the picture along its radii; at 1 it would fold over.
    """

    amount: RingShare = 0.0
    length: Extent = 0.25
    phase: Angle = 0.0
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        arms = points - np.array(self.about)
        distance = np.linalg.norm(arms, axis=-1)
        return self._scale_arms(arms, distance, self._map_radius(distance)[0])

    def apply_inverse(self, points: Points) -> Points:
        """By Newton's method: the radial map has no inverse in closed form, but is increasing."""
        arms = points - np.array(self.about)
        wanted = np.linalg.norm(arms, axis=-1)
        distance = wanted
        for _ in range(MAX_NEWTON_STEPS):
            reached, slope = self._map_radius(distance)
            step = (reached - wanted) / slope
            distance = np.clip(distance - step, 0, None)
            if np.abs(step).max() < 1e-13:
                break
        return self._scale_arms(arms, wanted, distance)

    def _map_radius(self, distance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The radial map of distances (...) and its derivative (...). The rings fade out towards the centre."""
        turns = 2 * np.pi / self.length
        calm = self.length / 4
        height = self.amount / turns
        share, rise = distance / (distance + calm), calm / (distance + calm) ** 2
        turn = turns * distance - np.radians(self.phase)
        wave, slope = np.sin(turn), turns * np.cos(turn)
        return distance + height * share * wave, 1 + height * (share * slope + rise * wave)

    def _scale_arms(self, arms: Points, before: NDArray[np.float64], after: NDArray[np.float64]) -> Points:
        """The points at distance ``after`` (...) from the centre, on the arms (..., 2) of length ``before`` (...)."""
        share = np.divide(after, before, out=np.ones_like(before), where=before > 0)
        stretched: Points = arms * share[..., None] + np.array(self.about)
        return stretched


@movement("lens")
@dataclass(frozen=True)
class Lens(CoordinateMap):
    """Hold a round lens over the picture that magnifies ``factor`` times at ``about``, up to ``radius``.

    A factor below 1 makes things smaller there. Nothing is hidden: towards its rim the lens does the opposite.
    """

    factor: Scale = 1.0
    radius: Extent = 0.4
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        return self._magnify(points, self.factor)

    def apply_inverse(self, points: Points) -> Points:
        return self._magnify(points, 1 / self.factor)

    def _magnify(self, points: Points, factor: float) -> Points:
        arms = points - np.array(self.about)
        share = np.minimum(1, np.linalg.norm(arms, axis=-1, keepdims=True) / self.radius)
        magnified: Points = arms * factor / (1 + (factor - 1) * share) + np.array(self.about)
        return magnified


@movement("kaleidoscope")
@dataclass(frozen=True)
class Kaleidoscope(CoordinateMap):
    """Fold every frame into ``segments`` mirrored segments around ``about``; all show what lies towards ``angle``.

    0 segments fold nothing; 1 is a mirror. At ``angle`` 0 is right and 90 down; the half of a segment that is shown
    lies clockwise of it.
    """

    segments: Amount = 0.0
    angle: Angle = 0.0
    about: Point = CENTRE

    def apply(self, points: Points) -> Points:
        """What is shown stays where it is; ``copies`` says where its copies go."""
        return points

    def apply_inverse(self, points: Points) -> Points:
        if not self.count:
            return points
        arms, turn, segment = self._to_polar(points)
        within = np.mod(turn, segment)
        folded = np.radians(self.angle) + np.where(within <= segment / 2, within, segment - within)
        distance = np.linalg.norm(arms, axis=-1)[..., None]
        there = distance * np.stack([np.cos(folded), np.sin(folded)], -1) + np.array(self.about)
        # What is shown comes from exactly where it is, so that frame after frame no bit of it changes.
        return np.where(self.keeps(points)[..., None], points, there)

    def relative_to(self, before: CoordinateMap) -> tuple[CoordinateMap, ...]:  # noqa: ARG002
        """A fold has no inverse, so it is applied again in every frame."""
        return (self,) if self.count else ()

    def keeps(self, points: Points) -> NDArray[np.bool_]:
        if not self.count:
            return super().keeps(points)
        _, turn, segment = self._to_polar(points)
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
        """The number of segments, whole."""
        return int(self.segments)

    def _to_polar(self, points: Points) -> tuple[Points, NDArray[np.float64], float]:
        """Arms (..., 2) from the centre, their angles (...), and the angle of one segment.

        Angles are in radians, 0..2 pi, clockwise from the first segment.
        """
        arms = points - np.array(self.about)
        turn = np.mod(np.arctan2(arms[..., 1], arms[..., 0]) - np.radians(self.angle), 2 * np.pi)
        return arms, turn, 2 * np.pi / self.count
