"""Draws docs/pictures/movements.png, the card that each movement has moved: python docs/make_pictures.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Canvas
from pixray_motion.movements import movement
from pixray_motion.preview import CardDrawer
from pixray_motion.testcard import INK, PAPER, draw_test_card, load_font

SIZE = Canvas(240, 136)
SHOWN: dict[str, dict[str, object]] = {
    "zoom": {"factor": 1.5},
    "pan": {"x": 0.25, "y": 0.1},
    "rotate": {"angle": 20.0},
    "shear": {"x": 0.3},
    "flip": {"x": 1.0},
    "orbit": {"radius": 0.2, "angle": 90.0},
    "spiral": {"factor": 1.4, "angle": 30.0},
    "bounce": {"height": 0.3, "seconds": 0.5},
    "shake": {"amount": 0.2, "angle": 10.0, "seconds": 0.3},
    "tilt": {"angle": 40.0},
    "turn": {"angle": 40.0},
    "roll": {"angle": 20.0},
    "dolly": {"z": 0.3},
    "dolly-zoom": {"fov": 90.0, "tilt": 25.0},
    "swirl": {"angle": 90.0},
    "wave": {"height": 0.06},
    "ripple": {"amount": 0.7, "phase": 90.0},
    "lens": {"factor": 2.5},
    "kaleidoscope": {"segments": 6.0, "angle": -90.0},
}


def moved(name: str) -> Image.Image:
    card = torch.from_numpy(np.array(draw_test_card(SIZE))).permute(2, 0, 1)[None].float() / 255
    drawer = CardDrawer(SIZE, card)
    rng = torch.Generator()
    pose = movement.make(name)(**SHOWN[name])
    act = drawer.remap if isinstance(pose, CoordinateMap) else drawer.warp
    params = act(drawer.init_params(rng), pose, "edge", rng)
    image = drawer.draw(params).image(SIZE)[0].permute(1, 2, 0)
    return Image.fromarray((image * 255).round().byte().numpy())


def main() -> None:
    columns, step = 4, (SIZE.width + 12, SIZE.height + 30)
    names = ["at rest", *movement.names()]
    rows = -(-len(names) // columns)
    page = Image.new("RGB", (columns * step[0] + 12, rows * step[1] + 12), PAPER)
    pen = ImageDraw.Draw(page)
    for index, name in enumerate(names):
        left, top = 12 + index % columns * step[0], 12 + index // columns * step[1]
        page.paste(draw_test_card(SIZE) if name == "at rest" else moved(name), (left, top))
        values = ", ".join(f"{key}: {value:g}" for key, value in SHOWN.get(name, {}).items())
        pen.text((left, top + SIZE.height + 3), f"{name}  {values}", INK, load_font(13))
    page.quantize(128).save(Path(__file__).parent / "pictures" / "movements.png", optimize=True)


if __name__ == "__main__":
    main()
