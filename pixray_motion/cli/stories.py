"""``check``, ``list`` and ``new``: what needs no rendering."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from pixray_motion.cli.options import outside_option
from pixray_motion.cli.program import BAD, Failure, as_argument, program_name
from pixray_motion.errors import StoryError, reason
from pixray_motion.registry import Entry, Parameter, Registry, broken_plugins
from pixray_motion.units import WEIGHT, Count, Flag, Grid, Kind, OneOf, Pair, Palette, Real, Unit
from pixray_motion.wording import count

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
            story = read(path, outside=outside)
        except StoryError as error:
            click.echo(str(error), err=True)
            failed = True
            continue
        frames = len(story.frames)
        length = f"{count('frame', frames)}, {float(frames / story.rate):.4g} s at {story.canvas}"
        scenes = count("scene", len(story.scenes))
        click.echo(f"{path}: OK: {length}, {scenes}, drawn by {_drawers(story)}{_loop(story)}")
    if failed:
        ctx.exit(BAD)


@click.command("list")
@click.argument("what", type=click.Choice(sorted(REGISTRIES)))
def list_entries(what: str) -> None:
    """List the available drawers, movements, losses, ...

    Each with its parameters, their units, ranges and defaults.

    \b
    Example:
      pixray-motion list movements
    """
    module, name = REGISTRIES[what]
    registry: Registry[Any] = getattr(import_module(module), name)
    for entry in registry.entries():
        click.echo(f"{entry.name}: {entry.summary.replace('``', '')}")
        for line in _table(list(_rows(what, entry))):
            click.echo(f"    {line}".rstrip())
    for plugin, fault in sorted(broken_plugins().items()):
        click.echo(f"the plugin {plugin} is broken: {fault}", err=True)


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
    text = files("pixray_motion").joinpath("starter.yaml").read_text(encoding="utf-8")
    try:
        with file.open("x", encoding="utf-8") as target:
            _write(target, text)
    except FileExistsError as error:
        raise Failure(f"{file} exists already: choose another name") from error
    except OSError as error:
        raise Failure(f"cannot write {file}: {reason(error, 'choose another name')}") from error
    click.echo(f"{file}: created; next: {program_name(ctx)} preview {as_argument(file)}")


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


def _write(file: TextIO, text: str) -> None:
    """The whole text, or no file at all."""
    try:
        file.write(text)
        file.flush()
    except OSError:
        Path(file.name).unlink()
        raise


def _rows(what: str, entry: Entry[Any]) -> Iterator[Row]:
    if what == "losses":
        yield "(its value)", *_kind(WEIGHT), "-"
    for parameter in entry.parameters:
        yield parameter.name, *_kind(parameter.kind), _default(parameter)


def _table(rows: list[Row]) -> Iterator[str]:
    """Lines with aligned columns: parameter, unit, range, default."""
    if not rows:
        return
    rows = [("parameter", "unit", "range", "default"), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))


def _kind(kind: Kind) -> tuple[str, str]:
    """What a value means and its range."""
    match kind:
        case Unit():
            return f"{kind.name}, over time", f"{_plain(kind.low)}..{_plain(kind.high)}"
        case Pair():
            return f"[x, y] {kind.unit.name}, over time", f"{_plain(kind.unit.low)}..{_plain(kind.unit.high)}"
        case Count():
            return "whole number", f"{kind.low}..{kind.high}"
        case Real():
            return "number", f"{_plain(kind.low)}..{_plain(kind.high)}"
        case Flag():
            return "switch", "true or false"
        case OneOf():
            return "word", ", ".join(kind.words)
        case Palette():
            return "colours", f"1..{kind.most} such as 'black #ffcc00'"
        case Grid():
            return "columns x rows", f"{kind.low}x{kind.low}..the canvas"


def _plain(number: float) -> str:
    return f"{number:.0f}" if number == int(number) else f"{number:g}"


def _default(parameter: Parameter) -> str:
    value = parameter.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return f"[{', '.join(f'{part:g}' for part in value)}]"
    if isinstance(value, (int, float)):
        return f"{value:g}"
    if isinstance(parameter.kind, Palette):
        return "any colour"
    return "chosen to fit" if value is None else "-"
