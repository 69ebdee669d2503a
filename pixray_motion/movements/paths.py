"""Movements along a path: round a circle, up and down, trembling; and mirroring."""

from __future__ import annotations

from typing import Any

import numpy as np

from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.tracks.noise import noise
from pixray_motion.units import CENTRE, Amount, Angle, Length, Point, Scale, Seconds, Seed


@movement("flip")
def flip(x: Length = 0.0, y: Length = 0.0) -> Motion:
    """Mirror the picture, left and right where ``x`` counts an odd number, up and down for ``y``.

    Whole numbers count, so that ``{0s: 0, 2s: 1 hold}`` mirrors it once, at 2 s, and ``1/s`` every second.
    """
    return Motion.mirror(*(1 - 2 * np.mod(np.floor(count), 2) for count in (x, y)))


flip.mirrors = True  # type: ignore[attr-defined]


@movement("orbit")
def orbit(radius: Length = 0.0, angle: Angle = 0.0) -> Motion:
    """Carry the picture round a circle of ``radius``: right of its middle at ``angle`` 0, below at 90."""
    turn = np.radians(angle)
    return Motion.shift(radius * np.cos(turn), radius * np.sin(turn))


@movement("spiral")
def spiral(factor: Scale = 1.0, angle: Angle = 0.0, about: Point = CENTRE) -> Motion:
    """Magnify and turn clockwise at once about one point, which stays still."""
    return (Motion.scale(factor) @ Motion.rotation(angle)).about(about)


@movement("bounce")
def bounce(height: Length = 0.0, pace: Amount = 1.0, seconds: Seconds = 0.0) -> Motion:
    """Let the picture jump ``height`` up and fall, like a ball, ``pace`` times a second.

    ``seconds`` is the scene's time if the story does not say another one.
    """
    turn = np.mod(pace * seconds, 1)
    return Motion.shift(0.0, -4 * height * turn * (1 - turn))


@movement("shake")
def shake(
    amount: Length = 0.0, angle: Angle = 0.0, pace: Amount = 6.0, seconds: Seconds = 0.0, seed: Seed = 0.0
) -> Motion:
    """Let the picture tremble, up to ``amount`` to each side and ``angle`` degrees, about ``pace`` times a second.

    ``seconds`` is the scene's time and ``seed`` the film's if the story does not say others.
    """
    x, y, a = (_noise(seed, pace * seconds, which) for which in range(3))
    return Motion.shift(amount * x, amount * y) @ Motion.rotation(angle * a)


def _noise(seed: float, x: float, which: int) -> Any:
    """Noise of a seed that does not change; (N,) seconds give (N,)."""
    values = noise(int(np.ravel(seed)[0]), x, float(which))
    return values if np.ndim(x) else float(np.ravel(values)[0])
