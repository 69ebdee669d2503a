"""The mean and the spread of a picture's colours, and how a film keeps them while nothing in it is new.

A picture that is half way to another is paler than both, and a perceptor likes ever stronger colours: over many frames
either would add up. So a calm frame is given the colour statistics that it had, moved a little towards an *anchor*:
those of the drawing when its prompts were last new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

ANCHOR_RATE = (
    0.1  # of the way to the anchor at each update; at 0, colours spread by up to 1.2 in 200 calm frames
)
FREEDOM_GAIN = (
    4.0  # prompts that are a quarter new already free all colours, so that a morph is not held back
)
EPSILON = 1e-3  # added to spreads, so that a flat picture is not blown up


def colour_stats(image: Tensor) -> Tensor:
    """(1, 3, h, w) -> (2, 3): the mean and the standard deviation of each colour."""
    return torch.stack([image.mean((0, 2, 3)), image.std((0, 2, 3))])


def match_colour_stats(image: Tensor, wanted: Tensor) -> Tensor:
    """``image`` (1, 3, h, w) with the statistics ``wanted`` (2, 3) (as in AdaIN, Huang 2017)."""
    mean, spread = colour_stats(image)[..., None, None]
    wanted_mean, wanted_spread = wanted[..., None, None]
    changed: Tensor = (image - mean) / (spread + EPSILON) * (wanted_spread + EPSILON) + wanted_mean
    return changed


def colour_freedom(prompt_change: float) -> float:
    """0..1: how far a frame may change its colours, where ``prompt_change`` (0..1) of its prompts is new."""
    return min(1.0, FREEDOM_GAIN * prompt_change)


def anchor_colours(image: Tensor, before: Tensor, anchor: Tensor | None, freedom: float) -> Tensor:
    """``image`` (1, 3, h, w) with the colour statistics that it had ``before``, as far as it is not free to change
    them.

    ``anchor`` (2, 3): the statistics that it returns to, a little at each call.
    """
    wanted = colour_stats(before)
    if anchor is not None:
        wanted = torch.lerp(wanted, anchor.to(wanted), ANCHOR_RATE)
    return torch.lerp(match_colour_stats(image, wanted), image, freedom)


def update_anchor(anchor: Tensor | None, image: Tensor, freedom: float) -> Tensor:
    """(2, 3): the anchor of the frames to come, after a frame ``image`` (1, 3, h, w) in which colours were
    ``freedom``."""
    now = colour_stats(image)
    return now if anchor is None else torch.lerp(anchor.to(now), now, freedom)
