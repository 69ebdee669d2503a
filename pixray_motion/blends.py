"""Blend modes: what colours a layer makes of those below it.

A blend is a registered function ``(below, above, **parameters) -> colours`` of tensors (1, 3, H, W) in [0, 1], after
the W3C's "Compositing and Blending". Opacity is not its business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pixray_motion.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

blend: Registry[Callable[..., Tensor]] = Registry("blend", builtin="pixray_motion.blends")


@blend("over")
def over(below: Tensor, above: Tensor) -> Tensor:  # noqa: ARG001
    """The layer's own colours."""
    return above


@blend("add")
def add(below: Tensor, above: Tensor) -> Tensor:
    """Light added to light, up to white."""
    return (below + above).clamp(max=1)


@blend("multiply")
def multiply(below: Tensor, above: Tensor) -> Tensor:
    """As transparent sheets on white: darker than both."""
    return below * above


@blend("screen")
def screen(below: Tensor, above: Tensor) -> Tensor:
    """As two projectors: lighter than both."""
    return 1 - (1 - below) * (1 - above)
