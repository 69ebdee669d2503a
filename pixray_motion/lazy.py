"""torch, imported when it is first used.

Stories are read, checked and planned by the same modules that draw, and importing torch takes longer than that.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any


class _Torch:
    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("torch"), name)


if TYPE_CHECKING:
    import torch as torch
else:
    torch = _Torch()
