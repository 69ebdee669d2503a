"""``still``: one picture of a prompt."""

from __future__ import annotations

from pathlib import Path

import click

from pixray_motion.cli.program import Failure
from pixray_motion.cli.terminal import say
from pixray_motion.errors import StoryError
from pixray_motion.limits import SEED


@click.command()
@click.argument("prompt")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="image.png",
    help="Output file: .png, .jpg or .webp [image.png].",
)
@click.option(
    "--drawer", metavar="NAME", default="fft", help="Drawer; see: pixray-motion list drawers [fft]."
)
@click.option("--size", metavar="WxH", default="128x128", help="Canvas in pixels [128x128].")
@click.option(
    "--steps",
    type=click.IntRange(1, 10_000),
    help="Optimisation steps; more take longer and show more [the drawer's].",
)
@click.option("--seed", type=click.IntRange(0, SEED), default=0, help="Random seed [0].")
def still(prompt: str, output: Path, drawer: str, size: str, steps: int | None, seed: int) -> None:
    """Draw one picture of PROMPT.

    A prompt may have several parts with weights, as in a story: "a red fox:2 | snow". Text after a colon is a weight
    only if it is a number.

    \b
    Example:
      pixray-motion still "a lighthouse at night" -o lighthouse.png --size 192x108
    """
    if not prompt.strip():
        raise Failure("the prompt is empty: write what the picture shows, as in 'a red fox'")
    from pixray_motion.engine import render
    from pixray_motion.film import tags
    from pixray_motion.output.frames import check_picture, write_picture
    from pixray_motion.stills import still_story
    from pixray_motion.studio import Studio

    check_picture(output)
    try:
        story = still_story(prompt, drawer, size, steps, seed)
    except StoryError as error:
        raise Failure("; ".join(problem.message for problem in error.problems)) from error
    studio = Studio.open(story)
    state = next(render(story, studio))
    write_picture(output, studio.image(state), tags(story))
    score = state.scores.get("score")
    say(f"{output}: {story.canvas}" + ("" if score is None else f", score {score:.2f}"))
