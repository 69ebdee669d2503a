"""What every registered drawer must do (``DrawerContract``); a new one joins by being registered."""

from typing import Any

from contracts import contract_classes

from pixray_motion.drawers.base import Drawer
from pixray_motion.drawers.pixel import PixelDrawer
from pixray_motion.drawers.tilings import KINDS
from pixray_motion.testing import DrawerContract

WAYS: dict[str, list[dict[str, Any]]] = {
    "pixel": [{}, *({"cells": kind} for kind in KINDS[1:])],
    "fft": [{}, {"basis": "dwt"}, {"basis": "rgb"}],
}


class Drawers(DrawerContract):
    def wrap_step(self, made: Drawer) -> float:
        """Cells of every shape come to lie on others."""
        return 2 * float(made.size[0]) if isinstance(made, PixelDrawer) else super().wrap_step(made)


globals().update(contract_classes(Drawers, WAYS))
