"""A scene, and its layers, over time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from pixray_motion.story.animated import DenoiserTrack, MaskTrack
from pixray_motion.story.plan import Component, Weighted
from pixray_motion.story.segment import Segment, Span
from pixray_motion.story.transition import Transition
from pixray_motion.tracks.base import Track

if TYPE_CHECKING:
    from pixray_motion.story.timeline import Timeline

BORDERS = ("mirror", "edge", "wrap", "noise")


@dataclass(frozen=True)
class LayerTrack:
    """A layer of a scene over time; its own scenes fill the time of the scene that it belongs to."""

    name: str
    segment: Segment
    scenes: Timeline
    opacity: Track
    blend: str = "over"
    mask: MaskTrack | None = None


@dataclass(frozen=True)
class Scene:
    """A span of the film with its own prompts and movements.

    ``segments``, the scene itself first and then what it lies in, add up. ``steps`` and ``denoiser`` come with the part in
    whose time they run. ``drawing`` is the name of what is drawn, which is another one after each cut.
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
    init: tuple[str, str] | None = None
    """The file of the picture that it begins with, and its hash."""

    @property
    def span(self) -> Span:
        return self.segments[0].span

    @property
    def start(self) -> int:
        """Its first frame, counted from the film's start."""
        return self.span.start

    @property
    def frames(self) -> int:
        return self.span.frames

    @property
    def transition_end(self) -> Fraction:
        """The frame from which on nothing is seen of the scene before."""
        return self.start + (self.transition.frames if self.transition else Fraction(0))
