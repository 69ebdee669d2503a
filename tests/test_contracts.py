"""What every registered movement, loss, filter, model, writer, ... must do; a new one joins by being registered."""

from pathlib import Path

from contracts import contract_classes

from pixray_motion.movements.base import is_distortion, movement
from pixray_motion.testing import (
    BlendContract,
    DenoiserContract,
    DistortionContract,
    EasingContract,
    FilterContract,
    LossContract,
    MaskContract,
    MovementContract,
    PerceptorContract,
    TransitionContract,
    WriterContract,
)
from pixray_motion.units import StoryFile

DISTORTIONS = [name for name in movement.names() if is_distortion(movement.make(name))]
SHADES = Path(__file__).parents[1] / "docs" / "pictures" / "drawers.png"

for contract, ways, names in (
    (MovementContract, {}, [name for name in movement.names() if name not in DISTORTIONS]),
    (DistortionContract, {"kaleidoscope": [{}, {"segments": 5.0}]}, DISTORTIONS),
    (LossContract, {}, None),
    (FilterContract, {"contrast": [{}, {"amount": 2.5}]}, None),
    (PerceptorContract, {}, None),
    (DenoiserContract, {}, None),
    (WriterContract, {}, None),
    (BlendContract, {}, None),
    (TransitionContract, {}, None),
    (MaskContract, {"image": [{"file": StoryFile("drawers.png", "", SHADES)}]}, None),
    (
        EasingContract,
        {"steps": [{"count": 3}], "cubic-bezier": [{"x1": 0.4, "y1": 0.0, "x2": 0.2, "y2": 1.0}]},
        None,
    ),
):
    globals().update(contract_classes(contract, ways, names))
