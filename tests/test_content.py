"""What a story pulls in from files, and what small, damaged and hostile values of it do."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pixray_motion import images, limits
from pixray_motion.drawers.static import StaticDrawer
from pixray_motion.engine import render
from pixray_motion.errors import FileError, StoryError
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.images import EMPTY, check_image, open_image
from pixray_motion.preview import moved
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse, read
from pixray_motion.story.source import files
from pixray_motion.studio import Studio
from pixray_motion.testcard import draw_test_card
from pixray_motion.wording import InvalidValue

HEAD = "story: 1\ncanvas: 96x54\nrate: 10\nperceptor: none\ndenoiser: none\nscenes:\n"
Frames = list[NDArray[np.float64]]


def told(folder: Path, scenes: str, head: str = HEAD) -> Story:
    (folder / "story.yaml").write_text(head + scenes, encoding="utf-8")
    return read(folder / "story.yaml")


def shown(story: Story) -> Frames:
    studio = Studio.open(story)
    return [studio.image(state).astype(float) for state in render(story, studio)]


def sentences(folder: Path, scenes: str) -> list[str]:
    with pytest.raises(StoryError) as caught:
        told(folder, scenes)
    return str(caught.value).replace(f"{folder}/", "").split("\n")


def thirds(frame: NDArray[np.float64]) -> list[float]:
    return [float(part.mean()) for part in np.split(frame, 3, 1)]


def ramp(depth: type) -> NDArray[np.generic]:
    """From black on the left to white on the right, (54, 96)."""
    return (np.linspace(0, 1, 96)[None].repeat(54, 0) * np.iinfo(depth).max).astype(depth)


def encoded(picture: Image.Image, kind: str = "PNG", **options: bool) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (54, 96, 3)).astype(np.uint8))


# What is small


def test_a_title_shrinks_to_nothing() -> None:
    story = parse(
        HEAD + "  - length: 12f\n    layers:\n      - text: {text: good night, height: 0.2}\n"
        "        still: false\n        move: [zoom: {factor: {0f: 1, 12f: 0.01}}]\n"
    )
    light = [frame.sum() for frame in shown(story)]
    assert all(after < before for before, after in pairwise(light))
    assert 0 < light[-1] < 0.001 * light[0]


@pytest.mark.parametrize("canvas", ["64x36", "16x16"])
def test_small_print_is_drawn(canvas: str) -> None:
    head = HEAD.replace("96x54", canvas)
    [frame] = shown(
        parse(head + "  - {length: 1f, layers: [{text: {text: all rights reserved, height: 0.01}}]}")
    )
    assert 0 < frame.max() < 200


@pytest.mark.parametrize("canvas", ["64x36", "16x16"])
def test_a_line_thinner_than_a_pixel_is_as_faint_as_it_is_thin(tmp_path: Path, canvas: str) -> None:
    Image.new("RGB", (1, 100), "white").save(tmp_path / "line.png")
    Image.new("RGB", (1, 8192), "white").save(tmp_path / "hair.png")
    head = HEAD.replace("96x54", canvas)
    height = int(canvas.split("x")[1])
    [line] = shown(told(tmp_path, "  - {length: 1f, layers: [{image: line.png}]}", head))
    assert line[..., 0].sum(1).mean() == pytest.approx(255 * height / 100, rel=0.1)
    [hair] = shown(told(tmp_path, "  - {length: 1f, layers: [{image: hair.png}]}", head))
    assert hair.max() <= 1


def test_the_preview_of_a_picture_that_flies_away(tmp_path: Path) -> None:
    Image.new("RGB", (64, 40), (0, 200, 250)).save(tmp_path / "logo.png")
    move = "move: [dolly: {z: {0f: 0, 15f: -1000}}]"
    story = told(tmp_path, f"  - {{length: 15f, layers: [{{image: logo.png, {move}}}]}}")
    small = Canvas(96, 54)
    frames = [np.asarray(picture) for _, picture in moved(story, draw_test_card(small), small)]
    assert frames[0][27, 48].tolist() == [0, 200, 250]
    assert frames[-1].max() == 0


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    scale=st.floats(-6, 6).map(lambda power: 10**power),
    at=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
    turn=st.floats(-180, 180),
)
def test_given_pictures_of_any_size_anywhere_are_numbers(
    size: tuple[int, int], scale: float, at: tuple[float, float], turn: float
) -> None:
    canvas = Canvas(24, 16)
    made = StaticDrawer(canvas, np.full((*size, 4), 0.5, np.float32), 1.0, at)
    rng = torch.Generator()
    params = made.warp(made.init_params(rng), Motion.rotation(turn) @ Motion.scale(scale), "edge", rng)
    picture = made.draw(params)
    for seen in (picture.image(canvas), picture.preview(canvas), picture.coverage(canvas)):
        assert torch.isfinite(seen).all()
        assert seen.min() >= 0
        assert seen.max() <= 1


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    pixels=st.floats(0.05, 6),
    at=st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)),
)
def test_a_picture_covers_its_area_until_it_vanishes(
    size: tuple[int, int], pixels: float, at: tuple[float, float]
) -> None:
    """``pixels`` tall, wherever it lies between the pixels; corners of larger ones are a little full."""
    canvas = Canvas(48, 48)
    made = StaticDrawer(canvas, np.ones((*size, 4), np.float32), 1.0)
    rng = torch.Generator()
    place = Motion.shift(*at) @ Motion.scale(pixels / canvas.height)
    covered = float(made.draw(made.warp(made.init_params(rng), place, "edge", rng)).coverage(canvas).sum())
    width = pixels * size[1] / size[0]
    assert covered <= min(width, 48) * pixels * 1.01 + 1.1
    if width <= 6:
        assert covered == pytest.approx(width * pixels, rel=0.3, abs=2e-3)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_a_view_stays_a_number_for_ever(factor: float) -> None:
    canvas, rng = Canvas(16, 16), torch.Generator()
    made = StaticDrawer(canvas, np.ones((8, 8, 4), np.float32), 1.0)
    params = made.init_params(rng)
    for _ in range(100):
        params = made.warp(params, Motion.scale(factor), "edge", rng)
    picture = made.draw(params)
    assert torch.isfinite(picture.image(canvas)).all()
    assert picture.coverage(canvas).max() == (factor > 1)


def test_few_blocks_hold_all_of_a_picture() -> None:
    """No row is dropped: the mean of all is the picture's own."""
    pixels = np.ones((10, 10, 4), np.float32)
    pixels[9, :, :3] = 0
    canvas, rng = Canvas(16, 16), torch.Generator()
    made = StaticDrawer(canvas, pixels, 1.0)
    params = made.warp(made.init_params(rng), Motion.scale(1 / 16), "edge", rng)
    picture = made.draw(params)
    image, cover = picture.image(canvas), picture.coverage(canvas)
    assert float((image[:, :1] * cover).sum() / cover.sum()) == pytest.approx(0.9, abs=1e-3)


# Pictures


@pytest.mark.parametrize(
    "scene",
    ["layers: [{image: deep.png}]", "drawer: {fft: {basis: rgb}}, steps: 0, init_image: deep.png"],
)
def test_sixteen_bits_keep_their_greys(tmp_path: Path, scene: str) -> None:
    Image.fromarray(ramp(np.uint16)).save(tmp_path / "deep.png")
    [frame] = shown(told(tmp_path, f"  - {{length: 1f, {scene}}}"))
    assert thirds(frame) == pytest.approx([42, 128, 213], abs=4)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ],
)
def test_every_way_of_storing_a_picture_shows_it(mode: str, kind: str) -> None:
    colour = {"1": (255, 255, 255), "L": (90, 90, 90), "LA": (90, 90, 90)}.get(mode, (204, 51, 51))
    picture = open_image(encoded(Image.new("RGB", (16, 16), colour).convert(mode), kind))
    assert picture.mode in ("RGB", "RGBA")
    assert np.abs(np.asarray(picture, int)[..., :3] - colour).max() <= 4


@pytest.mark.parametrize(
    ("made", "taken"),
    [
        (lambda: encoded(noise(), "WEBP"), True),
        (lambda: encoded(noise(), "JPEG", progressive=True), True),
        (lambda: encoded(noise(), "JPEG"), False),
        (lambda: encoded(noise()), False),
    ],
    ids=["webp", "progressive jpg", "jpg", "png"],
)
def test_what_takes_much_memory_to_decode_is_refused_before_it_is(
    made: Callable[[], bytes], taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = made()
    open_image(content)
    monkeypatch.setattr(images, "DECODING", 54 * 96 * 6 - 1)
    if not taken:
        open_image(content)
        return
    with pytest.raises(InvalidValue, match="takes too much memory to decode; save it smaller, or as png"):
        check_image(content, int)


def test_transparency_of_every_kind_is_seen() -> None:
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 200, 40, 40])
    for made, clear in (
        (palette, 1),
        (Image.new("L", (4, 4), 90), 90),
        (Image.new("RGB", (4, 4), (9, 8, 7)), (9, 8, 7)),
        (Image.fromarray(np.full((4, 4), 4000, np.uint16)), 4000),
    ):
        target = io.BytesIO()
        made.save(target, "PNG", transparency=clear)
        assert np.asarray(open_image(target.getvalue()))[..., 3].max() == 0
    target = io.BytesIO()
    palette.save(target, "PNG", transparency=b"\xff\x80")
    assert np.asarray(open_image(target.getvalue()))[..., 3].max() == 128


def test_what_is_hidden_under_transparency_of_an_init_image_is_not_seen(tmp_path: Path) -> None:
    page = np.random.default_rng(1).integers(0, 256, (54, 96, 4)).astype(np.uint8)
    page[..., 3] = 0
    page[17:37, 38:58] = (240, 120, 0, 255)
    Image.fromarray(page).save(tmp_path / "cut-out.png")
    scene = "drawer: {fft: {basis: rgb}}, steps: 0, init_image: cut-out.png"
    [frame] = shown(told(tmp_path, f"  - {{length: 1f, {scene}}}"))
    assert np.abs(frame[:, :20] - EMPTY).max() <= 3
    assert np.abs(frame[27, 48] - (240, 120, 0)).max() < 20


def test_a_masks_alpha_counts(tmp_path: Path) -> None:
    page = np.full((54, 96, 4), 255, np.uint8)
    page[:, :48, 3] = 0
    Image.fromarray(page).save(tmp_path / "shape.png")
    Image.new("RGB", (96, 54), "white").save(tmp_path / "white.png")
    [frame] = shown(
        told(tmp_path, "  - {length: 1f, layers: [{image: white.png, mask: {image: shape.png}}]}")
    )
    assert frame[:, :40].max() <= 2
    assert frame[:, 56:].min() >= 253


@pytest.mark.parametrize(
    "scene",
    [
        "layers: [{image: white.png, mask: {image: turned.jpg}}]",
        "layers: [{image: turned.jpg}]",
        "drawer: {fft: {basis: rgb}}, steps: 0, init_image: turned.jpg",
    ],
)
def test_what_a_camera_stored_sideways_is_upright(tmp_path: Path, scene: str) -> None:
    upright = Image.fromarray(ramp(np.uint8))
    tag = upright.getexif()
    tag[0x0112] = 6
    upright.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=tag, quality=95)
    Image.new("RGB", (96, 54), "white").save(tmp_path / "white.png")
    [frame] = shown(told(tmp_path, f"  - {{length: 1f, {scene}}}"))
    assert thirds(frame) == pytest.approx([42, 128, 213], abs=5)


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_orientation_is_the_one_that_pillow_understands(orientation: int, kind: str) -> None:
    picture = noise()
    tag = picture.getexif()
    tag[0x0112] = orientation
    target = io.BytesIO()
    picture.save(target, kind, exif=tag)
    upright = ImageOps.exif_transpose(Image.open(target))
    assert np.array_equal(np.asarray(open_image(target.getvalue())), np.asarray(upright))


def test_of_an_animated_picture_the_first_frame_is_shown(tmp_path: Path) -> None:
    first, *rest = [Image.new("RGB", (16, 9), colour) for colour in ("red", "blue", "green")]
    for name in ("moving.png", "moving.webp"):
        first.save(
            tmp_path / name,
            save_all=True,
            append_images=rest,
            **({"lossless": True} if "webp" in name else {}),
        )
        [frame] = shown(told(tmp_path, f"  - {{length: 1f, layers: [{{image: {name}}}]}}"))
        assert frame[27, 48].tolist() == [255, 0, 0]


def header(width: int, height: int) -> bytes:
    """A PNG of this size in which nothing is."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


UNUSABLE = {
    "half a png": (lambda: encoded(noise())[:7000], "is damaged (image file is truncated); save it again"),
    "half a jpg": (lambda: encoded(noise(), "JPEG")[:3000], "is damaged (image file is truncated"),
    "half a webp": (lambda: encoded(noise(), "WEBP")[:1000], "is "),
    "empty": (lambda: b"", "is empty; save it again as png or jpg"),
    "PostScript": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "is not a picture; write a png, jpg or webp file",
    ),
    "gif": (lambda: encoded(noise().convert("P"), "GIF"), "is not a picture; write a png, jpg or webp file"),
    "huge": (lambda: header(60_000, 60_000), "is too large; a picture has at most 8192 pixels a side"),
    "long": (lambda: header(9000, 2), "is 9000x2; a picture has at most 8192 pixels a side"),
    "nothing in it": (lambda: header(90, 90), "is damaged ("),
}


@pytest.mark.parametrize("what", UNUSABLE)
@pytest.mark.parametrize("place", ["layers: [{image: a.png}]", "init_image: a.png"])
def test_a_picture_of_no_use_is_told_by_check_with_its_place(tmp_path: Path, what: str, place: str) -> None:
    make, message = UNUSABLE[what]
    (tmp_path / "a.png").write_bytes(make())
    [line] = sentences(tmp_path, f"  - {{length: 1f, {place}}}")
    assert line.startswith(f"story.yaml:7:{line.split(':')[2]}: the file 'a.png' {message}")
    assert (
        (tmp_path / "story.yaml")
        .read_text()
        .splitlines()[6][int(line.split(":")[2]) - 1 :]
        .startswith("a.png")
    )


def test_pipes_and_folders_and_forbidden_files_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    layer = "  - {length: 1f, layers: [{image: a.png}]}"
    assert "'a.png' is not a file" in sentences(tmp_path, layer)[0]
    with pytest.raises(files.InvalidValue, match="is not a file"):
        files.read_file(tmp_path / "a.png", 10)
    (tmp_path / "a.png").unlink()
    (tmp_path / "a.png").mkdir()
    assert "'a.png' is not a file" in sentences(tmp_path, layer)[0]
    if os.geteuid():
        (tmp_path / "a.png").rmdir()
        (tmp_path / "a.png").write_bytes(encoded(noise()))
        (tmp_path / "a.png").chmod(0)
        assert "cannot be read: permission denied" in sentences(tmp_path, layer)[0]


def test_a_picture_that_changes_after_the_story_was_read_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (16, 9), "red").save(tmp_path / "a.png")
    story = told(tmp_path, "  - {length: 1f, layers: [{image: a.png}]}")
    Image.new("RGB", (16, 9), "blue").save(tmp_path / "a.png")
    with pytest.raises(FileError, match=r"the file 'a\.png' has changed since the story was read"):
        Studio.open(story)
    (tmp_path / "a.png").unlink()
    with pytest.raises(FileError, match=r"the file 'a\.png' cannot be read: no such file"):
        Studio.open(story)


def test_a_picture_is_read_and_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is named: otherwise these would be too many bytes and pixels."""
    content = encoded(noise())
    monkeypatch.setitem(files.MOST, "bytes", 2 * len(content) + 100)
    monkeypatch.setitem(files.MOST, "pixels", 96 * 54)
    for name in ("a.png", "same.png"):
        (tmp_path / name).write_bytes(content)
    layers = ", ".join(f"{{image: {name}}}" for name in ["a.png", "./a.png", "same.png"] * 5)
    assert told(tmp_path, f"  - {{length: 1f, layers: [{layers}]}}")
    (tmp_path / "b.png").write_bytes(content[:-1])
    [line] = sentences(tmp_path, f"  - {{length: 1f, layers: [{layers}, {{image: b.png}}]}}")
    assert "the file 'b.png' is one too many: a story's files have at most" in line
    (tmp_path / "b.png").write_bytes(encoded(Image.new("L", (1, 1))))
    [line] = sentences(tmp_path, f"  - {{length: 1f, layers: [{layers}, {{image: b.png}}]}}")
    assert line.endswith("at most 5184 pixels together; use fewer or smaller ones")


def test_what_is_kept_of_a_picture_is_bounded_by_the_canvas(tmp_path: Path) -> None:
    Image.new("L", (3000, 3000), 200).save(tmp_path / "a.png")
    head = HEAD.replace("96x54", "192x108")
    for layer in ("image: {file: a.png, height: 10}", f"text: {{text: {'W' * 500}, height: 10}}"):
        studio = Studio.open(told(tmp_path, f"  - {{length: 1f, layers: [{{{layer}}}]}}", head))
        [made] = [made for component, made in studio.drawers.items() if component.values]
        pixels = made.draw(made.init_params(torch.Generator())).pixels
        assert pixels[0, 0].numel() <= limits.PICTURE_PIXELS


# Tables


def test_a_json_curve_looks_only_at_what_it_follows(tmp_path: Path) -> None:
    """Rows times columns would be ten thousand million cells."""
    first = ",".join(f'"k{number}":0' for number in range(100_000))
    rows = ["{" + first + "}", *['{"k7":1}'] * 99_999]
    (tmp_path / "a.json").write_text("[" + ",".join(rows) + "]")
    pan = "move: [pan: {x: {from: a.json, column: k7}}]"
    assert told(tmp_path, f"  - {{length: 3f, {pan}}}").plan(1).drawing.motion.matrix[0, 2] == 1


TABLES = {
    "decimal commas": (
        "loudness\n0,25\n0,5\n",
        "row 2 has 2 cells, and the header 1; write decimals with a point, as in 0.25, or put semicolons between",
    ),
    "decimal commas in two columns": (
        "frame,loudness\n0,0,25\n1,0,5\n",
        "row 2 has 3 cells, and the header 2; write decimals with a point",
    ),
    "decimal commas without a header": (
        "1\n0,25\n",
        "row 2 has 2 cells, and the first row 1; write decimals",
    ),
    "nothing but decimal commas": (
        "0,25\n0,5\n",
        "has 2 columns; say which one, as in column: 0, or write decimals with a point if that is what the commas are",
    ),
    "a long cell": ("1" * 140_000 + "\n", "row 1 is no CSV: a cell has more than 131072 characters"),
}


@pytest.mark.parametrize("what", TABLES)
def test_tables_that_would_be_misread_are_refused(tmp_path: Path, what: str) -> None:
    content, message = TABLES[what]
    (tmp_path / "a.csv").write_text(content)
    [line] = sentences(tmp_path, "  - {length: 4f, move: [pan: {x: {from: a.csv}}]}")
    assert line.startswith(f"story.yaml:7:41: 'x': 'a.csv' {message}")


@pytest.mark.parametrize(
    "content",
    [
        "frame;x\n0;0,25\n1;1,5\n2;-2,75\n",
        "0;0,25\n1;1,5\n2;-2,75\n",
        "frame\tx\n0\t0,25\n1\t1,5\n2\t-2,75\n",
        "frame;x\n0;0.25\n1;1.5\n2;-2.75\n",
        "frame,x,\n0,0.25,\n1,1.5,\n2,-2.75,\n",
    ],
)
def test_decimal_commas_between_semicolons_and_tabs_are_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    story = told(tmp_path, "  - {length: 3f, move: [pan: {x: {from: a.csv, column: 1}}]}")
    steps = [story.plan(frame).drawing.motion.matrix[0, 2] for frame in (1, 2)]
    assert steps == pytest.approx([1.25, -4.25])


def test_a_curve_is_read_once_for_all_that_follow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(files.MOST, "bytes", 3000)
    monkeypatch.setitem(files.MOST, "samples", 2500)
    (tmp_path / "a.csv").write_text("1\n" * 1000)
    moves = ["pan: {x: {from: a.csv}}"] * 50
    assert told(tmp_path, f"  - {{length: 3f, move: [{', '.join(moves)}]}}")
    moves += [f"pan: {{x: {{from: a.csv, scale: {scale}}}}}" for scale in range(2, 4)]
    [line] = sentences(tmp_path, f"  - {{length: 3f, move: [{', '.join(moves)}]}}")
    assert "'a.csv' is one too many: a story's files have at most 2500 samples together" in line


# Stories that would show nothing


@pytest.mark.parametrize(
    "prompts", ["{text: ''}", "{0f: '', 4f: a sea}", "{text: {0f: a, 4f: ''}}", "['', a]", "''"]
)
def test_an_empty_prompt_is_refused_in_every_form(prompts: str) -> None:
    with pytest.raises(StoryError, match="empty"):
        parse(HEAD + f"  - {{length: 4f, prompts: {prompts}}}")


def test_weights_that_cancel_draw_what_attracts() -> None:
    story = parse(
        "story: 1\ncanvas: 32x18\nseed: 3\ndenoiser: none\ndrawer: pixel\n"
        "scenes: [{length: 1f, prompts: 'red:1 | blue:-1', steps: 30}]"
    )
    assert story.plan(0).drawing.refines
    [frame] = shown(story)
    assert frame[..., 0].mean() > frame[..., 2].mean() + 10


def test_a_denoiser_that_draws_alone_draws_something() -> None:
    def weight(text: str) -> float:
        settings = parse(f"story: 1\n{text}\n").plan(0).drawing.denoiser
        assert settings is not None
        return settings.weight

    scenes = "scenes: [{length: 1f, prompts: a}]"
    assert (
        weight(f"perceptor: none\n{scenes}")
        == weight(f"denoiser: {{strength: 1}}\nperceptor: none\n{scenes}")
        == 0.5
    )
    assert weight(f"perceptor: none\ndenoiser: {{weight: 0.1}}\n{scenes}") == 0.1
    assert weight(scenes) == 0.1
    inside = "scenes: [sequence: {denoiser: embedded, scenes: [{length: 1f, prompts: a, perceptor: none}]}]"
    assert weight(inside) == 0.5


@pytest.mark.parametrize("kind", ["crossfade", "wipe", "zoom-through"])
@pytest.mark.parametrize("length", ["0.01s", "19%"])
def test_a_transition_shorter_than_a_frame_is_a_cut(tmp_path: Path, kind: str, length: str) -> None:
    for colour in ("red", "blue"):
        Image.new("RGB", (96, 54), colour).save(tmp_path / f"{colour}.png")
    story = told(
        tmp_path,
        "  - {length: 5f, layers: [{image: red.png}]}\n"
        f"  - {{length: 5f, transition: {{{kind}: {length}}}, layers: [{{image: blue.png}}]}}\n",
    )
    frames = shown(story)
    assert [frame[27, 48].tolist() for frame in frames[4:6]] == [[255, 0, 0], [0, 0, 255]]
