"""torch, imported at first use.

The modules that draw also read, check and plan stories, and importing torch takes longer than all of that. A plug-in
that writes ``from pixray_motion.lazy import torch`` instead of ``import torch`` keeps these commands quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any


class _Torch:
    """Stands in for the module ``torch``; type checkers see the module itself."""

    def __getattr__(self, name: str) -> Any:
        """Called only for attributes that were not asked for before: each is looked up in torch once and kept here."""
        value = getattr(importlib.import_module("torch"), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import torch as torch
else:
    torch = _Torch()
