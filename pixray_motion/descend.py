"""The optimisation loop that drawers call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.drawers.base import Drawer, Params
    from pixray_motion.objective import Objective

Scores = dict[str, float]
MOMENTUM = 0.8
FULL = (
    120  # steps of a picture from nothing; fewer steps are smaller ones too, so that warm frames do not boil
)
DENOISER_INTERVAL = (
    2  # steps: a denoiser costs as much as a perceptor, and its picture changes less from step to step
)
LAST = 0.1  # the last step over the first


def descend(
    params: Params,
    rates: Mapping[str, float],
    drawer: Drawer,
    objective: Objective,
    steps: int,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[Params, Scores]:
    """Change the params named in ``rates`` for ``steps`` steps -> the new params, and the last step's terms.

    ``bounds`` are the least and the greatest value of those params that have any.

    Each step has the length of its rate, whatever the gradient's: the gradient is normalised to a length of 1 (L2, per
    tensor) and smoothed by momentum. Unlike Adam this keeps the smooth gradient of a robust perceptor smooth. Before it
    comes the change that the objective's denoiser asks for, as a whole where the drawer can do that.
    """
    learned = {name: params[name].detach().clone().requires_grad_() for name in rates}
    speeds = {name: torch.zeros_like(tensor) for name, tensor in learned.items()}
    scores: Scores = {}
    for index in range(steps):
        with torch.no_grad():
            now = {name: tensor.detach() for name, tensor in (params | learned).items()}
            asked = index % DENOISER_INTERVAL == 0
            change = objective.change(partial(drawer.draw, now), index / steps) if asked else None
            pulled = None if change is None else drawer.apply_update(now, change)
            if pulled:
                for name, tensor in learned.items():
                    tensor.copy_(pulled[name])
        picture = drawer.draw(params | learned)
        terms = objective(picture)
        directions = _directions(learned, [*terms.values()])
        if change is not None and not pulled:
            looked = picture.preview(drawer.canvas, Canvas(change.shape[-1], change.shape[-2]))
            directions = _added(directions, _directions(learned, [-(looked * change).sum()]))
        length = _step(index, steps)
        with torch.no_grad():
            for name, tensor in learned.items():
                speed = speeds[name].mul_(MOMENTUM)
                speed.add_(directions[name], alpha=1 - MOMENTUM)
                tensor.sub_(speed, alpha=rates[name] * length)
                if bounds and name in bounds:
                    tensor.clamp_(*bounds[name])
        if index == steps - 1:
            scores = {name: float(term.detach()) for name, term in terms.items()} | objective.scores()
    return params | {name: tensor.detach() for name, tensor in learned.items()}, scores


def _directions(learned: Params, terms: list[Tensor]) -> Params:
    """The gradient of the terms' sum, normalised; nothing where there are no terms."""
    if not terms:
        return {name: torch.zeros_like(tensor) for name, tensor in learned.items()}
    gradients = torch.autograd.grad(torch.stack(terms).sum(), list(learned.values()), retain_graph=True)
    return {
        name: gradient / (gradient.norm() + 1e-12) for name, gradient in zip(learned, gradients, strict=True)
    }


def _added(one: Params, other: Params) -> Params:
    """Both directions, half each."""
    return {name: (tensor + other[name]) / 2 for name, tensor in one.items()}


def _step(index: int, steps: int) -> float:
    """The length of a step: falling along a cosine, from a height that grows with the number of steps."""
    height: float = min(1.0, steps / FULL) ** 0.75
    return height * (LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * index / steps)))
