"""Scenes: where they lie in the film, what they take over from the sequences around them, and what happens in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from pixray_motion.geometry import Canvas
from pixray_motion.story import limits
from pixray_motion.story.check import Check
from pixray_motion.story.choices import (
    PRIOR,
    read_drawer,
    read_filters,
    read_flag,
    read_losses,
    read_perceptors,
    read_prior,
    usual_steps,
)
from pixray_motion.story.entrance import DRAWN_ANEW, Entrance
from pixray_motion.story.entrances import read_entrance
from pixray_motion.story.files import NOWHERE, Home
from pixray_motion.story.fixed import image_values
from pixray_motion.story.keyed import Keyed
from pixray_motion.story.layers import read_layers
from pixray_motion.story.lines import PriorLine
from pixray_motion.story.moves import read_moves
from pixray_motion.story.nodes import Node
from pixray_motion.story.numbers import read_number
from pixray_motion.story.outline import Item, Outliner, check_names
from pixray_motion.story.part import Part, Span
from pixray_motion.story.plan import Choice
from pixray_motion.story.prompts import read_prompts
from pixray_motion.story.report import Refused, Report, quoted, unknown
from pixray_motion.story.scope import Scope, text_of
from pixray_motion.story.time import PLAIN, TimeBase, round_half_up
from pixray_motion.story.timeline import BORDERS, Scene
from pixray_motion.story.track import Clock, Constant, Track
from pixray_motion.units import STEPS

INIT_STEPS = 0.25  # of those for a picture from nothing: what a picture shows is to be seen


@dataclass(frozen=True)
class Film:
    """What all scenes share. ``canvas`` and ``rate`` are None if they could not be read."""

    report: Report
    checks: list[Check]
    canvas: Canvas | None
    rate: Fraction | None
    seed: int = 0
    defaults: dict[str, Node] = field(default_factory=dict)
    home: Home = NOWHERE
    base: TimeBase = PLAIN


@dataclass(frozen=True)
class Given:
    """What a scene takes over from what it lies in, unless it says otherwise.

    ``parts``, the innermost first, are added to its own; ``opening`` are the keys of a sequence that its first scene
    answers for; ``layer`` names the layer that it is drawn for.
    """

    drawer: Choice
    perceptors: tuple[str, ...]
    border: str
    prior: Node | None = None
    own_prior: tuple[Part, PriorLine | None] | None = None
    steps: tuple[Part, Track] | None = None
    parts: tuple[Part, ...] = ()
    opening: dict[str, Node] = field(default_factory=dict)
    layer: str = ""


def read_scenes(node: Node, film: Film, given: Given) -> tuple[Scene, ...]:
    """All scenes of the film, one after the other."""
    items = Outliner(film.report, film.rate, film.defaults, film.base).film(node)
    check_names(items, film.report)
    return tuple(Layout(film).lay(items, Fraction(1), given))


class Layout:
    """Lays items into the film, from its start. Boundaries add up exactly and are rounded once, half up."""

    def __init__(self, film: Film, start: Fraction = Fraction(0), before: Scene | None = None) -> None:
        """``before``: the scene that goes on into the first one, if there is such a one."""
        self.film = film
        self.cursor = start
        self.last = before
        self.count = 0
        self.full = False
        self.lost = False
        self.repeating = self.repeats = 0

    def lay(self, items: list[Item], pace: Fraction, given: Given) -> Iterator[Scene]:
        """The scenes of ``items``, which run at ``pace``: backwards, and in the other order, where it is below 0."""
        order = items if pace > 0 else items[::-1]
        for index, item in enumerate(order):
            opened = replace(given, opening={} if index else given.opening)
            for number in range(item.repeat):
                again = replace(opened, opening={}) if number else opened
                named = replace(item, name=f"{item.name} ({number + 1})") if number else item
                own = pace * item.speed * (-1 if item.reverse else 1)
                self.repeating += number > 0
                yield from self._item(named, own, again)
                self.repeating -= number > 0
                if self.full:
                    return

    def _item(self, item: Item, pace: Fraction, given: Given) -> Iterator[Scene]:
        span = self._span(item, pace)
        if not item.children:
            self.count += 1
            self.repeats += self.repeating > 0
            if self.count > limits.SCENES:
                self._stop(item, f"a film has at most {limits.SCENES} scenes, repeats counted; repeat less")
                return
            if self.repeats > limits.REPEATS:
                self._stop(
                    item, f"a film repeats at most {limits.REPEATS} scenes; repeat less, or let it 'loop'"
                )
                return
            scene = self._scene(item, span, given)
            self.cursor += item.length / abs(pace) if item.length else 0
            self.lost |= item.length is None
            self.last = scene
            yield scene
            return
        yield from self.lay(item.children, pace, self._sequence(item, span, given))

    def _stop(self, item: Item, message: str) -> None:
        self.film.report.add(item.node.place, message)
        self.full = True

    def _span(self, item: Item, pace: Fraction) -> Span | None:
        """None if the length is not known."""
        if item.length is None:
            return None
        start = round_half_up(self.cursor)
        end = round_half_up(self.cursor + item.length / abs(pace))
        place = (item.found.get("length") or item.node).place
        if end > limits.FILM_FRAMES:
            self.film.report.add(
                place, f"the film grows longer than {limits.FILM_FRAMES} frames here; shorten its scenes"
            )
            self.full = True
            return None
        if end == start:
            self.film.report.add(place, "the scene is too short for a single frame; write at least 1f")
            return None
        return Span(start, end - start, item.length, pace)

    def _sequence(self, item: Item, span: Span | None, given: Given) -> Given:
        scope, span = self._scope(span)
        found = item.found
        given = self._inherited(found, given)
        part = read_part(found, scope, span)
        if "prior" in found:
            given = replace(given, own_prior=(part, read_prior(found["prior"], scope)))
        if "steps" in found:
            given = replace(given, steps=(part, read_number(found["steps"], "steps", STEPS, scope)))
        opening = given.opening | {key: found[key] for key in ("cut", "transition") if key in found}
        return replace(given, parts=(part, *given.parts), opening=opening)

    def _inherited(self, found: dict[str, Node], given: Given) -> Given:
        """With the drawer, perceptor and border that ``found`` names."""
        film = self.film
        if "drawer" in found:
            given = replace(given, drawer=read_drawer(found["drawer"], film.canvas, film.report))
        if "perceptor" in found:
            given = replace(given, perceptors=read_perceptors(found["perceptor"], film.report))
        if "border" in found:
            given = replace(given, border=read_border(found["border"], film.report))
        return given

    def _scene(self, item: Item, span: Span | None, given: Given) -> Scene:
        scope, span = self._scope(span)
        found = given.opening | item.found
        given = self._inherited(found, given)
        part = read_part(found, scope, span)
        entrance = self._entrance(found, scope, span)
        cut = self._cut(found, item, entrance, given)
        scene = Scene(
            name=item.name,
            cut=cut,
            parts=(part, *given.parts),
            steps=self._steps(found, part, scope, cut, given),
            border=given.border,
            prior=self._prior(found, part, scope, given),
            drawing=self._drawing(span, cut, given),
            drawer=given.drawer,
            perceptors=given.perceptors,
            entrance=entrance,
            init=self._init(found, cut, scope),
        )
        if "layers" not in found:
            return scene
        layers = read_layers(found["layers"], self.film, scene, given, scope, self.last)
        return replace(scene, layers=layers)

    def _scope(self, span: Span | None) -> tuple[Scope, Span]:
        """With a span of one second's frame where the real one is not known: then keys are not held against it."""
        film = self.film
        rate = film.rate or Fraction(1)
        timed = span is not None and film.rate is not None
        span = span or Span(round_half_up(self.cursor), 1, Fraction(1))
        frames = max(1, round_half_up(span.length))
        clock = Clock(rate, span.length / rate, frames, span.start / rate, film.seed, film.base.bpm)
        placed = timed and not self.lost
        return Scope(film.report, clock, film.canvas, film.checks, timed, film.base, film.home, placed), span

    def _entrance(self, found: dict[str, Node], scope: Scope, span: Span) -> Entrance | None:
        if "transition" not in found:
            return None
        place = found["transition"].place
        if self.last is None:
            self.film.report.add(place, "the film's first scene comes after nothing; take its transition out")
        if "cut" in found:
            self.film.report.add(place, "'cut' and 'transition' say the same thing; take one of them out")
        entrance = read_entrance(found["transition"], scope)
        if entrance and scope.timed and entrance.frames > span.frames:
            self.film.report.add(place, "the transition is longer than its scene; make it shorter")
        return entrance

    def _cut(self, found: dict[str, Node], item: Item, entrance: Entrance | None, given: Given) -> bool:
        """Whether the scene begins with a new picture; reports where it has to and does not say so."""
        said = "cut" in found and read_flag(found["cut"], "cut", self.film.report)
        cut = said or (entrance is not None and entrance.kind in DRAWN_ANEW)
        if self.last is None:
            return True
        before = self.last
        what = None
        if before.drawer != given.drawer:
            what = "another drawer than"
        elif before.perceptors != given.perceptors:
            what = "another perceptor than"
        elif bool(before.layers) != ("layers" in found):
            what = "layers, other than" if "layers" in found else "no layers, other than"
        if what and not cut:
            self.film.report.add(
                item.node.place,
                f"the scene {quoted(item.name)} has {what} the one before, so it cannot go on from its picture; write "
                "'cut: true' or a transition such as {crossfade: 1s}",
            )
        return cut

    def _init(self, found: dict[str, Node], cut: bool, scope: Scope) -> tuple[str, str] | None:
        """The picture that a scene begins with: its file, and the hash of what is in it."""
        node = found.get("init_image")
        if node is None:
            return None
        text = text_of(node, "'init_image'", self.film.report)
        try:
            if "layers" in found:
                raise Refused("a scene with layers has no picture of its own; give 'init_image' to a layer")
            if not cut:
                raise Refused(
                    "the scene goes on from the one before; write 'cut: true' or take 'init_image' out"
                )
            values = dict(image_values(text or "", scope.home))
        except Refused as refused:
            self.film.report.add(node.place, refused.message)
            return None
        return values["file"], values["hash"]

    def _steps(
        self, found: dict[str, Node], part: Part, scope: Scope, cut: bool, given: Given
    ) -> tuple[Part, Track]:
        if "steps" in found:
            return part, read_number(found["steps"], "steps", STEPS, scope)
        if given.steps:
            return given.steps
        fresh, warm = (Constant(float(steps)) for steps in usual_steps(given.drawer.name))
        if "init_image" in found:
            fresh = Constant(round(fresh.value * INIT_STEPS))
        later = float(abs(part.span.pace))  # the film's second frame
        if part.span.pace < 0:
            end = float(part.span.length)
            return part, Keyed((end - later, end), (warm, fresh), ("linear",) * 2) if cut else warm
        return part, Keyed((0.0, later), (fresh, warm), ("linear",) * 2) if cut else warm

    def _prior(
        self, found: dict[str, Node], part: Part, scope: Scope, given: Given
    ) -> tuple[Part, PriorLine] | None:
        own: tuple[Part, PriorLine | None] | None = given.own_prior
        if "prior" in found:
            own = part, read_prior(found["prior"], scope)
        elif own is None:
            own = part, PRIOR if given.prior is None else read_prior(given.prior, scope)
        return None if own[1] is None else (own[0], own[1])

    def _drawing(self, span: Span, cut: bool, given: Given) -> str:
        if self.last is not None and not cut:
            return self.last.drawing
        return f"{span.start}/{given.layer}" if given.layer else str(span.start)


def read_part(found: dict[str, Node], scope: Scope, span: Span) -> Part:
    """What a scene, a sequence or a layer adds to what is around it."""
    moves, bends = read_moves(found["move"], scope) if "move" in found else ((), ())
    return Part(
        span=span,
        prompts=read_prompts(found["prompts"], scope) if "prompts" in found else (),
        moves=moves,
        bends=bends,
        losses=read_losses(found["losses"], scope) if "losses" in found else {},
        filters=read_filters(found["filters"], scope) if "filters" in found else (),
    )


def read_border(node: Node, report: Report) -> str:
    text = text_of(node, "'border'", report)
    if text is not None and text not in BORDERS:
        report.add(node.place, unknown("border", text, BORDERS))
    return text or BORDERS[0]
