"""What renders a story: its drawers, its models with the story's texts embedded, and the pictures that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixray_motion.allocator import keep_memory
from pixray_motion.composite import RGBA, composite
from pixray_motion.denoisers.base import Denoiser, denoiser
from pixray_motion.denoisers.guidance import Guidance, PromptedDenoiser
from pixray_motion.drawers.base import Drawer, drawer
from pixray_motion.drawers.static import static_layer
from pixray_motion.filters import apply_filters
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.masks import mask
from pixray_motion.objective import Objective, PromptedPerceptor
from pixray_motion.perceptors.base import Perceptor, perceptor
from pixray_motion.picture import Picture
from pixray_motion.plugins import Origin
from pixray_motion.registry import find_origins
from pixray_motion.screen import Screen
from pixray_motion.story.model import Story
from pixray_motion.story.names import find_names
from pixray_motion.story.plan import Component, Drawing, distinct_names
from pixray_motion.tracks.base import Constant

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from pixray_motion.state import State


@dataclass(frozen=True)
class Studio:
    """A story's drawers and models, opened; ``covers`` are those of masks that never change, (1, 1, H, W) in [0, 1].

    ``sample`` makes pixels of a picture.
    """

    story: Story
    drawers: Mapping[Component, Drawer]
    perceptors: Mapping[Component, PromptedPerceptor]
    threads: int
    denoisers: Mapping[Component, PromptedDenoiser] = field(default_factory=dict)
    covers: Mapping[Component, Tensor] = field(default_factory=dict)
    sample: Callable[[Picture, Canvas], Tensor] = Picture.image

    @classmethod
    def open(cls, story: Story, threads: int = 1) -> Studio:
        """Load what ``story`` asks for. Sets torch's number of threads for this process.

        Raises ``ModelError`` where weights are missing or damaged, and ``PluginError`` for a plug-in's own mistakes.
        """
        torch.set_num_threads(threads)
        keep_memory()
        scenes = list(story.all_scenes())
        drawers = {
            component: make_drawer(component, story)
            for component in dict.fromkeys(scene.drawer for scene in scenes)
        }
        seen = dict.fromkeys(weighted.component for scene in scenes for weighted in scene.perceptors)
        perceptors = {component: _open_perceptor(component, story) for component in seen}
        tracks = [scene.denoiser[1] for scene in scenes if scene.denoiser]
        models = dict.fromkeys(track.model for track in tracks if track.weight != Constant(0.0))
        denoisers = {model: _open_denoiser(model, story) for model in models}
        return cls(story, drawers, perceptors, threads, denoisers, make_covers(story))

    @property
    def drawer(self) -> Drawer:
        """The drawer of the film's first scene."""
        return self.drawers[self.story.scenes[0].drawer]

    @cached_property
    def plugins(self) -> tuple[Origin, ...]:
        """The plug-ins that the story uses.

        One counts where any of its names is a text of the story, be it that of another kind of part: so no kind is
        forgotten, and at worst a plug-in too many is held to its version.
        """
        return tuple(find_origins(find_names(self.story)))

    def objective(
        self, drawing: Drawing, rng: Generator, before: Callable[[], Picture] | None = None
    ) -> Objective:
        """What a drawing is refined towards; ``before`` draws the frame before, moved into this one."""
        names = distinct_names(weighted.component for weighted in drawing.perceptors)
        perceptors = [
            replace(self.perceptors[weighted.component], name=name, weight=weighted.weight)
            for name, weighted in zip(names, drawing.perceptors, strict=True)
        ]
        return Objective(drawing, self.story.canvas, perceptors, rng, before)

    def image(self, state: State) -> NDArray[np.uint8]:
        """(H, W, 3): the frame, ready to be written; layers lie over black."""
        canvas = self.story.canvas

        def show(drawing: Drawing) -> RGBA:
            picture = self.drawers[drawing.drawer].draw(state.drawings[drawing.id].params)
            picture = apply_filters(picture, drawing.filters, canvas)
            return RGBA(self.sample(picture, canvas), picture.coverage(canvas))

        with torch.no_grad():
            image = composite(state.plan.root, canvas, show, self.cover).on_black()[0]
        array: NDArray[np.uint8] = (image * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        return array

    def cover(self, shape: Component) -> Tensor:
        """(1, 1, H, W) in [0, 1]: how much of each pixel a mask shows."""
        known = self.covers.get(shape)
        return make_cover(shape, Screen(self.story.canvas)) if known is None else known

    def guidance(self, drawing: Drawing, rng: Generator, anchor: Tensor | None = None) -> Guidance | None:
        """How a denoiser guides a drawing; None where none does. ``anchor`` (2, 3): its colour anchor so far."""
        settings = drawing.denoiser
        if settings is None or not settings.weight or settings.model not in self.denoisers:
            return None
        opened = self.denoisers[settings.model]
        return Guidance(opened, settings, drawing.prompts, self.story.canvas, rng, anchor)


def make_drawer(component: Component, story: Story) -> Drawer:
    """The drawer that a story names, or one that shows a picture which it gives."""
    entry = static_layer.get(component.name) or drawer.get(component.name)
    assert entry is not None, component.name  # the reader knows all names
    made: Drawer = entry.make(story.canvas, **dict(component.values))
    return made


def make_covers(story: Story) -> dict[Component, Tensor]:
    """The covers (1, 1, H, W) of all masks that never change, among them those from files."""
    screen = Screen(story.canvas)
    shapes = [
        layer.mask.shape for scene in story.all_scenes() for layer in scene.layers if layer.mask is not None
    ]
    fixed = dict.fromkeys(
        Component(shape.name, tuple(shape.fixed.items())) for shape in shapes if not shape.tracks
    )
    return {component: make_cover(component, screen) for component in fixed}


def make_cover(shape: Component, screen: Screen) -> Tensor:
    """(1, 1, H, W) in [0, 1]: how much of each pixel a mask shows."""
    cover: Tensor = mask.make(shape.name)(screen, **dict(shape.values))
    return cover


def _open_perceptor(component: Component, story: Story) -> PromptedPerceptor:
    model = perceptor.make(component.name)(**dict(component.values))
    return PromptedPerceptor(component.name, model, _embed_texts(model, story))


def _open_denoiser(component: Component, story: Story) -> PromptedDenoiser:
    model = denoiser.make(component.name)(**dict(component.values))
    return PromptedDenoiser(model, _embed_texts(model, story))


def _embed_texts(model: Perceptor | Denoiser, story: Story) -> dict[str, Tensor]:
    texts = sorted(set(_texts(story)))
    return dict(zip(texts, model.embed_text(texts), strict=True)) if texts else {}


def _texts(story: Story) -> Iterator[str]:
    for scene in story.all_scenes():
        for segment in scene.segments:
            for prompt in segment.prompts:
                yield from (key.text for key in prompt.texts)
