"""Labels under the frames of a preview, and its contact sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from PIL import Image, ImageDraw

from pixray_motion.output.video import Frame
from pixray_motion.story.describe import describe_movement, describe_prompts
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Plan
from pixray_motion.testcard import INK, PAPER, font, legible

Shot = tuple[Plan, Image.Image]

STRIP = 48  # lines below the picture, for the labels
THUMBNAIL = 256  # width in a storyboard
GAP, TITLE, CAPTION = 12, 28, 44
BOARD_SCENES = 100  # a storyboard of more would be too tall to open


def labelled(shots: Iterator[Shot], story: Story) -> Iterator[Frame]:
    """The shots as frames of a film, each with its time, scene and prompts on a strip below."""
    for plan, picture in shots:
        page = Image.new("RGB", (picture.width, picture.height + STRIP), PAPER)
        page.paste(picture)
        pen = ImageDraw.Draw(page)
        head = f"{moment(plan, story.rate)}   {plan.scene}   {values(plan)}"
        pen.text((8, picture.height + 5), _cut(head, page.width - 16, 15), INK, font(15))
        pen.text((8, picture.height + 26), _cut(prompts(plan), page.width - 16, 14), INK, font(14))
        yield np.asarray(page)


@dataclass
class Board:
    """A contact sheet: the first, middle and last frame of every scene, kept while the shots go by."""

    story: Story
    shots: dict[int, Shot] = field(default_factory=dict)

    def watch(self, shots: Iterator[Shot]) -> Iterator[Shot]:
        wanted = {frame for row in self._rows() for frame in row}
        for plan, picture in shots:
            if plan.frame in wanted:
                height = max(1, round(THUMBNAIL * picture.height / picture.width))
                self.shots[plan.frame] = plan, picture.resize((THUMBNAIL, height), Image.Resampling.LANCZOS)
            yield plan, picture

    def sheet(self) -> Image.Image:
        """The sheet of all that was watched: a row for each scene."""
        rows, picture = self._rows(), next(iter(self.shots.values()))[1].height
        left_out = len(self.story.scenes) - len(rows)
        step = TITLE + picture + CAPTION
        page = Image.new(
            "RGB", (3 * (THUMBNAIL + GAP) + GAP, len(rows) * step + GAP + TITLE * bool(left_out)), PAPER
        )
        pen = ImageDraw.Draw(page)
        for index, row in enumerate(rows):
            pen.text((GAP, GAP + index * step), self._title(index, page.width - 2 * GAP), INK, font(17))
            for column, frame in enumerate(row):
                self._place(page, pen, frame, (GAP + column * (THUMBNAIL + GAP), GAP + index * step + TITLE))
        if left_out:
            pen.text((GAP, page.height - TITLE), f"and {left_out} more scenes", INK, font(17))
        return page

    def _place(
        self, page: Image.Image, pen: ImageDraw.ImageDraw, frame: int, corner: tuple[int, int]
    ) -> None:
        plan, picture = self.shots[frame]
        left, top = corner
        page.paste(picture, corner)
        pen.text((left, top + picture.height + 2), moment(plan, self.story.rate), INK, font(12))
        pen.text((left, top + picture.height + 18), _cut(prompts(plan), THUMBNAIL, 12), INK, font(12))

    def _rows(self) -> list[list[int]]:
        """The frames to show, a list for each scene."""
        scenes = self.story.scenes[:BOARD_SCENES]
        return [sorted({s.start, s.start + s.frames // 2, s.start + s.frames - 1}) for s in scenes]

    def _title(self, index: int, width: int) -> str:
        scene = self.story.scenes[index]
        kind = scene.transition.kind if scene.transition else "cut"
        cut = f", after a {kind}" if index and (scene.cut or scene.transition) else ""
        return _cut(f"{scene.name}: {float(scene.frames / self.story.rate):g} s{cut}", width, 17)


def moment(plan: Plan, rate: Fraction) -> str:
    """When a frame is seen: minutes and seconds, and its number."""
    seconds = float(plan.frame / rate)
    return f"{int(seconds // 60)}:{seconds % 60:05.2f}   frame {plan.frame}"


def prompts(plan: Plan) -> str:
    """What a frame should show, as one line."""
    wanted = dict.fromkeys(prompt for part in plan.drawn() for prompt in part.prompts)
    return describe_prompts(wanted) or "no prompts: the picture only moves"


def values(plan: Plan) -> str:
    """How a frame's picture moves, and how long it is worked on."""
    moving = describe_movement(plan)
    losses = ", ".join(f"{one.component.name} {one.weight:.3g}" for one in plan.losses if one.weight)
    return "   ".join(text for text in (moving, f"{plan.steps} steps", losses) if text)


def _cut(text: str, width: float, size: float) -> str:
    """``text`` in what the typeface can show, shortened to ``width`` pixels."""
    letters = font(size)
    whole = legible(text[:501])
    text = whole[:500]
    if letters.getlength(text) <= width and text == whole:
        return text
    while text and letters.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
