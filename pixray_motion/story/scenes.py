"""Scenes: their lengths, their names, and what happens in each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pixray_motion.geometry import Canvas
from pixray_motion.story import limits, traps
from pixray_motion.story.check import Check
from pixray_motion.story.choices import parse_flag, read_filters, read_losses, read_prior
from pixray_motion.story.keyed import Keyed
from pixray_motion.story.model import BORDERS, Scene
from pixray_motion.story.moves import read_moves
from pixray_motion.story.nodes import Mapping, Node, Scalar, Sequence
from pixray_motion.story.numbers import read_number
from pixray_motion.story.prompts import read_prompts
from pixray_motion.story.report import Place, Refused, Report, quoted, unknown
from pixray_motion.story.scope import Scope, fields, got, text_of
from pixray_motion.story.time import PLAIN, TimeBase, parse_time, round_half_up
from pixray_motion.story.track import Clock, Constant, Track
from pixray_motion.units import STEPS

KEYS = ("name", "length", "prompts", "move", "losses", "filters", "steps", "cut", "border", "prior")


@dataclass(frozen=True)
class Film:
    """What all scenes share, and what they do if they do not say.

    ``rate`` is None if it could not be read; ``steps`` are those of a picture from nothing, and of a frame after it.
    ``folder`` is where curves lie, None for a story that is no file.
    """

    report: Report
    checks: list[Check]
    canvas: Canvas | None
    rate: Fraction | None
    border: str
    prior: Node | None
    steps: tuple[int, int]
    seed: int = 0
    base: TimeBase = PLAIN
    folder: Path | None = None


@dataclass(frozen=True)
class Slot:
    """A scene's place in the film, in frames; ``clock`` is None where its length could not be read.

    ``placed`` is False if a length before it could not be read.
    """

    start: int
    clock: Clock | None
    placed: bool = True


def read_scenes(node: Node, film: Film) -> tuple[Scene, ...]:
    """All scenes, one after the other."""
    report = film.report
    if not isinstance(node, Sequence) or not node.items:
        empty = "an empty list" if isinstance(node, Sequence) else got(node).removeprefix("Got ")
        report.add(
            node.place, f"'scenes' is a list of at least one scene, as in [{{length: 4s}}]. Got {empty}"
        )
        return ()
    if len(node.items) > limits.SCENES:
        report.add(node.place, f"a film has at most {limits.SCENES} scenes. Got {len(node.items)}")
        return ()
    found = [fields(item, "a scene", KEYS, report) for item in node.items]
    names = _names(node, found, report)
    slots = _slots(node, found, film)
    return tuple(
        _scene(values, index, name, slot, film)
        for index, (values, name, slot) in enumerate(zip(found, names, slots, strict=True))
    )


def _scene(found: dict[str, Node], index: int, name: str, slot: Slot, film: Film) -> Scene:
    clock = slot.clock or Clock(film.rate or Fraction(1), Fraction(1), 1)
    timed = slot.clock is not None
    scope = Scope(film.report, clock, film.canvas, film.checks, timed, film.base, film.folder, slot.placed)
    cut = _flag(found["cut"], "cut", film.report) if "cut" in found else False
    fresh, warm = (Constant(float(steps)) for steps in film.steps)
    steps: Track = Keyed((0.0, 1.0), (fresh, warm), ("linear", "linear")) if cut or index == 0 else warm
    if "steps" in found:
        steps = read_number(found["steps"], "steps", STEPS, scope)
    guide = found.get("prior", film.prior)
    return Scene(
        name=name,
        start=slot.start,
        frames=clock.frames,
        cut=cut,
        prompts=read_prompts(found["prompts"], scope) if "prompts" in found else (),
        moves=read_moves(found["move"], scope) if "move" in found else (),
        losses=read_losses(found["losses"], scope) if "losses" in found else {},
        filters=read_filters(found["filters"], scope) if "filters" in found else (),
        steps=steps,
        border=read_border(found["border"], film.report) if "border" in found else film.border,
        prior=read_prior(guide, scope) if guide is not None else None,
    )


def read_border(node: Node, report: Report) -> str:
    text = text_of(node, "'border'", report)
    if text is not None and text not in BORDERS:
        report.add(node.place, unknown("border", text, BORDERS))
    return text or BORDERS[0]


def _flag(node: Node, name: str, report: Report) -> bool:
    text = text_of(node, f"'{name}'", report)
    try:
        return text is not None and parse_flag(text, name)
    except Refused as refused:
        report.add(node.place, refused.message)
        return False


def default_name(index: int) -> str:
    return f"scene {index + 1}"


def _names(node: Sequence, found: list[dict[str, Node]], report: Report) -> list[str]:
    """The names of all scenes; reports those that are given twice."""
    names: list[str] = []
    taken: dict[str, Place] = {}
    for index, (item, values) in enumerate(zip(node.items, found, strict=True)):
        place = values["name"].place if "name" in values else item.place
        name = _name(values["name"], report) if "name" in values else default_name(index)
        if name in taken:
            report.add(
                place, f"the scene name {quoted(name)} is taken by line {taken[name].line}; choose another"
            )
        taken.setdefault(name, place)
        names.append(name)
    return names


def _name(node: Node, report: Report) -> str:
    text = text_of(node, "a scene's name", report)
    if text is None or not isinstance(node, Scalar):
        return ""
    if node.plain and (hint := traps.cut_off(node.text, node.after)):
        report.add(node.place, hint)
    elif not text.isprintable() or not 0 < len(text) <= limits.NAME_CHARACTERS:
        report.add(
            node.place,
            f"a scene's name has 1 to {limits.NAME_CHARACTERS} characters on one line. Got {quoted(text)}",
        )
    elif re.fullmatch(r"[0-9]+", text):
        report.add(node.place, f"the scene name {quoted(text)} could be a scene's number; put a letter in it")
    return text


def _slots(node: Sequence, found: list[dict[str, Node]], film: Film) -> list[Slot]:
    """Boundaries add up exactly and are rounded once, half up, so that rounding errors do not add up."""
    slots: list[Slot] = []
    exact, start, placed = Fraction(0), 0, film.rate is not None
    for item, values in zip(node.items, found, strict=True):
        length = _length(item, values.get("length"), film, exact if placed else None)
        if length is None or film.rate is None:
            slots.append(Slot(start, None, placed))
            placed = False
            continue
        exact += length
        end = round_half_up(exact)
        if end > limits.FILM_FRAMES:
            place = values["length"].place
            film.report.add(
                place, f"the film grows longer than {limits.FILM_FRAMES} frames here; shorten its scenes"
            )
            return slots + [Slot(start, None)] * (len(found) - len(slots))
        if end == start:
            film.report.add(
                values["length"].place, "the scene is too short for a single frame; write at least 1f"
            )
        moment = Fraction(start) / film.rate
        clock = Clock(film.rate, length / film.rate, end - start, moment, film.seed, film.base.bpm)
        slots.append(Slot(start, clock if end > start else None, placed))
        start = end
    return slots


def _length(item: Node, node: Node | None, film: Film, start: Fraction | None) -> Fraction | None:
    """A scene's exact length in frames, up to a marker if it is one; None if that is reported.

    ``start`` is the scene's in frames, None if nobody knows it, because of a mistake that is reported.
    """
    if node is None:
        if isinstance(item, Mapping) and "length" not in item.lost:
            film.report.add(item.place, "the scene has no length; write one, as in 'length: 4s'")
        return None
    text = text_of(node, "'length'", film.report)
    if text is None:
        return None
    try:
        time = parse_time(text, film.base)
        if time.unit == "%":
            raise Refused(f"a scene's length cannot be {quoted(text)}; write 48f, 4s or 0:04")
    except Refused as refused:
        film.report.add(node.place, refused.message)
        return None
    if time.marker and start is None:
        return None
    length = time.frames(film.rate or Fraction(1), start=start or Fraction(0))
    if time.marker and length <= 0:
        rate = film.rate or Fraction(1)
        end, begin = (f"{float(x / rate):.10g}s" for x in ((start or 0) + length, start or Fraction(0)))
        film.report.add(
            node.place,
            f"{quoted(text)} ({end} in the film) is not after the scene's start ({begin}); choose a later marker, or "
            "shorten the scenes before",
        )
        return None
    return length
