"""Contracts: what every part promises, as tests that a plug-in runs on its own.

A contract is a class of pytest test methods. Derive a class from it and name the registered part:

    from pixray_motion.testing import DrawerContract

    class TestMosaic(DrawerContract):
        name = "mosaic"

``values`` are parameters, as the part gets them: ``values = {"columns": 12}``.
"""

try:
    import pytest
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pixray_motion.testing needs pytest, which runs its contracts: pip install pytest", name="pytest"
    ) from error

pytest.register_assert_rewrite(  # before they are imported, so that a failure shows the values compared
    *(
        f"{__name__}.{module}"
        for module in (
            "base",
            "drawers",
            "filters",
            "losses",
            "models",
            "movements",
            "screens",
            "tracks",
            "writers",
        )
    )
)

from pixray_motion.testing.base import Contract  # noqa: E402
from pixray_motion.testing.drawers import DrawerContract  # noqa: E402
from pixray_motion.testing.filters import FilterContract  # noqa: E402
from pixray_motion.testing.losses import LossContract  # noqa: E402
from pixray_motion.testing.models import DenoiserContract, PerceptorContract  # noqa: E402
from pixray_motion.testing.movements import DistortionContract, MovementContract  # noqa: E402
from pixray_motion.testing.screens import BlendContract, MaskContract, TransitionContract  # noqa: E402
from pixray_motion.testing.tracks import EasingContract  # noqa: E402
from pixray_motion.testing.writers import WriterContract  # noqa: E402

__all__ = [
    "BlendContract",
    "Contract",
    "DenoiserContract",
    "DistortionContract",
    "DrawerContract",
    "EasingContract",
    "FilterContract",
    "LossContract",
    "MaskContract",
    "MovementContract",
    "PerceptorContract",
    "TransitionContract",
    "WriterContract",
]
