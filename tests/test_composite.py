"""Layers over one another, rendered."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pixray_motion.blends import blend as blend_registry
from pixray_motion.checkpoint import frame_keys, load, save
from pixray_motion.composite import RGBA, move_image
from pixray_motion.engine import render
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.state import State
from pixray_motion.story.plan import Component
from pixray_motion.story.reading.story import parse, read
from pixray_motion.studio import Studio

shares = st.floats(0, 1, width=32)
NAMES = blend_registry.names()


def sheet(colour: float, alpha: float) -> RGBA:
    return RGBA(torch.full((1, 3, 1, 1), colour), torch.full((1, 1, 1, 1), alpha))


@given(shares, shares, shares, st.sampled_from(NAMES))
def test_nothing_laid_on_something_leaves_it(below: float, above: float, alpha: float, blend: str) -> None:
    laid = sheet(above, 0.0).over(sheet(below, alpha), Component(blend))
    assert laid.on_black().max().item() == pytest.approx(below * alpha, abs=1e-6)


@given(shares, shares, st.sampled_from(NAMES))
def test_colours_stay_in_range(below: float, above: float, blend: str) -> None:
    assert 0 <= sheet(above, 1.0).over(sheet(below, 1.0), Component(blend)).on_black().max().item() <= 1


@pytest.mark.parametrize(("blend", "seen"), [("over", 0.5), ("add", 0.7), ("multiply", 0.1), ("screen", 0.6)])
def test_blends_are_what_their_names_say(blend: str, seen: float) -> None:
    assert sheet(0.5, 1.0).over(sheet(0.2, 1.0), Component(blend)).on_black().max().item() == pytest.approx(
        seen
    )
    half = sheet(0.5, 0.5).over(sheet(0.2, 1.0), Component(blend)).on_black().max().item()
    assert half == pytest.approx((seen + 0.2) / 2)
    assert sheet(0.5, 1.0).over(sheet(0.2, 0.0), Component(blend)).on_black().max().item() == pytest.approx(
        0.5
    )


@pytest.mark.parametrize(("x", "y"), [(4, 0), (-3, 2), (0, -5)])
def test_a_layer_that_is_moved_leaves_nothing_where_it_was(x: int, y: int) -> None:
    """By whole pixels, right and down."""
    canvas = Canvas(32, 18)
    colours = torch.rand((1, 3, 18, 32), generator=torch.Generator().manual_seed(0))
    moved = move_image(RGBA(colours, torch.ones(1, 1, 18, 32)), Motion.shift(x / 18, y / 18), canvas)
    wanted = torch.zeros(1, 4, 18, 32)
    into = [slice(max(0, by), size + min(0, by)) for by, size in ((y, 18), (x, 32))]
    out = [slice(max(0, -by), size + min(0, -by)) for by, size in ((y, 18), (x, 32))]
    wanted[..., into[0], into[1]] = torch.cat([colours, torch.ones(1, 1, 18, 32)], 1)[..., out[0], out[1]]
    assert torch.allclose(moved.on_black(), wanted[:, :3], atol=1e-5)
    assert torch.allclose(moved.alpha, wanted[:, 3:], atol=1e-5)


def test_a_moved_layers_edge_keeps_its_colour() -> None:
    """It is let through by a half, and not mixed with black."""
    canvas = Canvas(32, 18)
    even = RGBA(torch.full((1, 3, 18, 32), 0.6), torch.ones(1, 1, 18, 32))
    moved = move_image(even, Motion.shift(4.5 / 18, 0), canvas)
    assert float(moved.alpha[0, 0, 9, 4]) == pytest.approx(0.5, abs=1e-4)
    assert moved.colours[0, :, 9, 4].tolist() == pytest.approx([0.6] * 3, abs=1e-4)


FILM = """
story: 1
canvas: 48x27
rate: 10
denoiser: none
scenes:
  - length: 4f
    prompts: sea
    steps: 2
    move: [{zoom: {factor: 2/s}}]
  - length: 4f
    transition: {crossfade: 3f}
    steps: 2
    layers:
      - {prompts: a red apple}
      - {prompts: fire, drawer: {pixel: {grid: 16x9}}, mask: {ellipse: {size: [0.5, 0.5]}}, blend: screen}
      - {text: {text: hello, at: [0, 0.2]}, opacity: {0f: 0, 4f: 1}}
loop: {fade: 2f, poses: free}
"""


def images(studio: Studio) -> list[bytes]:
    return [studio.image(state).tobytes() for state in render(studio.story, studio)]


@pytest.fixture(scope="module")
def film() -> tuple[Studio, list[State]]:
    studio = Studio.open(parse(FILM))
    return studio, list(render(studio.story, studio))


@pytest.mark.parametrize("stop", [0, 4, 5, 6, 7])
def test_a_film_of_layers_and_transitions_goes_on_from_any_frame(
    stop: int, film: tuple[Studio, list[State]], tmp_path: Path
) -> None:
    studio, states = film
    save(tmp_path / "state.safetensors", states[stop], studio, list(frame_keys(studio))[stop])
    reopened = Studio.open(parse(FILM))
    state = load(tmp_path / "state.safetensors", reopened)
    rest = [reopened.image(later).tobytes() for later in render(reopened.story, reopened, state)]
    assert rest == [studio.image(later).tobytes() for later in states[stop + 1 :]]


def test_the_last_frame_of_a_loop_is_nearly_the_first() -> None:
    scenes = "{length: 3f, prompts: the ocean, steps: 8}, {length: 8f, cut: true, prompts: fire, steps: 8}"
    text = f"story: 1\ncanvas: 48x27\nrate: 10\ndenoiser: none\nloop: {{fade: 4f}}\nscenes: [{scenes}]"
    studio = Studio.open(parse(text))
    shown = [studio.image(state).astype(float) for state in render(studio.story, studio)]
    far = [np.abs(image - shown[0]).mean() for image in shown]
    assert far[-1] < 0.4 * far[-5]
    assert far[-1] < far[-2] < far[-3] < far[-4] < far[-5]


def test_given_pictures_are_where_and_what_they_should_be(tmp_path: Path) -> None:
    page = np.zeros((10, 20, 4), np.uint8)
    page[..., 0], page[..., 3] = 255, 255
    page[:, :10, 3] = 0  # its left half is clear
    Image.fromarray(page).save(tmp_path / "red.png")
    (tmp_path / "story.yaml").write_text(
        "story: 1\ncanvas: 80x40\nrate: 10\nscenes: [{length: 6f, move: [{pan: {x: 0.5/s}}], "
        "layers: [{image: {file: red.png, height: 0.5, at: [-0.5, 0]}}]}]"
    )
    studio = Studio.open(read(tmp_path / "story.yaml"))
    states = list(render(studio.story, studio))
    for state, left in ((states[0], 20), (states[4], 28)):
        image = studio.image(state)
        red = image[..., 0] > 128
        assert image[..., 1:].max() == 0
        assert (np.where(red.any(0))[0].min(), np.where(red.any(0))[0].max()) == (left, left + 19)
        assert (np.where(red.any(1))[0].min(), np.where(red.any(1))[0].max()) == (10, 29)


def test_words_are_as_tall_as_they_say_and_stand_still() -> None:
    studio = Studio.open(
        parse(
            "story: 1\ncanvas: 160x80\nrate: 10\nscenes: [{length: 3f, move: [{pan: {x: 1/s}}], "
            "layers: [{text: {text: HHH, height: 0.5, outline: '#0000ff', colour: '#ffffff'}}]}]"
        )
    )
    first, *_, last = [studio.image(state) for state in render(studio.story, studio)]
    assert np.array_equal(first, last)
    rows = np.where((first[..., 0] > 128).any(1))[0]
    assert 0.25 * 80 < np.ptp(rows) < 0.5 * 80  # capital letters fill about 0.7 of their height
    assert first[..., 2].max() == 255


def test_a_mask_from_a_file_shows_a_layer_where_it_is_white(tmp_path: Path) -> None:
    grey = np.zeros((4, 8), np.uint8)
    grey[:, 4:] = 255
    Image.fromarray(grey).save(tmp_path / "mask.png")
    Image.new("RGB", (8, 4), (0, 255, 0)).save(tmp_path / "green.png")
    text = (
        "story: 1\ncanvas: 80x40\nscenes: [{length: 1f, layers: [{image: green.png, mask: {image: MASK}}]}]"
    )
    for mask, side in (("mask.png", slice(60, 80)), ("{file: mask.png, invert: true}", slice(0, 20))):
        (tmp_path / "story.yaml").write_text(text.replace("MASK", mask))
        studio = Studio.open(read(tmp_path / "story.yaml"))
        image = studio.image(next(iter(render(studio.story, studio))))[..., 1]
        assert image[:, side].min() > 240
        assert image.mean() == pytest.approx(127, abs=6)
