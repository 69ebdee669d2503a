"""Labels under the frames of a preview, and the storyboard: its contact sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from PIL import Image, ImageDraw

from pixray_motion.output.content import Frame
from pixray_motion.story.describe import describe_movement, describe_prompts
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Plan
from pixray_motion.testcard import INK, PAPER, load_font, replace_missing_glyphs

Shot = tuple[Plan, Image.Image]

# All lengths are in pixels.
LABEL_HEIGHT = 48  # height of the labels below a frame: two lines of text
THUMBNAIL_WIDTH = 256  # width of a frame in the storyboard
GAP = 12  # between thumbnails
TITLE_HEIGHT = 28  # of a scene's title, above its thumbnails
CAPTION_HEIGHT = 44  # of the two lines of text below a thumbnail
MAX_SCENES = 100  # rows of a storyboard; with more it would be too tall for viewers to open


def add_labels(shots: Iterator[Shot], story: Story) -> Iterator[Frame]:
    """Yield each shot as a frame of the animatic, with its time, scene, movement and prompts below the picture.

    A frame is uint8, (H + LABEL_HEIGHT, W, 3).
    """
    for plan, picture in shots:
        page = Image.new("RGB", (picture.width, picture.height + LABEL_HEIGHT), PAPER)
        page.paste(picture)
        pen = ImageDraw.Draw(page)
        head = f"{format_time(plan, story.rate)}   {plan.scene}   {format_movement(plan)}"
        pen.text((8, picture.height + 5), _fit_text(head, page.width - 16, 15), INK, load_font(15))
        pen.text(
            (8, picture.height + 26), _fit_text(format_prompts(plan), page.width - 16, 14), INK, load_font(14)
        )
        yield np.asarray(page)


@dataclass
class Board:
    """Collects the first, middle and last frame of every scene while the shots pass through, and draws them."""

    story: Story
    shots: dict[int, Shot] = field(default_factory=dict)

    def watch(self, shots: Iterator[Shot]) -> Iterator[Shot]:
        """Yield the shots unchanged, keeping thumbnails of those that the storyboard shows."""
        wanted = {frame for row in self._scene_frames() for frame in row}
        for plan, picture in shots:
            if plan.frame in wanted:
                height = max(1, round(THUMBNAIL_WIDTH * picture.height / picture.width))
                self.shots[plan.frame] = (
                    plan,
                    picture.resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS),
                )
            yield plan, picture

    def draw(self) -> Image.Image:
        """Draw the storyboard of all shots that passed through, a row of three for each scene."""
        rows, picture = self._scene_frames(), next(iter(self.shots.values()))[1].height
        left_out = len(self.story.scenes) - len(rows)
        step = TITLE_HEIGHT + picture + CAPTION_HEIGHT
        page = Image.new(
            "RGB",
            (3 * (THUMBNAIL_WIDTH + GAP) + GAP, len(rows) * step + GAP + TITLE_HEIGHT * bool(left_out)),
            PAPER,
        )
        pen = ImageDraw.Draw(page)
        for index, row in enumerate(rows):
            pen.text(
                (GAP, GAP + index * step), self._format_title(index, page.width - 2 * GAP), INK, load_font(17)
            )
            for column, frame in enumerate(row):
                self._draw_shot(
                    page,
                    pen,
                    frame,
                    (GAP + column * (THUMBNAIL_WIDTH + GAP), GAP + index * step + TITLE_HEIGHT),
                )
        if left_out:
            pen.text((GAP, page.height - TITLE_HEIGHT), f"and {left_out} more scenes", INK, load_font(17))
        return page

    def _draw_shot(
        self, page: Image.Image, pen: ImageDraw.ImageDraw, frame: int, corner: tuple[int, int]
    ) -> None:
        plan, picture = self.shots[frame]
        left, top = corner
        page.paste(picture, corner)
        pen.text((left, top + picture.height + 2), format_time(plan, self.story.rate), INK, load_font(12))
        pen.text(
            (left, top + picture.height + 18),
            _fit_text(format_prompts(plan), THUMBNAIL_WIDTH, 12),
            INK,
            load_font(12),
        )

    def _scene_frames(self) -> list[list[int]]:
        """The numbers of the frames to show, a list for each scene."""
        scenes = self.story.scenes[:MAX_SCENES]
        return [sorted({s.start, s.start + s.frames // 2, s.start + s.frames - 1}) for s in scenes]

    def _format_title(self, index: int, width: int) -> str:
        scene = self.story.scenes[index]
        kind = scene.transition.name if scene.transition else "cut"
        cut = f", after a {kind}" if index and (scene.cut or scene.transition) else ""
        return _fit_text(f"{scene.name}: {float(scene.frames / self.story.rate):g} s{cut}", width, 17)


def format_time(plan: Plan, rate: Fraction) -> str:
    """When a frame is shown, in minutes and seconds, and its number."""
    seconds = float(plan.frame / rate)
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}   frame {plan.frame}"


def format_prompts(plan: Plan) -> str:
    """What a frame should show, as one line."""
    wanted = dict.fromkeys(prompt for drawing in plan.drawings() for prompt in drawing.prompts)
    return describe_prompts(wanted) or "no prompts: the picture only moves"


def format_movement(plan: Plan) -> str:
    """How a frame's picture, or the lowest of its layers, moves, and how many steps it gets."""
    lowest = next(plan.drawings())
    moving = describe_movement(lowest)
    losses = ", ".join(f"{loss.component.name} {loss.weight:.3g}" for loss in lowest.losses if loss.weight)
    return "   ".join(text for text in (moving, f"{lowest.steps} steps", losses) if text)


def _fit_text(text: str, width: float, size: float) -> str:
    """Shorten ``text``, in glyphs that the typeface has, to ``width`` pixels at the size ``size``."""
    letters = load_font(size)
    whole = replace_missing_glyphs(text[:501])
    text = whole[:500]
    if letters.getlength(text) <= width and text == whole:
        return text
    while text and letters.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
