"""A movement from a plugin: the picture hangs from its upper edge and swings."""

from pixray_motion.geometry import Motion
from pixray_motion.movements import movement
from pixray_motion.units import Angle


@movement("sway")
def sway(angle: Angle = 0.0) -> Motion:
    """Swing the picture clockwise by ``angle`` degrees about the middle of its upper edge."""
    return Motion.rotation(angle).about((0.0, -0.5))
