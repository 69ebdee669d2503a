"""What a scene says over time: each line gives its part of a plan at any of the scene's own frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from pixray_motion.story.plan import Component, DenoiserSettings, Mask, Prompt, Weighted
from pixray_motion.tracks.base import Track, TrackValue

FRESH_LEVEL = 0.9  # of the noise behind which a denoiser sees a picture that is nothing yet
Value = Callable[[Track], float]  # the value of a track at the frame in question


@dataclass(frozen=True)
class TextKey:
    """A prompt's text at ``frame`` (a fraction, scene time), towards which the text before it has turned."""

    frame: Fraction
    text: str


@dataclass(frozen=True)
class PromptTrack:
    """A prompt over time: one text, or several at increasing times, which morph into each other."""

    texts: tuple[TextKey, ...]
    weight: Track
    stop: float | None = None

    def at(self, frame: Fraction, value: Value) -> Prompt:
        return Prompt(self._shares(frame), value(self.weight), self.stop)

    @cached_property
    def _times(self) -> list[Fraction]:
        return [key.frame for key in self.texts]

    def _shares(self, frame: Fraction) -> tuple[tuple[str, float], ...]:
        keys = self.texts
        if len(keys) == 1:
            return ((keys[0].text, 1.0),)
        after = bisect_right(self._times, frame)
        if after == 0 or after == len(keys):
            return ((keys[max(after - 1, 0)].text, 1.0),)
        left, right = keys[after - 1], keys[after]
        share = float((frame - left.frame) / (right.frame - left.frame))
        return tuple((key.text, part) for key, part in ((left, 1 - share), (right, share)) if part)


@dataclass(frozen=True)
class DenoiserTrack:
    """A denoiser's part over time."""

    model: Component
    weight: Track
    guidance_scale: Track
    strength: Track

    def at(self, value: Value, prompt_change: float) -> DenoiserSettings:
        """``prompt_change`` (0..1) raises the noise level: what is new needs to be drawn again."""
        strength = value(self.strength)
        noise_level = strength
        if prompt_change:
            noise_level = max(strength, strength + (FRESH_LEVEL - strength) * ease_out_quad(prompt_change))
        return DenoiserSettings(
            self.model, value(self.weight), value(self.guidance_scale), noise_level, prompt_change
        )


@dataclass(frozen=True)
class ComponentTrack:
    """A filter, a mask, a blend or a transition, with its parameters over time and those that are fixed."""

    name: str
    tracks: Mapping[str, TrackValue] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def at(self, value: Value) -> Component:
        return Component(self.name, values_at(self.tracks, self.fixed, value))


@dataclass(frozen=True)
class LossTrack:
    """A loss with its weight and its parameters over time, and those that are fixed."""

    name: str
    weight: Track
    tracks: Mapping[str, TrackValue] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def at(self, value: Value) -> Weighted:
        component = self._resting if not self.tracks else self._component(value)
        return Weighted(component, value(self.weight))

    @cached_property
    def _resting(self) -> Component:
        """The loss where no parameter changes, made once, since most have none and a film has many frames."""
        return Component(self.name, tuple(self.fixed.items()))

    def _component(self, value: Value) -> Component:
        return Component(self.name, values_at(self.tracks, self.fixed, value))


@dataclass(frozen=True)
class MaskTrack:
    """A mask over time."""

    shape: ComponentTrack
    invert: bool = False

    def at(self, value: Value) -> Mask:
        return Mask(self.shape.at(value), self.invert)


def values_at(
    tracks: Mapping[str, TrackValue], fixed: Mapping[str, Any], value: Value
) -> tuple[tuple[str, Any], ...]:
    """The parameters of a component at a frame: numbers, tuples of numbers, and what is fixed as it is."""
    now = [
        (name, tuple(map(value, track)) if isinstance(track, tuple) else value(track))
        for name, track in tracks.items()
    ]
    return (*now, *fixed.items())


def ease_out_quad(prompt_change: float) -> float:
    """0..1: how much of a fresh picture's treatment a picture needs of whose prompts ``prompt_change`` (0..1) is new.

    It rises steeply at first, so that a morph is at work early instead of making a jump when it is over.
    """
    return prompt_change * (2 - prompt_change)
