"""A picture that a denoiser denoises: each frame is the one before, moved, covered with noise and cleaned again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.pixel import PixelDrawer
from pixray_motion.drawers.plane import PlaneDrawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.sharpen import sharpen_clamped
from pixray_motion.units import Count, Flag, OneOf, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.descend import Scores
    from pixray_motion.objective import Objective

NATIVE = 48  # cells along the shorter side of a pixelated picture
START = 0.99  # the level of a picture that is nothing but noise


@drawer("diffusion")
class DiffusionDrawer(Drawer):
    """Pictures sampled by the story's denoiser, frame by frame; without a denoiser, a plane of pixels.

    Params: those of a plane of pixels or, pixelated, of a grid of cells.
    The scene's ``denoiser`` says how: its ``level`` is the noise that a frame is covered with (Deforum's strength is 1 -
    level), its ``guidance`` how much the texts count, and ``steps`` is in how many steps the noise is taken away.
    """

    steps = (30, 6)

    def __init__(
        self,
        canvas: Canvas,
        perceptor_scale: Annotated[float, Real(0, 100)] = 4.0,
        cadence: Annotated[int, Count(1, 100)] = 1,
        noise: Annotated[str, OneOf(("fresh", "fixed"))] = "fixed",
        pixelate: Annotated[bool, Flag()] = False,
    ) -> None:
        """``perceptor_scale``: how far the perceptor pulls each predicted picture; ``cadence``: every how many frames are
        denoised, the others only move; ``noise``: the same for the whole film, or ``fresh`` in each frame;
        ``pixelate``: show the denoiser's own pixels as cells."""
        self.canvas = canvas
        self.perceptor_scale, self.cadence, self.kept = perceptor_scale, cadence, noise == "fixed"
        self.plane: Drawer = PixelDrawer(canvas, grid=_cells(canvas)) if pixelate else PlaneDrawer(canvas)
        self.pixelate = pixelate

    @property
    def learned(self) -> tuple[str, ...]:
        return self.plane.learned

    def init_params(self, rng: Generator) -> Params:
        return self.plane.init_params(rng)

    def draw(self, params: Params) -> Picture:
        picture = self.plane.draw(params)
        return (
            picture
            if self.pixelate
            else picture.with_filter(lambda pixels: sharpen_clamped(pixels, self.canvas.height))
        )

    def encode(self, image: Tensor) -> Params:
        return self.plane.encode(image)

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        return self.plane.warp(params, motion, border, rng)

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:
        return self.plane.remap(params, bend, border, rng)

    def apply_update(self, params: Params, change: Tensor) -> Params | None:
        return self.plane.apply_update(params, change)

    def refine(self, params: Params, objective: Objective, steps: int) -> tuple[Params, Scores]:
        """See ``Drawer.refine``. Without a denoiser the perceptor's gradient draws alone."""
        if objective.guide is None:
            return self.plane.refine(params, objective, steps)
        plan = objective.plan
        if plan.local % self.cadence and not plan.cut:
            return params, {}
        with torch.no_grad():
            before = self.plane.draw(params).preview(self.canvas, objective.native) * 2 - 1
        level = START if plan.cut and plan.init is None else objective.guide.noise_level
        after = objective.sample(before, level, steps, self.perceptor_scale, self.kept)
        changed = self.plane.apply_update(params, (after - before) / 2)
        assert changed is not None
        objective(self.draw(changed))
        return changed, objective.scores()


def _cells(canvas: Canvas) -> tuple[int, int]:
    share = min(1.0, NATIVE / min(canvas.width, canvas.height))
    return max(1, round(canvas.width * share)), max(1, round(canvas.height * share))
