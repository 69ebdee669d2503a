"""A scene, and its layers, over time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from pixray_motion.story.animated import ComponentTrack, DenoiserTrack, MaskTrack
from pixray_motion.story.plan import OVER, Component, Prompt, Weighted
from pixray_motion.story.segment import Segment, Span
from pixray_motion.story.transition import Transition
from pixray_motion.tracks.base import Track
from pixray_motion.units import StoryFile

PLAIN = ComponentTrack(OVER.name)
BORDERS = ("mirror", "edge", "wrap", "noise")


@dataclass(frozen=True)
class LayerTrack:
    """A layer of a scene over time; its own scenes fill the time of the scene that it belongs to."""

    name: str
    segment: Segment
    scenes: tuple[Scene, ...]
    opacity: Track
    blend: ComponentTrack = PLAIN
    mask: MaskTrack | None = None


@dataclass(frozen=True)
class Scene:
    """A span of the film with its own prompts and movements.

    ``segments``, the scene itself first and then what it lies in, add up. ``steps`` and ``denoiser`` come with the
    segment in whose time they run. ``drawing`` is the name of what is drawn, which is another one after each cut.
    """

    name: str
    cut: bool
    segments: tuple[Segment, ...]
    steps: tuple[Segment, Track]
    border: str
    denoiser: tuple[Segment, DenoiserTrack] | None
    drawing: str
    drawer: Component
    perceptors: tuple[Weighted, ...]
    transition: Transition | None = None
    layers: tuple[LayerTrack, ...] = ()
    init: StoryFile | None = None
    """The picture that it begins with."""

    @cached_property
    def span(self) -> Span:
        return self.segments[0].span

    @cached_property
    def start(self) -> int:
        """Its first frame, counted from the film's start."""
        return self.span.start

    @cached_property
    def frames(self) -> int:
        return self.span.frames

    @property
    def transition_end(self) -> Fraction:
        """The frame from which on nothing is seen of the scene before."""
        return self.start + (self.transition.frames if self.transition else Fraction(0))

    @cached_property
    def prompts_are_constant(self) -> bool:
        """Whether its prompts are the same at all of its frames, but for a transition's."""
        return all(segment.prompts_are_constant for segment in self.segments)

    @cached_property
    def has_losses(self) -> bool:
        return any(segment.losses for segment in self.segments)

    @cached_property
    def has_filters(self) -> bool:
        return any(segment.filters for segment in self.segments)

    def prompts_at(self, frame: int) -> tuple[Prompt, ...]:
        """Its prompts, and those of the sequences around it, at a frame of the film."""
        found: list[Prompt] = []
        for segment in self.segments:
            if segment.prompts:
                own = segment.span.local_time(frame) if segment.morphs else Fraction(0)
                value = segment.value(frame)
                found += [prompt.at(own, value) for prompt in segment.prompts]
        return tuple(found)

    def losses_at(self, frame: int) -> tuple[Weighted, ...]:
        """The same of losses; the weights of equal ones add up."""
        found: list[Weighted] = []
        for segment in self.segments:
            if segment.losses:
                value = segment.value(frame)
                found += [track.at(value) for track in segment.losses]
        if len({loss.component.name for loss in found}) == len(found):
            return tuple(found)  # the usual case, without hashing values
        weights: dict[Component, float] = {}
        for loss in found:
            weights[loss.component] = weights.get(loss.component, 0.0) + loss.weight
        return tuple(Weighted(component, weight) for component, weight in weights.items())

    def filters_at(self, frame: int) -> tuple[Component, ...]:
        """The same of filters, the scene's own first."""
        return tuple(track.at(segment.value(frame)) for segment in self.segments for track in segment.filters)
