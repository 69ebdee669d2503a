"""How a value runs from one key to the next: functions of [0, 1] that begin at 0 and end at 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pixray_motion.story.track import Samples

Shape = Callable[[Samples], Samples]

BACK = 1.70158  # how far the way goes back: a tenth of the whole
ELASTIC = 0.3  # the share of the way that one swing takes
HALVINGS = 40  # of the interval that holds a curve's parameter: 1e-12 is left


def _exponential(x: Samples) -> Samples:
    """Doubles ten times; shifted and scaled to begin at 0, where the power alone would jump."""
    return (np.exp2(10 * x) - 1) / 1023


def _bounce(x: Samples) -> Samples:
    """A ball thrown from 0, three bounces: each next arc is half as wide and a quarter as high from the end."""
    x = 2.75 * (1 - x)
    arcs = [x < 1, x < 2, x < 2.5]
    centre, rest = np.select(arcs, [0, 1.5, 2.25], 2.625), np.select(arcs, [1, 0.25, 0.0625], 0.015625)
    height: Samples = rest - (x - centre) ** 2
    return height


FAMILIES: dict[str, Shape] = {
    "sine": lambda x: 1 - np.cos(np.pi / 2 * x),
    "quad": lambda x: x**2,
    "cubic": lambda x: x**3,
    "quart": lambda x: x**4,
    "quint": lambda x: x**5,
    "expo": _exponential,
    "circ": lambda x: 1 - np.sqrt(1 - x * x),
    "back": lambda x: x * x * ((BACK + 1) * x - BACK),
    "elastic": lambda x: _exponential(x) * np.cos(2 * np.pi / ELASTIC * (1 - x)),
    "bounce": _bounce,
}


def _pinned(shape: Shape) -> Shape:
    """Exactly 0 at 0 and 1 at 1, whatever rounding makes of it."""
    return lambda x: np.where(x <= 0, 0.0, np.where(x >= 1, 1.0, shape(x)))


def _reversed(shape: Shape) -> Shape:
    return lambda x: 1 - shape(1 - x)


def _both(shape: Shape) -> Shape:
    """Half the way by ``shape``, and the other half by its mirror image."""

    def both(x: Samples) -> Samples:
        half = shape(2 * np.minimum(x, 1 - x)) / 2
        return np.where(x < 0.5, half, 1 - half)

    return both


EASINGS: dict[str, Shape] = {
    "linear": lambda x: x,
    "hold": lambda x: np.floor(x),
    "ease-in": lambda x: x * x,
    "ease-out": lambda x: x * (2 - x),
    "ease-in-out": lambda x: x * x * (3 - 2 * x),
    **{f"ease-in-{name}": _pinned(shape) for name, shape in FAMILIES.items()},
    **{f"ease-out-{name}": _pinned(_reversed(shape)) for name, shape in FAMILIES.items()},
    **{f"ease-in-out-{name}": _pinned(_both(shape)) for name, shape in FAMILIES.items()},
}
SPLINES = ("smooth", "akima", "cubic")  # these look at all keys of a track


@dataclass(frozen=True)
class Bezier:
    """The curve from (0, 0) to (1, 1) with the control points (x1, y1) and (x2, y2); x1 and x2 lie in 0..1."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __call__(self, share: Samples) -> Samples:
        """(N,) -> (N,): the curve's y where its x is ``share``. Its x never falls, so halving finds the place."""
        low, high = np.zeros(share.shape), np.ones(share.shape)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            before = _cubic(self.x1, self.x2, middle) < share
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        return _pinned(lambda x: _cubic(self.y1, self.y2, (low + high) / 2) + 0 * x)(share)


def _cubic(first: float, second: float, s: Samples) -> Samples:
    """A Bernstein cubic with the values 0, ``first``, ``second`` and 1."""
    rest = 1 - s
    return 3 * rest * rest * s * first + 3 * rest * s * s * second + s * s * s


@dataclass(frozen=True)
class Steps:
    """``count`` equal steps, each taken at the end of its share."""

    count: int

    def __call__(self, share: Samples) -> Samples:
        return np.floor(share * self.count + 1e-9) / self.count  # 0.57 * 100 is a little below 57


Easing = str | Bezier | Steps


def eased(easing: Easing, share: Samples) -> Samples:
    """``share`` (N,), the even part of the way, in 0..1 -> the part that ``easing`` makes of it."""
    return EASINGS[easing](share) if isinstance(easing, str) else easing(share)
