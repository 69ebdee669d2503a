"""The story of one picture."""

from __future__ import annotations

import json

from pixray_motion.story.model import Story
from pixray_motion.story.reading.prompts import is_weighted
from pixray_motion.story.reading.story import parse


def still_story(
    prompt: str,
    drawer_name: str = "fft",
    size: str = "128x128",
    steps: int | None = None,
    seed: int = 0,
) -> Story:
    """A film of one frame, by default with the drawer's steps. Raises ``StoryError`` if the prompt cannot be read.

    A prompt has pixray's syntax, but a part with something else than numbers behind its colons is one text.
    """
    parts = [part if is_weighted(part) else {"text": part.strip()} for part in prompt.split("|")]
    prompts = prompt if all(isinstance(part, str) for part in parts) else parts
    scene = {"length": "1f", "prompts": prompts} | ({} if steps is None else {"steps": str(steps)})
    story = {"story": "1", "canvas": size, "drawer": drawer_name, "seed": str(seed), "scenes": [scene]}
    return parse(json.dumps(story, ensure_ascii=False), path="still")  # JSON is YAML
