"""``preview``: what a story will do, without rendering it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pixray_motion.cli.options import read_story, story_options
from pixray_motion.cli.terminal import say

if TYPE_CHECKING:
    from pixray_motion.story.model import Story


@click.command()
@story_options
@click.option(
    "-o",
    "--output",
    metavar="NAME",
    help="Write NAME.storyboard.png and NAME.animatic.mp4; may be a folder [beside STORY].",
)
@click.option("--image", type=click.Path(path_type=Path), help="Move this picture instead of the test card.")
@click.option("--draft", is_flag=True, help="Render a small, quick draft instead of moving a test card.")
@click.option(
    "--curves", type=click.Path(path_type=Path), metavar="FILE.svg", help="Also plot every value over time."
)
def preview(
    story: str,
    settings: tuple[tuple[str, str], ...],
    seed: int | None,
    outside: bool,
    output: str | None,
    image: Path | None,
    draft: bool,
    curves: Path | None,
) -> None:
    """Preview STORY as a storyboard and an animatic.

    A test card stands for the pictures and moves as the story says.

    \b
    Example:
      pixray-motion preview my-story.yaml --curves curves.svg
    """
    if draft and image is not None:
        raise click.UsageError("--draft and --image exclude each other: give one of them")
    read = read_story(story, settings, seed, outside, "draft" if draft else "full")
    from pixray_motion.film import default_threads
    from pixray_motion.preview import Files, write_preview
    from pixray_motion.studio import Studio

    files = Files.named(output, story)
    files.check(read)
    if curves is not None:
        _write_curves(curves, read)
    studio = Studio.open(read, default_threads()) if draft else None
    write_preview(read, files, image, studio)
    say(files.storyboard, files.animatic)
    if curves is not None:
        say(curves)


def _write_curves(path: Path, story: Story) -> None:
    from pixray_motion.curve_chart import draw_curves
    from pixray_motion.output.place import check_file, os_errors_as_output_errors
    from pixray_motion.output.work import replace_file

    if path.suffix.lower() != ".svg":
        raise click.UsageError(f"--curves writes an SVG: give it a name that ends in .svg. Got '{path}'")
    check_file(path)
    with os_errors_as_output_errors(path):
        replace_file(path, draw_curves(story).encode())
