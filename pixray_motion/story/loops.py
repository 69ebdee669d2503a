"""``loop`` as a story writes it: ``true``, or how long the end takes to lead back to the first picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from pixray_motion.geometry import Matrix
from pixray_motion.story.loop import Loop, bent_by, drift_of
from pixray_motion.story.model import Story
from pixray_motion.story.nodes import Mapping, Node, Scalar
from pixray_motion.story.report import Refused, Report, quoted
from pixray_motion.story.scope import fields, text_of
from pixray_motion.story.time import parse_time

FADE = Fraction(1)  # second
SLACK = 0.35  # of the drift's logarithm: a scale of 1.4, a third of a height, 20 degrees
UNBENT = 1e-3  # canvas heights that a point may be off in the end


def read_loop(node: Node, story: Story, report: Report) -> Loop | None:
    """``true``, ``false`` or ``{fade: 1s, poses: free}``; None if the film does not loop or that is reported."""
    found: dict[str, Node] = {}
    if isinstance(node, Scalar):
        if node.text.strip() == "false":
            return None
        if node.text.strip() != "true":
            report.add(node.place, f"'loop' is true, false or {{fade: 1s}}. Got {quoted(node.text)}")
            return None
    else:
        found = fields(node, "'loop'", ("fade", "poses"), report)
        if not isinstance(node, Mapping):
            return None
    frames = len(story.frames)
    fade = _fade(found.get("fade"), story, report)
    free = "poses" in found and text_of(found["poses"], "'poses'", report)
    if free not in (False, None, "free", "closed"):
        report.add(found["poses"].place, f"'poses' is closed or free. Got {quoted(str(free))}")
    closed = free != "free" and not any(scene.cut for scene in story.scenes[1:])
    drift = _drift(node, story, report) if closed else np.zeros((3, 3))
    if closed and bent_by(story.timeline, frames) > UNBENT:
        report.add(
            node.place,
            "what bends the picture (swirl, wave, ripple, lens) does not come back to where it began: let it return, "
            "as in {0%: 0, 50%: 90, 100%: 0} or a phase of 360 degrees, or write loop: {poses: free}",
        )
    return Loop(frames, fade, drift)


def _fade(node: Node | None, story: Story, report: Report) -> Fraction:
    longest = Fraction(len(story.frames) - 1)
    if node is None:
        return min(FADE * story.rate, longest)
    text = text_of(node, "'fade'", report) or "0"
    try:
        fade = parse_time(text).frames(story.rate, longest + 1)
        if fade > longest:
            raise Refused(f"'fade' is {quoted(text)}, as long as the film; make it shorter")
    except Refused as refused:
        report.add(node.place, refused.message)
        return Fraction(0)
    return fade


def _drift(node: Node, story: Story, report: Report) -> Matrix:
    """What the movements have to be bent by so that they close."""
    try:
        drift = drift_of(story.timeline, len(story.frames))
    except ValueError:
        drift = np.full((3, 3), np.inf)
    if np.abs(drift).max() > SLACK:
        report.add(
            node.place,
            "the movements end far from where they began, so the loop would have to undo them: let them return, as in "
            "{0%: 1, 50%: 2, 100%: 1} or a turn of 360 degrees, or write loop: {poses: free}",
        )
        return np.zeros((3, 3))
    return drift
