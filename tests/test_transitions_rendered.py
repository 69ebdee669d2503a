"""Transitions, masks, opacity and blends, rendered: colours at known places of real frames."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixray_motion.engine import render
from pixray_motion.geometry import Canvas
from pixray_motion.masks import mask
from pixray_motion.story.plan import Component, Layer, Stack
from pixray_motion.story.reading.story import read
from pixray_motion.story.transition import blend_scenes, transition
from pixray_motion.studio import Studio
from pixray_motion.units import StoryFile

Frame = NDArray[np.uint8]
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
WIDTH, HEIGHT = 64, 32  # of the canvas; marks are made of its columns, counted from the middle


def page(path: Path, ground: tuple[int, ...], mark: tuple[int, ...], span: tuple[int, int]) -> None:
    """A picture of one colour with a column of another, from ``span[0]`` to ``span[1]`` pixels right of the middle."""
    pixels = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    pixels[:, WIDTH // 2 + span[0] : WIDTH // 2 + span[1]] = mark
    Image.fromarray(pixels).save(path)


def frames(folder: Path, scenes: str) -> list[Frame]:
    page(folder / "out.png", RED, GREEN, (8, 12))
    page(folder / "in.png", BLUE, WHITE, (16, 24))
    (folder / "story.yaml").write_text(
        f"story: 1\ncanvas: {WIDTH}x{HEIGHT}\nrate: 10\nperceptor: none\ndenoiser: none\nscenes:\n{scenes}"
    )
    story = read(folder / "story.yaml")
    studio = Studio.open(story)
    return [studio.image(state) for state in render(story, studio)]


PIXELS = "drawer: {pixel: {grid: 64x32}}, steps: 0"


def during(
    folder: Path,
    written: str,
    passed: int = 1,
    first: str = "layers: [{image: out.png}]",
    second: str = "layers: [{image: in.png}]",
) -> Frame:
    """A frame of a transition from the first page to the second, ``passed`` after its start."""
    scenes = f"  - {{length: 2f, {first}}}\n  - {{length: 6f, {second}, transition: {written}}}\n"
    return frames(folder, scenes)[2 + passed]


def near(pixel: NDArray[np.uint8], colour: tuple[int, ...], tolerance: int = 2) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


def at(frame: Frame, x: int, y: int) -> NDArray[np.uint8]:
    """The pixel that lies ``x`` to the right of the middle and ``y`` below it."""
    found: NDArray[np.uint8] = frame[HEIGHT // 2 + y, WIDTH // 2 + x]
    return found


def check_cut(folder: Path) -> None:
    frame = frames(
        folder,
        "  - {length: 1f, layers: [{image: out.png}]}\n  - {length: 1f, layers: [{image: in.png}], transition: cut}\n",
    )
    assert near(at(frame[0], 0, 0), RED)
    assert near(at(frame[1], 0, 0), BLUE)
    outgoing, incoming = Stack(()), Stack((Layer(Stack(())),))
    assert blend_scenes(Component("cut"), outgoing, incoming, 0.0, Canvas(WIDTH, HEIGHT)) is incoming


def check_morph(folder: Path) -> None:
    """The drawing goes on."""
    frame = during(folder, "{morph: 4f}", 2, f"init_image: out.png, {PIXELS}", PIXELS)
    assert near(at(frame, 0, 0), RED)
    assert near(at(frame, 10, 3), GREEN)


def check_crossfade(folder: Path) -> None:
    frame = during(folder, "{crossfade: 4f}")
    assert near(at(frame, 0, 0), (191, 0, 64))
    assert near(at(frame, 10, 5), (0, 191, 64))
    assert near(at(frame, 20, -5), (255, 64, 64))


def check_wipe(folder: Path) -> None:
    """It goes to the right: the new scene lies left of the edge, which is soft on a tenth of the height.

    After a quarter of its way from 1.05 heights left of the middle it is at 16.8 pixels left of it.
    """
    frame = during(folder, "{wipe: 4f}")
    assert near(at(frame, -20, 0), BLUE)
    assert near(at(frame, -30, 15), BLUE)
    assert near(at(frame, -14, 0), RED)
    assert near(at(frame, 10, -16), GREEN)
    assert near(at(frame, 20, 0), RED)
    soft = [int(at(frame, x, 3)[2]) for x in range(-20, -14)]
    assert soft == sorted(soft, reverse=True)
    assert len(set(soft)) >= 4


def check_zoom_through(folder: Path) -> None:
    """After a third of the way to a factor of 8 the outgoing scene is twice as large, and the incoming one shows, at a
    quarter of its size, in a hole that is a quarter of the canvas."""
    frame = during(folder, "{zoom-through: {length: 3f, factor: 8}}")
    for x, y in ((-12, 0), (12, 0), (0, 6), (0, -7), (-20, -14)):  # beyond the hole
        assert near(at(frame, x, y), RED)
    for y in (-12, 0, 12):  # the mark from 8 to 12 has gone to 16 to 24
        assert near(at(frame, 18, y), GREEN)
        assert near(at(frame, 21, y), GREEN)
        assert near(at(frame, 27, y), RED)
    for x in (-7, 0, 2, 6):
        assert near(at(frame, x, 0), BLUE)
        assert near(at(frame, x, -3), BLUE)
    assert near(at(frame, 4, 0), WHITE)  # from 16 to 24, gone to 4 to 6
    assert near(at(frame, 5, 2), WHITE)


CHECKS = {
    "cut": check_cut,
    "morph": check_morph,
    "crossfade": check_crossfade,
    "wipe": check_wipe,
    "zoom-through": check_zoom_through,
}


@pytest.mark.parametrize(
    "name", [entry.name for entry in transition.entries() if "pixray_motion" in entry.make.__module__]
)
def test_every_transition_renders_what_it_says(name: str, tmp_path: Path) -> None:
    CHECKS[name](tmp_path)


@pytest.mark.parametrize(
    ("angle", "new", "old"),
    [(0, (-20, 0), (20, 0)), (180, (20, 0), (-20, 0)), (90, (0, -12), (0, 12)), (270, (0, 12), (0, -12))],
)
def test_a_wipe_goes_where_its_angle_says(
    angle: int, new: tuple[int, int], old: tuple[int, int], tmp_path: Path
) -> None:
    frame = during(tmp_path, f"{{wipe: {{length: 4f, angle: {angle}, feather: 0}}}}", 2)
    assert at(frame, *new)[2] == 255 > at(frame, *old)[2]


def test_a_zoom_through_begins_and_ends_with_the_whole_scenes(tmp_path: Path) -> None:
    shown = frames(
        tmp_path,
        "  - {length: 2f, layers: [{image: out.png}]}\n"
        "  - {length: 6f, layers: [{image: in.png}], transition: {zoom-through: {length: 4f, factor: 4}}}\n",
    )
    assert np.array_equal(shown[2], shown[1])
    assert near(at(shown[6], 20, 0), WHITE)
    assert near(at(shown[6], 0, 0), BLUE)


def stacked(folder: Path, top: str) -> Frame:
    """A layer of the colour (100, 150, 200) over one of (200, 100, 50)."""
    Image.new("RGB", (8, 4), (200, 100, 50)).save(folder / "below.png")
    Image.new("RGB", (8, 4), (100, 150, 200)).save(folder / "above.png")
    layers = f"[{{image: below.png}}, {{image: above.png, {top}}}]"
    return frames(folder, f"  - {{length: 1f, layers: {layers}}}\n")[0]


BLENDED: dict[str, Callable[[float, float], float]] = {
    "over": lambda below, above: above,  # noqa: ARG005
    "add": lambda below, above: min(1, below + above),
    "multiply": lambda below, above: below * above,
    "screen": lambda below, above: below + above - below * above,
}


@pytest.mark.parametrize("opacity", [1.0, 0.25])
@pytest.mark.parametrize("blend", BLENDED)
def test_blends_and_opacity_of_real_layers(blend: str, opacity: float, tmp_path: Path) -> None:
    frame = stacked(tmp_path, f"blend: {blend}, opacity: {opacity}")
    wanted = [
        255 * ((1 - opacity) * below + opacity * BLENDED[blend](below, above))
        for below, above in zip(
            (200 / 255, 100 / 255, 50 / 255), (100 / 255, 150 / 255, 200 / 255), strict=True
        )
    ]
    assert at(frame, 0, 0).tolist() == pytest.approx(wanted, abs=1.1)


MASKS = {  # where each shows its layer, and where it does not
    "{rect: {size: [1, 0.5], at: [0.25, 0]}}": ((20, 0), (-12, 0)),
    "{rect: {size: [1, 0.2], angle: 90}}": ((0, 14), (6, 0)),
    "{ellipse: {size: [1, 0.5]}}": ((14, 0), (14, 6)),
    "{edge: {at: [0.25, 0]}}": ((20, 0), (0, 0)),
    "{edge: {angle: 90}}": ((0, 9), (0, -9)),
    "{image: {file: half.png}}": ((20, 0), (-20, 0)),
}


def test_every_mask_is_rendered_here() -> None:
    ours = {entry.name for entry in mask.entries() if "pixray_motion" in entry.make.__module__}
    assert ours == {text.strip("{").partition(":")[0] for text in MASKS}


@pytest.mark.parametrize("written", MASKS)
@pytest.mark.parametrize("invert", [False, True])
def test_masks_of_real_layers(written: str, invert: bool, tmp_path: Path) -> None:
    grey = np.zeros((4, 8), np.uint8)
    grey[:, 4:] = 255
    Image.fromarray(grey).save(tmp_path / "half.png")
    said = written[:-2].rstrip() + (", invert: true}}" if invert else "}}")
    frame = stacked(tmp_path, f"mask: {said}")
    inside, outside = MASKS[written]
    shown, hidden = (outside, inside) if invert else (inside, outside)
    assert near(at(frame, *shown), (100, 150, 200))
    assert near(at(frame, *hidden), (200, 100, 50))


def test_a_masks_file_is_read_once_for_all_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (8, 4), 200).save(tmp_path / "mask.png")
    Image.new("RGB", (8, 4), RED).save(tmp_path / "red.png")
    (tmp_path / "story.yaml").write_text(
        "story: 1\ncanvas: 32x16\nrate: 10\nperceptor: none\ndenoiser: none\nscenes:\n"
        "  - {length: 3f, layers: [{image: red.png, opacity: {0f: 0, 3f: 1}, mask: {image: mask.png}}]}\n"
    )
    story = read(tmp_path / "story.yaml")
    opened: list[str] = []
    really_load = StoryFile.load

    def counting(file: StoryFile, make: Callable[[bytes], object]) -> object:
        opened.append(file.name)
        return really_load(file, make)

    monkeypatch.setattr(StoryFile, "load", counting)
    studio = Studio.open(story)
    shown = [studio.image(state) for state in render(story, studio)]
    assert opened.count("mask.png") == 1
    assert [int(image[8, 16, 0]) for image in shown] == pytest.approx([0, 200 / 3, 400 / 3], abs=1)
