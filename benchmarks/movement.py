"""What 120 frames of zoom and rotation leave of a picture, unrefined: python benchmarks/movement.py [SHEET.png]

Strokes that are still there are compared with the same ones moved at once, by all that the frames do; rasters with one
ideal resample of the picture. Sharpness is the mean length of the colours' slopes. Of cells it is told how many colours
are new, and by how much the pixels inside of one cell differ at most.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from pictures import photograph
from test_sharpness import reference, sharpness

from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.pixel import PixelDrawer
from pixray_motion.drawers.strokes import StrokeDrawer
from pixray_motion.drawers.tilings import KINDS
from pixray_motion.geometry import Canvas, Motion

CANVAS = Canvas(192, 108)
FRAMES = 120
STEP = Motion.rotation(0.5) @ Motion.scale(1.005)
WAYS = ("fft", "diffusion", "clipdraw", "line_sketch", *(f"pixel {kind}" for kind in KINDS))


def shown(made: Drawer, params: Params) -> np.ndarray:
    with torch.no_grad():
        return made.draw(params).image(CANVAS)[0].numpy().astype(np.float64)


def told(made: Drawer, start: Params, params: Params, total: Motion) -> str:
    note = ""
    image, everywhere = shown(made, params), np.ones((CANVAS.height, CANVAS.width), bool)
    if isinstance(made, PixelDrawer):
        known = {tuple(cell) for cell in start["cells"].flatten(2)[0].T.tolist()}
        new = {tuple(cell) for cell in params["cells"].flatten(2)[0].T.tolist()} - known
        fine = made.tiling.rasterise(3).reshape(CANVAS.height, 3, CANVAS.width, 3)
        whole, cells = (fine == fine[:, :1, :, :1]).all((1, 3)), made.tiling.rasterise(1)
        inside = [image[:, whole & (cells == cell)] for cell in np.unique(cells)]
        spread = max(np.ptp(pixels, axis=1).max() for pixels in inside if pixels.shape[1])
        return f"{len(new)} new colours, {spread:.6f} within a cell"
    if isinstance(made, StrokeDrawer):
        moved = start | {
            "points": torch.from_numpy(total.apply(start["points"].double().numpy())).float(),
            "widths": start["widths"] * total.area**0.5,
        }
        away = (params["points"][:, None] - moved["points"]).abs().amax((2, 3))
        kept, origin = (away < 1e-3).nonzero().unbind(1)
        image, ideal = shown(made, some(params, kept)), shown(made, some(moved, origin))
        note = f", {len(kept)} of {len(away)} strokes still there"
    else:
        ideal = reference(shown(made, start), total)
    return f"sharpness {sharpness(image, everywhere) / sharpness(ideal, everywhere):.4f}{note}"


def some(strokes: Params, numbers: torch.Tensor) -> Params:
    return {name: part if name == "paper" else part[numbers] for name, part in strokes.items()}


def main() -> None:
    rows = []
    for way in WAYS:
        name, _, cells = way.partition(" ")
        made = drawer.make(name)(CANVAS, **({"cells": cells, "scale": 1.5} if cells else {}))
        rng = torch.Generator().manual_seed(0)
        params = start = made.encode(torch.from_numpy(photograph(192, 108, 3))[None].float())
        total, tiles = Motion.identity(), [shown(made, start)]
        for frame in range(1, FRAMES + 1):
            params, total = made.warp(params, STEP, "mirror", rng), STEP @ total
            if frame % 40 == 0:
                tiles.append(shown(made, params))
        rows.append(np.concatenate(tiles, 2))
        print(f"{way:16} {told(made, start, params, total)}", flush=True)
    if len(sys.argv) > 1:
        sheet = (np.concatenate(rows, 1).transpose(1, 2, 0) * 255).round().astype(np.uint8)
        Image.fromarray(sheet).save(sys.argv[1])


if __name__ == "__main__":
    main()
