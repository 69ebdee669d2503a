"""The optimisation loop that drawers call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from pixray_motion.drawers.base import Params, Picture
    from pixray_motion.objective import Objective

Scores = dict[str, float]
MOMENTUM = 0.8
FULL = (
    120  # steps of a picture from nothing; fewer steps are smaller ones too, so that warm frames do not boil
)
LAST = 0.1  # the last step over the first


def descend(
    params: Params,
    rates: Mapping[str, float],
    draw: Callable[[Params], Picture],
    objective: Objective,
    steps: int,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[Params, Scores]:
    """Change the params named in ``rates`` for ``steps`` steps -> the new params, and the last step's terms.

    ``bounds`` are the least and the greatest value of those params that have any.

    Each step has the length of its rate, whatever the gradient's: the gradient is normalised to a length of 1 (L2, per
    tensor) and smoothed by momentum. Unlike Adam this keeps the smooth gradient of a robust perceptor smooth.
    """
    learned = {name: params[name].detach().clone().requires_grad_() for name in rates}
    speeds = {name: torch.zeros_like(tensor) for name, tensor in learned.items()}
    scores: Scores = {}
    for index in range(steps):
        terms = objective(draw(params | learned))
        gradients = torch.autograd.grad(torch.stack(list(terms.values())).sum(), list(learned.values()))
        length = _step(index, steps)
        with torch.no_grad():
            for (name, tensor), gradient in zip(learned.items(), gradients, strict=True):
                speed = speeds[name].mul_(MOMENTUM)
                speed.add_(gradient / (gradient.norm() + 1e-12), alpha=1 - MOMENTUM)
                tensor.sub_(speed, alpha=rates[name] * length)
                if bounds and name in bounds:
                    tensor.clamp_(*bounds[name])
        if index == steps - 1:
            scores = {name: float(term.detach()) for name, term in terms.items()} | objective.scores()
    return params | {name: tensor.detach() for name, tensor in learned.items()}, scores


def _step(index: int, steps: int) -> float:
    """The length of a step: falling along a cosine, from a height that grows with the number of steps."""
    height: float = min(1.0, steps / FULL) ** 0.75
    return height * (LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * index / steps)))
