"""``check``, ``list`` and ``new``: what needs no rendering."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pixray_motion.cli.options import outside_option
from pixray_motion.cli.program import BAD, Failure, as_argument, program_name
from pixray_motion.cli.terminal import say, telling
from pixray_motion.errors import StoryError, reason
from pixray_motion.plugins import broken_plugins
from pixray_motion.registry import Entry, Parameter, Registry
from pixray_motion.wording import count, shorten

if TYPE_CHECKING:
    from pixray_motion.story.model import Story

REGISTRIES = {
    "drawers": ("pixray_motion.drawers.base", "drawer"),
    "movements": ("pixray_motion.movements", "movement"),
    "losses": ("pixray_motion.losses", "loss"),
    "filters": ("pixray_motion.filters", "image_filter"),
    "denoisers": ("pixray_motion.denoisers.base", "denoiser"),
    "perceptors": ("pixray_motion.perceptors.base", "perceptor"),
    "writers": ("pixray_motion.output.base", "writer"),
    "transitions": ("pixray_motion.story.transition", "transition"),
    "masks": ("pixray_motion.masks", "mask"),
    "blends": ("pixray_motion.blends", "blend"),
    "easings": ("pixray_motion.tracks.easing", "easing"),
}
Row = tuple[str, str, str, str]


@click.command()
@click.argument("stories", metavar="STORY...", nargs=-1, required=True, type=click.Path())
@outside_option
@click.pass_context
def check(ctx: click.Context, stories: tuple[str, ...], outside: bool) -> None:
    """Validate stories and report every error.

    Every value of a story is evaluated at every frame; nothing is rendered.

    \b
    Example:
      pixray-motion check stories/*.yaml
    """
    from pixray_motion.story.reading.story import read

    failed = False
    for path in stories:
        try:
            with telling(f"checking {shorten(path)}"):
                story = read(path, outside=outside)
        except StoryError as error:
            say(*error.lines(), err=True)
            failed = True
            continue
        frames = len(story.frames)
        length = f"{count('frame', frames)}, {float(frames / story.rate):.4g} s at {story.canvas}"
        scenes = count("scene", len(story.scenes))
        say(f"{path}: OK: {length}, {scenes}, drawn by {_drawers(story)}{_loop(story)}")
    if failed:
        ctx.exit(BAD)


@click.command("list")
@click.argument("what", type=click.Choice(sorted(REGISTRIES)))
def list_entries(what: str) -> None:
    """List the available drawers, movements, losses, ...

    Each with its parameters, their units, ranges and defaults, and with the plug-in that it comes from, if any.

    \b
    Example:
      pixray-motion list movements
    """
    module, name = REGISTRIES[what]
    registry: Registry[Any] = getattr(import_module(module), name)
    for entry in _entries(what, registry):
        origin = f" (plug-in {entry.origin})" if entry.origin else ""
        say(f"{entry.name}: {entry.summary.replace('``', '')}{origin}")
        for line in _table(
            [_row(parameter, registry) for parameter in (*registry.common, *entry.parameters)]
        ):
            say(f"    {line}".rstrip())
    for plugin, fault in sorted(broken_plugins().items()):
        say(f"the plug-in {plugin} is broken: {fault}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def new(ctx: click.Context, file: Path) -> None:
    """Create a starter story.

    It is small and full of comments. FILE must not exist yet.

    \b
    Example:
      pixray-motion new my-story.yaml
    """
    from pixray_motion.output.files import write_new

    text = files("pixray_motion").joinpath("starter.yaml").read_text(encoding="utf-8")
    try:
        write_new(file, text.encode())
    except FileExistsError as error:
        raise Failure(f"{file} exists already: choose another name") from error
    except OSError as error:
        raise Failure(f"cannot write {file}: {reason(error, 'choose another name')}") from error
    say(f"{file}: created; next: {program_name(ctx)} preview {as_argument(file)}")


def _drawers(story: Story) -> str:
    return ", ".join(dict.fromkeys(scene.drawer.name for scene in story.all_scenes() if not scene.layers))


def _loop(story: Story) -> str:
    """How well a loop closes."""
    if story.loop is None:
        return ""
    from pixray_motion.story.loop import closure_error

    drift = float(abs(story.loop.drift).max())
    error = closure_error(story.loop, story.timeline)
    return f"; loop closes (drift {drift:.2g} removed, error {error:.1g})"


def _entries(what: str, registry: Registry[Any]) -> list[Entry[Any]]:
    """All that a story can name there; splines are no entries, since they look at all keys of a track."""
    if what != "easings":
        return registry.entries()
    from pixray_motion.tracks.easing import list_splines

    return sorted([*registry.entries(), *list_splines()], key=lambda entry: entry.name)


def _row(parameter: Parameter, registry: Registry[Any]) -> Row:
    """A parameter's name, unit, range and default."""
    meaning, span = parameter.kind.describe()
    over_time = ", over time" if parameter.kind.animatable and registry.animatable else ""
    default = "-" if parameter.required else parameter.kind.show(parameter.default)
    return parameter.name, meaning + over_time, span, default


def _table(rows: list[Row]) -> Iterator[str]:
    """Lines with aligned columns: parameter, unit, range, default."""
    if not rows:
        return
    rows = [("parameter", "unit", "range", "default"), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
