"""Drawers: what a picture is made of."""

from pixray_motion.drawers import clipdraw as clipdraw
from pixray_motion.drawers import diffusion as diffusion
from pixray_motion.drawers import fft as fft
from pixray_motion.drawers import line_sketch as line_sketch
from pixray_motion.drawers import pixel as pixel
