"""How a scene comes in: for a while the picture is made of the scene that goes and of the one that comes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.story.plan import Layer, Mask, Plan, Prompt

KINDS = ("cut", "morph", "crossfade", "wipe", "zoom-through")
STARTS_ANEW = ("cut", "crossfade", "wipe", "zoom-through")


@dataclass(frozen=True)
class Transition:
    """The first ``frames`` (a fraction) of a scene.

    ``angle``: where a wipe goes, 0 to the right, 90 down; ``feather``: how wide its edge is, in canvas heights;
    ``factor``: how much a zoom-through magnifies.
    """

    kind: str
    frames: Fraction
    angle: float = 0.0
    feather: float = 0.1
    factor: float = 8.0

    def share(self, passed: int) -> float:
        """0..1: how far the change is, ``passed`` frames after the scene's start."""
        return float(min(Fraction(1), passed / self.frames)) if self.frames else 1.0


def shows_single_drawing(kind: str) -> bool:
    """Whether every frame of a transition of this kind shows one drawing, and not two scenes laid over each other."""
    return kind in ("cut", "morph")


def blend_scenes(
    transition: Transition, outgoing: Plan, incoming: Plan, share: float, canvas: Canvas
) -> Plan:
    """The plan of a frame of the change, ``share`` (0..1) of which is done."""
    if transition.kind == "morph":
        return replace(incoming, prompts=morph_prompts(outgoing.prompts, incoming.prompts, share))
    if transition.kind == "crossfade":
        layers = Layer(outgoing), Layer(incoming, opacity=share)
    elif transition.kind == "wipe":
        layers = Layer(outgoing), Layer(incoming, mask=_edge(transition, share, canvas))
    else:
        layers = _through(transition, outgoing, incoming, share, canvas)
    return replace(incoming, layers=layers)


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


def _edge(transition: Transition, share: float, canvas: Canvas) -> Mask:
    """An edge that crosses the whole screen; what lies behind it has come."""
    turn = math.radians(transition.angle)
    along = math.cos(turn), math.sin(turn)
    x, y = canvas.half
    reach = abs(along[0]) * x + abs(along[1]) * y + transition.feather / 2
    place = (2 * share - 1) * reach
    return Mask(
        "edge",
        at=(place * along[0], place * along[1]),
        angle=transition.angle + 180,
        feather=transition.feather,
    )


def _through(
    transition: Transition, outgoing: Plan, incoming: Plan, share: float, canvas: Canvas
) -> tuple[Layer, Layer]:
    """A camera that flies into the scene that goes, in whose middle lies the one that comes, small at first."""
    near = transition.factor**share
    small = near / transition.factor
    x, y = canvas.half
    hole = Mask("rect", size=(2 * x * small, 2 * y * small), feather=0.15 * small * (1 - share))
    opacity = min(1.0, share * 4)
    return (
        Layer(outgoing, pose=Motion.scale(near)),
        Layer(incoming, opacity=opacity, mask=hole, pose=Motion.scale(small)),
    )
