"""Options and values that several commands share."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pixray_motion.cli.program import Failure, show_traceback
from pixray_motion.cli.terminal import telling
from pixray_motion.errors import PluginError
from pixray_motion.limits import SEED
from pixray_motion.plugins import load_plugin
from pixray_motion.tracks.time import parse_time, round_half_up
from pixray_motion.wording import InvalidValue, shorten

if TYPE_CHECKING:
    from pixray_motion.story.model import Story

Command = TypeVar("Command", bound=Callable[..., Any])
QUALITIES = ("full", "draft")


class Override(click.ParamType[tuple[str, str]]):
    """``key.path=value`` -> (key path, value)."""

    name = "KEY=VALUE"

    def __init__(self, example: str) -> None:
        self.example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        key, equals, text = value.partition("=")
        if not key.strip() or not equals:
            self.fail(f"write key=value, for example {self.example}. Got '{value}'", param, ctx)
        return key.strip(), text


frames_option = click.option(
    "--frames", metavar="A:B", help="Frame range A:B, end exclusive: 24f:48f, 2s:4s, 0:48."
)
outside_option = click.option(
    "--allow-outside", "outside", is_flag=True, help="Allow files outside the story's folder."
)


def plugin_option(command: Command) -> Command:
    """``--plugin``: the files are loaded before the command runs, and it need not know."""
    option = click.option(
        "--plugin",
        "plugins",
        metavar="FILE.py",
        multiple=True,
        expose_value=False,
        callback=_load_plugins,
        help="Load a plug-in from a Python file; can be repeated.",
    )
    return option(command)


def _load_plugins(ctx: click.Context, _: click.Parameter, paths: tuple[str, ...]) -> None:
    for path in paths:
        try:
            load_plugin(path)
        except PluginError as error:
            show_traceback(ctx, error)
            raise Failure(str(error)) from error


def story_options(command: Command) -> Command:
    """STORY, ``--set``, ``--seed`` and ``--allow-outside``."""
    for option in (
        outside_option,
        click.option(
            "--seed", type=click.IntRange(0, SEED), help="Override the seed; wins over --set seed=N."
        ),
        click.option(
            "--set",
            "settings",
            type=Override("scenes.0.length=2s"),
            multiple=True,
            help="Override a story value, as in scenes.0.length=2s or scenes.forest.length=2s.",
        ),
        click.argument("story", type=click.Path()),
    ):
        command = option(command)
    return command


def read_story(
    path: str,
    settings: tuple[tuple[str, str], ...],
    seed: int | None,
    outside: bool = False,
    quality: str = "full",
) -> Story:
    """The story with the options applied, and with them noted in its text. Raises: ``StoryError``."""
    from pixray_motion.story.reading.story import read
    from pixray_motion.variants import draft

    others = tuple(pair for pair in settings if seed is None or pair[0] != "seed")
    applied = others if seed is None else (*others, ("seed", str(seed)))
    with telling(f"reading {shorten(path)}"):
        story = read(path, applied, outside)
    noted = replace(story, text=note_options(story.text, applied, quality))
    return draft(noted) if quality == "draft" else noted


def note_options(text: str, settings: Sequence[tuple[str, str]], quality: str) -> str:
    """A story's text, and below it, as comments, the options that it was changed by: enough to make its film again."""
    options = [f"--set {shlex.quote(f'{key}={value}')}" for key, value in settings]
    options += [f"--quality {quality}"] if quality != QUALITIES[0] else []
    if not options:
        return text
    # A comment ends with its line, whatever is in it.
    lines = ["# rendered with:", *(f"#   {' '.join(option.splitlines())}" for option in options)]
    return "\n".join([text.removesuffix("\n"), *lines, ""])


def parse_frames(text: str, story: Story) -> range:
    """``A:B``, end exclusive, counted from the film's start: frames (``24f``, or plain ``0:48``), times (``0:02.5``),
    beats and markers.

    Without A it starts at the beginning, without B it goes to the end. Times contain colons too: the separator is the
    colon that leaves two times, both within the film if possible.

    Raises: ``click.BadParameter``.
    """
    end = len(story.frames)
    spans = [
        span
        for colon in re.finditer(":", text)
        if (span := _span(text[: colon.start()], text[colon.end() :], story, end)) is not None
    ]
    if not spans:
        raise click.BadParameter(
            f"write A:B, for example 24f:48f or 2s:4s. Got '{text}'", param_hint="'--frames'"
        )
    span = next((span for span in spans if span and span.stop <= end), None) or next(
        filter(None, spans), spans[0]
    )
    if span.stop > end:
        raise click.BadParameter(
            f"'{text}' goes past the end of the film, frame {end} ({float(end / story.rate):g} s)",
            param_hint="'--frames'",
        )
    if not span:
        raise click.BadParameter(f"'{text}' holds no frame: B must come after A", param_hint="'--frames'")
    return span


def _span(first: str, last: str, story: Story, end: int) -> range | None:
    if first.isdecimal() and last.isdecimal():
        first, last = f"{first}f", f"{last}f"
    try:
        return range(_frame(first.strip() or "0", story), _frame(last.strip() or f"{end}f", story))
    except InvalidValue:
        return None


def _frame(text: str, story: Story) -> int:
    time = parse_time(text, story.base)
    if time.unit == "%":
        raise InvalidValue("a share of what?")
    frame = round_half_up(time.frames(story.rate))
    if frame < 0:
        raise InvalidValue("before the film")
    return frame
