"""Paths of cubic Bezier segments: evaluation, subdivision, and warping by any map of the plane.

Convention: N paths of equally many segments are one array (N, 3 * segments + 1, 2) of control points; a segment's last
point is the next one's first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
MAX_SEGMENTS = 64  # of one path; a map with folds would otherwise split its paths without end
_FITTED_AT = np.array(
    [1 / 3, 2 / 3]
)  # the t at which a fitted segment interpolates the map, besides its ends
_TESTED_AT = np.array([1 / 6, 1 / 2, 5 / 6])  # the t at which its error is measured: half way between those


def warp_paths(paths: Points, apply: Callable[[Points], Points], tolerance: float) -> Points:
    """Move ``paths`` (N, 3 * segments + 1, 2) by a map that may bend them -> (N, 3 * finer + 1, 2).

    ``apply`` is the forward map of points (..., 2). Each segment interpolates the images of its ends and of two points
    between them. If points half way between are then further than ``tolerance`` from their images, all segments are
    subdivided and fitted again, up to ``MAX_SEGMENTS`` a path. Lengths are in the unit of the points.
    """
    while True:
        warped = _fit(paths, apply)
        error = np.linalg.norm(evaluate(warped, _TESTED_AT) - apply(evaluate(paths, _TESTED_AT)), axis=-1)
        if not (error.max() > tolerance) or 2 * count_segments(paths) > MAX_SEGMENTS:
            return warped
        paths = split(paths)


def count_segments(paths: Points) -> int:
    """The number of segments of each path."""
    return (len(paths[0]) - 1) // 3


def evaluate(paths: Points, t: NDArray[np.float64]) -> Points:
    """The points (N, segments, T, 2) of every segment at the parameters ``t`` (T,), each in 0..1."""
    s = 1 - t
    weights = np.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], -1)
    points: Points = np.einsum("tk,nskx->nstx", weights, _control_points(paths))
    return points


def split(paths: Points) -> Points:
    """The same curves (N, 6 * segments + 1, 2) with twice as many segments, by de Casteljau's algorithm at 1/2."""
    a, b, c, d = np.moveaxis(_control_points(paths), 2, 0)
    ab, bc, cd = (a + b) / 2, (b + c) / 2, (c + d) / 2
    abc, bcd = (ab + bc) / 2, (bc + cd) / 2
    middle = (abc + bcd) / 2
    return _join_segments(np.stack([a, ab, abc, middle, bcd, cd], 2), paths[:, -1])


def _fit(paths: Points, apply: Callable[[Points], Points]) -> Points:
    """Fit segments that pass through the images of the old ones' points at t = 0, 1/3, 2/3 and 1."""
    ends = apply(paths[:, ::3])
    p, q = np.moveaxis(apply(evaluate(paths, _FITTED_AT)), 2, 0)
    a, d = ends[:, :-1], ends[:, 1:]
    # B(1/3) = (8 a + 12 b + 6 c + d) / 27 and B(2/3) = (a + 6 b + 12 c + 8 d) / 27, solved for b and c.
    b = (-5 * a + 18 * p - 9 * q + 2 * d) / 6
    c = (2 * a - 9 * p + 18 * q - 5 * d) / 6
    return _join_segments(np.stack([a, b, c], 2), ends[:, -1])


def _control_points(paths: Points) -> Points:
    """The four control points of every segment: (N, segments, 4, 2)."""
    index = 3 * np.arange(count_segments(paths))[:, None] + np.arange(4)
    curves: Points = paths[:, index]
    return curves


def _join_segments(parts: Points, last: Points) -> Points:
    """Join segments without their last points (N, segments, k, 2), and the paths' ends (N, 2), to paths."""
    return np.concatenate([parts.reshape(len(parts), -1, 2), last[:, None]], 1)
