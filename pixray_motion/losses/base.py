"""What a loss sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.picture import Picture
from pixray_motion.story.plan import Drawing

if TYPE_CHECKING:
    from torch import Tensor

LOSS_IMAGE_SIDE = (
    128  # the longer side, in pixels, at which losses see a picture; more costs time and adds only grain
)


@dataclass(frozen=True)
class Cutouts:
    """What one perceptor saw in this step.

    ``transforms`` (N, 3, 3) float64: from the corners (+-1, +-1) of a cutout to canvas units; ``images``
    (N, 3, S, S) in [0, 1], with their colours jittered; ``embeddings`` (N, D), unit. Gradients pass through both.
    """

    transforms: Tensor
    images: Tensor
    embeddings: Tensor


@dataclass(frozen=True)
class LossInput:
    """All that a loss may see of a step; what takes time is made when it is first asked for, once for all losses.

    ``picture`` can be sampled at any size (``Picture.image``); ``drawing`` is the plan of what is drawn; ``cutouts``
    are those of each perceptor, by its name; ``progress`` (0..1): the share of the frame's steps that are done.
    """

    picture: Picture
    canvas: Canvas
    drawing: Drawing
    cutouts: Mapping[str, Cutouts]
    progress: float
    before_at: Callable[[Canvas], Tensor | None]

    @cached_property
    def size(self) -> Canvas:
        """That of ``image`` and ``before``: the canvas' shape, small."""
        shrink = min(1.0, LOSS_IMAGE_SIDE / max(self.canvas.width, self.canvas.height))
        width, height = (round(length * shrink) for length in (self.canvas.width, self.canvas.height))
        return Canvas(max(1, width), max(1, height))

    @cached_property
    def image(self) -> Tensor:
        """(1, 3, h, w) in [0, 1]: the picture as it is seen, through all filters; gradients reach what is learned."""
        return self.picture.image(self.size)

    @cached_property
    def before(self) -> Tensor | None:
        """(1, 3, h, w) in [0, 1], of ``image``'s size, detached: the frame before, moved into this one.

        None after a cut. It is drawn once a frame, if any loss asks for it.
        """
        return self.before_at(self.size)
