"""How far a value walks through the code: python benchmarks/walks.py [--json FILE] [--against FILE] [--calls]

For some values of a story it is counted how many calls are made on their way, of how many functions, in how many files,
and how often a call lies in another file than the call before it. The package is whatever ``import pixray_motion``
finds, so that one script compares two checkouts (it needs circles.py beside it):

    PYTHONPATH=OLD python walks.py --json before.json && PYTHONPATH=NEW python walks.py --against before.json

Counted are the profiler's call events in the package's files: functions, methods and properties, and also lambdas,
comprehensions and each resumption of a generator, for each is a step for somebody who reads along. A function is a file
and a name, so all lambdas of a file are one. What dataclasses generate, and other packages, lie in no file of ours.
Python 3.12 has no frames for comprehensions, so both sides need the same Python. Whatever is counted has been done once
before, so that what is loaded or kept for later is there.

No name of the code inside is known here, so that names may change. A walk is one of:

- a call of the public interface, with all that it calls;
- *reading*: the outermost calls that turn a value of the story's text, given to them by itself, into what is planned
  with, and all that they call; see ``Reading``;
- *handed*: those calls alone that are given a value, as an argument or somewhere in one;
- *difference*: what a story with one thing more calls more often than the story without it.

At the end come circles of imports; see circles.py.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePath
from types import CodeType, FrameType, MethodType
from typing import Any, NamedTuple

import numpy as np
from circles import every_circle, told

import pixray_motion as package

HOME = Path(package.__file__).parent
NAME = package.__name__
PYTHON = ".".join(platform.python_version_tuple()[:2])
FIGURES = ("calls", "functions", "files", "changes")

FACTORS, PROMPT, FILM = (1.0625, 2.5), "a lighthouse", "walked-film"  # like nothing else in the stories
MOVE = f"    move: [zoom: {{factor: {{0s: {FACTORS[0]}, 4s: {FACTORS[1]}}}}}]\n"
READ = f"story: 1\nscenes:\n  - length: 4s\n    prompts: {PROMPT}\n{MOVE}"
PLANNED = f"story: 1\ndrawer: fft\nscenes:\n  - length: 4s\n{MOVE}"
WRITTEN = "story: 1\ncanvas: 32x18\nperceptor: none\nscenes:\n  - {length: 2f, steps: 0}\n"
UNDENOISED = ("denoiser: none\n", "prior: none\n")  # the same in newer and in older checkouts
MORPH = "{0s: a forest, 4s: a river}"


class Call(NamedTuple):
    file: str
    function: str


@dataclass(frozen=True)
class Walk:
    """The figures of one way; ``starts`` are the calls that it begins with."""

    calls: int
    functions: int
    files: int
    changes: int
    starts: tuple[str, ...] = ()
    steps: tuple[str, ...] = field(default=(), repr=False)


Watch = Callable[[FrameType, str, Any], None]


def traced(run: Callable[[], object], watch: Watch | None = None) -> list[Call]:
    """The package's calls while ``run`` runs. ``watch`` hears of each call, just after, and of each return."""
    calls: list[Call] = []
    files: dict[CodeType, str | None] = {}

    def on_event(frame: FrameType, event: str, result: Any) -> None:
        code = frame.f_code
        if code not in files:
            path = Path(code.co_filename)
            files[code] = path.relative_to(HOME).as_posix() if path.is_relative_to(HOME) else None
        file = files[code]
        if file is None or event not in ("call", "return"):
            return
        if event == "call":
            calls.append(Call(file, code.co_name))
        if watch is not None:
            watch(frame, event, result)

    sys.setprofile(on_event)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


def changes(calls: Iterable[Call]) -> int:
    return sum(one.file != other.file for one, other in pairwise(calls))


def walked(*stretches: list[Call]) -> Walk:
    """Stretches of a trace; going from one to the next is no change of file."""
    calls = [call for stretch in stretches for call in stretch]
    return Walk(
        len(calls),
        len(set(calls)),
        len({call.file for call in calls}),
        sum(map(changes, stretches)),
        tuple(dict.fromkeys(" ".join(stretch[0]) for stretch in stretches if stretch)),
        tuple(" ".join(call) for call in calls),
    )


def difference(longer: list[Call], shorter: list[Call]) -> Walk:
    """What ``longer`` calls more often than ``shorter``, as multisets; and how many more changes of file it has."""
    more = Counter(longer) - Counter(shorter)
    steps = tuple(" ".join(call) for call in more.elements())
    files = len({call.file for call in more})
    return Walk(more.total(), len(more), files, changes(longer) - changes(shorter), steps=steps)


# What an object holds


class Leaf(NamedTuple):
    """A value at the end of an object's attributes and items, and the class of ours whose attribute it is."""

    value: Any
    holder: type | None


def leaves(thing: Any, holder: type | None = None, known: set[int] | None = None) -> Iterator[Leaf]:
    """Looks into containers and into objects of our classes only."""
    known = set() if known is None else known
    if isinstance(thing, (str, PurePath, int, float, Fraction, np.generic)):
        yield Leaf(thing, holder)
    elif id(thing) not in known:
        known.add(id(thing))
        inner = type(thing) if ours(type(thing)) else holder
        for part in parts(thing):
            yield from leaves(part, inner, known)


def parts(thing: Any) -> list[Any]:
    """What an object is made of: items, attributes, what a method or a partial function is bound to."""
    if isinstance(thing, Mapping):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, (list, tuple, set, frozenset)):
        return list(thing)
    if isinstance(thing, np.ndarray):
        return list(thing.flat)
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, MethodType):
        return [thing.__self__]
    return attributes(thing) if ours(type(thing)) else []


def ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == NAME


def attributes(thing: Any) -> list[Any]:
    slots = [name for kind in type(thing).__mro__ for name in kind.__dict__.get("__slots__", ())]
    found = [getattr(thing, name) for name in slots if name != "__dict__" and hasattr(thing, name)]
    return [*found, *getattr(thing, "__dict__", {}).values()]


def arguments(frame: FrameType) -> list[Any]:
    """What a call was given, ``self`` too; and what a function within another sees of that one's variables."""
    code, values = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)  # *args and **kwargs
    return [values[name] for name in (*code.co_varnames[:count], *code.co_freevars) if name in values]


# Ways to watch a walk


@dataclass
class Reading:
    """Finds the outermost calls that turn values of the story's text into what is planned with.

    Such a call has an argument, a piece of the text's tree, in which all ``values`` stand as texts and ``other``, which
    stands elsewhere in the scene, does not; so what is given the scene or the story is no such call. And what it
    returns holds the values in another form: numbers as numbers, texts in objects of other classes than the tree's.
    """

    values: tuple[float | str, ...]
    other: str
    count: int = 0
    open: list[tuple[FrameType, int, set[type]]] = field(default_factory=list)
    found: list[range] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, result: Any) -> None:
        if event == "call":
            self.count += 1
            holders = self._given(frame)
            if holders:
                self.open.append((frame, self.count - 1, holders))
        elif self.open and self.open[-1][0] is frame:
            _, start, holders = self.open.pop()
            if self._turned(result, holders):
                inner = [span for span in self.found if span.start >= start]
                self.found = [span for span in self.found if span not in inner]
                self.found.append(range(start, self.count))

    def _given(self, frame: FrameType) -> set[type]:
        """The classes of the tree in which the values' texts are given to a call; none if they are not."""
        texts = {str(value) for value in self.values}
        for argument in arguments(frame):
            held = [leaf for leaf in leaves(argument) if isinstance(leaf.value, str)]
            holders = {leaf.holder for leaf in held if leaf.value in texts and leaf.holder}
            if texts <= {leaf.value for leaf in held} and self.other not in {leaf.value for leaf in held}:
                return holders
        return set()

    def _turned(self, result: Any, holders: set[type]) -> bool:
        made = {leaf.value for leaf in leaves(result) if leaf.holder and leaf.holder not in holders}
        return set(self.values) <= made


def reading(text: str, values: tuple[float | str, ...], other: str) -> Walk:
    package.parse(text)
    watch = Reading(values, other)
    calls = traced(lambda: package.parse(text), watch)
    if not watch.found:
        raise SystemExit(
            f"no call reads {values} by itself: is the value kept in a form that is not known here?"
        )
    return walked(*(calls[span.start : span.stop] for span in watch.found))


def drawn(prompts: str, steps: int) -> str:
    """A story whose frames are refined. Its perceptor is the embedded one."""
    return f"{PLANNED}    steps: {steps}\n    prompts: [{prompts}]\n"


def planning(text: str, frame: int) -> Walk:
    """The plan of a frame, after those of all frames before it."""
    story = package.parse(text)
    for before in range(frame):
        story.plan(before)
    return walked(traced(lambda: story.plan(frame)))


def drawing(text: str, frame: int) -> list[Call]:
    """A frame of the film, planned and drawn, after all frames before it."""
    story = package.parse(text)
    states = package.render(story, package.Studio.open(story))
    for _ in range(frame):
        next(states)
    return traced(lambda: next(states))


def undenoised(text: str) -> str:
    """The story without a denoiser, in the words that this checkout understands."""
    for key in UNDENOISED:
        try:
            package.parse(key + text)
        except package.MotionError:
            continue
        return key + text
    raise SystemExit(f"none of {', '.join(map(str.strip, UNDENOISED))} is understood here")


def prompt_to_loss(prompt: str, steps: int, frame: int = 6) -> Walk:
    """What one prompt more costs in a frame, beside another one: what is common to all prompts cancels out."""
    one, two = (undenoised(drawn(prompts, steps)) for prompts in (PROMPT, f"{PROMPT}, {prompt}"))
    return difference(drawing(two, frame), drawing(one, frame))


def writing(text: str) -> tuple[Walk, Walk]:
    """The calls of ``write_film`` that are handed the output's path: up to the start of the encoder, and all.

    The encoder is the last process that is started.
    """
    handed: list[bool] = []
    processes: list[int] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            handed.append(any(FILM in str(leaf.value) for part in arguments(frame) for leaf in leaves(part)))

    def on_audit(event: str, _: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            processes.append(len(handed))

    story = package.parse(text)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, f"{FILM}.mp4")
        package.write_film(story, film)
        sys.addaudithook(on_audit)
        calls = traced(lambda: package.write_film(story, film), watch)
    given = [call if own else None for call, own in zip(calls, handed, strict=True)]
    until, every = ([call for call in some if call] for some in (given[: processes[-1]], given))
    return walked(until), walked(every)


def walks() -> dict[str, Walk]:
    one_step = drawn(PROMPT, 1)
    encoder, film = writing(WRITTEN)
    return {
        "1 zoom factor, text to track (reading)": reading(READ, FACTORS, PROMPT),
        "1b zoom factor, plan of frame 6": planning(PLANNED, 6),
        "1c the same without a denoiser": planning(undenoised(PLANNED), 6),
        "2 prompt, text to track (reading)": reading(READ, (PROMPT,), str(FACTORS[1])),
        "2b prompt, plan to loss, frame 6, 1 step (difference)": prompt_to_loss("a forest", 1),
        "2c a prompt that morphs, 3 steps (difference)": prompt_to_loss(MORPH, 3),
        "3 params, plan and advance, frame 6, without denoiser": walked(drawing(undenoised(one_step), 6)),
        "3b the same, frame 1, which samples the movement": walked(drawing(undenoised(one_step), 1)),
        "3c frame 6, with the denoiser": walked(drawing(one_step, 6)),
        "4 output path, to the encoder's start (handed)": encoder,
        "4b output path, to the film (handed)": film,
    }


# Output


def row(name: str, walk: Walk, before: Mapping[str, Any] | None) -> str:
    figures = {figure: getattr(walk, figure) for figure in FIGURES}
    if before is None:
        cells = [f"{value:4} {figure}" for figure, value in figures.items()]
    else:
        cells = [
            f"{before[figure]:4} {value:4} {ratio(before[figure], value)}"
            for figure, value in figures.items()
        ]
    start = f"  from {', '.join(walk.starts)}" if walk.starts else ""
    return f"{name:54}" + "  ".join(cells) + start


def ratio(old: int, new: int) -> str:
    return f"{new / old:4.2f}" if old else "   -"


def report(found: Mapping[str, Walk], before: Mapping[str, Any] | None, calls: bool) -> None:
    """``before`` is another run's content, as ``content`` makes it."""
    if before is not None:
        if before["python"] != PYTHON:
            print(
                f"counted by Python {before['python']} before and by {PYTHON} now: not the same calls are seen"
            )
        print(f"{'(before, now, ratio)':54}" + "  ".join(f"{figure:14}" for figure in FIGURES))
    for name, walk in found.items():
        print(row(name, walk, None if before is None else before["walks"].get(name)))
        for step in walk.steps if calls else ():
            print(f"    {step}")


def report_circles(circles: Mapping[str, list[list[str]]], before: Mapping[str, Any] | None) -> None:
    for name, groups in circles.items():
        print(told(name, groups))
        if before is not None:
            print(f"    before: {len(before['circles'][name])}")


def content(found: Mapping[str, Walk], circles: Mapping[str, list[list[str]]]) -> dict[str, Any]:
    figures = {
        name: {figure: getattr(walk, figure) for figure in (*FIGURES, "starts")}
        for name, walk in found.items()
    }
    return {"python": PYTHON, "walks": figures, "circles": circles}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--against", type=Path, help="compare with the figures in this file")
    parser.add_argument("--calls", action="store_true", help="list every call")
    given = parser.parse_args()
    before = json.loads(given.against.read_text(encoding="utf-8")) if given.against else None
    found, circles = walks(), every_circle()
    report(found, before, given.calls)
    report_circles(circles, before)
    if given.json:
        given.json.write_text(json.dumps(content(found, circles), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
