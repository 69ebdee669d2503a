"""A story, read and checked: immutable, and resolved into a plan of plain numbers for any frame."""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements.base import Movement, step
from pixray_motion.story.time import PLAIN, TimeBase
from pixray_motion.story.track import Track

FRESH_LEVEL = 0.9  # of the noise behind which a prior sees a picture that is nothing yet
SETTLING = Fraction(1, 2)  # seconds in which a new prompt is new
MORE_STEPS = 1.0  # for what is new, as a share
BORDERS = ("mirror", "edge", "wrap", "noise")


@dataclass(frozen=True)
class Prompt:
    """What a frame should show: texts with shares that sum to 1 (two while a morph is under way).

    A negative ``weight`` pushes away. Below the loss ``stop`` the prompt has no more say.
    """

    texts: tuple[tuple[str, float], ...]
    weight: float
    stop: float


@dataclass(frozen=True)
class Call:
    """A registered loss or filter with the values of its parameters."""

    name: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Guide:
    """What a prior has to say in a frame.

    ``weight``: how far a step goes towards the picture that the prior predicts, 0..1. ``guidance``: how much the texts
    count there. ``level``: how much noise hides the picture from it at the frame's first step, 0..1.
    """

    name: str
    weight: float
    guidance: float
    level: float


@dataclass(frozen=True)
class Plan:
    """Everything that one frame is made from.

    Convention: ``motion`` takes the frame before to this one and is the identity after a ``cut``; ``frame`` counts from
    the film's start, ``local`` from the scene's; ``losses`` are names with weights.
    """

    frame: int
    local: int
    scene: str
    seed: int
    cut: bool
    motion: Motion
    border: str
    prompts: tuple[Prompt, ...]
    losses: tuple[tuple[str, float], ...]
    filters: tuple[Call, ...]
    steps: int
    guide: Guide | None = None

    @property
    def refines(self) -> bool:
        """Without prompts, or with weights that sum to 0, the picture only moves."""
        weights = [prompt.weight for prompt in self.prompts]
        rounding = 1e-9 * math.fsum(map(abs, weights))  # 0.1 + 0.2 - 0.3 is not quite 0
        return self.steps > 0 and abs(math.fsum(weights)) > rounding

    def digest(self) -> str:
        """A fingerprint of all that a plan asks for."""
        values = {name: value for name, value in vars(self).items() if name != "motion"}
        text = json.dumps(values | {"motion": self.motion.matrix.tolist()}, default=asdict, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class TextKey:
    """A prompt's text at ``frame`` (a fraction, scene time), towards which the text before it has turned."""

    frame: Fraction
    text: str


@dataclass(frozen=True)
class PromptLine:
    """A prompt over time: one text, or several at increasing times, which morph into each other."""

    texts: tuple[TextKey, ...]
    weight: Track
    stop: float = float("-inf")

    def at(self, frame: int) -> Prompt:
        return Prompt(_shares(self.texts, frame), self.weight.at(frame), self.stop)


@dataclass(frozen=True)
class PriorLine:
    """A prior's part over time."""

    name: str
    weight: Track
    guidance: Track
    level: Track

    def at(self, frame: int, novelty: float) -> Guide:
        """``novelty`` (0..1) raises the level: what is new needs to be drawn anew."""
        level = self.level.at(frame)
        raised = max(level, level + (FRESH_LEVEL - level) * novelty)
        return Guide(self.name, self.weight.at(frame), self.guidance.at(frame), raised)


@dataclass(frozen=True)
class FilterLine:
    """A filter whose parameters change over time."""

    name: str
    tracks: Mapping[str, Track]

    def at(self, frame: int) -> Call:
        return Call(self.name, tuple((name, track.at(frame)) for name, track in self.tracks.items()))


@dataclass(frozen=True)
class Scene:
    """A span of the film with its own prompts and movements; ``start`` and ``frames`` count the film's frames."""

    name: str
    start: int
    frames: int
    cut: bool
    prompts: tuple[PromptLine, ...]
    moves: tuple[Movement, ...]
    losses: Mapping[str, Track]
    filters: tuple[FilterLine, ...]
    steps: Track
    border: str
    prior: PriorLine | None = None


@dataclass(frozen=True)
class Choice:
    """A drawer by its registered name, with the parameters that the story gives it."""

    name: str
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Story:
    """A film as data. ``text`` is the file that it was read from and ``path`` its name, for messages and metadata.

    ``base`` holds the film's beat and its markers.
    """

    canvas: Canvas
    rate: Fraction
    seed: int
    drawer: Choice
    perceptors: tuple[str, ...]
    scenes: tuple[Scene, ...]
    text: str = ""
    path: str = "story"
    base: TimeBase = PLAIN

    @property
    def frames(self) -> range:
        last = self.scenes[-1]
        return range(last.start + last.frames)

    def scene_at(self, frame: int) -> int:
        """The index of the scene that ``frame`` lies in."""
        if frame not in self.frames:
            raise IndexError(f"the film has the frames 0 to {len(self.frames) - 1}. Got {frame}")
        return bisect_right([scene.start for scene in self.scenes], frame) - 1

    def plan(self, frame: int) -> Plan:
        """Resolve every track at ``frame``."""
        index = self.scene_at(frame)
        scene = self.scenes[index]
        local = frame - scene.start
        cut = frame == 0 or (local == 0 and scene.cut)
        novelty = 1.0 if cut else self._novelty(frame) if scene.prior else 0.0
        guide = scene.prior.at(local, novelty) if scene.prior else None
        steps = scene.steps.at(local)
        if guide and guide.weight and not cut:
            steps *= 1 + MORE_STEPS * novelty
        return Plan(
            frame=frame,
            local=local,
            scene=scene.name,
            seed=self.seed,
            cut=cut,
            motion=Motion.identity() if cut else self._motion(index, local),
            border=scene.border,
            prompts=tuple(line.at(local) for line in scene.prompts),
            losses=tuple((name, track.at(local)) for name, track in scene.losses.items()),
            filters=tuple(line.at(local) for line in scene.filters),
            steps=round(steps),
            guide=guide,
        )

    def _novelty(self, frame: int) -> float:
        """0..1: how much of the prompts is other than half a second ago, since the last cut."""
        before = max(
            self.scenes[self._uncut(self.scene_at(frame))].start, frame - round(SETTLING * self.rate)
        )
        now, then = self._wishes(frame), self._wishes(before)
        change = sum(abs(now.get(text, 0.0) - then.get(text, 0.0)) for text in now | then)
        total = max(sum(map(abs, now.values())), sum(map(abs, then.values())))
        return min(1.0, change / (2 * total)) if total else 0.0

    def _uncut(self, index: int) -> int:
        """The scene that began with the cut before this one."""
        while index and not self.scenes[index].cut:
            index -= 1
        return index

    def _wishes(self, frame: int) -> dict[str, float]:
        """Texts with their weights."""
        scene = self.scenes[self.scene_at(frame)]
        wishes: dict[str, float] = {}
        for line in scene.prompts:
            prompt = line.at(frame - scene.start)
            for text, share in prompt.texts:
                wishes[text] = wishes.get(text, 0.0) + prompt.weight * share
        return wishes

    def _motion(self, index: int, local: int) -> Motion:
        """The step into a frame; a scene that goes on without a cut begins with the former scene's last step."""
        while local == 0:
            if index == 0 or self.scenes[index].cut:
                return Motion.identity()
            index -= 1
            local = self.scenes[index].frames - 1
        return step(self.scenes[index].moves, local)


def _shares(keys: tuple[TextKey, ...], frame: int) -> tuple[tuple[str, float], ...]:
    after = bisect_right([key.frame for key in keys], frame)
    if after == 0 or after == len(keys):
        return ((keys[max(after - 1, 0)].text, 1.0),)
    left, right = keys[after - 1], keys[after]
    share = float((frame - left.frame) / (right.frame - left.frame))
    return tuple((key.text, part) for key, part in ((left, 1 - share), (right, share)) if part)
