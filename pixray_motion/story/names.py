"""The names that a story's model mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pixray_motion.story.model import Story


def find_names(story: Story) -> set[str]:
    """All texts in the model of a story: the names of drawers, movements, losses, easings, ..., its prompts, and more.

    Parts of every kind are found, whatever they lie in, since nothing is known of them here.
    """
    found: set[str] = set()
    seen: set[int] = set()
    todo: list[Any] = list(story.all_scenes())
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            found.add(value)
        elif id(value) in seen or isinstance(value, (int, float, type)):
            continue
        elif isinstance(value, (tuple, list)):
            todo += value
        elif isinstance(value, Mapping):
            todo += value.values()
        elif is_dataclass(value):  # without the caches of some, which begin with an underscore
            todo += [getattr(value, field.name) for field in fields(value) if not field.name.startswith("_")]
        else:
            continue
        seen.add(id(value))  # of what the model keeps alive
    return found
