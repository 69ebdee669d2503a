"""What one frame is made from: plain numbers, in which nothing is left to decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Motion
from pixray_motion.units import StoryFile


@dataclass(frozen=True)
class Component:
    """A drawer, a filter, a loss, ... by its registered name, with the values of its parameters that the story
    gives."""

    name: str
    values: tuple[tuple[str, Any], ...] = ()


OVER = Component("over")  # the blend of a layer that simply lies on those below it


@dataclass(frozen=True)
class Weighted:
    """A loss or a perceptor, and how much it counts beside the others."""

    component: Component
    weight: float = 1.0


@dataclass(frozen=True)
class Prompt:
    """What a frame should show: texts with shares that sum to 1 (several while a morph is under way).

    A negative ``weight`` pushes away. Below the loss ``stop`` the prompt no longer pulls; None: it always does.
    """

    texts: tuple[tuple[str, float], ...]
    weight: float
    stop: float | None = None


@dataclass(frozen=True)
class DenoiserSettings:
    """How a denoiser guides a frame.

    ``weight``: how far a step goes towards the predicted picture, 0..1. ``guidance_scale``: of classifier-free
    guidance.
    ``noise_level``: how much noise hides the picture from the denoiser at the frame's first step, 0..1.
    ``prompt_change``: how new the prompts are, 0..1.
    """

    model: Component
    weight: float
    guidance_scale: float
    noise_level: float
    prompt_change: float = 0.0


@dataclass(frozen=True)
class Mask:
    """The part of the screen that a layer is seen in, or, where ``invert`` is set, that it is not seen in."""

    shape: Component
    invert: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture that is drawn: moved from the frame before, or begun anew, and then refined.

    Convention: ``motion`` and then the ``distortions``, the first acting first, take the frame before to this one; they
    are the identity and none after a ``cut``. ``id`` names the drawing from one cut to the next, and ``local`` is the
    frame counted from its scene's start.
    """

    id: str
    scene: str
    local: int
    cut: bool
    motion: Motion
    distortions: tuple[CoordinateMap, ...]
    border: str
    drawer: Component
    prompts: tuple[Prompt, ...]
    losses: tuple[Weighted, ...]
    filters: tuple[Component, ...]
    perceptors: tuple[Weighted, ...]
    denoiser: DenoiserSettings | None
    steps: int
    init: StoryFile | None = None
    """The picture to begin with after a cut."""

    @property
    def refines(self) -> bool:
        """Without prompts, or with weights that are all 0, the picture only moves."""
        return self.steps > 0 and any(prompt.weight for prompt in self.prompts)


@dataclass(frozen=True)
class Layer:
    """A picture that lies over others: how it is laid on, and where. ``pose`` shows it elsewhere without moving it."""

    node: Node
    opacity: float = 1.0
    blend: Component = OVER
    mask: Mask | None = None
    pose: Motion | None = None


@dataclass(frozen=True)
class Stack:
    """Pictures over one another, the lowest first."""

    layers: tuple[Layer, ...]


Node = Drawing | Stack


def drawings(node: Node) -> Iterator[Drawing]:
    """All drawings of a picture, the lowest first."""
    if isinstance(node, Drawing):
        yield node
    else:
        for layer in node.layers:
            yield from drawings(layer.node)


def map_drawings(node: Node, change: Callable[[Drawing], Drawing]) -> Node:
    """The same picture, with every drawing changed."""
    if isinstance(node, Drawing):
        return change(node)
    return Stack(tuple(replace(layer, node=map_drawings(layer.node, change)) for layer in node.layers))


@dataclass(frozen=True)
class Plan:
    """Everything that one frame is made from: ``root`` is its picture, one drawing or a stack of layers.

    ``frame`` counts from the film's start; ``scene`` is the name of the scene that it lies in.
    """

    frame: int
    scene: str
    seed: int
    root: Node
    snapshots: tuple[tuple[str, str], ...] = ()
    """Drawings that are stored, unmoved, for a later frame: (id there, id now)."""

    @property
    def drawing(self) -> Drawing:
        """The frame's drawing, where it is a single one. Raises ``ValueError`` where it has layers."""
        if isinstance(self.root, Drawing):
            return self.root
        raise ValueError(f"frame {self.frame} is made of several drawings; see Plan.drawings")

    def drawings(self) -> Iterator[Drawing]:
        """All drawings of the frame, the lowest first."""
        return drawings(self.root)

    def digest(self) -> str:
        """A fingerprint of all that a plan asks for."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """All of it on one line; motions are 3x3 matrices, row by row, and distortions are named after their class."""
        return json.dumps(_plain(self), sort_keys=True, allow_nan=False)


def distinct_names(components: Iterable[Component]) -> list[str]:
    """Their names; the second and further ones of a name with a number: "edge", "edge 2"."""
    names: list[str] = []
    count: dict[str, int] = {}
    for component in components:
        number = count[component.name] = count.get(component.name, 0) + 1
        names.append(component.name if number == 1 else f"{component.name} {number}")
    return names


def _plain(value: Any) -> Any:
    """As JSON has it. Raises ``TypeError`` for anything that is not plain data."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Motion):
        return value.matrix.tolist()
    if isinstance(value, CoordinateMap):
        return {type(value).__name__.lower(): _plain(vars(value))}
    if is_dataclass(value):
        # what two values are not told apart by, such as where a file lies on this machine, is no part of a plan
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.compare}
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    raise TypeError(f"not plain data: {value!r}")
