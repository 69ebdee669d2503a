"""Movements of a plane in space, seen by a camera whose field of view is ``fov`` degrees from top to bottom.

Each is one homography. At rest the plane fills the screen; the camera stands where it then sees the whole height.
"""

from __future__ import annotations

import numpy as np

from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.units import Angle, Lean, Length, View

FOV = 60.0


def distance(fov: float) -> float:
    """From the camera to the plane, in canvas heights."""
    away: float = 0.5 / np.tan(np.radians(fov) / 2)
    return away


@movement("tilt")
def tilt(angle: Lean = 0.0, fov: View = FOV) -> Motion:
    """Lean the picture back by ``angle`` degrees: its upper side goes away from us."""
    return Motion.tilted(angle, 0.0, distance(fov))


@movement("turn")
def turn(angle: Lean = 0.0, fov: View = FOV) -> Motion:
    """Turn the picture about its vertical axis by ``angle`` degrees: its right side goes away from us."""
    return Motion.tilted(0.0, angle, distance(fov))


@movement("roll")
def roll(angle: Angle = 0.0) -> Motion:
    """Roll the camera clockwise by ``angle`` degrees, so that the picture turns the other way."""
    return Motion.rotation(-angle)


@movement("dolly")
def dolly(z: Length = 0.0, fov: View = FOV) -> Motion:
    """Drive the camera ``z`` canvas heights towards the picture; it cannot come nearer than the picture is."""
    away = distance(fov)
    return Motion.scale(away / np.maximum(away - z, 1e-6))


@movement("dolly-zoom")
def dolly_zoom(fov: View = FOV, tilt: Lean = 0.0, turn: Lean = 0.0) -> Motion:
    """Drive away and zoom in at once, so that the picture's centre stays as large as it is.

    Only a plane that leans shows it: the wider ``fov``, the more its far side shrinks. ``tilt`` and ``turn`` say how it
    leans.
    """
    return Motion.tilted(tilt, turn, distance(fov))
