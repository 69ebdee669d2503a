"""The frame loop: determinism, resuming, and what a plan asks for."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pixray_motion.checkpoint import frame_keys, load, save
from pixray_motion.drawers.base import drawer
from pixray_motion.engine import advance, frame_generator, mean_scores, render
from pixray_motion.errors import CheckpointError, StoryError
from pixray_motion.state import State
from pixray_motion.stills import still_story
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component
from pixray_motion.story.reading.story import parse, read
from pixray_motion.studio import Studio

TEXT = """
story: 1
canvas: 32x18
rate: 10
seed: 3
drawer: DRAWER
scenes:
  - length: 4f
    prompts: {0f: a red apple, 4f: a snowy mountain}
    move: [{zoom: {factor: 1.5/s}}, {rotate: {angle: 20/s}}]
    losses: {smoothness: 0.1, saturation: 0.1}
    filters: [{contrast: {amount: 1.1}}]
    steps: {0f: 4, 1f: 2}
  - length: 1f
    cut: true
    prompts: fire
    border: noise
    move: [{pan: {x: 2/s}}]
    steps: 2
  - length: 1f
    prompts: fire:0
    move: [{pan: {x: 2/s}}]
"""


def story(name: str = "fft") -> Story:
    return parse(TEXT.replace("DRAWER", name))


def frames(states: list[State], studio: Studio) -> list[bytes]:
    return [studio.image(state).tobytes() for state in states]


@cache
def whole_film(name: str) -> tuple[Studio, list[State]]:
    """The story drawn by one drawer, for several tests."""
    studio = Studio.open(story(name))
    return studio, list(render(studio.story, studio))


@pytest.mark.parametrize("name", drawer.names())
def test_two_renders_are_identical(name: str) -> None:
    first, states = whole_film(name)
    second = Studio.open(story(name))
    assert frames(states, first) == frames(list(render(second.story, second)), second)


@pytest.mark.parametrize("name", drawer.names())
def test_a_saved_state_goes_on_as_if_nothing_had_happened(name: str, tmp_path: Path) -> None:
    studio, whole = whole_film(name)
    key = list(frame_keys(studio))[2]
    save(tmp_path / "state.safetensors", whole[2], studio, key)
    reopened = Studio.open(story(name))
    state = load(tmp_path / "state.safetensors", reopened)
    assert state.plan == whole[2].plan
    assert dict(state.scores) == dict(whole[2].scores)
    rest = list(render(reopened.story, reopened, state))
    assert [s.frame for s in rest] == [3, 4, 5]
    assert frames(rest, reopened) == frames(whole[3:], studio)


def test_scores_are_means_over_the_drawings_that_have_them() -> None:
    found = mean_scores([{"score": 0.2, "one": 0.5}, {"score": 0.6}, {}])
    assert found == {"score": pytest.approx(0.4), "one": 0.5}


@pytest.mark.parametrize(("weight", "models"), [("0", 0), ("0.1", 1), ("{0f: 0, 1f: 0.1}", 1)])
def test_a_denoiser_is_loaded_if_it_has_any_weight(weight: str, models: int) -> None:
    text = f"{{story: 1, canvas: 32x18, denoiser: {{weight: {weight}}}, scenes: [{{length: 2f, prompts: a dog}}]}}"
    assert len(Studio.open(parse(text)).denoisers) == models


def test_params_are_those_of_a_single_drawing() -> None:
    studio, states = whole_film("fft")
    assert states[0].params is states[0].drawings[states[0].plan.drawing.id].params
    scene = "{length: 1f, steps: 1, layers: [{prompts: sea}, {prompts: fire}]}"
    layered = parse(f"{{story: 1, canvas: 32x18, denoiser: none, scenes: [{scene}]}}")
    state = next(render(layered, Studio.open(layered)))
    assert len(state.drawings) == 2
    with pytest.raises(ValueError, match="several drawings"):
        _ = state.params
    assert set(studio.denoisers) == {Component("embedded")}


def test_a_frame_depends_on_nothing_but_the_state_before_it() -> None:
    studio, states = whole_film("fft")
    before, after = states[2:4]
    torch.manual_seed(99)
    np.random.default_rng(1).random()
    again = advance(before, studio.story.plan(3), studio)
    assert studio.image(again).tobytes() == studio.image(after).tobytes()


def test_changing_the_end_of_a_story_keeps_its_start(tmp_path: Path) -> None:
    studio = Studio.open(story())
    state = next(render(studio.story, studio))
    save(tmp_path / "state.safetensors", state, studio, next(frame_keys(studio)))
    later = Studio.open(parse(TEXT.replace("DRAWER", "fft").replace("prompts: fire:0", "prompts: a dog")))
    assert load(tmp_path / "state.safetensors", later).frame == 0
    earlier = Studio.open(parse(TEXT.replace("DRAWER", "fft").replace("a red apple", "a green apple")))
    with pytest.raises(CheckpointError, match="changed at or before frame 0"):
        load(tmp_path / "state.safetensors", earlier)


def test_a_state_refuses_other_threads(tmp_path: Path) -> None:
    studio = Studio.open(story())
    save(tmp_path / "state.safetensors", next(render(studio.story, studio)), studio, next(frame_keys(studio)))
    with pytest.raises(CheckpointError, match="saved with threads 1, now 2"):
        load(tmp_path / "state.safetensors", replace(studio, threads=2))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00" * 100])
def test_a_damaged_state_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="start over with --restart"):
        load(path, Studio.open(story()))


@pytest.mark.parametrize(
    "prompts",
    [
        "[]",
        "a dog:0",
        "{text: a dog, weight: 0}",
        "'a red ball:0 | fog:-0'",
    ],
)
def test_without_weight_the_picture_only_moves(prompts: str) -> None:
    text = "{story: 1, canvas: 32x18, scenes: [{length: 1f, prompts: a dog, steps: 3}, {length: 2f, prompts: PROMPTS}]}"
    studio = Studio.open(parse(text.replace("PROMPTS", prompts)))
    first, *rest = [studio.image(state) for state in render(studio.story, studio)]
    assert all(np.array_equal(first, image) for image in rest)


def test_a_cut_forgets_and_a_join_remembers() -> None:
    text = (
        "{story: 1, canvas: 32x18, scenes: [{length: 1f, prompts: PROMPT, steps: 3}, {length: 1f, cut: CUT}]}"
    )

    def last(prompt: str, cut: str) -> bytes:
        studio = Studio.open(parse(text.replace("PROMPT", prompt).replace("CUT", cut)))
        return studio.image(list(render(studio.story, studio))[-1]).tobytes()

    assert last("a dog", "true") == last("fire", "true")
    assert last("a dog", "false") != last("fire", "false")


def test_seeds_make_other_films() -> None:
    pictures = []
    for seed in (1, 2):
        studio = Studio.open(still_story("a dog", size="32x32", steps=2, seed=seed))
        pictures.append(studio.image(next(render(studio.story, studio))))
    assert not np.array_equal(*pictures)
    assert frame_generator(1, 12).initial_seed() != frame_generator(11, 2).initial_seed()


def test_refining_raises_the_score() -> None:
    def score(steps: int) -> float:
        studio = Studio.open(still_story("a red apple", size="48x48", steps=steps))
        return next(render(studio.story, studio)).scores["score"]

    assert score(30) > score(1) + 0.2


def begins(tmp_path: Path, scene: str, drawer_name: str = "fft") -> Story:
    picture = np.full((40, 40, 3), 40, np.uint8)
    picture[:, 20:] = (200, 60, 20)
    Image.fromarray(picture).save(tmp_path / "start.png")
    (tmp_path / "story.yaml").write_text(
        f"story: 1\ncanvas: 48x48\nrate: 10\ndrawer: {drawer_name}\nscenes:\n  - {{length: 4f, {scene}}}\n"
    )
    return read(tmp_path / "story.yaml")


@pytest.mark.parametrize("drawer_name", ["fft", "pixel", "clipdraw", "diffusion"])
def test_a_scene_begins_with_a_picture(tmp_path: Path, drawer_name: str) -> None:
    story = begins(tmp_path, "init_image: start.png, move: [pan: {x: 1/s}]", drawer_name)
    studio = Studio.open(story, 1)
    first, second = (studio.image(state) for state, _ in zip(render(story, studio), range(2), strict=False))
    assert np.abs(first[:, :20].mean((0, 1)) - 40).max() < 12
    assert np.abs(first[:, 28:].mean((0, 1)) - (200, 60, 20)).max() < 20
    assert second[:, 26].mean() < first[:, 26].mean() - 20  # it moves


def test_a_picture_to_begin_with_is_refined_and_known(tmp_path: Path) -> None:
    story = begins(tmp_path, "init_image: start.png, prompts: a red apple")
    assert [story.plan(frame).drawing.steps for frame in (0, 1)] == [20, 4]
    assert story.plan(0).drawing.init is not None
    assert story.plan(1).drawing.init is None
    guide = story.plan(0).drawing.denoiser
    assert guide is not None
    assert guide.prompt_change == 0  # so that a denoiser does not paint it over
    before = story.plan(0).digest()
    picture = Image.open(tmp_path / "start.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture.save(tmp_path / "start.png")
    assert read(tmp_path / "story.yaml").plan(0).digest() != before


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        ("init_image: none.png", "there is no file 'none.png'"),
        ("init_image: story.yaml", "the file 'story.yaml' is not a picture"),
        ("init_image: start.png, layers: [{prompts: a}]", "a scene with layers has no picture of its own"),
        ("prompts: a}\n  - {length: 2f, init_image: start.png", "the scene goes on from the one before"),
    ],
)
def test_a_wrong_beginning_is_told(tmp_path: Path, scene: str, message: str) -> None:
    with pytest.raises(StoryError, match=message):
        begins(tmp_path, scene)
