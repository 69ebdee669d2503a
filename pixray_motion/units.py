"""What the values of a story mean: their unit, their range, and how they run from one key to the next.

A registered function annotates its parameters with these, and that is the whole schema of the story file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Unit:
    """A number that may change over time.

    Convention: ``low`` and ``high`` are inclusive. A ``geometric`` unit interpolates by its logarithm, and its
    rate ``N/s`` means ``N**t``; any other rate means ``N*t``.
    """

    name: str
    low: float
    high: float
    geometric: bool = False


@dataclass(frozen=True)
class Pair:
    """Two numbers of one unit, written ``[x, y]``; each may change over time."""

    unit: Unit


@dataclass(frozen=True)
class Count:
    """A whole number that is fixed for the film."""

    low: int
    high: int


@dataclass(frozen=True)
class Real:
    """A number that is fixed for the film."""

    low: float
    high: float


@dataclass(frozen=True)
class Grid:
    """Columns x rows, written ``80x45`` and fixed for the film; not finer than the canvas."""

    low: int = 1


@dataclass(frozen=True)
class Flag:
    """``true`` or ``false``, fixed for the film."""


@dataclass(frozen=True)
class OneOf:
    """One of several words, fixed for the film."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Palette:
    """Colours, fixed for the film, written ``"black white #ffcc00"``: names or hexadecimal numbers."""

    most: int = 256


Kind = Unit | Pair | Count | Real | Grid | Flag | OneOf | Palette

SCALE = Unit("scale", 1e-3, 1e3, geometric=True)
LENGTH = Unit("canvas heights", -1e3, 1e3)
EXTENT = Unit("canvas heights", 1e-2, 1e3)
ANGLE = Unit("degrees", -1e6, 1e6)
WEIGHT = Unit("weight", -1e3, 1e3)
AMOUNT = Unit("amount", 0.0, 1e2)
LEAN = Unit("degrees", -75, 75)
VIEW = Unit("degrees of the field of view", 5, 120)
SECONDS = Unit("seconds", 0, 1e9)
SEED = Unit("seed", 0, 2**32)
STEPS = Unit("steps", 0, 10_000)
SHARE = Unit("share", 0.0, 1.0)
RING_SHARE = Unit("share", 0.0, 0.95)
GUIDANCE = Unit("guidance", 0.0, 30.0)

Scale = Annotated[float, SCALE]
Length = Annotated[float, LENGTH]
Extent = Annotated[float, EXTENT]
Angle = Annotated[float, ANGLE]
Amount = Annotated[float, AMOUNT]
Times = Annotated[float, Unit("times", -1e3, 1e3)]
Lean = Annotated[float, LEAN]
View = Annotated[float, VIEW]
Seconds = Annotated[float, SECONDS]
Seed = Annotated[float, SEED]
RingShare = Annotated[float, RING_SHARE]
Point = Annotated[tuple[float, float], Pair(LENGTH)]

CENTRE = (0.0, 0.0)
