"""The frame loop: a fold of states over the plans of a story."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pixray_motion.allocator import keep_memory
from pixray_motion.composite import Table
from pixray_motion.coordinate_maps import ComposedMap
from pixray_motion.denoisers.base import Denoiser, denoiser
from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.static import image_drawer, text_drawer
from pixray_motion.errors import MotionError
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.objective import Objective, PromptedDenoiser, PromptedPerceptor, filtered
from pixray_motion.perceptors.base import Perceptor, perceptor
from pixray_motion.picture import Picture
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component, Plan
from pixray_motion.story.reading.prompts import is_weighted
from pixray_motion.story.reading.story import parse
from pixray_motion.tracks.base import Constant

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class State:
    """All that crosses from one frame to the next; ``scores`` tells how well the frame shows its prompts.

    ``drawings`` are params by the names of what is drawn: one, or several while there are layers or a transition.
    ``tones`` (2, 3), by the same names, are those that a denoiser keeps while nothing is new.
    """

    plan: Plan
    drawings: Mapping[str, Params]
    scores: Mapping[str, float] = field(default_factory=dict)
    tones: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def frame(self) -> int:
        return self.plan.frame

    @property
    def params(self) -> Params:
        """Those of the picture, where it is a single one."""
        return self.drawings[self.plan.drawing]


@dataclass(frozen=True)
class Studio:
    """What renders a story: its drawers, its perceptors and denoisers with its texts embedded, and how torch works here.

    ``look`` makes pixels of a picture.
    """

    story: Story
    drawers: Mapping[Component, Drawer]
    prompted_perceptors: Mapping[Component, PromptedPerceptor]
    threads: int
    prompted_denoisers: Mapping[Component, PromptedDenoiser] = field(default_factory=dict)
    look: Callable[[Picture, Canvas], Tensor] = Picture.image

    @classmethod
    def open(cls, story: Story, threads: int = 1) -> Studio:
        """Load what ``story`` asks for. Sets torch's number of threads for this process."""
        torch.set_num_threads(threads)
        keep_memory()
        scenes = list(story.all_scenes())
        drawers = {
            choice: make_drawer(choice, story) for choice in dict.fromkeys(scene.drawer for scene in scenes)
        }
        seen = dict.fromkeys(one.component for scene in scenes for one in scene.perceptors)
        prompted_perceptors = {component: _sight(component, story) for component in seen}
        lines = [scene.denoiser[1] for scene in scenes if scene.denoiser]
        models = dict.fromkeys(line.model for line in lines if line.weight != Constant(0.0))
        prompted_denoisers = {model: _knowledge(model, story) for model in models}
        return cls(story, drawers, prompted_perceptors, threads, prompted_denoisers)

    @property
    def drawer(self) -> Drawer:
        """The drawer of the film's first scene."""
        return self.drawers[self.story.scenes[0].drawer]

    def objective(self, plan: Plan, rng: Generator, tones: Tensor | None = None) -> Objective:
        known = self.prompted_denoisers.get(plan.guide.model) if plan.guide else None
        prompted_perceptors = [self.prompted_perceptors[one.component] for one in plan.perceptors]
        return Objective(plan, self.story.canvas, prompted_perceptors, rng, known, tones)

    def image(self, state: State) -> NDArray[np.uint8]:
        """(H, W, 3): the frame, ready to be written; layers lie over black."""

        def see(plan: Plan) -> Picture:
            return filtered(self.drawers[plan.drawer].draw(state.drawings[plan.drawing]), plan)

        table = Table(self.story.canvas, see, partial(load_mask, self.story), self.look)
        with torch.no_grad():
            image = table.lay(state.plan).on_black()[0]
        array: NDArray[np.uint8] = (image * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        return array


def render(story: Story, studio: Studio, state: State | None = None) -> Iterator[State]:
    """The film's states from the beginning, or from the one after ``state``."""
    for frame in story.frames[0 if state is None else state.frame + 1 :]:
        state = advance(state, story.plan(frame), studio)
        yield state


def advance(state: State | None, plan: Plan, studio: Studio) -> State:
    """Make one frame from the one before it; depends on nothing but its arguments."""
    before = {} if state is None else state.drawings
    tones = {} if state is None else dict(state.tones)
    drawings: dict[str, Params] = {}
    found: list[Mapping[str, float]] = []
    for part in plan.drawn():
        name = part.drawing
        held = None if part.cut else tones.pop(name, None)
        drawings[name], scores, held = _drawn(part, before.get(name), held, studio)
        tones |= {} if held is None else {name: held}
        found += [scores] if scores else []
    for name, source in plan.kept:
        if name not in drawings:
            drawings[name] = drawings[source] if source in drawings else before[source]
    return State(plan, drawings, _mean(found), {name: tones[name] for name in drawings if name in tones})


def _drawn(
    plan: Plan, before: Params | None, held: Tensor | None, studio: Studio
) -> tuple[Params, Mapping[str, float], Tensor | None]:
    """One drawing of a frame, its scores, and the tones that it is to keep: ``held`` are the former ones."""
    rng = frame_generator(plan.seed, plan.frame, plan.drawing)
    made = studio.drawers[plan.drawer]
    same = None if plan.cut else before
    if same is not None:
        params = made.warp(same, plan.motion, plan.border, rng)
        params = (
            made.remap(params, ComposedMap(plan.distortions), plan.border, rng)
            if plan.distortions
            else params
        )
    elif plan.init is not None:
        params = made.encode(load_init_image(studio.story, plan.init[0]))
    else:
        params = made.init_params(rng)
    if not plan.refines:
        return params, {}, held
    objective = studio.objective(plan, rng, held)
    params, scores = made.refine(params, objective, plan.steps)
    return params, scores, objective.settled(partial(made.draw, params))


def _mean(scores: list[Mapping[str, float]]) -> dict[str, float]:
    """Over all drawings that have a score of that name."""
    names = dict.fromkeys(name for some in scores for name in some)
    every = {name: [some[name] for some in scores if name in some] for name in names}
    return {name: sum(values) / len(values) for name, values in every.items()}


def still_story(
    prompt: str,
    drawer_name: str = "fft",
    size: str = "128x128",
    steps: int | None = None,
    seed: int = 0,
) -> Story:
    """The story of one picture, by default with the drawer's steps; a prompt that cannot be read is a ``StoryError``.

    A prompt has pixray's syntax, but a part with something else than numbers behind its colons is one text.
    """
    parts = [part if is_weighted(part) else {"text": part.strip()} for part in prompt.split("|")]
    prompts = prompt if all(isinstance(part, str) for part in parts) else parts
    scene = {"length": "1f", "prompts": prompts} | ({} if steps is None else {"steps": str(steps)})
    story = {"story": "1", "canvas": size, "drawer": drawer_name, "seed": str(seed), "scenes": [scene]}
    return parse(json.dumps(story, ensure_ascii=False), path="still")  # JSON is YAML


def frame_generator(seed: int, frame: int, drawing: str = "") -> Generator:
    """A generator for one drawing of a frame, unrelated to those of other drawings, frames and seeds."""
    digest = hashlib.sha256(f"{seed}:{frame}:{drawing}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def make_drawer(choice: Component, story: Story) -> Drawer:
    """The drawer that a story chooses, or one that shows a picture which it gives."""
    values = dict(choice.values)
    if choice.name == "image":
        values.pop("hash", None)
        return image_drawer(story.canvas, story.folder / values.pop("file"), **values)
    if choice.name == "text":
        return text_drawer(story.canvas, **values)
    return drawer.make(choice.name)(story.canvas, **values)


def load_init_image(story: Story, file: str) -> Tensor:
    """(1, 3, H, W) in [0, 1]: the picture in a file, cropped to the canvas' shape."""
    with Image.open(story.folder / file) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        size = (story.canvas.width, story.canvas.height)
        fitted = np.array(ImageOps.fit(upright, size, Image.Resampling.LANCZOS))
    return torch.from_numpy(fitted).permute(2, 0, 1)[None].float() / 255


def load_mask(story: Story, file: str) -> Tensor:
    """(1, 1, H, W) in [0, 1]: a mask from a file, as large as the canvas."""
    with Image.open(story.folder / file) as picture:
        grey = picture.convert("L").resize(
            (story.canvas.width, story.canvas.height), Image.Resampling.LANCZOS
        )
    return torch.from_numpy(np.array(grey))[None, None].float() / 255


def _sight(component: Component, story: Story) -> PromptedPerceptor:
    entry = perceptor.get(component.name)
    if entry is None:
        raise MotionError(perceptor.unknown(component.name))
    model = entry.make(**dict(component.values))
    return PromptedPerceptor(model, _embedded(model, story))


def _knowledge(component: Component, story: Story) -> PromptedDenoiser:
    model = denoiser.make(component.name)(**dict(component.values))
    return PromptedDenoiser(model, _embedded(model, story))


def _embedded(model: Perceptor | Denoiser, story: Story) -> dict[str, Tensor]:
    lines = [line for scene in story.all_scenes() for segment in scene.segments for line in segment.prompts]
    texts = sorted({key.text for line in lines for key in line.texts})
    return dict(zip(texts, model.embed_text(texts), strict=True)) if texts else {}
