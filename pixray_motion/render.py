"""The frame loop: a fold of states over the plans of a story."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixray_motion.allocator import keep_memory
from pixray_motion.drawers.base import Drawer, Params, Picture, drawer
from pixray_motion.errors import MotionError
from pixray_motion.lazy import torch
from pixray_motion.objective import Knowledge, Objective, Sight, filtered
from pixray_motion.perceptors.base import Perceptor, perceptor
from pixray_motion.priors.base import Prior, prior
from pixray_motion.story.model import Plan, Story
from pixray_motion.story.prompts import is_weighted
from pixray_motion.story.read import parse
from pixray_motion.story.track import Constant

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class State:
    """All that crosses from one frame to the next; ``scores`` tells how well the frame shows its prompts."""

    plan: Plan
    params: Params
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def frame(self) -> int:
        return self.plan.frame


@dataclass(frozen=True)
class Studio:
    """What renders a story: its drawer, its perceptors and priors with its texts embedded, and how torch works here."""

    story: Story
    drawer: Drawer
    sights: tuple[Sight, ...]
    threads: int
    device: str = "cpu"
    knowledge: Mapping[str, Knowledge] = field(default_factory=dict)

    @classmethod
    def open(cls, story: Story, threads: int = 1, device: str = "cpu") -> Studio:
        """Load what ``story`` asks for. Sets torch's number of threads for this process."""
        torch.set_num_threads(threads)
        keep_memory()
        make = drawer.make(story.drawer.name)
        sights = tuple(_sight(name, story, device) for name in story.perceptors)
        lines = [scene.prior for scene in story.scenes if scene.prior]
        names = dict.fromkeys(line.name for line in lines if line.weight != Constant(0.0))
        knowledge = {name: _knowledge(name, story, device) for name in names}
        return cls(story, make(story.canvas, **dict(story.drawer.values)), sights, threads, device, knowledge)

    def objective(self, plan: Plan, rng: Generator) -> Objective:
        known = self.knowledge.get(plan.guide.name) if plan.guide else None
        return Objective(plan, self.story.canvas, self.sights, rng, known)

    def picture(self, state: State) -> Picture:
        """What ``state`` shows, through its filters; no gradient."""
        with torch.no_grad():
            return filtered(self.drawer.draw(state.params), state.plan)

    def image(self, state: State) -> NDArray[np.uint8]:
        """(H, W, 3): the frame, ready to be written."""
        with torch.no_grad():
            image = self.picture(state).image(self.story.canvas)[0]
        array: NDArray[np.uint8] = (image * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        return array


def render(story: Story, studio: Studio, state: State | None = None) -> Iterator[State]:
    """The film's states from the beginning, or from the one after ``state``."""
    for frame in story.frames[0 if state is None else state.frame + 1 :]:
        state = advance(state, story.plan(frame), studio)
        yield state


def advance(state: State | None, plan: Plan, studio: Studio) -> State:
    """Make one frame from the one before it; depends on nothing but its arguments."""
    rng = seeded(plan.seed, plan.frame)
    if state is None or plan.cut:
        params = studio.drawer.fresh(rng)
    else:
        params = studio.drawer.warp(state.params, plan.motion, plan.border, rng)
    if not plan.refines:
        return State(plan, params)
    return State(plan, *studio.drawer.refine(params, studio.objective(plan, rng), plan.steps))


def still(
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


def seeded(seed: int, frame: int) -> Generator:
    """A generator for one frame, unrelated to those of other frames and seeds."""
    digest = hashlib.sha256(f"{seed}:{frame}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _sight(name: str, story: Story, device: str) -> Sight:
    entry = perceptor.get(name)
    if entry is None:
        raise MotionError(perceptor.unknown(name))
    model = entry.make(device=device)
    return Sight(model, _embedded(model, story))


def _knowledge(name: str, story: Story, device: str) -> Knowledge:
    model = prior.make(name)(device=device)
    return Knowledge(model, _embedded(model, story))


def _embedded(model: Perceptor | Prior, story: Story) -> dict[str, Tensor]:
    texts = sorted({key.text for scene in story.scenes for line in scene.prompts for key in line.texts})
    return dict(zip(texts, model.embed_text(texts), strict=True)) if texts else {}
