"""Curves through all keys of a track."""

from __future__ import annotations

from collections.abc import Callable

from pixray_motion.story.track import Samples


def spline(kind: str, times: Samples, values: Samples) -> Callable[[Samples], Samples]:
    """The curve ``smooth``, ``akima`` or ``cubic`` through (``times``, ``values``), which increase in time.

    ``smooth`` is Fritsch and Carlson's monotone interpolation (PCHIP), which never leaves the values of the two keys
    around it. ``cubic`` is the natural cubic spline, whose bend is 0 at both ends. Through two keys each is straight.
    """
    from scipy.interpolate import Akima1DInterpolator, CubicSpline, PchipInterpolator, make_interp_spline

    if len(times) < 3:
        curve = make_interp_spline(times, values, k=len(times) - 1)
    elif kind == "cubic":
        curve = CubicSpline(times, values, bc_type="natural")
    else:
        curve = (PchipInterpolator if kind == "smooth" else Akima1DInterpolator)(times, values)
    return lambda frames: curve(frames)
