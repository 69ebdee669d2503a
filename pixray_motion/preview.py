"""What a story will do, before it is painted: a test card moved by the plan, as an animatic and as a storyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pixray_motion.allocator import keep_memory
from pixray_motion.drawers.base import Drawer, LearningRate, Params
from pixray_motion.drawers.raster import RasterDrawer
from pixray_motion.drawers.static import static_layer
from pixray_motion.engine import render
from pixray_motion.errors import OutputError, reason
from pixray_motion.film import tags
from pixray_motion.geometry import Canvas
from pixray_motion.images import fit_image
from pixray_motion.lazy import torch
from pixray_motion.limits import IMAGE_BYTES
from pixray_motion.output.base import FilmInfo, OnFrame
from pixray_motion.output.place import Output, check_file, os_errors_as_output_errors
from pixray_motion.output.work import WorkFolder, replace_file
from pixray_motion.picture import Picture
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component
from pixray_motion.story.source.files import read_file
from pixray_motion.storyboard import LABEL_HEIGHT, Board, Shot, add_labels
from pixray_motion.studio import Studio, make_covers, make_drawer
from pixray_motion.testcard import draw_test_card
from pixray_motion.variants import without_perceptor
from pixray_motion.wording import InvalidValue

if TYPE_CHECKING:
    from torch import Tensor

SIZE = Canvas(640, 360)  # an animatic fits into it


@dataclass(frozen=True)
class Files:
    """What a preview writes."""

    storyboard: Path
    animatic: Path

    @classmethod
    def named(cls, name: str | None, story: str) -> Files:
        """``name``.storyboard.png and .animatic.mp4: by default, and in a folder, with the name of the story's file."""
        base = Path(story).with_suffix("") if name is None else Path(name)
        if name is not None and (name.endswith(("/", os.sep)) or base.is_dir()):
            base = base / Path(story).stem
        return cls(base.with_name(base.name + ".storyboard.png"), base.with_name(base.name + ".animatic.mp4"))

    def check(self, story: Story) -> None:
        """Refuse, before anything is drawn, what could not be written in the end. Raises: ``MotionError``."""
        Output.of(self.animatic).writer.check(story)
        for path in (self.storyboard, self.animatic):
            check_file(path)


def write_preview(
    story: Story,
    files: Files,
    image: Path | None = None,
    studio: Studio | None = None,
    on_frame: OnFrame | None = None,
) -> None:
    """Write both files; older ones are replaced when the new ones are complete.

    The test card, or ``image``, is moved by the story's plans through the raster drawers' own warp, and add_labels; no
    perceptor is loaded. With the ``studio`` of a ``draft`` story, that is rendered instead.

    Raises: ``OutputError`` if ``image`` cannot be read or the files cannot be written; ``EncodeError``.
    """
    canvas = _fitted(story.canvas)
    card = draw_test_card(canvas) if image is None else _own(image, canvas)
    shots = moved(story, card, canvas) if studio is None else _painted(studio, canvas)
    board = Board(story)
    output = Output.of(files.animatic)
    with os_errors_as_output_errors(files.animatic), WorkFolder.of(output).locked() as folder:
        film, sheet = folder.begin("animatic.mp4"), BytesIO()
        about = FilmInfo(
            story.rate, Canvas(canvas.width, canvas.height + LABEL_HEIGHT), story.frames, tags(story)
        )
        frames = add_labels(board.watch(shots), story)
        output.writer.write(frames, film, about, on_frame or (lambda _: None))
        output.writer.check_film(film, about)
        board.draw().save(sheet, "PNG")
        folder.publish(film)
        replace_file(files.storyboard, sheet.getvalue())


class CardDrawer(RasterDrawer):
    """Moves a picture and never refines it. Params: ``plane`` (1, 3, h, w) in [0, 1], and the view."""

    def __init__(self, canvas: Canvas, card: Tensor) -> None:
        super().__init__(canvas, order=1)
        self._start = self.encode(card)

    def init_params(self, rng: torch.Generator) -> Params:  # noqa: ARG002
        return self._start

    def pixels(self, params: Params) -> Tensor:
        return params["plane"]

    def learn(self, pixels: Tensor) -> Params:
        return {"plane": pixels}

    def learning(self, params: Params) -> dict[str, LearningRate]:  # noqa: ARG002
        return {}


def moved(story: Story, card: Image.Image, canvas: Canvas) -> Iterator[Shot]:
    """The frames of ``card``, shown again after each cut and then moved by every plan; image layers show themselves."""
    keep_memory()
    story = without_perceptor(replace(story, canvas=canvas))
    shown = torch.from_numpy(np.array(card)).permute(2, 0, 1)[None].float() / 255
    drawers: dict[Component, Drawer] = {
        choice: make_drawer(choice, story) if static_layer.get(choice.name) else CardDrawer(canvas, shown)
        for choice in {scene.drawer for scene in story.all_scenes()}
    }
    studio = Studio(
        story,
        drawers,
        {},
        threads=torch.get_num_threads(),
        covers=make_covers(story),
        sample=Picture.preview,
    )
    return _painted(studio, canvas)


def _painted(studio: Studio, canvas: Canvas) -> Iterator[Shot]:
    for state in render(studio.story, studio):
        picture = Image.fromarray(studio.image(state))
        if picture.size != (canvas.width, canvas.height):
            picture = picture.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC)
        yield state.plan, picture


def _fitted(canvas: Canvas) -> Canvas:
    """The canvas' shape as large as ``SIZE`` allows, with even sides."""
    share = min(SIZE.width / canvas.width, SIZE.height / canvas.height)
    return Canvas(*(max(2, round(length * share / 2) * 2) for length in (canvas.width, canvas.height)))


def _own(path: Path, canvas: Canvas) -> Image.Image:
    """The user's own picture, cropped to the canvas' shape."""
    try:
        return fit_image(read_file(path, IMAGE_BYTES), canvas, Image.Resampling.BICUBIC)
    except OSError as error:
        raise OutputError(f"cannot read the picture {path}: {reason(error)}") from error
    except InvalidValue as error:
        raise OutputError(f"the file {path} {error.message}") from error
