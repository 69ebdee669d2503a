"""Transitions: how a scene comes in. For a while a frame is made of the outgoing scene and of the incoming one.

A transition is a registered function ``(outgoing, incoming, share, canvas, **parameters) -> Node`` of the two scenes'
pictures and of the ``share`` (0..1) of the change that is done. Two traits tell what it needs: ``starts_fresh``, that
the incoming scene begins with a new drawing, and ``single_drawing``, that it shows one drawing at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from typing import Annotated

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.registry import Registry
from pixray_motion.story.animated import ComponentTrack
from pixray_motion.story.plan import Component, Drawing, Layer, Mask, Node, Prompt, Stack
from pixray_motion.units import Unit

transition: Registry[Callable[..., Node]] = Registry("transition", builtin="pixray_motion.story.transition")

WipeAngle = Annotated[float, Unit("degrees", -360, 360)]
WipeFeather = Annotated[float, Unit("canvas heights", 0, 2)]
FlightFactor = Annotated[float, Unit("scale", 1.1, 100, geometric=True)]
HOLE_FEATHER = 0.15  # of a zoom-through's hole, over its size: it closes as the hole fills the screen
HOLE_FADE = 4  # times as fast as the flight is the hole filled, so that nothing pops into its middle


@dataclass(frozen=True)
class Transition:
    """The first ``frames`` (a fraction) of a scene, blended by a registered transition with its parameters."""

    track: ComponentTrack
    frames: Fraction

    @property
    def name(self) -> str:
        return self.track.name

    @property
    def starts_fresh(self) -> bool:
        """Whether the incoming scene begins with a new drawing."""
        return bool(transition.traits(self.name).get("starts_fresh"))

    @property
    def shows_single_drawing(self) -> bool:
        """Whether every frame of it is one drawing, as vector formats need."""
        return bool(transition.traits(self.name).get("single_drawing"))

    def share(self, passed: int) -> float:
        """0..1: how much of the change is done, ``passed`` frames after the scene's start."""
        return float(min(Fraction(1), passed / self.frames)) if self.frames else 1.0


def blend_scenes(component: Component, outgoing: Node, incoming: Node, share: float, canvas: Canvas) -> Node:
    """The picture of a frame of a transition, ``share`` (0..1) of which is done."""
    return transition.make(component.name)(outgoing, incoming, share, canvas, **dict(component.values))


@transition("cut", starts_fresh=True, single_drawing=True)
def cut(outgoing: Node, incoming: Node, share: float, canvas: Canvas) -> Node:  # noqa: ARG001
    """The new scene at once; it has no length."""
    return incoming


@transition("morph", single_drawing=True)
def morph(outgoing: Node, incoming: Node, share: float, canvas: Canvas) -> Node:  # noqa: ARG001
    """One drawing goes on, and its prompts turn from those of the outgoing scene into those of the incoming one."""
    if not (isinstance(outgoing, Drawing) and isinstance(incoming, Drawing)):
        return incoming
    return replace(incoming, prompts=morph_prompts(outgoing.prompts, incoming.prompts, share))


@transition("crossfade", starts_fresh=True)
def crossfade(outgoing: Node, incoming: Node, share: float, canvas: Canvas) -> Node:  # noqa: ARG001
    """Both scenes go on, and the incoming one fades in."""
    return Stack((Layer(outgoing), Layer(incoming, opacity=share)))


@transition("wipe", starts_fresh=True)
def wipe(
    outgoing: Node,
    incoming: Node,
    share: float,
    canvas: Canvas,
    angle: WipeAngle = 0.0,
    feather: WipeFeather = 0.1,
) -> Node:
    """Both scenes go on, and an edge moves over the screen: ``angle`` 0 to the right, 90 down."""
    turn = math.radians(angle)
    along = math.cos(turn), math.sin(turn)
    x, y = canvas.half
    reach = abs(along[0]) * x + abs(along[1]) * y + feather / 2
    place = (2 * share - 1) * reach
    values = {"at": (place * along[0], place * along[1]), "angle": angle + 180, "feather": feather}
    edge = Mask(Component("edge", tuple(values.items())))
    return Stack((Layer(outgoing), Layer(incoming, mask=edge)))


@transition("zoom-through", starts_fresh=True)
def zoom_through(
    outgoing: Node, incoming: Node, share: float, canvas: Canvas, factor: FlightFactor = 8.0
) -> Node:
    """The camera flies through the outgoing scene, magnified up to ``factor``, into the incoming one in its middle."""
    near = factor**share
    small = near / factor
    x, y = canvas.half
    values = {"size": (2 * x * small, 2 * y * small), "feather": HOLE_FEATHER * small * (1 - share)}
    hole = Mask(Component("rect", tuple(values.items())))
    opacity = min(1.0, share * HOLE_FADE)
    return Stack(
        (
            Layer(outgoing, pose=Motion.scale(near)),
            Layer(incoming, opacity=opacity, mask=hole, pose=Motion.scale(small)),
        )
    )


def morph_prompts(
    outgoing: tuple[Prompt, ...], incoming: tuple[Prompt, ...], share: float
) -> tuple[Prompt, ...]:
    """Prompts in between: each turns into the one in its place; those without a partner fade."""
    pairs = zip_longest(outgoing, incoming)
    return tuple(prompt for pair in pairs if (prompt := _between(*pair, share)).weight or share in (0, 1))


def _between(outgoing: Prompt | None, incoming: Prompt | None, share: float) -> Prompt:
    if incoming is None:
        assert outgoing is not None
        return replace(outgoing, weight=outgoing.weight * (1 - share))
    if outgoing is None:
        return replace(incoming, weight=incoming.weight * share)
    texts: dict[str, float] = {}
    for prompt, part in ((outgoing, 1 - share), (incoming, share)):
        for text, amount in prompt.texts:
            if amount * part:
                texts[text] = texts.get(text, 0.0) + amount * part
    weight = outgoing.weight * (1 - share) + incoming.weight * share
    return Prompt(tuple(texts.items()), weight, incoming.stop if share > 0.5 else outgoing.stop)
