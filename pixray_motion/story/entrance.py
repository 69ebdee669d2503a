"""How a scene comes in: for a while the picture is made of the scene that goes and of the one that comes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.story.plan import Layer, Mask, Plan, Prompt

KINDS = ("cut", "morph", "crossfade", "wipe", "zoom-through")
DRAWN_ANEW = ("cut", "crossfade", "wipe", "zoom-through")


@dataclass(frozen=True)
class Entrance:
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


def entering(entrance: Entrance, going: Plan, coming: Plan, share: float, canvas: Canvas) -> Plan:
    """The plan of a frame of the change, ``share`` (0..1) of which is done."""
    if entrance.kind == "morph":
        return replace(coming, prompts=turned(going.prompts, coming.prompts, share))
    if entrance.kind == "crossfade":
        layers = Layer(going), Layer(coming, opacity=share)
    elif entrance.kind == "wipe":
        layers = Layer(going), Layer(coming, mask=_edge(entrance, share, canvas))
    else:
        layers = _through(entrance, going, coming, share, canvas)
    return replace(coming, layers=layers)


def turned(going: tuple[Prompt, ...], coming: tuple[Prompt, ...], share: float) -> tuple[Prompt, ...]:
    """Prompts in between: each turns into the one in its place; those without a partner fade."""
    pairs = zip_longest(going, coming)
    return tuple(prompt for pair in pairs if (prompt := _between(*pair, share)).weight or share in (0, 1))


def _between(going: Prompt | None, coming: Prompt | None, share: float) -> Prompt:
    if coming is None:
        assert going is not None
        return replace(going, weight=going.weight * (1 - share))
    if going is None:
        return replace(coming, weight=coming.weight * share)
    texts: dict[str, float] = {}
    for prompt, part in ((going, 1 - share), (coming, share)):
        for text, amount in prompt.texts:
            if amount * part:
                texts[text] = texts.get(text, 0.0) + amount * part
    weight = going.weight * (1 - share) + coming.weight * share
    return Prompt(tuple(texts.items()), weight, coming.stop if share > 0.5 else going.stop)


def _edge(entrance: Entrance, share: float, canvas: Canvas) -> Mask:
    """An edge that crosses the whole screen; what lies behind it has come."""
    turn = math.radians(entrance.angle)
    along = math.cos(turn), math.sin(turn)
    x, y = canvas.half
    reach = abs(along[0]) * x + abs(along[1]) * y + entrance.feather / 2
    place = (2 * share - 1) * reach
    return Mask(
        "edge", at=(place * along[0], place * along[1]), angle=entrance.angle + 180, feather=entrance.feather
    )


def _through(
    entrance: Entrance, going: Plan, coming: Plan, share: float, canvas: Canvas
) -> tuple[Layer, Layer]:
    """A camera that flies into the scene that goes, in whose middle lies the one that comes, small at first."""
    near = entrance.factor**share
    small = near / entrance.factor
    x, y = canvas.half
    hole = Mask("rect", size=(2 * x * small, 2 * y * small), feather=0.15 * small * (1 - share))
    opacity = min(1.0, share * 4)
    return (
        Layer(going, pose=Motion.scale(near)),
        Layer(coming, opacity=opacity, mask=hole, pose=Motion.scale(small)),
    )
