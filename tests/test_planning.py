"""How a story is planned: sweeps of one story, how often things are asked for, and what is written down."""

import gc
import json
import math
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pixray_motion.cli.commands import program
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse
from pixray_motion.story.timeline import Timeline
from pixray_motion.tracks.base import Constant, Track


def swept(change: Callable[[Track], Story], values: list[float]) -> list[int]:
    """The steps that copies of a story plan, each of which is forgotten before the next is made."""
    found = []
    for value in values:
        copy = change(Constant(value))
        found.append(copy.plan(0).drawing.steps)
        forgotten = weakref.ref(copy)
        del copy
        gc.collect()
        assert forgotten() is None
    return found


def test_copies_of_a_story_plan_what_they_say() -> None:
    """They share segments, in which values are filed; a track that is gone must not lend its place to another."""
    story = parse("{story: 1, scenes: [{length: 3f, prompts: a dog}]}")
    [scene] = story.scenes

    def change(steps: Track) -> Story:
        return replace(story, scenes=(replace(scene, steps=(scene.segments[0], steps)),))

    assert swept(change, [1, 2, 3, 4, 5] * 2) == [1, 2, 3, 4, 5] * 2


def test_so_do_copies_with_other_prompts() -> None:
    story = parse("{story: 1, scenes: [{length: 3f, prompts: a dog}]}")
    [scene] = story.scenes
    [segment] = scene.segments
    found = []
    for weight in (1.0, 2.0, 3.0, 4.0):
        prompt = replace(segment.prompts[0], weight=Constant(weight))
        copy = replace(story, scenes=(replace(scene, segments=(replace(segment, prompts=(prompt,)),)),))
        found.append(copy.plan(1).drawing.prompts[0].weight)
        del copy, prompt
        gc.collect()
    assert found == [1, 2, 3, 4]


RICH = """
story: 1
rate: 10
canvas: 32x18
denoiser: {weight: 0.2}
scenes:
  - length: 4f
    prompts: {0f: dawn, 3f: dusk}
    losses: {smoothness: 0.1}
    filters: [contrast: {amount: {0f: 1, 4f: 1.2}}]
    move: [{zoom: {factor: 1.5/s}}, {swirl: {angle: 90*t}}]
  - {length: 4f, prompts: [{text: fog, weight: -1}, sea], transition: {morph: 2f}}
  - sequence:
      repeat: 2
      move: [{rotate: {angle: 9*t}}]
      scenes: [{length: 3f, move: [{pan: {x: 0.1*t}}]}, {length: 3f}]
  - length: 4f
    transition: {zoom-through: 3f}
    layers:
      - {prompts: a, mask: {ellipse: {size: [0.5, 0.5]}}, opacity: {0f: 0, 4f: 1}}
      - {scenes: [{length: 2f, prompts: b}, {length: 2f, prompts: c}]}
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The frames for which any timeline looks for the scene."""
    frames: list[int] = []
    look = Timeline.scene_at

    def counting(timeline: Timeline, frame: int) -> int:
        frames.append(frame)
        return look(timeline, frame)

    monkeypatch.setattr(Timeline, "scene_at", counting)
    return frames


@pytest.mark.parametrize("story", ["plain", "sequence"])
def test_the_scene_of_a_frame_is_looked_for_at_most_twice(story: str, asked: list[int]) -> None:
    scenes = {
        "plain": "{length: 20f, prompts: {0f: a, 9f: b}, move: [{zoom: {factor: 1.5/s}}, {swirl: {angle: 90*t}}]}, "
        "{length: 20f, prompts: c, move: [{pan: {x: 0.1*t}}], transition: {crossfade: 5f}}",
        "sequence": "{sequence: {repeat: 2, move: [{rotate: {angle: 9*t}}], scenes: [{length: 10f, prompts: a}, "
        "{length: 10f, prompts: b, move: [{pan: {x: 0.1*t}}]}]}}",
    }[story]
    film = parse(f"{{story: 1, rate: 10, scenes: [{scenes}]}}")
    asked.clear()
    for frame in film.frames:
        film.plan(frame)
        assert len(asked) <= 2
        asked.clear()


@pytest.mark.parametrize("loop", [False, True])
def test_each_timeline_of_a_rich_story_looks_for_its_own(loop: bool, asked: list[int]) -> None:
    """Each layer has a timeline, and the end of a loop is made of two frames."""
    film = parse(RICH + "loop: {fade: 2f, poses: free}\n" * loop)
    for frame in film.frames:
        asked.clear()
        film.plan(frame)
        assert len(asked) <= 2 * (1 + len(film.scenes[-1].layers)) * (1 + loop)


def refuse(word: str) -> Any:
    raise AssertionError(f"{word} is no JSON")


def test_what_plan_writes_down_is_json(tmp_path: Path) -> None:
    """Without NaN and Infinity, which json.loads would take unless it is told."""
    path = tmp_path / "story.yaml"
    path.write_text(RICH, encoding="utf-8")
    result = CliRunner().invoke(program, ["plan", str(path), "--json"])
    assert result.exit_code == 0, result.output
    plans = [json.loads(line, parse_constant=refuse) for line in result.stdout.splitlines()]
    assert [plan["frame"] for plan in plans] == list(parse(RICH).frames)
    assert plans[0]["root"]["prompts"] == [{"stop": None, "texts": [["dawn", 1.0]], "weight": 1.0}]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_cannot_be_written_down(value: float) -> None:
    plan = parse("{story: 1, scenes: [{length: 3f, prompts: a dog}]}").plan(0)
    drawing = replace(plan.drawing, prompts=(replace(plan.drawing.prompts[0], weight=value),))
    with pytest.raises(ValueError, match="JSON"):
        replace(plan, root=drawing).as_json()
