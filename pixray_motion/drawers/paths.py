"""Paths of cubic Bezier curves, as numbers: moving them by any map, and splitting them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
MOST_SEGMENTS = 64
_INNER = np.array([1 / 3, 2 / 3])
_BETWEEN = np.array([1 / 6, 1 / 2, 5 / 6])


def warp_paths(paths: Points, apply: Callable[[Points], Points], tolerance: float) -> Points:
    """``paths`` (N, 3 * segments + 1, 2) moved by a map that may bend them.

    Each segment passes through the images of its ends and of two points between; if others of its points are then more
    than ``tolerance`` from their images, all segments are split in two first, and so on.
    """
    while True:
        moved = _fitted(paths, apply)
        error = np.linalg.norm(at(moved, _BETWEEN) - apply(at(paths, _BETWEEN)), axis=-1)
        if not (error.max() > tolerance) or 2 * segments(paths) > MOST_SEGMENTS:
            return moved
        paths = split(paths)


def segments(paths: Points) -> int:
    return (len(paths[0]) - 1) // 3


def at(paths: Points, t: NDArray[np.float64]) -> Points:
    """(N, segments, T, 2): the points of every segment at ``t`` (T,)."""
    s = 1 - t
    weights = np.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], -1)
    points: Points = np.einsum("tk,nskx->nstx", weights, _curves(paths))
    return points


def split(paths: Points) -> Points:
    """The same paths, with twice as many segments."""
    a, b, c, d = np.moveaxis(_curves(paths), 2, 0)
    ab, bc, cd = (a + b) / 2, (b + c) / 2, (c + d) / 2
    abc, bcd = (ab + bc) / 2, (bc + cd) / 2
    middle = (abc + bcd) / 2
    return _path(np.stack([a, ab, abc, middle, bcd, cd], 2), paths[:, -1])


def _fitted(paths: Points, apply: Callable[[Points], Points]) -> Points:
    """Segments through the images of their points at 0, 1/3, 2/3 and 1."""
    ends = apply(paths[:, ::3])
    p, q = np.moveaxis(apply(at(paths, _INNER)), 2, 0)
    a, d = ends[:, :-1], ends[:, 1:]
    # B(1/3) = (8 a + 12 b + 6 c + d) / 27 and B(2/3) = (a + 6 b + 12 c + 8 d) / 27, solved for b and c.
    b = (-5 * a + 18 * p - 9 * q + 2 * d) / 6
    c = (2 * a - 9 * p + 18 * q - 5 * d) / 6
    return _path(np.stack([a, b, c], 2), ends[:, -1])


def _curves(paths: Points) -> Points:
    """(N, segments, 4, 2)."""
    index = 3 * np.arange(segments(paths))[:, None] + np.arange(4)
    curves: Points = paths[:, index]
    return curves


def _path(parts: Points, last: Points) -> Points:
    """(N, segments, k, 2), and the last point of each -> (N, k * segments + 1, 2)."""
    return np.concatenate([parts.reshape(len(parts), -1, 2), last[:, None]], 1)
