"""Projective maps of the picture plane, as 3x3 matrices.

Convention of the whole program: *canvas units*. The origin is the picture's centre, x points right, y points down,
1 is the canvas *height*, and angles are in degrees, clockwise as seen. A :class:`Motion` maps where a point was to
where it is now (source -> destination), so it moves the picture and not the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Row = tuple[Any, Any, Any]  # three numbers, or arrays of shape (N,) among them


@dataclass(frozen=True)
class Canvas:
    """The size of the picture in pixels.

    Convention: the pixel in column i and row j has its centre at ((i + 0.5 - W/2) / H, (j + 0.5 - H/2) / H) in canvas
    units.
    """

    width: int
    height: int

    @property
    def half(self) -> tuple[float, float]:
        """Half the width and half the height, in canvas units; the second is always 0.5."""
        return self.width / self.height / 2, 0.5

    def centres(self) -> NDArray[np.float64]:
        """The centre (x, y) of every pixel: (H, W, 2), in canvas units."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) / self.height
        y = (np.arange(self.height) + 0.5 - self.height / 2) / self.height
        return np.stack(np.meshgrid(x, y), -1)

    def corners(self) -> NDArray[np.float64]:
        """The outer corners of the picture: (4, 2), in canvas units, clockwise from the upper left."""
        x, y = self.half
        return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, eq=False)
class Motion:
    """A projective map of the plane (a homography): a (3, 3) float64 matrix acting on (x, y, 1).

    Convention: source -> destination, in canvas units. The constructors ``shift``, ``scale``, ... take arrays of one
    shape (N,) as well as numbers, and then hold N maps, (N, 3, 3), at once; a story checks a movement at every frame
    this way.

    Raises: ``ValueError`` if the matrix is not (..., 3, 3).
    """

    matrix: Matrix

    def __post_init__(self) -> None:
        if self.matrix.shape[-2:] != (3, 3):
            raise ValueError(f"a motion is a (3, 3) matrix. Got {self.matrix.shape}")

    @classmethod
    def identity(cls) -> Motion:
        """The map that moves nothing."""
        return cls(np.eye(3))

    @classmethod
    def shift(cls, x: float, y: float) -> Motion:
        """Move right by ``x`` and down by ``y`` canvas heights."""
        return cls(_stack_rows((1, 0, x), (0, 1, y)))

    @classmethod
    def scale(cls, factor: float) -> Motion:
        """Magnify about the centre; ``factor`` > 1 makes things larger."""
        return cls(_stack_rows((factor, 0, 0), (0, factor, 0)))

    @classmethod
    def rotation(cls, degrees: float) -> Motion:
        """Rotate about the centre by ``degrees``, clockwise as seen."""
        turn = np.radians(degrees)
        c, s = np.cos(turn), np.sin(turn)
        return cls(_stack_rows((c, -s, 0), (s, c, 0)))

    @classmethod
    def shear(cls, x: float, y: float) -> Motion:
        """Shear about the centre.

        Rows slide right by ``x`` times their distance below the centre, columns slide down by ``y`` times their
        distance to its right. Both factors have no unit.
        """
        return cls(_stack_rows((1, x, 0), (y, 1, 0)))

    @classmethod
    def mirror(cls, x: float, y: float) -> Motion:
        """Scale each axis by a sign: ``x`` = -1 swaps left and right, ``y`` = -1 swaps up and down, 1 keeps them."""
        return cls(_stack_rows((x, 0, 0), (0, y, 0)))

    @classmethod
    def tilted(cls, tilt: float, turn: float, distance: float) -> Motion:
        """Rotate the picture plane in space about its centre and project it again.

        First the right side recedes by ``turn`` degrees (rotation about the vertical axis), then the upper side by
        ``tilt`` degrees (rotation about the horizontal axis). The camera is ``distance`` canvas heights away.
        """
        a, b = np.radians(tilt), np.radians(turn)
        up, across = np.sin(a), np.sin(b)
        return cls(
            _stack_rows(
                (np.cos(b), 0, 0),
                (up * across, np.cos(a), 0),
                (np.cos(a) * across / distance, -up / distance, 1),
            )
        )

    def __matmul__(self, first: Motion) -> Motion:
        """``b @ a`` is the map that applies ``a`` first and then ``b``."""
        return Motion(self.matrix @ first.matrix)

    def inverse(self) -> Motion:
        """The map from destination back to source.

        Raises: ``numpy.linalg.LinAlgError`` if the matrix is singular.
        """
        return Motion(np.linalg.inv(self.matrix).astype(np.float64))

    def about(self, point: tuple[float, float]) -> Motion:
        """The same map with ``point`` (canvas units) as its fixed centre, in place of the picture's centre."""
        x, y = point
        return Motion.shift(x, y) @ self @ Motion.shift(-x, -y)

    @property
    def is_identity(self) -> bool:
        """Whether the matrix equals the identity exactly."""
        return bool(np.array_equal(self.matrix, np.eye(3)))

    @property
    def is_affine(self) -> bool:
        """Whether straight parallel lines stay parallel: the last row is exactly (0, 0, 1)."""
        return bool(np.array_equal(self.matrix[2], [0, 0, 1]))

    @property
    def area(self) -> float:
        """The local area scale at the centre: how many times larger a small patch there becomes."""
        return float(self.areas(np.zeros(2)))

    def areas(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The local area scale (...) at points (..., 2) in canvas units: the absolute determinant of the Jacobian."""
        depth = points @ self.matrix[2, :2] + self.matrix[2, 2]
        areas: NDArray[np.float64] = np.abs(np.linalg.det(self.matrix) / depth**3)
        return areas

    def apply(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The images (..., 2) of points (..., 2), both in canvas units."""
        moved = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        result: NDArray[np.float64] = moved[..., :2] / moved[..., 2:]
        return result

    def is_close(self, other: Motion, tolerance: float = 1e-9) -> bool:
        """Whether no entry of the two matrices differs by more than ``tolerance``."""
        return bool(np.allclose(self.matrix, other.matrix, rtol=0, atol=tolerance))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Motion) and bool(np.array_equal(self.matrix, other.matrix))

    def __hash__(self) -> int:
        return hash(self.matrix.tobytes())


def _stack_rows(first: Row, second: Row, third: Row = (0, 0, 1)) -> Matrix:
    """The matrix (3, 3) with these rows, or (N, 3, 3) where entries are arrays of shape (N,)."""
    rows = (first, second, third)
    shapes = [entry.shape for row in rows for entry in row if isinstance(entry, np.ndarray)]
    if not shapes:
        return np.array(rows, np.float64)
    matrix: Matrix = np.empty((*np.broadcast_shapes(*shapes), 3, 3))
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            matrix[..., i, j] = entry
    return matrix
