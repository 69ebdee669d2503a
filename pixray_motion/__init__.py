"""Films from words: read a story, render its frames, write a film.

The names below are imported when they are first used, so that ``import pixray_motion`` brings no torch.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from pixray_motion.version import __version__ as __version__

if sys.version_info < (3, 11):  # noqa: UP036 - pip asks too, but nobody asks when a checkout is put on the path
    _found = ".".join(map(str, sys.version_info[:2]))
    raise ImportError(
        f"pixray_motion needs Python 3.11 or newer and this is {_found}; make the virtual environment with a newer "
        "one, for example: python3.11 -m venv .venv"
    )

if TYPE_CHECKING:
    from pixray_motion.engine import render as render
    from pixray_motion.errors import MotionError as MotionError
    from pixray_motion.errors import StoryError as StoryError
    from pixray_motion.film import write_film as write_film
    from pixray_motion.state import State as State
    from pixray_motion.stills import still_story as still_story
    from pixray_motion.story.model import Story as Story
    from pixray_motion.story.reading.story import parse as parse
    from pixray_motion.story.reading.story import read as read
    from pixray_motion.studio import Studio as Studio
    from pixray_motion.variants import draft as draft

_HOMES = {
    "StoryError": "errors",
    "MotionError": "errors",
    "State": "state",
    "Story": "story.model",
    "Studio": "studio",
    "draft": "variants",
    "parse": "story.reading.story",
    "read": "story.reading.story",
    "render": "engine",
    "still_story": "stills",
    "write_film": "film",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pixray_motion' has no attribute '{name}'")
    return getattr(importlib.import_module(f"pixray_motion.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
