"""A story, read and checked: immutable, and resolved into a plan of plain numbers for any frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from pixray_motion.geometry import Canvas
from pixray_motion.story.loop import Loop, close_loop
from pixray_motion.story.plan import Component, Plan, Weighted
from pixray_motion.story.scene import Scene
from pixray_motion.story.timeline import Timeline
from pixray_motion.tracks.time import PLAIN, TimeBase


@dataclass(frozen=True)
class Story:
    """A film as data. ``text`` is the file that it was read from and ``path`` its name, for messages and metadata.

    ``drawer`` and ``perceptors`` are the film's own; scenes and layers may have others. ``base`` holds the film's beat
    and its markers.
    """

    canvas: Canvas
    rate: Fraction
    seed: int
    drawer: Component
    perceptors: tuple[Weighted, ...]
    scenes: tuple[Scene, ...]
    loop: Loop | None = None
    text: str = ""
    path: str = "story"
    base: TimeBase = PLAIN

    @cached_property
    def frames(self) -> range:
        last = self.scenes[-1]
        return range(last.start + last.frames)

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(self.scenes, self.canvas, self.rate, self.seed)

    @property
    def folder(self) -> Path:
        """Where the files lie that the story names."""
        return Path(self.path).parent

    def scene_at(self, frame: int) -> int:
        """The index of the scene that ``frame`` lies in. Raises: ``IndexError`` outside the film."""
        if frame not in self.frames:
            raise IndexError(f"the film has the frames 0 to {len(self.frames) - 1}. Got {frame}")
        return self.timeline.scene_at(frame)

    def plan(self, frame: int) -> Plan:
        """Resolve every track at ``frame``. Raises: ``IndexError`` outside the film."""
        if frame not in self.frames:
            raise IndexError(f"the film has the frames 0 to {len(self.frames) - 1}. Got {frame}")
        plan = self.timeline.plan(frame)
        return plan if self.loop is None else close_loop(plan, self.loop, self.timeline)

    def all_scenes(self) -> Iterator[Scene]:
        """All scenes, with those of their layers."""
        todo = list(reversed(self.scenes))
        while todo:
            scene = todo.pop()
            yield scene
            todo += reversed([inner for layer in scene.layers for inner in layer.scenes])
