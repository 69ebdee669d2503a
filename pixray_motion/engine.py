"""The frame loop: a fold of states over the plans of a story."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from pixray_motion.coordinate_maps import ComposedMap
from pixray_motion.drawers.base import Drawer, Params
from pixray_motion.images import load_init_image
from pixray_motion.lazy import torch
from pixray_motion.refinement import refine
from pixray_motion.state import DrawingState, Scores, State
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Drawing, Plan
from pixray_motion.studio import Studio

if TYPE_CHECKING:
    from torch import Generator


def render(story: Story, studio: Studio, state: State | None = None) -> Iterator[State]:
    """The film's states from the beginning, or from the one after ``state``."""
    for frame in story.frames[0 if state is None else state.frame + 1 :]:
        state = advance(state, story.plan(frame), studio)
        yield state


def advance(state: State | None, plan: Plan, studio: Studio) -> State:
    """Make one frame from the one before it; depends on nothing but its arguments."""
    before = {} if state is None else state.drawings
    drawings: dict[str, DrawingState] = {}
    scores: list[Scores] = []
    for drawing in plan.drawings():
        drawings[drawing.id], found = draw(drawing, plan, before.get(drawing.id), studio)
        scores += [found] if found else []
    for stored, source in plan.snapshots:
        if stored not in drawings:
            drawings[stored] = drawings[source] if source in drawings else before[source]
    return State(plan, drawings, mean_scores(scores))


def draw(
    drawing: Drawing, plan: Plan, before: DrawingState | None, studio: Studio
) -> tuple[DrawingState, Scores]:
    """One drawing of a frame, moved and refined, and its scores."""
    rng = frame_generator(plan.seed, plan.frame, drawing.id)
    drawer = studio.drawers[drawing.drawer]
    going_on = before is not None and not drawing.cut
    params = move(before.params, drawing, drawer, rng) if before and going_on else begin(drawing, studio, rng)
    anchor = before.colour_anchor if before and going_on else None
    if not drawing.refines:
        return DrawingState(params, anchor), {}
    objective = studio.objective(drawing, rng, partial(drawer.draw, params) if going_on else None)
    guidance = studio.guidance(drawing, rng, anchor)
    params, scores = refine(params, drawer, objective, guidance, plan.seed)
    if guidance is not None:
        anchor = guidance.next_anchor(partial(drawer.draw, params))
    return DrawingState(params, anchor), scores


def move(params: Params, drawing: Drawing, drawer: Drawer, rng: Generator) -> Params:
    """The params of the frame before, moved into this one."""
    params = drawer.warp(params, drawing.motion, drawing.border, rng)
    if drawing.distortions:
        params = drawer.remap(params, ComposedMap(drawing.distortions), drawing.border, rng)
    return params


def begin(drawing: Drawing, studio: Studio, rng: Generator) -> Params:
    """Params of a new picture: of the one that the scene begins with, or of none."""
    drawer = studio.drawers[drawing.drawer]
    if drawing.init is None:
        return drawer.init_params(rng)
    canvas = studio.story.canvas
    return drawer.encode(drawing.init.load(lambda content: load_init_image(content, canvas)))


def mean_scores(scores: list[Scores]) -> dict[str, float]:
    """Over all drawings that have a score of that name."""
    names = dict.fromkeys(name for some in scores for name in some)
    every = {name: [some[name] for some in scores if name in some] for name in names}
    return {name: sum(values) / len(values) for name, values in every.items()}


def frame_generator(seed: int, frame: int, drawing: str = "") -> Generator:
    """A generator for one drawing (by its id) of a frame, unrelated to those of others and of other seeds."""
    digest = hashlib.sha256(f"{seed}:{frame}:{drawing}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
