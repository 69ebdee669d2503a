"""Scenes one after the other, and the plan of any frame of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements.base import product
from pixray_motion.story.animated import ease_out_quad
from pixray_motion.story.plan import Component, DenoiserSettings, Layer, Plan, Prompt, Weighted
from pixray_motion.story.scene import LayerTrack, Scene
from pixray_motion.story.segment import Segment
from pixray_motion.story.transition import Transition, blend_scenes, morph_prompts

SETTLING = Fraction(1)  # seconds until a new prompt is not new any more; for half of that it is wholly new
MORE_STEPS = 5.0  # for what is new, as a share
KEPT = 512  # frames whose prompts are remembered: more than settle at the highest rate


@dataclass(frozen=True)
class Timeline:
    """A film's scenes, or a layer's."""

    scenes: tuple[Scene, ...]
    canvas: Canvas
    rate: Fraction
    seed: int

    @cached_property
    def _starts(self) -> list[int]:
        return [scene.start for scene in self.scenes]

    @cached_property
    def _bent(self) -> bool:
        return any(segment.distortions for scene in self.scenes for segment in scene.segments)

    def scene_at(self, frame: int) -> int:
        """The index of the scene that ``frame`` lies in."""
        return max(0, bisect_right(self._starts, frame) - 1)

    def plan(self, frame: int) -> Plan:
        """Everything at ``frame``, which lies in the film; the scenes at both ends go on beyond their ends."""
        index = self.scene_at(frame)
        plan = self._alone(index, frame)
        transition, passed = self._transition(index, frame)
        if transition is None:
            return plan
        outgoing = self._alone(index - 1, frame)
        return blend_scenes(transition, outgoing, plan, transition.share(passed), self.canvas)

    def step(self, frame: int) -> Motion:
        """What the movements do between the frame before and ``frame``, which may be the one after the last."""
        index = self.scene_at(frame)
        scene = self.scenes[index]
        return Motion.identity() if scene.cut and frame == scene.start else self._motion(index, frame)

    def distortions(self, frame: int) -> tuple[CoordinateMap, ...]:
        """The same of what bends the picture."""
        index = self.scene_at(frame)
        scene = self.scenes[index]
        return () if scene.cut and frame == scene.start else self._distortions(index, frame)

    def _transition(self, index: int, frame: int) -> tuple[Transition | None, int]:
        """What is under way at ``frame``, and since how many frames."""
        scene = self.scenes[index]
        passed = frame - scene.start
        transition = scene.transition
        return (transition if transition and passed < transition.frames else None), passed

    def _alone(self, index: int, frame: int) -> Plan:
        """What a scene asks for, at its own frames and beyond its end."""
        scene = self.scenes[index]
        local = frame - scene.start
        cut = local == 0 and scene.cut
        fresh = cut and scene.init is None
        prompt_change = 1.0 if fresh else self._prompt_change(index, frame) if scene.denoiser else 0.0
        guide = _guide(scene, frame, prompt_change)
        segment, track = scene.steps
        steps = segment.value(frame)(track)
        if guide and guide.weight and not cut:
            steps *= 1 + MORE_STEPS * ease_out_quad(prompt_change)
        return Plan(
            frame=frame,
            local=local,
            scene=scene.name,
            seed=self.seed,
            cut=cut,
            motion=Motion.identity() if cut else self._motion(index, frame),
            border=scene.border,
            prompts=self._prompts(index, frame),
            losses=_losses(scene, frame),
            filters=tuple(line.at(p.value(frame)) for p in scene.segments for line in p.filters),
            steps=round(steps),
            guide=guide,
            drawing=scene.drawing,
            drawer=scene.drawer,
            perceptors=scene.perceptors,
            layers=tuple(_laid(line, frame) for line in scene.layers),
            init=scene.init if cut else None,
            distortions=() if cut else self._distortions(index, frame),
        )

    def _prompt_change(self, index: int, frame: int) -> float:
        """0..1: twice how other the prompts are than over the last ``SETTLING``, on the average, since the last cut.

        So a new prompt ages bit by bit, and one that swings to and fro is never old.
        """
        first = index
        while first and not self.scenes[first].cut:
            first -= 1
        start, lags = self.scenes[first].start, max(1, round(SETTLING * self.rate))
        now = self._wishes(index, frame)
        before = [max(start, frame - lag) for lag in range(1, lags + 1)]
        then = [self._wishes(min(index, self.scene_at(past)), past) for past in before]
        return min(1.0, 2 * sum(_otherness(now, wishes) for wishes in then) / lags)

    def _wishes(self, index: int, frame: int) -> dict[str, float]:
        """Texts with their weights, kept for as long as frames are compared with this one."""
        kept = self._wished
        if (index, frame) not in kept:
            while len(kept) >= KEPT:
                del kept[next(iter(kept))]
            kept[index, frame] = self._summed(index, frame)
        return kept[index, frame]

    @cached_property
    def _wished(self) -> dict[tuple[int, int], dict[str, float]]:
        return {}

    def _summed(self, index: int, frame: int) -> dict[str, float]:
        prompts = self._prompts(index, frame)
        transition, passed = self._transition(index, frame)
        if transition and transition.kind == "morph":
            prompts = morph_prompts(self._prompts(index - 1, frame), prompts, transition.share(passed))
        wishes: dict[str, float] = {}
        for prompt in prompts:
            for text, share in prompt.texts:
                wishes[text] = wishes.get(text, 0.0) + prompt.weight * share
        return wishes

    def _prompts(self, index: int, frame: int) -> tuple[Prompt, ...]:
        """A scene's prompts, kept for a while, since what is new is found by comparing frames."""
        kept = self._known
        if (index, frame) not in kept:
            while len(kept) >= KEPT:
                del kept[next(iter(kept))]
            kept[index, frame] = _prompts(self.scenes[index], frame)
        return kept[index, frame]

    @cached_property
    def _known(self) -> dict[tuple[int, int], tuple[Prompt, ...]]:
        return {}

    def _motion(self, index: int, frame: int) -> Motion:
        """The step into a frame: every part's own, the inner ones acting first."""
        return product([segment.step(own) for segment, own in self._moving(index, frame) if segment.moves])

    def _distortions(self, index: int, frame: int) -> tuple[CoordinateMap, ...]:
        """The same of what bends the picture."""
        if not self._bent:
            return ()
        return tuple(
            bend for segment, own in self._moving(index, frame) for bend in segment.distortion_steps(own)
        )

    def _moving(self, index: int, frame: int) -> list[tuple[Segment, int]]:
        """The parts that move the picture into a frame, in the order in which they act, and the frame that each does.

        A part that begins here without a cut has no step yet: those that end here repeat their last one for it.
        """
        moving, known = list[tuple[Segment, int]](), set[Segment]()  # the last one acts first
        while True:
            scene = self.scenes[index]
            segments = [segment for segment in scene.segments if segment not in known]
            known.update(scene.segments)
            moving += [(segment, frame) for segment in reversed(segments) if segment.span.start < frame]
            begins = any(segment.span.start == frame for segment in segments)
            if not begins or scene.cut or index == 0:
                return moving[::-1]
            index, frame = index - 1, frame - 1


def _guide(scene: Scene, frame: int, prompt_change: float) -> DenoiserSettings | None:
    if scene.denoiser is None:
        return None
    segment, line = scene.denoiser
    return line.at(segment.value(frame), prompt_change)


def _otherness(now: dict[str, float], then: dict[str, float]) -> float:
    """0..1: how much of the weight lies on other texts."""
    change = sum(abs(now.get(text, 0.0) - then.get(text, 0.0)) for text in now | then)
    total = max(sum(map(abs, now.values())), sum(map(abs, then.values())))
    return min(1.0, change / (2 * total)) if total else 0.0


def _prompts(scene: Scene, frame: int) -> tuple[Prompt, ...]:
    found: list[Prompt] = []
    for segment in scene.segments:
        if segment.prompts:
            own = segment.span.local_time(frame) if segment.morphs else Fraction(0)
            value = segment.value(frame)
            found += [line.at(own, value) for line in segment.prompts]
    return tuple(found)


def _losses(scene: Scene, frame: int) -> tuple[Weighted, ...]:
    """Weights of the same loss add up; with other parameters it is another loss."""
    found: list[Weighted] = []
    for segment in scene.segments:
        if segment.losses:
            value = segment.value(frame)
            found += [line.at(value) for line in segment.losses]
    if len({one.component.name for one in found}) == len(found):
        return tuple(found)
    weights: dict[Component, float] = {}
    for one in found:
        weights[one.component] = weights.get(one.component, 0.0) + one.weight
    return tuple(Weighted(component, weight) for component, weight in weights.items())


def _laid(line: LayerTrack, frame: int) -> Layer:
    value = line.segment.value(frame)
    mask = line.mask.now(value) if line.mask else None
    return Layer(line.scenes.plan(frame), value(line.opacity), line.blend, mask)
