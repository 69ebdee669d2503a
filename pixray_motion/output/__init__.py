"""Films out: what writes them, and the work folder beside each that keeps what is done."""

from pixray_motion.output import frames, svg, video

__all__ = ["frames", "svg", "video"]
