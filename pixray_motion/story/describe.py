"""What a plan asks for, in words."""

from __future__ import annotations

from collections.abc import Iterable
from math import atan2, degrees

from pixray_motion.coordinate_maps import InverseMap
from pixray_motion.geometry import Motion
from pixray_motion.story.plan import Drawing, Prompt

SMALL = 1e-6  # what is less is nothing


def describe_prompts(prompts: Iterable[Prompt]) -> str:
    """Texts on one line, with the shares of a morph and with weights other than 1; '' if nothing is wanted."""
    return " | ".join(_prompt(prompt) for prompt in prompts if prompt.weight)


def _prompt(prompt: Prompt) -> str:
    words = " > ".join(text if share == 1 else f"{text} {share:.0%}" for text, share in prompt.texts)
    return " ".join(words.split()) + ("" if prompt.weight == 1 else f":{prompt.weight:.4g}")


def describe_motion(step: Motion) -> str:
    """As far as there are words: how much larger, how far, and how far round; '' if nothing moves."""
    (a, b, x), (c, d, y), (p, q, _) = step.matrix.tolist()
    angle = degrees(atan2(c - b, a + d))
    words = {
        f"x{step.area**0.5:.4f}": abs(step.area - 1) > SMALL,
        f"{x:+.4f} {y:+.4f}": max(abs(x), abs(y)) > SMALL,
        f"{angle:+.3f} deg": abs(angle) > SMALL,
        "leaning": max(abs(p), abs(q)) > SMALL,
        "mirrored": a * d - b * c < 0,
    }
    return ", ".join(word for word, there in words.items() if there)


def describe_movement(drawing: Drawing) -> str:
    """All that moves the picture into a frame."""
    distortions = dict.fromkeys(
        type(bend).__name__.lower() for bend in drawing.distortions if not isinstance(bend, InverseMap)
    )
    return ", ".join(filter(None, [describe_motion(drawing.motion), *distortions]))
