"""What a plan asks for, in words."""

from __future__ import annotations

from collections.abc import Iterable
from math import atan2, degrees

from pixray_motion.coordinate_maps import InverseMap
from pixray_motion.geometry import Motion
from pixray_motion.story.plan import Drawing, Prompt

NEGLIGIBLE = 1e-6  # canvas heights, degrees or growth in area; less is not described


def describe_prompts(prompts: Iterable[Prompt]) -> str:
    """The prompts on one line, with the shares of a morph and with weights other than 1; '' if all weights are 0."""
    return " | ".join(_describe_prompt(prompt) for prompt in prompts if prompt.weight)


def _describe_prompt(prompt: Prompt) -> str:
    words = " > ".join(text if share == 1 else f"{text} {share:.0%}" for text, share in prompt.texts)
    return " ".join(words.split()) + ("" if prompt.weight == 1 else f":{prompt.weight:.4g}")


def describe_motion(step: Motion) -> str:
    """The magnification, shift and rotation of a motion, and whether it leans or mirrors; '' if nothing moves."""
    (a, b, x), (c, d, y), (p, q, _) = step.matrix.tolist()
    angle = degrees(atan2(c - b, a + d))
    words = {
        f"x{step.area**0.5:.4f}": abs(step.area - 1) > NEGLIGIBLE,
        f"{x:+.4f} {y:+.4f}": max(abs(x), abs(y)) > NEGLIGIBLE,
        f"{angle:+.3f} deg": abs(angle) > NEGLIGIBLE,
        "leaning": max(abs(p), abs(q)) > NEGLIGIBLE,
        "mirrored": a * d - b * c < 0,
    }
    return ", ".join(word for word, there in words.items() if there)


def describe_movement(drawing: Drawing) -> str:
    """All movements into a frame: its motion, and the names of its distortions."""
    distortions = dict.fromkeys(
        type(part).__name__.lower() for part in drawing.distortions if not isinstance(part, InverseMap)
    )
    return ", ".join(filter(None, [describe_motion(drawing.motion), *distortions]))
