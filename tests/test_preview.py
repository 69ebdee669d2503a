"""Previews: the test card goes where the plan says, and both files are made without a perceptor."""

import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from films import TINY, decoded, tiny
from numpy.typing import NDArray
from PIL import Image

from pixray_motion.cli.commands import program
from pixray_motion.geometry import Canvas
from pixray_motion.preview import SIZE, Files, moved, write_preview
from pixray_motion.story.reading.story import parse
from pixray_motion.storyboard import LABEL_HEIGHT, add_labels, format_movement, format_prompts, format_time
from pixray_motion.testcard import PAPER, replace_missing_glyphs
from pixray_motion.testcard import draw_test_card as card_of
from pixray_motion.variants import DRAFT_STEPS, draft

HEAD = "story: 1\ncanvas: 64x36\nrate: 8\nscenes:\n"
SMALL = Canvas(160, 90)


def last_frame(story: str, canvas: Canvas = SMALL) -> NDArray[np.uint8]:
    *_, (_, picture) = moved(parse(HEAD + story), card_of(canvas), canvas)
    return np.asarray(picture)


def card(canvas: Canvas = SMALL) -> NDArray[np.uint8]:
    return np.asarray(card_of(canvas))


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    return float(np.abs(first.astype(float) - second).mean())


def test_the_card_has_four_different_corners_and_sides() -> None:
    picture = card(Canvas(640, 360))
    for turned in (picture[::-1], picture[:, ::-1], picture[::-1, ::-1]):
        assert difference(picture, turned) > 20
    assert card_of(Canvas(90, 160)).size == (90, 160)
    assert card_of(Canvas(16, 16)).size == (16, 16)


def test_a_pan_to_the_right_moves_the_card_to_the_right() -> None:
    """0.1 of the height is 9 pixels; a seventh of the way is added by no rounding."""
    shown = last_frame("  - {length: 9f, move: [{pan: {x: 0.1/s}}]}")
    assert difference(shown[:, 9:], card()[:, :-9]) < 2
    assert difference(shown[:, :-9], card()[:, 9:]) > 10


def test_a_pan_down_moves_the_card_down() -> None:
    shown = last_frame("  - {length: 9f, move: [{pan: {y: 0.1/s}}]}")
    assert difference(shown[9:], card()[:-9]) < 2


def test_a_factor_above_one_magnifies() -> None:
    shown = Image.fromarray(last_frame("  - {length: 9f, move: [{zoom: {factor: 2/s}}]}"))
    middle = card_of(SMALL).resize(shown.size, Image.Resampling.BICUBIC, box=(40, 22.5, 120, 67.5))
    assert difference(np.asarray(shown), np.asarray(middle)) < 4


def test_an_angle_turns_clockwise() -> None:
    square = Canvas(90, 90)
    shown = last_frame("  - {length: 9f, move: [{rotate: {angle: 90/s}}]}", square)
    middle = slice(20, 70)
    clockwise, other = (np.rot90(card(square), turn)[middle, middle] for turn in (-1, 1))
    assert difference(shown[middle, middle], clockwise) < 8 < 20 < difference(shown[middle, middle], other)


def test_a_cut_shows_the_card_anew() -> None:
    shown = last_frame("  - {length: 9f, move: [{pan: {x: 1/s}}]}\n  - {length: 1f, cut: true}")
    assert difference(shown, card()) < 1


def test_a_preview_is_a_storyboard_and_an_animatic(tmp_path: Path) -> None:
    path = tiny(tmp_path)
    result = CliRunner().invoke(program, ["preview", str(path)])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path / 'tiny.storyboard.png'}\n{tmp_path / 'tiny.animatic.mp4'}\n"
    frames = decoded(tmp_path / "tiny.animatic.mp4")
    assert len(frames) == 6
    assert frames[0].shape == (SIZE.height + LABEL_HEIGHT, SIZE.width, 3)
    with Image.open(tmp_path / "tiny.storyboard.png") as board:
        assert board.width > 3 * 256
        assert board.height > 2 * 144
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "tiny.animatic.mp4",
        "tiny.storyboard.png",
        "tiny.yaml",
    ]


def test_another_picture_and_another_place(tmp_path: Path) -> None:
    path = tiny(tmp_path)
    (tmp_path / "out").mkdir()
    Image.new("RGB", (50, 80), (200, 30, 30)).save(tmp_path / "red.png")
    arguments = ["preview", str(path), "--image", str(tmp_path / "red.png"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(program, arguments)
    assert result.exit_code == 0, result.output
    frame = decoded(tmp_path / "out" / "tiny.animatic.mp4")[3]
    assert np.abs(frame[: SIZE.height].astype(int) - (200, 30, 30)).mean() < 2


def image(path: Path, *more: str) -> Result:
    """A preview that moves the picture ``path``, beside it."""
    story = tiny(path.parent)
    return CliRunner().invoke(program, ["preview", str(story), "--image", str(path), *more])


def test_deep_greys_keep_their_brightness(tmp_path: Path) -> None:
    Image.fromarray(np.full((36, 64), 32768, np.uint16)).save(tmp_path / "half.png")
    assert image(tmp_path / "half.png").exit_code == 0
    frame = decoded(tmp_path / "tiny.animatic.mp4")[0]
    assert abs(frame[120:240, 10:150].mean() - 128) < 4


def header(width: int, height: int) -> bytes:
    """The beginning of a PNG file of this size."""
    data = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + data + struct.pack(">I", zlib.crc32(data))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PICTURES = {
    "huge.png": (
        header(20_000, 20_000) + chunk(b"IDAT", b""),
        "is too large; a picture has at most 8192 pixels a side",
    ),
    "text.png": (
        header(8, 8) + chunk(b"zTXt", b"a\0\0" + zlib.compress(b" " * 9_000_000)),
        "is damaged (Decompressed data too large",
    ),
    "cut.png": (header(1000, 1000) + chunk(b"IDAT", zlib.compress(b" " * 99))[:-9], "is damaged ("),
    "broken.dds": (
        b"DDS " + struct.pack("<I", 124) + b"\0" * 60,
        "is not a picture; write a png, jpg or webp file",
    ),
    "broken.ppm": (b"P6\n3 x\n255\n", "is not a picture; write a png, jpg or webp file"),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.filterwarnings("default")
def test_pictures_that_cannot_be_read_are_one_line(tmp_path: Path, name: str) -> None:
    data, message = PICTURES[name]
    (tmp_path / name).write_bytes(data)
    with warnings.catch_warnings(record=True) as seen:
        result = image(tmp_path / name)
    assert (result.exit_code, result.stderr.count("\n"), seen) == (2, 1, [])
    assert name in result.stderr
    assert message in result.stderr


def test_labels_hold_what_the_typeface_can_show() -> None:
    assert replace_missing_glyphs("Un château") == "Un chateau"
    assert replace_missing_glyphs("日本 🦊\ufe0f") == "?? ?"


def test_long_scene_names_are_shortened() -> None:
    story = parse(f"story: 1\ncanvas: 90x160\nscenes: [{{length: 1f, name: {'long ' * 19}}}]")
    plan = story.plan(0)
    [page] = add_labels(iter([(plan, Image.new("RGB", (202, 360)))]), story)
    assert (page[360:380, -8:] == PAPER).all()


def test_a_draft_is_painted(tmp_path: Path) -> None:
    path = tiny(tmp_path)
    result = CliRunner().invoke(program, ["preview", str(path), "--draft", "-o", str(tmp_path / "painted")])
    assert result.exit_code == 0, result.output
    frames = decoded(tmp_path / "painted.animatic.mp4")
    assert len(frames) == 6
    assert difference(frames[0][: SIZE.height], card(SIZE)) > 10


def test_a_preview_needs_no_perceptor(tmp_path: Path) -> None:
    tiny(tmp_path)
    script = (
        "import sys\nfrom pixray_motion.cli.commands import program\n"
        "try:\n    program(['preview', 'tiny.yaml'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "assert 'torch' in sys.modules\nassert 'tokenizers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)


def test_an_older_preview_stays_if_the_new_one_fails(tmp_path: Path) -> None:
    files = Files.named(str(tmp_path / "x"), "tiny.yaml")
    files.animatic.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt):
        write_preview(parse(TINY), files, on_frame=_stop)
    assert files.animatic.read_bytes() == b"older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.animatic.mp4"]


def _stop(frame: int) -> None:
    if frame == 2:
        raise KeyboardInterrupt


def test_labels_say_when_and_what() -> None:
    story = parse(
        HEAD + "  - {length: 17f, prompts: [{text: a river, weight: 0.5}, {0s: dawn, 2s: dusk}, 'x:0']}\n"
    )
    plan = story.plan(4)
    assert format_time(plan, story.rate) == "0:00.50   frame 4"
    assert format_prompts(plan) == "a river:0.5 | dawn 75% > dusk 25%"
    assert format_prompts(parse(HEAD + "  - {length: 1f}").plan(0)) == "no prompts: the picture only moves"
    moves = "[zoom: {factor: {0f: 1, 1f: 2}}, pan: {x: {0f: 0, 1f: 0.1}}]"
    plan = parse(f"{HEAD}  - {{length: 2f, move: {moves}, losses: {{smoothness: 0.5}}, steps: 7}}").plan(1)
    assert format_movement(plan) == "x2.0000, +0.1000 +0.0000   7 steps   smoothness 0.5"


@pytest.mark.parametrize(
    ("canvas", "drawer", "smaller"),
    [
        ("320x180", "fft", "128x72"),
        ("1080x1920", "fft", "40x72"),
        ("64x36", "fft", "64x36"),
        ("4000x40", "fft", "4000x40"),
        ("320x180", "{pixel: {grid: 160x90}}", "160x90"),
    ],
)
def test_a_draft_is_smaller_but_not_too_small(canvas: str, drawer: str, smaller: str) -> None:
    story = parse(f"story: 1\ncanvas: {canvas}\ndrawer: {drawer}\nscenes: [{{length: 2s, prompts: x}}]")
    small = draft(story)
    assert str(small.canvas) == smaller
    assert small.frames == story.frames
    assert [small.plan(frame).drawing.steps for frame in (0, 1)] == [
        round(80 * DRAFT_STEPS),
        round(4 * DRAFT_STEPS),
    ]


def test_a_draft_paints_nothing_where_the_story_paints_nothing() -> None:
    story = parse(HEAD + "  - {length: 2f, prompts: x, steps: {0f: 0, 1f: 1}}")
    assert [draft(story).plan(frame).drawing.steps for frame in (0, 1)] == [0, 1]
