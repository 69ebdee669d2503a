"""Which frames of the film each part of a story is needed at: its own, and those of a transition that still shows it.

A story's numbers are checked at these frames and evaluated at no others, so that what was checked is what is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil

from pixray_motion.story.scene import LayerTrack, Scene
from pixray_motion.story.segment import Segment, Span


def needed_spans(scenes: Sequence[Scene], loops: bool) -> dict[Span, Span]:
    """The spans of which something is needed beyond their end, each with how much longer that is (``Span.after``).

    A scene goes on while the one behind it comes in, with its layers and with the sequences that end with it. Where the
    film ``loops``, the last scene's movements also lead into the first frame again.
    """
    found: dict[Span, Span] = {}
    _collect(scenes, int(loops), found)
    return found


def _collect(scenes: Sequence[Scene], last: int, found: dict[Span, Span]) -> None:
    """``last``: how long the last of these scenes is needed beyond its end."""
    for scene, following in pairwise((*scenes, None)):
        assert scene is not None
        after = last if following is None else _length_of_transition(following)
        for segment in _segments(scene):
            span = segment.span
            longer = scene.span.end + after - span.end
            if longer > found.get(span, span).after:
                found[span] = replace(span, after=longer)
        for layer in scene.layers:
            _collect(layer.scenes, after, found)


def _length_of_transition(scene: Scene) -> int:
    """In frames of the film; one that is longer than its scene is refused by itself."""
    return 0 if scene.transition is None else min(ceil(scene.transition.frames), scene.frames)


def _segments(scene: Scene) -> list[Segment]:
    owners = [*scene.segments, scene.steps[0]]
    return owners if scene.denoiser is None else [*owners, scene.denoiser[0]]


def extend(scenes: tuple[Scene, ...], spans: Mapping[Span, Span]) -> tuple[Scene, ...]:
    """The same scenes, whose segments know how long they are needed."""
    return _Extension(spans).scenes(scenes) if spans else scenes


class _Extension:
    """Replaces spans; scenes that share a segment share it afterwards, too."""

    def __init__(self, spans: Mapping[Span, Span]) -> None:
        self._spans = spans
        self._known: dict[Segment, Segment] = {}

    def scenes(self, scenes: tuple[Scene, ...]) -> tuple[Scene, ...]:
        return tuple(self._scene(scene) for scene in scenes)

    def _scene(self, scene: Scene) -> Scene:
        denoiser = scene.denoiser
        return replace(
            scene,
            segments=tuple(self._segment(segment) for segment in scene.segments),
            steps=(self._segment(scene.steps[0]), scene.steps[1]),
            denoiser=denoiser and (self._segment(denoiser[0]), denoiser[1]),
            layers=tuple(self._layer(layer) for layer in scene.layers),
        )

    def _layer(self, layer: LayerTrack) -> LayerTrack:
        return replace(layer, segment=self._segment(layer.segment), scenes=self.scenes(layer.scenes))

    def _segment(self, segment: Segment) -> Segment:
        if segment.span not in self._spans:
            return segment
        if segment not in self._known:
            self._known[segment] = replace(segment, span=self._spans[segment.span])
        return self._known[segment]
