"""Scenes one after the other, and what any frame of them is made from."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial

from pixray_motion.coordinate_maps import CoordinateMap
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements.base import compose
from pixray_motion.story.animated import ease_out_quad
from pixray_motion.story.plan import Drawing, Layer, Node, Plan, Prompt, Stack
from pixray_motion.story.prompt_change import SETTLING, TextWeights, prompt_change, text_weights
from pixray_motion.story.scene import LayerTrack, Scene
from pixray_motion.story.segment import Segment, recall
from pixray_motion.story.transition import blend_scenes, morph_prompts

MORE_STEPS = 5.0  # for what is new, as a share of the usual ones: a morph then arrives within its length
REMEMBERED = 512  # frames whose prompts are kept: more than SETTLING holds at the highest rate


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
    def _has_distortions(self) -> bool:
        return any(segment.distortions for scene in self.scenes for segment in scene.segments)

    @cached_property
    def _layer_timelines(self) -> list[list[Timeline]]:
        """Those of each scene's layers."""
        return [[replace(self, scenes=layer.scenes) for layer in scene.layers] for scene in self.scenes]

    @cached_property
    def _since_cut(self) -> list[int]:
        """For each scene, the last one up to it that begins with a cut."""
        last, found = 0, []
        for index, scene in enumerate(self.scenes):
            last = index if scene.cut else last
            found.append(last)
        return found

    @cached_property
    def _moving_at_ends(self) -> dict[int, list[tuple[Segment, int]]]:
        return {}

    @cached_property
    def _prompts(self) -> dict[tuple[int, int], tuple[Prompt, ...]]:
        return {}

    @cached_property
    def _text_weights(self) -> dict[tuple[int, int], TextWeights]:
        return {}

    def scene_at(self, frame: int) -> int:
        """The index of the scene that ``frame`` lies in."""
        return max(0, bisect_right(self._starts, frame) - 1)

    def plan(self, frame: int) -> Plan:
        """Everything at ``frame``, which lies in the film; the scenes at both ends go on beyond their ends."""
        index = self.scene_at(frame)
        return Plan(frame, self.scenes[index].name, self.seed, self._node(index, frame))

    def node(self, frame: int) -> Node:
        """The picture at ``frame``."""
        return self._node(self.scene_at(frame), frame)

    def step(self, frame: int) -> Motion:
        """What the movements do between the frame before and ``frame``, which may be the one after the last."""
        index = self.scene_at(frame)
        scene = self.scenes[index]
        return Motion.identity() if scene.cut and frame == scene.start else self._motion(index, frame)

    def distortions(self, frame: int) -> tuple[CoordinateMap, ...]:
        """The same of what distorts the picture."""
        index = self.scene_at(frame)
        scene = self.scenes[index]
        begins = scene.cut and frame == scene.start
        return () if begins or not self._has_distortions else self._distortions(index, frame)

    def _node(self, index: int, frame: int) -> Node:
        scene = self.scenes[index]
        incoming = self._scene_node(index, frame) if scene.layers else self._drawing(index, frame)
        transition, passed = scene.transition, frame - scene.start
        if transition is None or passed >= transition.frames:
            return incoming
        outgoing = self._scene_node(index - 1, frame)
        component = transition.track.at(scene.segments[0].value(frame))
        return blend_scenes(component, outgoing, incoming, transition.share(passed), self.canvas)

    def _scene_node(self, index: int, frame: int) -> Node:
        """What a scene asks for, at its own frames and beyond its end."""
        scene = self.scenes[index]
        if not scene.layers:
            return self._drawing(index, frame)
        timelines = self._layer_timelines[index]
        pairs = zip(scene.layers, timelines, strict=True)
        return Stack(tuple(_layer(layer, timeline.node(frame), frame) for layer, timeline in pairs))

    def _drawing(self, index: int, frame: int) -> Drawing:
        scene = self.scenes[index]
        cut = scene.cut and frame == scene.start
        begins_empty = cut and scene.init is None
        segment, track = scene.steps
        value = segment.value(frame)
        steps, denoiser = value(track), None
        if scene.denoiser is not None:
            owner, denoiser_track = scene.denoiser
            change = 1.0 if begins_empty else self._prompt_change(index, frame)
            denoiser = denoiser_track.at(value if owner is segment else owner.value(frame), change)
            if change and denoiser.weight and not cut:
                steps *= 1 + MORE_STEPS * ease_out_quad(change)
        return Drawing(
            id=scene.drawing,
            scene=scene.name,
            local=frame - scene.start,
            cut=cut,
            motion=Motion.identity() if cut else self._motion(index, frame),
            distortions=self._distortions(index, frame) if self._has_distortions and not cut else (),
            border=scene.border,
            drawer=scene.drawer,
            prompts=self._prompts_at(index, frame),
            losses=scene.losses_at(frame) if scene.has_losses else (),
            filters=scene.filters_at(frame) if scene.has_filters else (),
            perceptors=scene.perceptors,
            denoiser=denoiser,
            steps=round(steps),
            init=scene.init if cut else None,
        )

    def _prompt_change(self, index: int, frame: int) -> float:
        """0..1: how new the prompts are, compared with all frames of the last ``SETTLING`` since the last cut."""
        scene, lags = self.scenes[index], max(1, round(SETTLING * self.rate))
        if scene.prompts_are_constant and (scene.cut or frame - lags >= scene.start):
            transition = scene.transition
            if transition is None or transition.starts_fresh or frame - lags >= scene.transition_end:
                return 0.0
        first = self._since_cut[index]
        before, past_index = [], index
        for lag in range(1, lags + 1):
            past = max(self.scenes[first].start, frame - lag)
            while self.scenes[past_index].start > past and past_index > first:
                past_index -= 1
            before.append(self._text_weights_at(past_index, past))
        return prompt_change(self._text_weights_at(index, frame), before)

    def _text_weights_at(self, index: int, frame: int) -> TextWeights:
        """The weights of a scene's texts, a morph from the scene before counted in."""

        def weigh() -> TextWeights:
            scene, prompts = self.scenes[index], self._prompts_at(index, frame)
            transition, passed = scene.transition, frame - scene.start
            if transition and not transition.starts_fresh and passed < transition.frames:
                prompts = morph_prompts(self._prompts_at(index - 1, frame), prompts, transition.share(passed))
            return text_weights(prompts)

        return recall(self._text_weights, (index, frame), weigh, REMEMBERED)

    def _prompts_at(self, index: int, frame: int) -> tuple[Prompt, ...]:
        """A scene's prompts, remembered for a while, since what is new is found by comparing frames."""
        scene = self.scenes[index]
        key = (index, scene.start if scene.prompts_are_constant else frame)
        known = self._prompts.get(key)
        return known or recall(self._prompts, key, lambda: scene.prompts_at(frame), REMEMBERED)

    def _motion(self, index: int, frame: int) -> Motion:
        """The step into a frame: every segment's own, the inner ones acting first."""
        segments = self.scenes[index].segments
        if len(segments) == 1 and segments[0].moves and frame > segments[0].span.start:
            return segments[0].step(frame)  # the usual case
        return compose([segment.step(own) for segment, own in self._moving(index, frame) if segment.moves])

    def _distortions(self, index: int, frame: int) -> tuple[CoordinateMap, ...]:
        """The same of what distorts the picture."""
        moving = self._moving(index, frame)
        return tuple(step for segment, own in moving for step in segment.distortion_steps(own))

    def _moving(self, index: int, frame: int) -> list[tuple[Segment, int]]:
        """The segments that move the picture into a frame, in the order in which they act, and the frame of each.

        A segment that begins here without a cut has no step yet: those that end here repeat their last one for it.
        """
        scene = self.scenes[index]
        moving = [(segment, frame) for segment in reversed(scene.segments) if segment.span.start < frame]
        begins = any(segment.span.start == frame for segment in scene.segments)
        if begins and index and not scene.cut:
            known = set(scene.segments)
            moving += [pair for pair in reversed(self._moving_at_the_end(index - 1)) if pair[0] not in known]
        return moving[::-1]

    def _moving_at_the_end(self, index: int) -> list[tuple[Segment, int]]:
        """The same into a scene's last frame; remembered, since scenes of one frame take it from the one before."""
        known = self._moving_at_ends
        first = index
        while first not in known and first and self.scenes[first].frames == 1:
            first -= 1
        for one in range(first, index + 1):
            if one not in known:
                recall(known, one, partial(self._moving, one, self.scenes[one].span.end - 1), REMEMBERED)
        return known[index]


def _layer(track: LayerTrack, node: Node, frame: int) -> Layer:
    value = track.segment.value(frame)
    mask = track.mask.at(value) if track.mask else None
    return Layer(node, value(track.opacity), track.blend.at(value), mask)
