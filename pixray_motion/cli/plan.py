"""``plan``: the resolved plan of every frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from pixray_motion.cli.options import frames_option, parse_frames, read_story, story_options
from pixray_motion.cli.terminal import say
from pixray_motion.story.describe import describe_movement, describe_prompts

if TYPE_CHECKING:
    from fractions import Fraction

    from pixray_motion.story.plan import Plan

LINE = "{:>6}  {:>8}  {:20.20}  {:3}  {:>5}  {:34}  {}"


@click.command()
@story_options
@frames_option
@click.option("--json", "as_json", is_flag=True, help="Print everything, exactly: one JSON object per frame.")
def plan(
    story: str,
    settings: tuple[tuple[str, str], ...],
    seed: int | None,
    outside: bool,
    frames: str | None,
    as_json: bool,
) -> None:
    """Show the resolved plan of every frame.

    One line per frame, or per layer of a frame: time, scene, motion, prompts with their weights, and losses. Nothing is
    rendered. In JSON every number is finite; null stands for what there is none of, such as the stop of a prompt that
    always pulls.

    \b
    Example:
      pixray-motion plan my-story.yaml --frames 2s:3s
      pixray-motion plan my-story.yaml --json > plan.jsonl
    """
    film = read_story(story, settings, seed, outside)
    span = parse_frames(frames, film) if frames is not None else film.frames
    if not as_json:
        say(LINE.format("frame", "time", "scene", "cut", "steps", "motion", "prompts; losses"))
    for frame in span:
        made = film.plan(frame)
        if as_json:
            say(made.as_json())
        else:
            say(*(line.rstrip() for line in lines(made, film.rate)))


def lines(made: Plan, rate: Fraction) -> Iterator[str]:
    """The lines of one frame: one for each drawing."""
    time = f"{float(made.frame / rate):.3f}s"
    for part in made.drawings():
        layer = part.id.partition("/")[2]
        scene = f"{made.scene}/{layer}" if layer else part.scene
        wanted = describe_prompts(part.prompts)
        losses = ", ".join(f"{loss.component.name} {loss.weight:.4g}" for loss in part.losses if loss.weight)
        cut = "cut" if part.cut else ""
        wishes = "; ".join(text for text in (wanted, losses) if text)
        yield LINE.format(made.frame, time, scene, cut, part.steps, describe_movement(part) or "-", wishes)
