"""From a story file to a :class:`Story`, or to every mistake in it."""

from __future__ import annotations

import re
from collections.abc import Sequence as Many
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pixray_motion.errors import Problem, StoryError, reason
from pixray_motion.geometry import Canvas
from pixray_motion.story import limits
from pixray_motion.story.check import Check, run_checks
from pixray_motion.story.choices import parse_size, parse_whole, read_drawer, read_perceptors
from pixray_motion.story.files import Home
from pixray_motion.story.include import Includer
from pixray_motion.story.loops import read_loop
from pixray_motion.story.markers import read_bpm, read_markers
from pixray_motion.story.model import Story
from pixray_motion.story.nodes import Mapping, Node, compose
from pixray_motion.story.outline import SHARED
from pixray_motion.story.overrides import override, shown
from pixray_motion.story.plan import Choice
from pixray_motion.story.report import START, Refused, Report, quoted
from pixray_motion.story.scenes import Film, Given, read_border, read_scenes
from pixray_motion.story.scope import fields, text_of
from pixray_motion.story.time import PLAIN, TimeBase
from pixray_motion.story.timeline import BORDERS

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
    "prior",
    "border",
    "scenes",
    "defaults",
    "loop",
)
DEFAULT_KEYS = ("length", "cut", "transition", *SHARED)
Overrides = Many[tuple[str, str]]

_RATE = re.compile(r"([0-9]{1,20})(?:/([0-9]{1,20})|\.([0-9]{0,20}))?")


def read(path: str | Path, overrides: Overrides = (), outside: bool = False) -> Story:
    """Read and check a story file; nothing but text is loaded.

    ``overrides`` are pairs such as ("scenes.0.length", "2s"), put in place of what the file says. ``outside``: the
    story may name files that do not lie in its folder.
    Raises ``StoryError`` with every mistake; a file that cannot be read is one at 1:1.
    """
    return parse(_contents(str(path)), str(path), overrides, outside)


def parse(text: str, path: str = "story", overrides: Overrides = (), outside: bool = False) -> Story:
    """The same for a story's text; ``path`` names it in messages."""
    if len(text.encode(errors="replace")) > limits.FILE_BYTES:
        raise _unreadable(path, f"the file is larger than {limits.FILE_BYTES} bytes; make the story shorter")
    options, home = list(overrides), Home(_folder(path), outside)
    story, problems = _attempt(text, path, options, home)
    if problems or story is None:
        raise StoryError(path, _blamed(problems, text, path, options, home))
    return story


def _attempt(
    text: str, path: str, options: list[tuple[str, str]], home: Home
) -> tuple[Story | None, list[Problem]]:
    """The story, which means nothing if there are problems."""
    report = Report()
    root = compose(text, report)
    if isinstance(root, Mapping):
        Includer(home, report).expand(root)
        override(root, options, report)
    story = None if root is None else _story(root, text, path, home, report)
    return story, report.problems()


def _blamed(
    problems: list[Problem], text: str, path: str, options: list[tuple[str, str]], home: Home
) -> list[Problem]:
    """A mistake in the file that is not there without an option is the option's, as where it shortens a scene."""
    if not options or all(problem.option for problem in problems):
        return problems
    places = [
        {
            (problem.file, problem.line, problem.column)
            for problem in _attempt(text, path, options[:count], home)[1]
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
    return Problem(first - 1, problem.line, message, shown(*options[first - 1]))


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


def _story(root: Node, text: str, path: str, home: Home, report: Report) -> Story | None:
    """The story, which means nothing if ``report`` holds problems in the end."""
    found = fields(root, "a story", KEYS, report)
    if isinstance(root, Mapping) and "story" not in root.lost:
        _version(found.get("story"), report)
    canvas = _canvas(found["canvas"], report) if "canvas" in found else Canvas(192, 108)
    rate = _rate(found["rate"], report) if "rate" in found else Fraction(12)
    seed = _seed(found["seed"], report) if "seed" in found else 0
    drawer = read_drawer(found["drawer"], canvas, report) if "drawer" in found else Choice("fft")
    perceptors = read_perceptors(found["perceptor"], report) if "perceptor" in found else ("embedded",)
    border = read_border(found["border"], report) if "border" in found else BORDERS[0]
    defaults = fields(found["defaults"], "'defaults'", DEFAULT_KEYS, report) if "defaults" in found else {}
    if "scenes" not in found:
        if isinstance(root, Mapping) and "scenes" not in root.lost:
            report.add(
                START, "the story has no scenes; write 'scenes:' and a list, as in '- length: 4s'", True
            )
        return None
    checks: list[Check] = []
    base = _base(found, rate or Fraction(1), report)
    film = Film(report, checks, canvas, rate, seed, defaults, home, base)
    scenes = read_scenes(found["scenes"], film, Given(drawer, perceptors, border, found.get("prior")))
    run_checks(checks, START, report)
    if canvas is None or rate is None:
        return None
    story = Story(canvas, rate, seed, drawer, perceptors, scenes, None, text, path, base)
    if "loop" in found and not report:
        story = replace(story, loop=read_loop(found["loop"], story, report))
    return story


def _base(found: dict[str, Node], rate: Fraction, report: Report) -> TimeBase:
    bpm = read_bpm(found["bpm"], report) if "bpm" in found else PLAIN.bpm
    return read_markers(found["markers"], bpm, rate, report) if "markers" in found else TimeBase(bpm)


def _folder(path: str) -> Path | None:
    """Where a story's files lie; a text that was never a file has no such place."""
    return Path(path).parent if Path(path).is_file() else None


def _version(node: Node | None, report: Report) -> None:
    if node is None:
        report.add(START, f"the story does not say its version; begin with 'story: {VERSION}'")
        return
    version = text_of(node, "'story'", report)
    if version is not None and version != str(VERSION):
        report.add(
            node.place, f"'story' is the version of the story language, {VERSION}. Got {quoted(version)}"
        )


def _canvas(node: Node, report: Report) -> Canvas | None:
    text = text_of(node, "'canvas'", report)
    if text is None:
        return None
    low, high = limits.CANVAS
    try:
        width, height = parse_size(text)
        if low <= min(width, height) and max(width, height) <= high:
            return Canvas(width, height)
        raise Refused(f"the canvas has {low} to {high} pixels a side. Got {quoted(text)}")
    except Refused as refused:
        report.add(node.place, refused.message)
        return None


def _rate(node: Node, report: Report) -> Fraction | None:
    text = text_of(node, "'rate'", report)
    if text is None:
        return None
    match = _RATE.fullmatch(text)
    if match is None or (match[2] and not int(match[2])):
        report.add(node.place, f"'rate' is frames a second: 12, 29.97 or 24000/1001. Got {quoted(text)}")
        return None
    rate = Fraction(int(match[1]), int(match[2])) if match[2] else Fraction(f"{match[1]}.{match[3] or 0}")
    low, high = limits.RATE
    if not low <= rate <= high:
        report.add(node.place, f"'rate' is {low} to {high} frames a second. Got {quoted(text)}")
    elif max(rate.numerator, rate.denominator) > limits.RATE_DIGITS:
        most = limits.RATE_DIGITS
        report.add(
            node.place, f"'rate' is a fraction of numbers up to {most}, as 24000/1001. Got {quoted(text)}"
        )
    else:
        return rate
    return None


def _seed(node: Node, report: Report) -> int:
    text = text_of(node, "'seed'", report)
    try:
        return parse_whole(text, "seed", 0, limits.SEED) if text is not None else 0
    except Refused as refused:
        report.add(node.place, refused.message)
        return 0
