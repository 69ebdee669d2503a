"""``plan``: what every frame of a film will be made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from pixray_motion.cli.options import parse_frames, read_story, story_options
from pixray_motion.story.describe import describe_movement, describe_prompts

if TYPE_CHECKING:
    from fractions import Fraction

    from pixray_motion.story.plan import Plan

LINE = "{:>6}  {:>8}  {:20.20}  {:3}  {:>5}  {:34}  {}"


@click.command()
@story_options
@click.option("--frames", metavar="A:B", help="Only these frames, B not among them: 24f:48f, 2s:4s, 0:48.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a frame and line: everything, exactly."
)
def plan(
    story: str,
    settings: tuple[tuple[str, str], ...],
    seed: int | None,
    outside: bool,
    frames: str | None,
    as_json: bool,
) -> None:
    """Say what every frame will be made from.

    A line for each frame, or for each layer of a frame: its time and scene, how the picture moves, the prompts with
    their weights, and the losses. Nothing is rendered.

    \b
    Example:
      pixray-motion plan my-story.yaml --frames 2s:3s
      pixray-motion plan my-story.yaml --json > plan.jsonl
    """
    film = read_story(story, settings, seed, outside)
    span = parse_frames(frames, film) if frames is not None else film.frames
    if not as_json:
        click.echo(LINE.format("frame", "time", "scene", "cut", "steps", "motion", "prompts; losses"))
    for frame in span:
        made = film.plan(frame)
        if as_json:
            click.echo(made.as_json())
        else:
            for line in lines(made, film.rate):
                click.echo(line.rstrip())


def lines(made: Plan, rate: Fraction) -> Iterator[str]:
    """The lines of one frame: one for each drawing."""
    time = f"{float(made.frame / rate):.3f}s"
    for part in made.drawn():
        layer = part.drawing.partition("/")[2]
        scene = f"{made.scene}/{layer}" if layer else part.scene
        wanted = describe_prompts(part.prompts)
        losses = ", ".join(f"{one.component.name} {one.weight:.4g}" for one in part.losses if one.weight)
        cut = "cut" if part.cut else ""
        wishes = "; ".join(text for text in (wanted, losses) if text)
        yield LINE.format(made.frame, time, scene, cut, part.steps, describe_movement(part) or "-", wishes)
