"""Stories made from a story: the same film in another quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pixray_motion.geometry import Canvas
from pixray_motion.limits import CANVAS
from pixray_motion.story.model import Story
from pixray_motion.story.scene import LayerTrack, Scene
from pixray_motion.tracks.base import Samples, Track

DRAFT_HEIGHT = 72
DRAFT_STEPS = 0.3


@dataclass(frozen=True)
class FewerSteps(Track):
    """A share of another track's steps, but at least one wherever it has any."""

    steps: Track
    share: float

    def sample(self, frames: Samples) -> Samples:
        steps = np.round(self.steps.sample(frames))
        return np.where(steps > 0, np.maximum(1, np.round(steps * self.share)), 0)


def draft(story: Story) -> Story:
    """The same film, small and quick: at most 72 lines (or as many as the drawer's grid has), and 0.3 of the steps.

    Movements, prompts and frame numbers stay as they are, since none of them depends on the size.
    """
    return replace(
        story,
        canvas=_smaller(story.canvas, _finest_grid(story)),
        scenes=_each(story.scenes, _fewer_steps),
    )


def without_denoiser(story: Story) -> Story:
    """The same film, drawn by the perceptors alone."""
    return replace(story, scenes=_each(story.scenes, lambda scene: replace(scene, denoiser=None)))


def without_perceptor(story: Story) -> Story:
    """The same film, drawn by the denoiser alone."""
    return replace(
        story, perceptors=(), scenes=_each(story.scenes, lambda scene: replace(scene, perceptors=()))
    )


def _each(scenes: tuple[Scene, ...], change: Callable[[Scene], Scene]) -> tuple[Scene, ...]:
    """All scenes, and those of their layers, changed."""
    return tuple(change(replace(scene, layers=_each_layer(scene, change))) for scene in scenes)


def _each_layer(scene: Scene, change: Callable[[Scene], Scene]) -> tuple[LayerTrack, ...]:
    return tuple(replace(line, scenes=_each(line.scenes, change)) for line in scene.layers)


def _fewer_steps(scene: Scene) -> Scene:
    segment, track = scene.steps
    return replace(scene, steps=(segment, FewerSteps(track, DRAFT_STEPS)))


def _smaller(canvas: Canvas, grid: tuple[int, int]) -> Canvas:
    """The same shape with ``DRAFT_HEIGHT`` lines, not less than ``grid`` and never larger than it was."""
    least = max(CANVAS[0] / min(canvas.width, canvas.height), grid[0] / canvas.width, grid[1] / canvas.height)
    share = min(1.0, max(least, DRAFT_HEIGHT / canvas.height))
    return Canvas(_length(canvas.width, share, grid[0]), _length(canvas.height, share, grid[1]))


def _length(length: int, share: float, least: int) -> int:
    """Even, where it can be, so that a film need not be padded."""
    return min(length, max(round(length * share / 2) * 2, least, CANVAS[0]))


def _finest_grid(story: Story) -> tuple[int, int]:
    """Columns and rows that the canvas must keep for the drawer's grid to fit."""
    chosen = [scene.drawer.values for scene in story.all_scenes()]
    grids = [value for values in chosen for name, value in values if name == "grid"]
    return max((grid[0] for grid in grids), default=1), max((grid[1] for grid in grids), default=1)
