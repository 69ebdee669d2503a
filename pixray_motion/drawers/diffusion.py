"""A picture that a denoiser denoises: each frame is the one before, moved, covered with noise and cleaned again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.drawers.base import Drawer, LearningRate, Params, Sampling, drawer
from pixray_motion.drawers.pixel import PixelDrawer
from pixray_motion.drawers.plane import PlaneDrawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.picture import Picture
from pixray_motion.sharpen import sharpen_clamped
from pixray_motion.units import Count, Flag, OneOf, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

NATIVE = 48  # cells along the shorter side of a pixelated picture


@drawer("diffusion")
class DiffusionDrawer(Drawer):
    """Pictures sampled by the story's denoiser, frame by frame; without a denoiser, a plane of pixels.

    Params: those of a plane of pixels or, pixelated, of a grid of cells.
    The scene's ``denoiser`` says how: its ``strength`` is the noise level that a frame is covered with (Deforum's runs
    the other way), its ``guidance_scale`` how closely predictions follow the prompts, and the noise is taken away in
    as many ``steps`` as the scene has.
    """

    default_steps = (30, 6)

    def __init__(
        self,
        canvas: Canvas,
        perceptor_scale: Annotated[float, Real(0, 100)] = 4.0,
        cadence: Annotated[int, Count(1, 100)] = 1,
        noise: Annotated[str, OneOf(("fresh", "fixed"))] = "fixed",
        pixelate: Annotated[bool, Flag()] = False,
    ) -> None:
        """``perceptor_scale``: how far the perceptor pulls each predicted picture; ``cadence``: every how many
        frames are denoised, the others only move; ``noise``: the same for the whole film, or ``fresh`` in each frame;
        ``pixelate``: show the denoiser's own pixels as cells."""
        self.canvas = canvas
        self.sampling = Sampling(perceptor_scale, cadence, fixed_noise=noise == "fixed")
        self.plane: Drawer = PixelDrawer(canvas, grid=_cells(canvas)) if pixelate else PlaneDrawer(canvas)
        self.pixelate = pixelate

    def init_params(self, rng: Generator) -> Params:
        return self.plane.init_params(rng)

    def draw(self, params: Params) -> Picture:
        """See ``Drawer.draw``. Edges are made crisp here and not in the params, so that nothing adds up over frames."""
        picture = self.draw_raw(params)
        if self.pixelate:
            return picture
        return picture.with_filter(lambda pixels: sharpen_clamped(pixels, self.canvas.height))

    def draw_raw(self, params: Params) -> Picture:
        return self.plane.draw(params)

    def learning(self, params: Params) -> Mapping[str, LearningRate]:
        return self.plane.learning(params)

    def encode(self, image: Tensor) -> Params:
        return self.plane.encode(image)

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        return self.plane.warp(params, motion, border, rng)

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:
        return self.plane.remap(params, bend, border, rng)

    def apply_update(self, params: Params, change: Tensor) -> Params | None:
        return self.plane.apply_update(params, change)


def _cells(canvas: Canvas) -> tuple[int, int]:
    share = min(1.0, NATIVE / min(canvas.width, canvas.height))
    return max(1, round(canvas.width * share)), max(1, round(canvas.height * share))
