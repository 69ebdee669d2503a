"""Maps of the picture plane that are no matrices: they bend straight lines, or fold the plane.

Conventions as for ``geometry.Motion``: canvas units, source -> destination.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixray_motion.geometry import Motion

Points = NDArray[np.float64]


class CoordinateMap(ABC):
    """The pose of a movement that is no matrix. A registered one is a frozen dataclass, whose fields are its values."""

    @abstractmethod
    def apply(self, points: Points) -> Points:
        """Where (..., 2) points have gone."""

    @abstractmethod
    def apply_inverse(self, points: Points) -> Points:
        """Where what is now at (..., 2) points came from."""

    def keeps(self, points: Points) -> NDArray[np.bool_]:
        """(...): whether what is at (..., 2) points is still seen afterwards, at the least in one place."""
        return np.ones(points.shape[:-1], np.bool_)

    def copies(self) -> tuple[Motion, ...]:
        """Where a fold shows what it keeps once more."""
        return ()

    def relative_to(self, before: CoordinateMap) -> tuple[CoordinateMap, ...]:
        """What leads from an earlier pose of the same movement to this one; nothing if they are equal."""
        return () if self == before else (InverseMap(before), self)

    def each(self) -> tuple[CoordinateMap, ...]:
        """The bends that this one is made of."""
        return (self,)


@dataclass(frozen=True)
class InverseMap(CoordinateMap):
    """The inverse of another."""

    pose: CoordinateMap

    def apply(self, points: Points) -> Points:
        return self.pose.apply_inverse(points)

    def apply_inverse(self, points: Points) -> Points:
        return self.pose.apply(points)


@dataclass(frozen=True)
class ComposedMap(CoordinateMap):
    """Several bends as one map, the first acting first."""

    parts: tuple[CoordinateMap, ...]

    def apply(self, points: Points) -> Points:
        for part in self.parts:
            points = part.apply(points)
        return points

    def apply_inverse(self, points: Points) -> Points:
        for part in reversed(self.parts):
            points = part.apply_inverse(points)
        return points

    def each(self) -> tuple[CoordinateMap, ...]:
        return self.parts


def local_area_scale(bend: CoordinateMap, points: Points, reach: float = 1e-3) -> NDArray[np.float64]:
    """(...): how many times larger an area around each of (..., 2) points becomes."""
    x, y = np.array([reach, 0]), np.array([0, reach])
    along = bend.apply(points + x) - bend.apply(points - x)
    down = bend.apply(points + y) - bend.apply(points - y)
    area = along[..., 0] * down[..., 1] - along[..., 1] * down[..., 0]
    return np.abs(area) / (2 * reach) ** 2
