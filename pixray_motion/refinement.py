"""Refining one drawing of a frame: by gradient descent, or by sampling with a denoiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pixray_motion.denoisers.guidance import Guidance
from pixray_motion.denoisers.sampler import ddim_sample
from pixray_motion.descend import EPSILON, descend
from pixray_motion.drawers.base import Drawer, Params, Sampling, unit_rate
from pixray_motion.geometry import Motion
from pixray_motion.lazy import torch
from pixray_motion.objective import Objective
from pixray_motion.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor

PURE_NOISE = (
    0.99  # the noise level of a picture that is nothing yet; at 1 the predicted picture would be undefined
)
NUDGE_FALL = 0.8  # by which the perceptor's steps are shorter in the end, when shapes stand


def refine(
    params: Params, drawer: Drawer, objective: Objective, guidance: Guidance | None, seed: int
) -> tuple[Params, Mapping[str, float]]:
    """Params that please the objective and the denoiser more than before, and the picture's scores.

    ``seed`` is the film's. A drawer that is sampled needs a denoiser; without one, its params descend as others do.
    """
    drawing = objective.drawing
    if drawer.sampling is None or guidance is None:
        learning = drawer.learning(params)
        if not learning:  # a given picture, say, is only moved
            return params, {}
        found, evaluation = descend(params, learning, drawer, objective, drawing.steps, guidance)
        if evaluation is None:
            return found, {}
        terms = {name: float(term.detach()) for name, term in evaluation.terms.items()}
        return found, terms | evaluation.scores()
    if drawing.local % drawer.sampling.cadence and not drawing.cut:
        return params, {}
    with torch.no_grad():
        before = guidance.view(drawer.draw_raw(params))
    after = _sample(before, objective, guidance, drawer.sampling, seed)
    changed = drawer.apply_update(params, (after - before) / 2)
    assert changed is not None
    return changed, objective(drawer.draw(changed), 1.0).scores()


def _sample(
    before: Tensor, objective: Objective, guidance: Guidance, sampling: Sampling, seed: int
) -> Tensor:
    """(1, 3, h, w) in -1..1: the picture ``before``, covered with noise and denoised."""
    drawing = objective.drawing
    begins_empty = drawing.cut and drawing.init is None
    noise_level = PURE_NOISE if begins_empty else guidance.settings.noise_level
    rng = torch.Generator().manual_seed(seed) if sampling.fixed_noise else guidance.rng

    def nudge(x0: Tensor, progress: float) -> Tensor:
        length = sampling.perceptor_scale * (1 - NUDGE_FALL * progress)
        return perceptor_step(x0, objective, length, progress)

    after = ddim_sample(
        before,
        noise_level,
        drawing.steps,
        guidance.predict_x0,
        rng,
        nudge if sampling.perceptor_scale else None,
    )
    return guidance.anchored(after, before)


def perceptor_step(image: Tensor, objective: Objective, length: float, progress: float) -> Tensor:
    """``image`` (1, 3, h, w) in -1..1 after a step of ``length`` along the gradient of all of the objective's terms."""
    height, width = image.shape[-2:]
    shown = ((image + 1) / 2).requires_grad_()
    terms = objective(Picture(shown, (height, height), Motion.identity()), progress).terms
    if not terms:
        return image
    (gradient,) = torch.autograd.grad(torch.stack([*terms.values()]).sum(), shown)
    step = length * unit_rate(height * width)
    moved: Tensor = shown.detach() - step * gradient / (gradient.norm() + EPSILON)
    return moved.clamp(0, 1) * 2 - 1
