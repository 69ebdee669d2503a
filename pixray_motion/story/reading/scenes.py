"""Scenes: where they lie in the film, what they take over from the sequences around them, and what happens in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from pixray_motion import limits
from pixray_motion.story.animated import DenoiserTrack
from pixray_motion.story.reading.components import (
    DEFAULT_DENOISER,
    default_steps,
    read_denoiser,
    read_drawer,
    read_filters,
    read_losses,
    read_perceptors,
    weigh_denoiser,
)
from pixray_motion.story.reading.context import FilmContext, Inherited, SceneContext
from pixray_motion.story.reading.layers import read_layers
from pixray_motion.story.reading.movements import read_moves
from pixray_motion.story.reading.numbers import read_number
from pixray_motion.story.reading.outline import OutlineReader, SceneNode, check_names
from pixray_motion.story.reading.parameters import read_flag
from pixray_motion.story.reading.prompts import read_prompts
from pixray_motion.story.reading.transitions import read_transition
from pixray_motion.story.reading.unfolding import Unfolding
from pixray_motion.story.scene import BORDERS, Scene
from pixray_motion.story.segment import Segment, Span
from pixray_motion.story.source.diagnostics import Diagnostics
from pixray_motion.story.source.fields import read_text
from pixray_motion.story.source.nodes import Node
from pixray_motion.story.transition import Transition
from pixray_motion.tracks.base import Clock, Constant, Track
from pixray_motion.tracks.easing import LINEAR
from pixray_motion.tracks.keyframes import Keyframes
from pixray_motion.tracks.time import round_half_up
from pixray_motion.units import STEPS, ImageFile, StoryFile
from pixray_motion.wording import InvalidValue, quote, unknown_name

INIT_STEPS = 0.25  # of those for a picture from nothing: what a picture shows is to be seen


def read_scenes(node: Node, film: FilmContext, inherited: Inherited) -> tuple[Scene, ...]:
    """All scenes of the film, one after the other."""
    items = OutlineReader(film.diagnostics, film.rate, film.defaults, film.base).film(node)
    check_names(items, film.diagnostics)
    everywhere = {} if inherited.denoiser is None else {"denoiser": inherited.denoiser}
    if not Unfolding(everywhere).check(items, film.diagnostics):
        return ()
    return tuple(SceneBuilder(film).build(items, Fraction(1), inherited))


class SceneBuilder:
    """Lays items into the film, from its start. Boundaries add up exactly and are rounded once, half up."""

    def __init__(self, film: FilmContext, start: Fraction = Fraction(0), before: Scene | None = None) -> None:
        """``before``: the scene that goes on into the first one, if there is such a one."""
        self.film = film
        self.cursor = start
        self.last = before
        self.full = False
        self.lost = False

    def build(self, items: list[SceneNode], speed: Fraction, inherited: Inherited) -> Iterator[Scene]:
        """The scenes of ``items``, which run at ``speed``: backwards, and in the other order, where it is below 0."""
        order = items if speed > 0 else items[::-1]
        for index, item in enumerate(order):
            opened = replace(inherited, first_only={} if index else inherited.first_only)
            for number in range(item.repeat):
                again = replace(opened, first_only={}) if number else opened
                named = replace(item, name=f"{item.name} ({number + 1})") if number else item
                own = speed * item.speed * (-1 if item.reverse else 1)
                yield from self._item(named, own, again)
                if self.full:
                    return

    def _item(self, item: SceneNode, speed: Fraction, inherited: Inherited) -> Iterator[Scene]:
        span = self._span(item, speed)
        if not item.children:
            scene = self._scene(item, span, inherited)
            self.cursor += item.length / abs(speed) if item.length else 0
            self.lost |= item.length is None
            self.last = scene
            yield scene
            return
        yield from self.build(item.children, speed, self._sequence(item, span, inherited))

    def _build_layer(
        self, node: SceneNode, span: Span, inherited: Inherited, before: Scene | None
    ) -> tuple[Scene, ...]:
        """See ``BuildScenes``."""
        builder = SceneBuilder(self.film, Fraction(span.start), before)
        return tuple(builder.build([node], span.speed, inherited))

    def _span(self, item: SceneNode, speed: Fraction) -> Span | None:
        """None if the length is not known."""
        if item.length is None:
            return None
        start = round_half_up(self.cursor)
        end = round_half_up(self.cursor + item.length / abs(speed))
        location = (item.found.get("length") or item.node).location
        if end > limits.FILM_FRAMES:
            self.film.diagnostics.add(
                location, f"the film grows longer than {limits.FILM_FRAMES} frames here; shorten its scenes"
            )
            self.full = True
            return None
        if end == start:
            self.film.diagnostics.add(
                location, "the scene is too short for a single frame; write at least 1f"
            )
            return None
        return Span(start, end - start, item.length, speed)

    def _sequence(self, item: SceneNode, span: Span | None, inherited: Inherited) -> Inherited:
        context, span = self._context(span)
        found = item.found
        inherited = self._inherit(found, inherited)
        segment = read_segment(found, context, span)
        if "denoiser" in found:
            inherited = replace(inherited, own_denoiser=(segment, read_denoiser(found["denoiser"], context)))
        if "steps" in found:
            inherited = replace(
                inherited, steps=(segment, read_number(found["steps"], "steps", STEPS, context))
            )
        first_only = inherited.first_only | {key: found[key] for key in ("cut", "transition") if key in found}
        return replace(inherited, segments=(segment, *inherited.segments), first_only=first_only)

    def _inherit(self, found: dict[str, Node], inherited: Inherited) -> Inherited:
        """With the drawer, perceptor and border that ``found`` names."""
        film = self.film
        if "drawer" in found:
            inherited = replace(inherited, drawer=read_drawer(found["drawer"], film.around, film.diagnostics))
        if "perceptor" in found:
            perceptors = read_perceptors(found["perceptor"], film.around, film.diagnostics)
            inherited = replace(inherited, perceptors=perceptors)
        if "border" in found:
            inherited = replace(inherited, border=read_border(found["border"], film.diagnostics))
        return inherited

    def _scene(self, item: SceneNode, span: Span | None, inherited: Inherited) -> Scene:
        context, span = self._context(span)
        found = inherited.first_only | item.found
        inherited = self._inherit(found, inherited)
        segment = read_segment(found, context, span)
        transition = self._transition(found, context, span)
        cut = self._cut(found, item, transition, inherited)
        scene = Scene(
            name=item.name,
            cut=cut,
            segments=(segment, *inherited.segments),
            steps=self._steps(found, segment, context, cut, inherited),
            border=inherited.border,
            denoiser=self._denoiser(found, segment, context, inherited),
            drawing=self._drawing(span, cut, inherited),
            drawer=inherited.drawer,
            perceptors=inherited.perceptors,
            transition=transition,
            init=self._init(found, cut, context),
        )
        if "layers" not in found:
            return scene
        layers = read_layers(
            found["layers"],
            self.film,
            scene,
            inherited,
            context,
            self.last,
            self._build_layer,
            item.layers,
        )
        return replace(scene, layers=layers)

    def _context(self, span: Span | None) -> tuple[SceneContext, Span]:
        """With a span of one second's frame where the real one is not known: then keys are not held against it."""
        film = self.film
        rate = film.rate or Fraction(1)
        timed = span is not None and film.rate is not None
        span = span or Span(round_half_up(self.cursor), 1, Fraction(1))
        frames = max(1, round_half_up(span.length))
        clock = Clock(rate, span.length / rate, frames, span.start / rate, film.seed, film.base.bpm)
        located = timed and not self.lost
        return SceneContext(
            film.diagnostics, clock, span, film.canvas, film.checks, timed, film.base, film.folder, located
        ), span

    def _transition(self, found: dict[str, Node], context: SceneContext, span: Span) -> Transition | None:
        if "transition" not in found:
            return None
        location = found["transition"].location
        if self.last is None:
            self.film.diagnostics.add(
                location, "the film's first scene comes after nothing; take its transition out"
            )
        if "cut" in found:
            self.film.diagnostics.add(
                location, "'cut' and 'transition' say the same thing; take one of them out"
            )
        transition = read_transition(found["transition"], context)
        if transition and context.timed and transition.frames > span.frames:
            self.film.diagnostics.add(location, "the transition is longer than its scene; make it shorter")
        return transition

    def _cut(
        self, found: dict[str, Node], item: SceneNode, transition: Transition | None, inherited: Inherited
    ) -> bool:
        """Whether the scene begins with a new picture; reports where it has to and does not say so."""
        said = "cut" in found and read_flag(found["cut"], "cut", self.film.diagnostics)
        cut = said or (transition is not None and transition.starts_fresh)
        if self.last is None:
            return True
        before = self.last
        what = None
        if before.drawer != inherited.drawer:
            what = "another drawer than"
        elif before.perceptors != inherited.perceptors:
            what = "another perceptor than"
        elif bool(before.layers) != ("layers" in found):
            what = "layers, other than" if "layers" in found else "no layers, other than"
        if what and not cut:
            self.film.diagnostics.add(
                item.node.location,
                f"the scene {quote(item.name)} has {what} the one before, so it cannot go on from its picture; write "
                "'cut: true' or a transition such as {crossfade: 1s}",
            )
        return cut

    def _init(self, found: dict[str, Node], cut: bool, context: SceneContext) -> StoryFile | None:
        """The picture that a scene begins with."""
        node = found.get("init_image")
        if node is None:
            return None
        text = read_text(node, "'init_image'", self.film.diagnostics)
        try:
            if "layers" in found:
                raise InvalidValue(
                    "a scene with layers has no picture of its own; give 'init_image' to a layer"
                )
            if not cut:
                raise InvalidValue(
                    "the scene goes on from the one before; write 'cut: true' or take 'init_image' out"
                )
            return ImageFile().parse(text or "", "init_image", context.around)
        except InvalidValue as error:
            self.film.diagnostics.add(node.location, error.message)
            return None

    def _steps(
        self, found: dict[str, Node], segment: Segment, context: SceneContext, cut: bool, inherited: Inherited
    ) -> tuple[Segment, Track]:
        if "steps" in found:
            return segment, read_number(found["steps"], "steps", STEPS, context)
        if inherited.steps:
            return inherited.steps
        fresh, warm = (Constant(float(steps)) for steps in default_steps(inherited.drawer.name))
        if "init_image" in found:
            fresh = Constant(round(fresh.value * INIT_STEPS))
        later = float(abs(segment.span.speed))  # the film's second frame
        if segment.span.speed < 0:
            end = float(segment.span.length)
            return segment, Keyframes((end - later, end), (warm, fresh), (LINEAR,) * 2) if cut else warm
        return segment, Keyframes((0.0, later), (fresh, warm), (LINEAR,) * 2) if cut else warm

    def _denoiser(
        self, found: dict[str, Node], segment: Segment, context: SceneContext, inherited: Inherited
    ) -> tuple[Segment, DenoiserTrack] | None:
        own: tuple[Segment, DenoiserTrack | None] | None = inherited.own_denoiser
        if "denoiser" in found:
            own = segment, read_denoiser(found["denoiser"], context)
        elif own is None:
            own = (
                segment,
                DEFAULT_DENOISER
                if inherited.denoiser is None
                else read_denoiser(inherited.denoiser, context),
            )
        return None if own[1] is None else (own[0], weigh_denoiser(own[1], inherited.perceptors))

    def _drawing(self, span: Span, cut: bool, inherited: Inherited) -> str:
        if self.last is not None and not cut:
            return self.last.drawing
        return f"{span.start}/{inherited.layer}" if inherited.layer else str(span.start)


def read_segment(found: dict[str, Node], context: SceneContext, span: Span) -> Segment:
    """What a scene, a sequence or a layer adds to what is around it."""
    moves, distortions = read_moves(found["move"], context) if "move" in found else ((), ())
    return Segment(
        span=span,
        prompts=read_prompts(found["prompts"], context) if "prompts" in found else (),
        moves=moves,
        distortions=distortions,
        losses=read_losses(found["losses"], context) if "losses" in found else (),
        filters=read_filters(found["filters"], context) if "filters" in found else (),
    )


def read_border(node: Node, diagnostics: Diagnostics) -> str:
    text = read_text(node, "'border'", diagnostics)
    if text is not None and text not in BORDERS:
        diagnostics.add(node.location, unknown_name("border", text, BORDERS))
    return text or BORDERS[0]
