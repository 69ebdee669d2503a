"""How new the prompts of a frame are: what is new needs more steps, behind more noise."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from pixray_motion.story.plan import Prompt

SETTLING = Fraction(1)  # seconds until a new prompt is not new any more; for half of that it is wholly new

TextWeights = dict[str, float]


def text_weights(prompts: Iterable[Prompt]) -> TextWeights:
    """The weight of every text, summed over all prompts that share it."""
    weights: TextWeights = {}
    for prompt in prompts:
        for text, share in prompt.texts:
            weights[text] = weights.get(text, 0.0) + prompt.weight * share
    return weights


def weight_distance(now: TextWeights, then: TextWeights) -> float:
    """0..1: how much of the weight lies on other texts (total variation)."""
    change = sum(abs(now.get(text, 0.0) - then.get(text, 0.0)) for text in now | then)
    total = max(sum(map(abs, now.values())), sum(map(abs, then.values())))
    return min(1.0, change / (2 * total)) if total else 0.0


def prompt_change(now: TextWeights, before: list[TextWeights]) -> float:
    """0..1: twice the mean distance to the weights of the frames ``before``, which fill ``SETTLING``.

    So a new prompt ages bit by bit, and one that swings to and fro is never old.
    """
    return min(1.0, 2 * sum(weight_distance(now, then) for then in before) / len(before))
