"""Movements: functions of parameters over time that return a map of the plane."""

from pixray_motion.movements import affine as affine
from pixray_motion.movements import depth as depth
from pixray_motion.movements import distortions as distortions
from pixray_motion.movements import paths as paths
from pixray_motion.movements.base import Distortion as Distortion
from pixray_motion.movements.base import Group as Group
from pixray_motion.movements.base import Move as Move
from pixray_motion.movements.base import Movement as Movement
from pixray_motion.movements.base import movement as movement
