"""Maps of the picture plane.

Convention of the whole program: *canvas units*. The origin is the picture's centre, x points right, y points down,
1 is the canvas *height*, and angles are in degrees, clockwise as seen. A :class:`Motion` maps where something was to
where it is now (source -> destination), so it moves the picture and not the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Row = tuple[Any, Any, Any]  # numbers or arrays


@dataclass(frozen=True)
class Canvas:
    """The picture's size in pixels. Pixel (column i, row j) has its centre at ((i+.5-W/2)/H, (j+.5-H/2)/H)."""

    width: int
    height: int

    @property
    def half(self) -> tuple[float, float]:
        """Half the width and half the height in canvas units."""
        return self.width / self.height / 2, 0.5

    def to_pixels(self) -> Matrix:
        """(3, 3): canvas units -> pixel indices (x, y), where (0, 0) is the centre of the first pixel."""
        return np.array(
            [[self.height, 0, (self.width - 1) / 2], [0, self.height, (self.height - 1) / 2], [0, 0, 1]],
            np.float64,
        )

    def centres(self) -> NDArray[np.float64]:
        """(H, W, 2): the centre of every pixel in canvas units."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) / self.height
        y = (np.arange(self.height) + 0.5 - self.height / 2) / self.height
        return np.stack(np.meshgrid(x, y), -1)

    def corners(self) -> NDArray[np.float64]:
        """(4, 2): the outer corners in canvas units."""
        x, y = self.half
        return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, eq=False)
class Motion:
    """A map of the plane, source -> destination, in canvas units: a (3, 3) float64 matrix acting on (x, y, 1).

    The makers below take arrays of one shape (N,) as well as numbers, and then hold N maps, (N, 3, 3), at once; that is
    how a story checks a movement at every frame.
    """

    matrix: Matrix

    def __post_init__(self) -> None:
        if self.matrix.shape[-2:] != (3, 3):
            raise ValueError(f"a motion is a (3, 3) matrix. Got {self.matrix.shape}")

    @classmethod
    def identity(cls) -> Motion:
        return cls(np.eye(3))

    @classmethod
    def shift(cls, x: float, y: float) -> Motion:
        """Move right by ``x`` and down by ``y`` canvas heights."""
        return cls(_rows((1, 0, x), (0, 1, y)))

    @classmethod
    def scale(cls, factor: float) -> Motion:
        """Magnify about the centre; ``factor`` > 1 makes things larger."""
        return cls(_rows((factor, 0, 0), (0, factor, 0)))

    @classmethod
    def rotation(cls, degrees: float) -> Motion:
        """Turn clockwise as seen, about the centre."""
        turn = np.radians(degrees)
        c, s = np.cos(turn), np.sin(turn)
        return cls(_rows((c, -s, 0), (s, c, 0)))

    @classmethod
    def shear(cls, x: float, y: float) -> Motion:
        """Slide lines by their distance from the centre.

        Lines go right by ``x`` per height that they are below it, columns down by ``y`` per height right of it.
        """
        return cls(_rows((1, x, 0), (y, 1, 0)))

    @classmethod
    def mirror(cls, x: float, y: float) -> Motion:
        """Left and right change sides where ``x`` is -1 and not 1, up and down where ``y`` is."""
        return cls(_rows((x, 0, 0), (0, y, 0)))

    @classmethod
    def tilted(cls, tilt: float, turn: float, distance: float) -> Motion:
        """A plane turned about the centre, in perspective, seen from ``distance`` canvas heights.

        First its right side goes away from the viewer by ``turn`` degrees, then its upper side by ``tilt``.
        """
        a, b = np.radians(tilt), np.radians(turn)
        up, across = np.sin(a), np.sin(b)
        return cls(
            _rows(
                (np.cos(b), 0, 0),
                (up * across, np.cos(a), 0),
                (np.cos(a) * across / distance, -up / distance, 1),
            )
        )

    def __matmul__(self, first: Motion) -> Motion:
        """``b @ a``: do ``a``, then ``b``."""
        return Motion(self.matrix @ first.matrix)

    def inverse(self) -> Motion:
        return Motion(np.linalg.inv(self.matrix).astype(np.float64))

    def about(self, point: tuple[float, float]) -> Motion:
        """The same motion with ``point`` in the part of the centre."""
        x, y = point
        return Motion.shift(x, y) @ self @ Motion.shift(-x, -y)

    @property
    def is_identity(self) -> bool:
        return bool(np.array_equal(self.matrix, np.eye(3)))

    @property
    def is_affine(self) -> bool:
        return bool(np.array_equal(self.matrix[2], [0, 0, 1]))

    @property
    def area(self) -> float:
        """How many times larger a small patch at the centre becomes."""
        return float(self.areas(np.zeros(2)))

    def areas(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(...): the same at (..., 2) points."""
        depth = points @ self.matrix[2, :2] + self.matrix[2, 2]
        areas: NDArray[np.float64] = np.abs(np.linalg.det(self.matrix) / depth**3)
        return areas

    def apply(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move (..., 2) points."""
        moved = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        result: NDArray[np.float64] = moved[..., :2] / moved[..., 2:]
        return result

    def in_pixels(self, canvas: Canvas) -> Matrix:
        """(3, 3): the same map from pixel indices to pixel indices of ``canvas``."""
        units = canvas.to_pixels()
        matrix: Matrix = units @ self.matrix @ np.linalg.inv(units)
        return matrix

    def is_close(self, other: Motion, tolerance: float = 1e-9) -> bool:
        return bool(np.allclose(self.matrix, other.matrix, rtol=0, atol=tolerance))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Motion) and bool(np.array_equal(self.matrix, other.matrix))

    def __hash__(self) -> int:
        return hash(self.matrix.tobytes())


def _rows(first: Row, second: Row, third: Row = (0, 0, 1)) -> Matrix:
    """(3, 3), or (N, 3, 3) where entries are arrays: the matrix with these rows."""
    rows = (first, second, third)
    if not any(isinstance(entry, np.ndarray) for row in rows for entry in row):
        return np.array(rows, np.float64)
    entries = np.stack(np.broadcast_arrays(*first, *second, *third), -1).astype(np.float64)
    matrix: Matrix = entries.reshape(*entries.shape[:-1], 3, 3)
    return matrix
