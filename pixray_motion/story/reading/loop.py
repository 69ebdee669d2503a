"""``loop`` as a story writes it: ``true``, or how long the end takes to lead back to the first picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from pixray_motion.geometry import Matrix
from pixray_motion.story.loop import Loop, max_displacement, total_drift
from pixray_motion.story.model import Story
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import read_mapping, read_text
from pixray_motion.story.source.nodes import Mapping, Node, Scalar
from pixray_motion.tracks.time import parse_time
from pixray_motion.wording import InvalidValue, quote

FADE = Fraction(1)  # second
SLACK = 0.35  # of the drift's logarithm: a scale of 1.4, a third of a height, 20 degrees
UNBENT = 1e-3  # canvas heights that a point may be off in the end


def read_loop(node: Node, story: Story, diagnostics: Diagnostics) -> Loop | None:
    """``true``, ``false`` or ``{fade: 1s, poses: free}``; None if the film does not loop or that is reported."""
    found: dict[str, Node] = {}
    if says_no_loop(node):
        return None
    if isinstance(node, Scalar):
        if node.text.strip() != "true":
            diagnostics.add(node.location, f"'loop' is true, false or {{fade: 1s}}. Got {quote(node.text)}")
            return None
    else:
        found = read_mapping(node, "'loop'", ("fade", "poses"), diagnostics)
        if not isinstance(node, Mapping):
            return None
    frames = len(story.frames)
    fade = _fade(found.get("fade"), story, diagnostics)
    free = "poses" in found and read_text(found["poses"], "'poses'", diagnostics)
    if free not in (False, None, "free", "closed"):
        diagnostics.add(found["poses"].location, f"'poses' is closed or free. Got {quote(str(free))}")
    whole = not any(scene.cut for scene in story.scenes[1:])
    closed = whole and free != "free"
    drift = _drift(node, story, diagnostics) if closed else np.zeros((3, 3))
    displacement = max_displacement(story.timeline, frames) if whole else 0.0
    if closed and displacement > UNBENT:
        diagnostics.add(
            node.location,
            "what bends the picture (swirl, wave, ripple, lens) does not come back to where it began: let it return, "
            "as in {0%: 0, 50%: 90, 100%: 0} or a phase of 360 degrees, or write loop: {poses: free}",
        )
    return Loop(frames, fade, drift, displacement)


def says_no_loop(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text.strip() == "false"


def _fade(node: Node | None, story: Story, diagnostics: Diagnostics) -> Fraction:
    longest = Fraction(len(story.frames) - 1)
    if node is None:
        return min(FADE * story.rate, longest)
    text = read_text(node, "'fade'", diagnostics) or "0"
    try:
        fade = parse_time(text).frames(story.rate, longest + 1)
        if fade > longest:
            raise InvalidValue(f"'fade' is {quote(text)}, as long as the film; make it shorter")
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return Fraction(0)
    return fade


def _drift(node: Node, story: Story, diagnostics: Diagnostics) -> Matrix:
    """What the movements have to be bent by so that they close."""
    try:
        drift = total_drift(story.timeline, len(story.frames))
    except ValueError:
        drift = np.full((3, 3), np.inf)
    if np.abs(drift).max() > SLACK:
        diagnostics.add(
            node.location,
            "the movements end far from where they began, so the loop would have to undo them: let them return, as in "
            "{0%: 1, 50%: 2, 100%: 1} or a turn of 360 degrees, or write loop: {poses: free}",
        )
        return np.zeros((3, 3))
    return drift
