"""Pictures from files, as tensors of the canvas' size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


def load_init_image(path: Path, canvas: Canvas) -> Tensor:
    """(1, 3, H, W) in [0, 1]: the picture in a file, cropped to the canvas' shape. Raises what Pillow raises."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        fitted = np.array(ImageOps.fit(upright, (canvas.width, canvas.height), Image.Resampling.LANCZOS))
    return torch.from_numpy(fitted).permute(2, 0, 1)[None].float() / 255


def load_mask(path: Path, canvas: Canvas) -> Tensor:
    """(1, 1, H, W) in [0, 1]: the greys of a file's picture, stretched to the canvas. Raises what Pillow raises."""
    with Image.open(path) as picture:
        grey = picture.convert("L").resize((canvas.width, canvas.height), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(grey))[None, None].float() / 255
