"""Layers that are not drawn: an image from a file, and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.drawers.base import Drawer, LearningRate, Params
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.images import open_image
from pixray_motion.lazy import torch
from pixray_motion.limits import PICTURE_PIXELS, TEXT_CHARACTERS
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.sampling import field_sample
from pixray_motion.testcard import load_font
from pixray_motion.units import CENTRE, RGB, Colour, ImageFile, Pair, Real, StoryFile, Text, Unit

if TYPE_CHECKING:
    from torch import Generator, Tensor

FINER = 4  # the most pixels of an image to one pixel of the canvas, so that a zoom finds some
AROUND = 1.5  # times the canvas is the plane that a bent picture lies on
OUTLINE = 0.08  # of the height of letters
SMALLEST = 8  # pixels of letters
MEASURABLE = 1e-150, 1e150  # the local scale of a view: beyond, its square would leave the range of numbers
Pixels = NDArray[np.float32]
Height = Annotated[float, Real(0.01, 10)]
Place = Annotated[tuple[float, float], Pair(Unit("canvas heights", -10, 10))]
static_layer: Registry[Callable[..., Drawer]] = Registry(
    "layer", builtin="pixray_motion.drawers.static", animatable=False
)


class StaticDrawer(Drawer):
    """Shows (h, w, 4) ``pixels`` in [0, 1], ``height`` canvas heights tall, around ``at``. Nothing lies beyond them.

    The pixels are square, unless ``width``, in canvas heights, says otherwise.

    Params: ``view`` (3, 3) float64, from where the picture was at first to where it is. Once bent, the view is that of
    a plane, each of whose pixels shows what was, at first, at ``backward_map`` (h, w, 2).
    """

    def __init__(
        self,
        canvas: Canvas,
        pixels: Pixels,
        height: float,
        at: tuple[float, float] = (0.0, 0.0),
        width: float | None = None,
    ) -> None:
        self.canvas = canvas
        planes = torch.from_numpy(_filled(pixels)).permute(2, 0, 1)[None].float().contiguous()
        self._colours, self._alpha = planes[:, :3], planes[:, 3:]
        density = pixels.shape[0] / height
        self._density = density if width is None else pixels.shape[1] / width, density
        self._place = Motion.shift(*at)
        columns, rows = (round(length * AROUND / 2) * 2 for length in (canvas.width, canvas.height))
        self._places = Canvas(columns, rows).centres() * (rows / canvas.height)

    def init_params(self, rng: Generator) -> Params:  # noqa: ARG002
        return {"view": torch.from_numpy(Motion.identity().matrix)}

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:  # noqa: ARG002
        view = motion @ Motion(params["view"].numpy())
        with np.errstate(all="ignore"):
            scale = view.area**0.5
        if not MEASURABLE[0] < scale < MEASURABLE[1]:
            return params  # long since too small or too large to be seen: it stays as it was
        return params | {"view": torch.from_numpy(view.matrix)}

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:  # noqa: ARG002
        points = Motion(params["view"].numpy()).inverse().apply(bend.apply_inverse(self._places))
        if "backward_map" in params:
            backward_map = params["backward_map"].double().numpy()
            points = field_sample(backward_map, self._places, self.canvas.height, points)
        return self.init_params(rng) | {"backward_map": torch.from_numpy(points).float()}

    def draw(self, params: Params) -> Picture:
        view = Motion(params["view"].numpy())
        picture = Picture(self._colours, self._density, self._place, alpha=self._alpha)
        if "backward_map" in params:
            picture = picture.warped(params["backward_map"], self.canvas)
        return replace(picture, view=view @ picture.view)

    def encode(self, image: Tensor) -> Params:
        raise NotImplementedError("an image layer shows nothing else")

    def learning(self, params: Params) -> dict[str, LearningRate]:  # noqa: ARG002
        return {}


@static_layer("image")
def image_drawer(
    canvas: Canvas,
    file: Annotated[StoryFile, ImageFile()],
    height: Height = 1.0,
    at: Place = CENTRE,
) -> Drawer:
    """A picture from a file, with its transparency, ``height`` canvas heights tall, around ``at``."""
    picture = file.load(open_image)
    shape = picture.width / picture.height
    most = max(1, round(FINER * canvas.height * height))
    rows = min(picture.height, most, max(1, int((_most_pixels(canvas) / shape) ** 0.5)))
    columns = picture.width
    if picture.height > rows:
        columns = max(1, round(picture.width * rows / picture.height))
        picture = picture.resize((columns, rows), Image.Resampling.LANCZOS)
    picture = picture.convert("RGBA")
    width = height * shape if columns == 1 else None
    return StaticDrawer(canvas, np.asarray(picture, np.float32) / np.float32(255), height, at, width)


@static_layer("text")
def text_drawer(
    canvas: Canvas,
    text: Annotated[str, Text(TEXT_CHARACTERS, lines=True)],
    height: Height = 0.15,
    at: Place = CENTRE,
    colour: Annotated[RGB, Colour()] = (255, 255, 255),
    outline: Annotated[RGB | None, Colour()] = (0, 0, 0),
) -> Drawer:
    """Words, of letters that are ``height`` canvas heights tall, with an outline around them."""
    size = max(SMALLEST, min(400, round(2 * canvas.height * height)))
    while True:
        stroke = round(size * OUTLINE) if outline else 0
        letters = load_font(size)
        left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
            (0, 0), text, letters, stroke_width=stroke, align="center"
        )
        rim = 2 + stroke
        area = (round(right - left) + 2 * rim, round(bottom - top) + 2 * rim)
        too_large = area[0] * area[1] / _most_pixels(canvas)
        if too_large <= 1 or size <= SMALLEST:
            break
        size = max(SMALLEST, int(size / too_large**0.5))
    page = Image.new("RGBA", area, (*colour, 0))
    ImageDraw.Draw(page).multiline_text(
        (rim - left, rim - top),
        text,
        (*colour, 255),
        letters,
        stroke_width=stroke,
        stroke_fill=outline,
        align="center",
    )
    return StaticDrawer(
        canvas, np.asarray(page, np.float32) / np.float32(255), height * page.height / size, at
    )


def _most_pixels(canvas: Canvas) -> int:
    """How many pixels of a given picture are kept at most."""
    return max(PICTURE_PIXELS, FINER**2 * canvas.width * canvas.height)


def _filled(pixels: Pixels) -> Pixels:
    """With the nearest visible pixel's colour where nothing is to be seen, so that edges get no dark fringe."""
    from scipy.ndimage import distance_transform_edt

    clear = pixels[..., 3] < 1 / 255
    if not clear.any() or clear.all():
        return pixels
    nearest = distance_transform_edt(clear, return_distances=False, return_indices=True)
    filled = pixels.copy()
    filled[..., :3] = pixels[..., :3][tuple(nearest)]
    return filled
