"""``preview``: what a story will do, without painting it."""

from __future__ import annotations

from pathlib import Path

import click

from pixray_motion.cli.options import read_story, story_options


@click.command()
@story_options
@click.option(
    "-o",
    "--output",
    metavar="NAME",
    help="NAME.storyboard.png and NAME.animatic.mp4, or a folder [beside STORY].",
)
@click.option("--image", type=click.Path(path_type=Path), help="A picture to move instead of the test card.")
@click.option("--draft", is_flag=True, help="Paint it, small and quick, instead of moving a test card.")
def preview(
    story: str,
    settings: tuple[tuple[str, str], ...],
    seed: int | None,
    output: str | None,
    image: Path | None,
    draft: bool,
) -> None:
    """Show what STORY will do.

    A storyboard and an animatic, in which the story's movements move a test card.

    \b
    Example:
      pixray-motion preview my-story.yaml
    """
    if draft and image is not None:
        raise click.UsageError("--draft paints the story, so it takes no --image: give one of them")
    read = read_story(story, settings, seed, "draft" if draft else "full")
    from pixray_motion.film import default_threads
    from pixray_motion.preview import Files, write_preview
    from pixray_motion.render import Studio

    files = Files.named(output, story)
    files.check()
    studio = Studio.open(read, default_threads()) if draft else None
    write_preview(read, files, image, studio)
    click.echo(f"{files.storyboard}\n{files.animatic}")
