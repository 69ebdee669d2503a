"""From a story file to a :class:`Story`, or to every mistake in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from pixray_motion import limits
from pixray_motion.errors import Problem, StoryError, reason
from pixray_motion.geometry import Canvas
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component
from pixray_motion.story.reading.components import DEFAULT_PERCEPTORS, read_drawer, read_perceptors
from pixray_motion.story.reading.context import FilmContext, Inherited
from pixray_motion.story.reading.include import Includer
from pixray_motion.story.reading.loop import read_loop, says_no_loop
from pixray_motion.story.reading.markers import read_bpm, read_markers
from pixray_motion.story.reading.outline import SHARED
from pixray_motion.story.reading.overrides import apply_overrides, format_option
from pixray_motion.story.reading.scenes import read_border, read_scenes
from pixray_motion.story.reading.validate import Check, run_checks
from pixray_motion.story.scene import BORDERS
from pixray_motion.story.source.diagnostics import START, Diagnostics
from pixray_motion.story.source.fields import read_mapping, read_text
from pixray_motion.story.source.files import StoryFolder
from pixray_motion.story.source.nodes import Mapping, Node, compose
from pixray_motion.story.spans import extend, needed_spans
from pixray_motion.tracks.time import PLAIN, TimeBase
from pixray_motion.units import Count, Surroundings, parse_size
from pixray_motion.wording import InvalidValue, quote

VERSION = 1
KEYS = (
    "story",
    "canvas",
    "rate",
    "bpm",
    "markers",
    "seed",
    "drawer",
    "perceptor",
    "denoiser",
    "border",
    "scenes",
    "defaults",
    "loop",
)
DEFAULT_KEYS = ("length", "cut", "transition", *SHARED)
Overrides = Many[tuple[str, str]]
Source = str | dict[str, Any] | list[Any]

_RATE = re.compile(r"([0-9]{1,20})(?:/([0-9]{1,20})|\.([0-9]{0,20}))?")


def read(path: str | Path, overrides: Overrides = (), outside: bool = False) -> Story:
    """Read and check a story file; nothing but text is loaded.

    ``overrides`` are pairs such as ("scenes.0.length", "2s"), put in place of what the file says. ``outside``: the
    story may name files that do not lie in its folder.
    Raises ``StoryError`` with every mistake; a file that cannot be read is one at 1:1.
    """
    return parse(_contents(str(path)), str(path), overrides, outside)


def parse(source: Source, path: str = "story", overrides: Overrides = (), outside: bool = False) -> Story:
    """The same for a story's text, or for a dict of dicts, lists, texts, numbers and flags.

    ``path`` names the story in messages.
    Raises ``StoryError`` with every mistake; a source that is neither is one at 1:1.
    """
    text = source if isinstance(source, str) else _dump(source, path)
    if len(text.encode(errors="replace")) > limits.FILE_BYTES:
        raise _unreadable(path, f"the file is larger than {limits.FILE_BYTES} bytes; make the story shorter")
    options, folder = list(overrides), StoryFolder(_folder(path), outside)
    story, problems = _attempt(text, path, options, folder)
    if problems or story is None:
        raise StoryError(path, _blamed(problems, text, path, options, folder))
    return story


def _dump(source: object, path: str) -> str:
    """A story of Python's own types as text; places in messages are then those in this text."""
    try:
        text = json.dumps(source, ensure_ascii=False, indent=1)  # JSON is YAML
    except (TypeError, ValueError, RecursionError) as error:
        what = "a story is a text, or a dict of dicts, lists, texts, numbers and flags"
        raise _unreadable(path, f"{what}: {error}") from error
    if not isinstance(source, (dict, list)):
        raise _unreadable(path, f"a story is a text or a dict. Got {quote(text)}")
    if any(value is None for value in _leaves(source)):
        raise _unreadable(path, "None is no value of a story; leave the key out")
    return text


def _leaves(source: object) -> Iterator[object]:
    """All values that are no dicts and no lists."""
    todo = [source]
    while todo:
        here = todo.pop()
        if isinstance(here, (dict, list, tuple)):
            todo += here.values() if isinstance(here, dict) else here
        else:
            yield here


def _attempt(
    text: str, path: str, options: list[tuple[str, str]], folder: StoryFolder
) -> tuple[Story | None, list[Problem]]:
    """The story, which means nothing if there are problems."""
    diagnostics = Diagnostics()
    root = compose(text, diagnostics)
    if isinstance(root, Mapping):
        Includer(folder, diagnostics).expand_story(root)
        apply_overrides(root, options, diagnostics)
    story = None if root is None else _story(root, text, path, folder, diagnostics)
    return story, diagnostics.problems()


def _blamed(
    problems: list[Problem], text: str, path: str, options: list[tuple[str, str]], folder: StoryFolder
) -> list[Problem]:
    """A mistake in the file that is not there without an option is the option's, as where it shortens a scene."""
    if not options or all(problem.option for problem in problems):
        return problems
    places = [
        {
            (problem.file, problem.line, problem.column)
            for problem in _attempt(text, path, options[:count], folder)[1]
            if not problem.option
        }
        for count in range(len(options))
    ]
    return [_moved(problem, path, places, options) for problem in problems]


def _moved(
    problem: Problem, path: str, places: list[set[tuple[str, int, int]]], options: list[tuple[str, str]]
) -> Problem:
    """``places`` are those of the mistakes without options, with the first, with the first two, and so on."""
    here = problem.file, problem.line, problem.column
    first = next((count for count, found in enumerate(places) if here in found), len(places))
    if problem.option or not first:
        return problem
    message = f"{problem.message} (in {path}:{problem.line}:{problem.column})"
    return Problem(first - 1, problem.line, message, format_option(*options[first - 1]))


def _contents(name: str) -> str:
    """The file's text; anything else than a text file of a sensible size is a problem at 1:1."""
    path = Path(name)
    try:
        if path.is_dir():
            raise _unreadable(name, "this is a folder; name a story file")
        if not path.exists():
            raise _unreadable(
                name, "there is no such file; 'pixray-motion new FILE' writes one to begin with"
            )
        if not path.is_file():
            raise _unreadable(name, "this is not a file")
        with path.open("rb") as file:
            data = file.read(limits.FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise _unreadable(name, f"the file cannot be read: {why}") from error
    if len(data) > limits.FILE_BYTES:
        raise _unreadable(name, f"the file is larger than {limits.FILE_BYTES} bytes; make the story shorter")
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(name, "this is not a text file; a story is YAML, and begins with 'story: 1'")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(name, "the file is not UTF-8 text; save it with the encoding UTF-8") from error


def _unreadable(path: str, message: str) -> StoryError:
    return StoryError(path, [Problem(1, 1, message)])


def _story(root: Node, text: str, path: str, folder: StoryFolder, diagnostics: Diagnostics) -> Story | None:
    """The story, which means nothing if ``diagnostics`` holds problems in the end."""
    found = read_mapping(root, "a story", KEYS, diagnostics)
    if isinstance(root, Mapping) and "story" not in root.lost:
        _version(found.get("story"), diagnostics)
    canvas = _canvas(found["canvas"], diagnostics) if "canvas" in found else Canvas(192, 108)
    rate = _rate(found["rate"], diagnostics) if "rate" in found else Fraction(12)
    seed = _seed(found["seed"], diagnostics) if "seed" in found else 0
    around = Surroundings(canvas, folder)
    drawer = read_drawer(found["drawer"], around, diagnostics) if "drawer" in found else Component("fft")
    perceptors = DEFAULT_PERCEPTORS
    if "perceptor" in found:
        perceptors = read_perceptors(found["perceptor"], around, diagnostics)
    border = read_border(found["border"], diagnostics) if "border" in found else BORDERS[0]
    defaults = (
        read_mapping(found["defaults"], "'defaults'", DEFAULT_KEYS, diagnostics)
        if "defaults" in found
        else {}
    )
    if "scenes" not in found:
        if isinstance(root, Mapping) and "scenes" not in root.lost:
            diagnostics.add(
                START, "the story has no scenes; write 'scenes:' and a list, as in '- length: 4s'", True
            )
        return None
    checks: list[Check] = []
    base = _base(found, rate or Fraction(1), diagnostics)
    film = FilmContext(diagnostics, checks, canvas, rate, seed, defaults, folder, base)
    scenes = read_scenes(found["scenes"], film, Inherited(drawer, perceptors, border, found.get("denoiser")))
    spans = needed_spans(scenes, "loop" in found and not says_no_loop(found["loop"]))
    run_checks(checks, spans, START, diagnostics)
    if canvas is None or rate is None:
        return None
    story = Story(canvas, rate, seed, drawer, perceptors, extend(scenes, spans), None, text, path, base)
    if "loop" in found and not diagnostics:
        story = replace(story, loop=read_loop(found["loop"], story, diagnostics))
    return story


def _base(found: dict[str, Node], rate: Fraction, diagnostics: Diagnostics) -> TimeBase:
    bpm = read_bpm(found["bpm"], diagnostics) if "bpm" in found else PLAIN.bpm
    return read_markers(found["markers"], bpm, rate, diagnostics) if "markers" in found else TimeBase(bpm)


def _folder(path: str) -> Path | None:
    """Where a story's files lie; a text that was never a file has no such place."""
    return Path(path).parent if Path(path).is_file() else None


def _version(node: Node | None, diagnostics: Diagnostics) -> None:
    if node is None:
        diagnostics.add(START, f"the story does not say its version; begin with 'story: {VERSION}'")
        return
    version = read_text(node, "'story'", diagnostics)
    if version is not None and version != str(VERSION):
        diagnostics.add(
            node.location, f"'story' is the version of the story language, {VERSION}. Got {quote(version)}"
        )


def _canvas(node: Node, diagnostics: Diagnostics) -> Canvas | None:
    text = read_text(node, "'canvas'", diagnostics)
    if text is None:
        return None
    low, high = limits.CANVAS
    try:
        width, height = parse_size(text)
        if low <= min(width, height) and max(width, height) <= high:
            return Canvas(width, height)
        raise InvalidValue(f"the canvas has {low} to {high} pixels a side. Got {quote(text)}")
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return None


def _rate(node: Node, diagnostics: Diagnostics) -> Fraction | None:
    text = read_text(node, "'rate'", diagnostics)
    if text is None:
        return None
    match = _RATE.fullmatch(text)
    if match is None or (match[2] and not int(match[2])):
        diagnostics.add(
            node.location, f"'rate' is frames a second: 12, 29.97 or 24000/1001. Got {quote(text)}"
        )
        return None
    rate = Fraction(int(match[1]), int(match[2])) if match[2] else Fraction(f"{match[1]}.{match[3] or 0}")
    low, high = limits.RATE
    if not low <= rate <= high:
        diagnostics.add(node.location, f"'rate' is {low} to {high} frames a second. Got {quote(text)}")
    elif max(rate.numerator, rate.denominator) > limits.RATE_DIGITS:
        most = limits.RATE_DIGITS
        diagnostics.add(
            node.location, f"'rate' is a fraction of numbers up to {most}, as 24000/1001. Got {quote(text)}"
        )
    else:
        return rate
    return None


def _seed(node: Node, diagnostics: Diagnostics) -> int:
    text = read_text(node, "'seed'", diagnostics)
    try:
        return Count(0, limits.SEED).parse(text, "seed") if text is not None else 0
    except InvalidValue as error:
        diagnostics.add(node.location, error.message)
        return 0
