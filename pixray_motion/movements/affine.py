"""Movements in the plane: zoom, pan, rotate, shear. All poses are absolute, and at rest by default."""

from __future__ import annotations

from pixray_motion.geometry import Motion
from pixray_motion.movements.base import movement
from pixray_motion.units import CENTRE, Angle, Length, Point, Scale


@movement("zoom", steady=("factor",))
def zoom(factor: Scale = 1.0, about: Point = CENTRE) -> Motion:
    """Magnify by ``factor``, keeping ``about`` still.

    Convention: ``factor`` is absolute, 1 at rest and larger than 1 to magnify; ``about`` is in canvas units. A scale
    interpolates geometrically, so that a linear run from key to key is a steady zoom on the screen.
    """
    return Motion.scale(factor).about(about)


@movement("pan", steady=("x", "y"))
def pan(x: Length = 0.0, y: Length = 0.0) -> Motion:
    """Move the picture right by ``x`` and down by ``y``, in canvas heights."""
    return Motion.shift(x, y)


@movement("rotate", steady=("angle",))
def rotate(angle: Angle = 0.0, about: Point = CENTRE) -> Motion:
    """Turn the picture clockwise by ``angle`` degrees, keeping ``about`` still."""
    return Motion.rotation(angle).about(about)


@movement("shear")
def shear(x: Length = 0.0, y: Length = 0.0) -> Motion:
    """Shear the picture: rows slide right by ``x`` per height below the centre, columns down by ``y`` per height right.

    A shear with ``x * y`` = 1 would flatten the picture to a line, so the product must stay below 1.
    """
    return Motion.shear(x, y)
