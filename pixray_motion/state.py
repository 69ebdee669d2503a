"""What crosses from one frame to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pixray_motion.drawers.base import Params
from pixray_motion.story.plan import Plan

if TYPE_CHECKING:
    from torch import Tensor

Scores = Mapping[str, float]


@dataclass(frozen=True)
class DrawingState:
    """What a drawing hands on to the next frame.

    ``colour_anchor`` (2, 3): the mean and the spread of its colours, in -1..1, when its prompts were last new; None
    while no denoiser has guided it.
    """

    params: Params
    colour_anchor: Tensor | None = None


@dataclass(frozen=True)
class State:
    """All that crosses from one frame to the next; ``scores`` tells how well the frame shows its prompts, -1..1.

    ``drawings`` are by their ids: one, or several while there are layers or a transition.
    """

    plan: Plan
    drawings: Mapping[str, DrawingState]
    scores: Scores = field(default_factory=dict)

    @property
    def frame(self) -> int:
        return self.plan.frame

    @property
    def params(self) -> Params:
        """Those of the picture, where it is a single drawing. Raises ``ValueError`` where it has layers."""
        return self.drawings[self.plan.drawing.id].params
