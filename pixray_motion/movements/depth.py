"""Movements of the picture as a plane in space, seen by a camera with a vertical field of view of ``fov`` degrees.

Each is one homography. At rest the plane fills the screen: the camera stands where it just sees its whole height.
"""

from __future__ import annotations

import numpy as np

from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.units import Angle, Lean, Length, View

FOV = 60.0  # degrees, the default. A wider view exaggerates perspective, a narrower one flattens it.


def camera_distance(fov: float) -> float:
    """The distance from the camera to the plane at rest, in canvas heights, for a field of view in degrees."""
    away: float = 0.5 / np.tan(np.radians(fov) / 2)
    return away


@movement("tilt")
def tilt(angle: Lean = 0.0, fov: View = FOV) -> Motion:
    """Lean the picture back by ``angle`` degrees: its upper side recedes."""
    return Motion.tilted(angle, 0.0, camera_distance(fov))


@movement("turn")
def turn(angle: Lean = 0.0, fov: View = FOV) -> Motion:
    """Turn the picture about its vertical axis by ``angle`` degrees: its right side recedes."""
    return Motion.tilted(0.0, angle, camera_distance(fov))


@movement("roll", steady=("angle",))
def roll(angle: Angle = 0.0) -> Motion:
    """Roll the camera clockwise by ``angle`` degrees, so that the picture turns the other way."""
    return Motion.rotation(-angle)


@movement("dolly")
def dolly(z: Length = 0.0, fov: View = FOV) -> Motion:
    """Move the camera ``z`` canvas heights towards the picture, at most up to it."""
    away = camera_distance(fov)
    return Motion.scale(away / np.maximum(away - z, 1e-6))


@movement("dolly-zoom")
def dolly_zoom(fov: View = FOV, tilt: Lean = 0.0, turn: Lean = 0.0) -> Motion:
    """Move the camera away and zoom in at once, so that the picture's centre keeps its size.

    Only a plane that leans shows it: the wider ``fov``, the more its far side shrinks. ``tilt`` and ``turn`` say, in
    degrees, how far it leans back and to the right.
    """
    return Motion.tilted(tilt, turn, camera_distance(fov))
