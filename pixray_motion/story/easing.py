"""How a value runs from one key to the next: functions of [0, 1] that begin at 0 and end at 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pixray_motion.story.track import Samples

EASINGS: dict[str, Callable[[Samples], Samples]] = {
    "linear": lambda x: x,
    "hold": lambda x: np.floor(x),
    "ease-in": lambda x: x * x,
    "ease-out": lambda x: x * (2 - x),
    "ease-in-out": lambda x: x * x * (3 - 2 * x),
}
