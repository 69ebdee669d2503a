"""What one frame is made from: plain numbers, in which nothing is left to decide."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Motion


@dataclass(frozen=True)
class Component:
    """A drawer, a filter, a loss, ... by its registered name, with the values of its parameters that the story gives."""

    name: str
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Weighted:
    """A loss or a perceptor, and how much it counts beside the others."""

    component: Component
    weight: float = 1.0


@dataclass(frozen=True)
class Prompt:
    """What a frame should show: texts with shares that sum to 1 (several while a morph is under way).

    A negative ``weight`` pushes away. Below the loss ``stop`` the prompt has no more say.
    """

    texts: tuple[tuple[str, float], ...]
    weight: float
    stop: float


@dataclass(frozen=True)
class DenoiserSettings:
    """What a denoiser has to say in a frame.

    ``weight``: how far a step goes towards the picture that the denoiser predicts, 0..1. ``guidance_scale``: how much the texts
    count there. ``noise_level``: how much noise hides the picture from it at the frame's first step, 0..1. ``prompt_change``: how
    much of what is wanted is new, 0..1.
    """

    model: Component
    weight: float
    guidance_scale: float
    noise_level: float
    prompt_change: float = 0.0


@dataclass(frozen=True)
class Mask:
    """The part of the screen that a layer is seen in.

    Convention: canvas units and degrees. An ``ellipse`` or a ``rect`` of ``size`` lies around ``at``, turned by
    ``angle``; an ``edge`` shows all that lies behind ``at`` in the direction ``angle`` (0 is right, 90 down). Its
    border is ``feather`` wide. An ``image`` shows itself where ``file`` is white.
    """

    shape: str
    at: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (1.0, 1.0)
    angle: float = 0.0
    feather: float = 0.0
    invert: bool = False
    file: str = ""
    hash: str = ""


@dataclass(frozen=True)
class Layer:
    """A picture that lies over others: how it is laid on, and where. ``pose`` shows it elsewhere without moving it."""

    plan: Plan
    opacity: float = 1.0
    blend: str = "over"
    mask: Mask | None = None
    pose: Motion | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that one frame is made from.

    Convention: ``motion`` takes the frame before to this one and is the identity after a ``cut``; ``frame`` counts from
    the film's start, ``local`` from the scene's. ``drawing`` names what is drawn,
    from one cut to the next. With ``layers``, bottom first, it is made of theirs and has no drawing of its own.
    """

    frame: int
    local: int
    scene: str
    seed: int
    cut: bool
    motion: Motion
    border: str
    prompts: tuple[Prompt, ...]
    losses: tuple[Weighted, ...]
    filters: tuple[Component, ...]
    steps: int
    guide: DenoiserSettings | None = None
    drawing: str = "0"
    drawer: Component = Component("fft")
    perceptors: tuple[Weighted, ...] = ()
    layers: tuple[Layer, ...] = ()
    init: tuple[str, str] | None = None
    """The file of a picture to begin with after a cut, and its hash."""
    distortions: tuple[CoordinateMap, ...] = ()
    """What moves and is no matrix, after ``motion``; the first acts first."""
    kept: tuple[tuple[str, str], ...] = ()
    """Drawings that are put by for a later frame, unmoved: (name there, name now)."""

    @property
    def refines(self) -> bool:
        """Without prompts, or with weights that sum to 0, the picture only moves."""
        weights = [prompt.weight for prompt in self.prompts]
        rounding = 1e-9 * math.fsum(map(abs, weights))  # 0.1 + 0.2 - 0.3 is not quite 0
        return self.steps > 0 and abs(math.fsum(weights)) > rounding

    def drawn(self) -> Iterator[Plan]:
        """The plans of all drawings in the picture, bottom first: this one, or those of its layers."""
        if not self.layers:
            yield self
        for layer in self.layers:
            yield from layer.plan.drawn()

    def digest(self) -> str:
        """A fingerprint of all that a plan asks for."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """All of it on one line; motions are 3x3 matrices, row by row."""
        return json.dumps(self, default=_plain, sort_keys=True)


def distinct_names(components: Iterable[Component]) -> list[str]:
    """Their names; the second and further ones of a name with a number: "edge", "edge 2"."""
    names: list[str] = []
    count: dict[str, int] = {}
    for component in components:
        number = count[component.name] = count.get(component.name, 0) + 1
        names.append(component.name if number == 1 else f"{component.name} {number}")
    return names


def _plain(value: Any) -> Any:
    if isinstance(value, Motion):
        return value.matrix.tolist()
    if isinstance(value, CoordinateMap):
        return {type(value).__name__.lower(): vars(value)}
    if is_dataclass(value):
        # what two values are not told apart by, such as where a file lies on this machine, is no part of a plan
        return {field.name: getattr(value, field.name) for field in fields(value) if field.compare}
    raise TypeError(f"not plain data: {value!r}")
