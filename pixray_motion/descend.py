"""Gradient descent on a drawer's params."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.denoisers.guidance import Guidance
    from pixray_motion.drawers.base import Drawer, LearningRate, Params
    from pixray_motion.objective import Evaluation
    from pixray_motion.picture import Picture

Evaluate = Callable[["Picture", float], "Evaluation"]

MOMENTUM = 0.8  # more is smoother and slower; with 4 warm steps a frame would not get there
FULL_STEPS = (
    120  # that reach the whole learning rate; fewer are smaller, too, so that warm frames do not boil
)
FULL_STEPS_POWER = 0.75  # at 1, frames of 4 steps would hardly change
FINAL_LR = 0.1  # the last step over the first
DENOISER_INTERVAL = (
    2  # steps: a denoiser costs as much as a perceptor, and its picture changes less from step to step
)
EPSILON = 1e-12  # added to a gradient's length, since there may be none


def descend(
    params: Params,
    learning: Mapping[str, LearningRate],
    drawer: Drawer,
    evaluate: Evaluate,
    steps: int,
    guidance: Guidance | None = None,
) -> tuple[Params, Evaluation | None]:
    """Change the params named in ``learning`` for ``steps`` steps -> the new params, and the last step's evaluation.

    ``evaluate`` takes a picture and the share of the steps that are done; None comes back where no step was taken.

    Each step has the length of its learning rate, whatever the gradient's: the gradient is normalised to a length of 1
    (L2, per tensor) and smoothed by momentum. Unlike Adam this keeps the smooth gradient of a robust perceptor smooth.
    Before every ``DENOISER_INTERVAL``-th step comes the update that the denoiser asks for, as a whole where the drawer
    can apply it, else as half of the step's direction.
    """
    learned = {name: params[name].detach().clone().requires_grad_() for name in learning}
    velocity = {name: torch.zeros_like(tensor) for name, tensor in learned.items()}
    evaluation = None
    for index in range(steps):
        progress = index / steps
        update = None
        if guidance is not None and index % DENOISER_INTERVAL == 0:
            update = _distil(params, learned, drawer, guidance, progress)
        picture = drawer.draw_raw(params | learned)
        evaluation = evaluate(picture, progress)
        directions = _directions(learned, [*evaluation.terms.values()])
        if update is not None:
            seen = picture.preview(drawer.canvas, Canvas(update.shape[-1], update.shape[-2]))
            directions = _average(directions, _directions(learned, [-(seen * update).sum()]))
        length = _step_length(index, steps)
        with torch.no_grad():
            for name, tensor in learned.items():
                rate = learning[name]
                velocity[name].mul_(MOMENTUM).add_(directions[name], alpha=1 - MOMENTUM)
                tensor.sub_(velocity[name], alpha=rate.lr * length)
                if rate.low > -math.inf or rate.high < math.inf:
                    tensor.clamp_(rate.low, rate.high)
    return params | {name: tensor.detach() for name, tensor in learned.items()}, evaluation


@torch.no_grad()
def _distil(
    params: Params, learned: Params, drawer: Drawer, guidance: Guidance, progress: float
) -> Tensor | None:
    """Apply the denoiser's update to ``learned`` in place; an update that takes a gradient comes back instead."""
    now = params | {name: tensor.detach() for name, tensor in learned.items()}
    update = guidance.distillation_update(partial(drawer.draw_raw, now), progress)
    updated = drawer.apply_update(now, update)
    if updated is None:
        return update
    for name, tensor in learned.items():
        tensor.copy_(updated[name])
    return None


def _directions(learned: Params, terms: list[Tensor]) -> Params:
    """The gradient of the terms' sum, normalised; nothing where there are no terms."""
    if not terms:
        return {name: torch.zeros_like(tensor) for name, tensor in learned.items()}
    gradients = torch.autograd.grad(torch.stack(terms).sum(), list(learned.values()), retain_graph=True)
    return {
        name: gradient / (gradient.norm() + EPSILON)
        for name, gradient in zip(learned, gradients, strict=True)
    }


def _average(one: Params, other: Params) -> Params:
    """Both directions, half each."""
    return {name: (tensor + other[name]) / 2 for name, tensor in one.items()}


def _step_length(index: int, steps: int) -> float:
    """Of the learning rate: falling along a cosine, from a height that grows with the number of steps."""
    height: float = min(1.0, steps / FULL_STEPS) ** FULL_STEPS_POWER
    return height * (FINAL_LR + (1 - FINAL_LR) * 0.5 * (1 + math.cos(math.pi * index / steps)))
