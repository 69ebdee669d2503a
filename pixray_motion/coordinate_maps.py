"""Nonlinear maps of the picture plane: distortions, which bend straight lines or fold the plane.

Conventions as for ``geometry.Motion``: canvas units, x right, y down, source -> destination.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixray_motion.geometry import Motion

Points = NDArray[np.float64]


class CoordinateMap(ABC):
    """A map of the plane that no matrix can hold: the pose of a distortion at one frame.

    A registered one is a frozen dataclass whose fields are its parameters, so that poses compare by value.
    """

    @abstractmethod
    def apply(self, points: Points) -> Points:
        """The forward map: the images (..., 2) of points (..., 2), both in canvas units."""

    @abstractmethod
    def apply_inverse(self, points: Points) -> Points:
        """The backward map: the sources (..., 2) of what is at points (..., 2) afterwards, both in canvas units."""

    def keeps(self, points: Points) -> NDArray[np.bool_]:
        """Whether what is at points (..., 2) before is visible afterwards in at least one place: (...), bool."""
        return np.ones(points.shape[:-1], np.bool_)

    def copies(self) -> tuple[Motion, ...]:
        """The maps from what a fold keeps to each of its further copies; empty for a map that folds nothing."""
        return ()

    def relative_to(self, before: CoordinateMap) -> tuple[CoordinateMap, ...]:
        """The maps that lead from the earlier pose ``before`` of the same movement to this one, to be applied in order.

        Empty if the two poses are equal.
        """
        return () if self == before else (InverseMap(before), self)

    def parts(self) -> tuple[CoordinateMap, ...]:
        """The simple maps that this one is composed of, the first acting first."""
        return (self,)


@dataclass(frozen=True)
class InverseMap(CoordinateMap):
    """The inverse of ``pose``: its forward and backward maps change places."""

    pose: CoordinateMap

    def apply(self, points: Points) -> Points:
        return self.pose.apply_inverse(points)

    def apply_inverse(self, points: Points) -> Points:
        return self.pose.apply(points)


@dataclass(frozen=True)
class ComposedMap(CoordinateMap):
    """Several maps as one, the first acting first."""

    maps: tuple[CoordinateMap, ...]

    def apply(self, points: Points) -> Points:
        for part in self.maps:
            points = part.apply(points)
        return points

    def apply_inverse(self, points: Points) -> Points:
        for part in reversed(self.maps):
            points = part.apply_inverse(points)
        return points

    def parts(self) -> tuple[CoordinateMap, ...]:
        return self.maps


def local_area_scale(distortion: CoordinateMap, points: Points, reach: float = 1e-3) -> NDArray[np.float64]:
    """How many times larger a small patch around each of the points (..., 2) becomes: (...), at least 0.

    The absolute determinant of the Jacobian, by central differences over ``reach`` canvas heights to either side.
    """
    x, y = np.array([reach, 0]), np.array([0, reach])
    along_x = distortion.apply(points + x) - distortion.apply(points - x)
    along_y = distortion.apply(points + y) - distortion.apply(points - y)
    area = along_x[..., 0] * along_y[..., 1] - along_x[..., 1] * along_y[..., 0]
    return np.abs(area) / (2 * reach) ** 2
