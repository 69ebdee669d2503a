"""Movements along a path (orbit, spiral, bounce, shake) and mirroring (flip)."""

from __future__ import annotations

from typing import Any

import numpy as np

from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.tracks.noise import noise
from pixray_motion.units import CENTRE, Amount, Angle, Length, Point, Scale, Seconds, Seed, Times


@movement("flip", mirrors=True)
def flip(x: Times = 0.0, y: Times = 0.0) -> Motion:
    """Mirror the picture ``x`` times from left to right and ``y`` times from top to bottom.

    Only whole times count, so that ``{0s: 0, 2s: 1 hold}`` mirrors it once, at 2 s, and ``1/s`` every second.
    """
    return Motion.mirror(*(1 - 2 * np.mod(np.floor(count), 2) for count in (x, y)))


@movement("orbit")
def orbit(radius: Length = 0.0, angle: Angle = 0.0) -> Motion:
    """Carry the picture round a circle of ``radius``: right of the centre at ``angle`` 0, below it at 90."""
    turn = np.radians(angle)
    return Motion.shift(radius * np.cos(turn), radius * np.sin(turn))


@movement("spiral", steady=("factor", "angle"))
def spiral(factor: Scale = 1.0, angle: Angle = 0.0, about: Point = CENTRE) -> Motion:
    """Magnify by ``factor`` and turn clockwise by ``angle`` degrees at once, keeping ``about`` still."""
    return (Motion.scale(factor) @ Motion.rotation(angle)).about(about)


@movement("bounce")
def bounce(height: Length = 0.0, pace: Amount = 1.0, seconds: Seconds = 0.0) -> Motion:
    """Let the picture jump ``height`` up and fall, like a ball, ``pace`` times a second.

    ``seconds`` is the scene's time unless the story says otherwise.
    """
    turn = np.mod(pace * seconds, 1)
    return Motion.shift(0.0, -4 * height * turn * (1 - turn))


@movement("shake")
def shake(
    amount: Length = 0.0, angle: Angle = 0.0, pace: Amount = 6.0, seconds: Seconds = 0.0, seed: Seed = 0.0
) -> Motion:
    """Shake the picture, up to ``amount`` along each axis and ``angle`` degrees, about ``pace`` times a second.

    ``seconds`` is the scene's time and ``seed`` the film's unless the story says otherwise.
    """
    x, y, a = (_evaluate_noise(seed, pace * seconds, which) for which in range(3))
    return Motion.shift(amount * x, amount * y) @ Motion.rotation(angle * a)


def _evaluate_noise(seed: float, x: float, which: int) -> Any:
    """Noise in -1..1 at ``x``, a number or (N,), of the shape of ``x``. ``seed`` may be (N,) too, all of one value."""
    values = noise(int(np.ravel(seed)[0]), x, float(which))
    return values if np.ndim(x) else float(np.ravel(values)[0])
