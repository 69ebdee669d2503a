"""Pictures from files: every one that a story or a user names is opened here, and nowhere else.

The format is one of a short list, whatever the file is called and whatever it holds: Pillow knows some forty more, and
hands some of them to other programs. A picture becomes upright, with 8 bits a channel.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.limits import CANVAS
from pixray_motion.wording import InvalidValue

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")
FORMATS = ("PNG", "JPEG", "WEBP")
EMPTY = (128, 128, 128)  # what is seen through a transparent picture that a scene begins with: nothing yet
ORIENTATION = 0x0112  # of EXIF
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Bytes that a picture may take while it is decoded, and how many that are for each of its pixels, where a format needs
# more than the pixels themselves: all frames of a webp are decoded side by side, and a progressive jpg is one whole.
DECODING = 350_000_000
WEBP, PROGRESSIVE = 16, 2  # the second for each colour
DEEP = 257  # 16 bits over 8: 65535 is white


def check_image(content: bytes, spend: Callable[[int], None]) -> None:
    """Decode a picture, to see that it can be. ``spend`` is told its pixels before that.

    Raises: ``InvalidValue``, with a sentence that follows upon the picture's name, and what ``spend`` raises.
    """

    def skim(picture: Image.Image) -> None:
        """Into as few pixels as the format allows: a jpg's can be an eighth on each side."""
        spend(picture.width * picture.height)
        _turn(picture)
        picture.draft("RGB", (picture.width // 8, picture.height // 8))
        picture.load()

    _decode(content, skim)


def open_image(content: bytes) -> Image.Image:
    """A picture from a file, upright: RGB, or RGBA where it has transparency. Raises as ``check_image``."""

    def make(picture: Image.Image) -> Image.Image:
        picture.load()
        turn = _turn(picture)
        return _eight_bits(picture if turn is None else picture.transpose(turn))

    return _decode(content, make)


def fit_image(content: bytes, canvas: Canvas, sampling: Image.Resampling) -> Image.Image:
    """RGB of the canvas' size: the picture, cropped to the canvas' shape, with ``EMPTY`` where it is transparent."""
    picture = open_image(content)
    if picture.mode == "RGBA":
        page = Image.new("RGBA", picture.size, (*EMPTY, 255))
        picture = Image.alpha_composite(page, picture).convert("RGB")
    return ImageOps.fit(picture, (canvas.width, canvas.height), sampling)


def load_init_image(content: bytes, canvas: Canvas) -> Tensor:
    """(1, 3, H, W) in [0, 1]: see ``fit_image``. Raises as ``check_image``."""
    fitted = np.array(fit_image(content, canvas, Image.Resampling.LANCZOS))
    return torch.from_numpy(fitted).permute(2, 0, 1)[None].float() / 255


def load_mask(content: bytes, canvas: Canvas) -> Tensor:
    """(1, 1, H, W) in [0, 1]: a picture's greys times its alpha, stretched to the canvas. Raises as ``check_image``."""
    picture = open_image(content)
    grey = picture.convert("L")
    if picture.mode == "RGBA":
        grey = ImageChops.multiply(grey, picture.getchannel("A"))
    grey = grey.resize((canvas.width, canvas.height), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(grey))[None, None].float() / 255


def _decode(content: bytes, use: Callable[[Image.Image], T]) -> T:
    if not content:
        raise InvalidValue("is empty; save it again as png or jpg")
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(content), formats=FORMATS) as picture,
        ):
            if max(picture.size) > CANVAS[1]:
                size = f"{picture.width}x{picture.height}"
                raise InvalidValue(f"is {size}; a picture has at most {CANVAS[1]} pixels a side")
            if picture.width * picture.height * _decoding(picture) > DECODING:
                raise InvalidValue("takes too much memory to decode; save it smaller, or as png")
            return use(picture)
    except InvalidValue:
        raise
    except UnidentifiedImageError as error:
        raise InvalidValue("is not a picture; write a png, jpg or webp file") from error
    except Image.DecompressionBombError as error:
        raise InvalidValue(f"is too large; a picture has at most {CANVAS[1]} pixels a side") from error
    except Exception as error:  # Pillow's decoders raise whatever they stumble upon
        what = " ".join(str(error).split())[:200] or type(error).__name__
        raise InvalidValue(f"is damaged ({what}); save it again as png or jpg") from error


def _decoding(picture: Image.Image) -> int:
    """The bytes that decoding takes for each pixel besides the pixels themselves."""
    if picture.format == "WEBP":
        return WEBP
    return PROGRESSIVE * len(picture.getbands()) if picture.info.get("progressive") else 0


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What makes a picture upright that its camera stored otherwise."""
    return TURNS.get(picture.getexif().get(ORIENTATION, 1))


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # Pillow would clip 16 bits to 8, and make nearly everything white
        deep = np.asarray(picture).astype(np.int64).clip(0, 65535)
        grey = Image.fromarray(((deep + DEEP // 2) // DEEP).astype(np.uint8))
        clear = picture.info.get("transparency")
        if clear is None:
            return grey.convert("RGB")
        return Image.merge(
            "LA", (grey, Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
        ).convert("RGBA")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)  # large ones are not copied in vain
