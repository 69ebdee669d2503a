"""``render``: a story into a film."""

from __future__ import annotations

import time
from pathlib import Path

import click

from pixray_motion.cli.options import (
    QUALITIES,
    Override,
    frames_option,
    parse_frames,
    read_story,
    story_options,
)
from pixray_motion.cli.program import Failure, Interrupted, command_again, sentence, show_traceback
from pixray_motion.cli.progress import clock, reporter
from pixray_motion.cli.terminal import say
from pixray_motion.wording import count


@click.command()
@story_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Output: film.mp4, .webm, .gif, .svg, or frames/ for a folder of PNGs [STORY's name.mp4].",
)
@click.option(
    "--output-option",
    "options",
    type=Override("crf=20"),
    multiple=True,
    help="Set an option of the output's format, as in crf=20; see: pixray-motion list writers.",
)
@click.option(
    "--svg-frames",
    metavar="FOLDER",
    help="Also write an SVG of each frame, if the story is drawn in strokes or cells.",
)
@frames_option
@click.option(
    "--quality", type=click.Choice(QUALITIES), default="full", help="draft: small canvas, few steps [full]."
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    help="CPU threads used by torch [half of the processors, 1 to 4].",
)
@click.option("--resume", is_flag=True, help="Resume an interrupted render of the same output.")
@click.option("--restart", is_flag=True, help="Discard an interrupted render and start over.")
@click.option("--quiet", is_flag=True, help="Print errors only.")
@click.pass_context
def render(
    ctx: click.Context,
    story: str,
    settings: tuple[tuple[str, str], ...],
    seed: int | None,
    outside: bool,
    output: str | None,
    options: tuple[tuple[str, str], ...],
    svg_frames: str | None,
    frames: str | None,
    quality: str,
    threads: int | None,
    resume: bool,
    restart: bool,
    quiet: bool,
) -> None:
    """Render STORY into a film.

    The film appears, or replaces an older one, only when it is complete. An interrupted render can be resumed.

    \b
    Example:
      pixray-motion render stories/first-light.yaml -o first-light.mp4
      pixray-motion render my-story.yaml --quality draft --set scenes.0.length=2s --frames 0s:1s
    """
    if resume and restart:
        raise click.UsageError("--resume and --restart exclude each other: give one of them")
    read = read_story(story, settings, seed, outside, quality)
    span = parse_frames(frames, read) if frames is not None else read.frames
    target = output if output is not None else f"{Path(story).stem}.mp4"
    from pixray_motion.film import unfinished, write_film
    from pixray_motion.output.place import Output

    film = Output.of(target, options=dict(options))
    also = [] if svg_frames is None else [Output.of(svg_frames, ".svg/")]
    started = time.monotonic()
    with reporter(quiet) as tell:
        try:
            done = write_film(read, film, span, resume, restart, threads, tell, also)
        except (KeyboardInterrupt, Exception) as error:
            if isinstance(error, Exception) and not tell.begun:
                raise
            again = command_again(ctx, "--resume", "--restart") if unfinished(film) else None
            advice = f"; resume with: {again}" if again else ""
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(f"interrupted{advice}") from error
            show_traceback(ctx, error)
            raise Failure(f"{sentence(error)}{advice}") from error
    if not quiet:
        seconds = float(len(span) / read.rate)
        took = clock(time.monotonic() - started)
        say(f"{done.path}: {count('frame', len(span))}, {seconds:.4g} s, rendered in {took}")
