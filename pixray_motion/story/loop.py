"""Films whose last frame leads into the first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from pixray_motion.geometry import Matrix, Motion
from pixray_motion.movements.base import compose
from pixray_motion.story.plan import Drawing, Layer, Node, Plan, Stack, drawings, map_drawings
from pixray_motion.story.timeline import Timeline
from pixray_motion.story.transition import morph_prompts

FIRST = "first/"  # begins the ids of the first frame's drawings, which are stored until the film's end
POINTS = 12  # from the middle to each corner, that are looked at


@dataclass(frozen=True)
class Loop:
    """``frames``: the film's. ``fade`` (a fraction): how many of the last ones lead back to the first one's picture.

    ``drift`` is the logarithm of what all movements together have done by the film's end, which is taken out evenly;
    ``displacement``, in canvas heights, is how far what bends the picture has carried a point by then, at most.
    """

    frames: int
    fade: Fraction
    drift: Matrix
    displacement: float = 0.0

    def without_drift(self, frame: int) -> Motion:
        """What takes the pose that a story's movements have at ``frame`` to the one of the film that closes."""
        return Motion(_exponential(-self.drift * (frame / self.frames)))


def close_loop(plan: Plan, loop: Loop, scenes: Timeline) -> Plan:
    """The plan of a frame of a film that closes."""
    root = map_drawings(plan.root, lambda drawing: _remove_drift(drawing, plan.frame, loop))
    if plan.frame == 0:
        return replace(plan, root=root, snapshots=tuple((FIRST + d.id, d.id) for d in drawings(root)))
    first = scenes.node(0)
    plan = replace(plan, root=root, snapshots=tuple((FIRST + d.id,) * 2 for d in drawings(first)))
    left = loop.frames - plan.frame
    if left > loop.fade:
        return plan
    share = float(1 - left / (loop.fade + 1))
    if isinstance(root, Drawing) and isinstance(first, Drawing):
        root = replace(root, prompts=morph_prompts(root.prompts, first.prompts, share))
    returning = _returning(first, loop, scenes, plan.frame, left + 1 > loop.fade)
    return replace(plan, root=Stack((Layer(root), Layer(returning, share))))


def _remove_drift(drawing: Drawing, frame: int, loop: Loop) -> Drawing:
    """With the loop's drift taken out of its motion."""
    if drawing.cut or not loop.drift.any():
        return drawing
    motion = loop.without_drift(frame) @ drawing.motion @ loop.without_drift(frame - 1).inverse()
    return replace(drawing, motion=motion)


def _returning(first: Node, loop: Loop, scenes: Timeline, frame: int, begins: bool) -> Node:
    """The first frame's drawings, pre-warped by the inverse of the remaining motion, so that it takes them home.

    Where the return ``begins``, they come from that place; later they only move on.
    """
    motion = remaining_motion(scenes, loop, frame).inverse() if begins else _step(scenes, loop, frame)

    def move(drawing: Drawing) -> Drawing:
        return replace(drawing, steps=0, cut=False, motion=motion, id=FIRST + drawing.id)

    return map_drawings(first, move)


def remaining_motion(scenes: Timeline, loop: Loop, frame: int) -> Motion:
    """All that the film's movements do after ``frame``, up to and with the step into the first frame."""
    return compose(_step(scenes, loop, later) for later in range(frame + 1, loop.frames + 1))


def _step(scenes: Timeline, loop: Loop, frame: int) -> Motion:
    return loop.without_drift(frame) @ scenes.step(frame) @ loop.without_drift(frame - 1).inverse()


def closure_error(loop: Loop, scenes: Timeline) -> float:
    """How far from closed the movements are in the end: the largest entry by which their product is not the identity,
    or, of what bends the picture, the farthest that a point is from where it was, in canvas heights.

    Only what happens between two cuts can be closed; with a cut there is nothing to close.
    """
    if any(scene.cut for scene in scenes.scenes[1:]):
        return 0.0
    moved = np.abs(remaining_motion(scenes, loop, 0).matrix - np.eye(3)).max()
    return float(max(moved, loop.displacement))


def max_displacement(scenes: Timeline, frames: int) -> float:
    """How far at most, in canvas heights, what bends a film's picture has carried it when it starts over."""
    points = moved = scenes.canvas.corners()[:, None] * np.linspace(0.05, 1, POINTS)[:, None]
    for frame in range(1, frames + 1):
        for bend in scenes.distortions(frame):
            moved = bend.apply(moved)
    return float(np.linalg.norm(moved - points, axis=-1).max())


def total_drift(scenes: Timeline, frames: int) -> Matrix:
    """(3, 3): the logarithm of what a film's movements have done when it begins anew.

    Raises ``ValueError`` where there is none, as after a mirroring.
    """
    total = compose(scenes.step(frame) for frame in range(1, frames + 1)).matrix
    if np.allclose(total, np.eye(3), rtol=0, atol=1e-12):
        return np.zeros((3, 3))
    from scipy.linalg import logm

    found = logm(total)
    if np.iscomplexobj(found) and np.abs(found.imag).max() > 1e-9:
        raise ValueError("no real logarithm")
    drift: Matrix = np.real(found)
    return drift


def _exponential(matrix: Matrix) -> Matrix:
    from scipy.linalg import expm

    result: Matrix = expm(matrix)
    return result
