"""What is written into film files, byte by byte where a player would mind."""

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from films import decoded, described, encode
from numpy.typing import NDArray
from PIL import Image

from pixray_motion.errors import EncodeError
from pixray_motion.output.video import _add_comment, _even, _metadata


def clip(count: int) -> list[NDArray[np.uint8]]:
    """Frames each of which is brighter than the one before."""
    return [np.full((18, 32, 3), 10 + 15 * number, np.uint8) for number in range(count)]


@pytest.mark.parametrize(
    ("size", "padded"),
    [((2, 4), (2, 4)), ((3, 4), (4, 4)), ((2, 5), (2, 6)), ((3, 5), (4, 6)), ((1, 1), (2, 2))],
)
def test_odd_frames_repeat_their_last_row_and_column(size: tuple[int, int], padded: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    even = _even(frame)
    assert even.shape == (*padded, 3)
    assert np.array_equal(even[: size[0], : size[1]], frame)
    assert np.array_equal(even[-1, : size[1]], frame[-1])
    assert np.array_equal(even[: size[0], -1], frame[:, -1])
    assert (even is frame) == (size == padded)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("a=b", r"a\=b"),
        ("a;b", r"a\;b"),
        ("# a", r"\# a"),
        ("a\\b", r"a\\b"),
        ("a\nb", "a\\\nb"),
        ("a\r\nb", "a\\\r\\\nb"),
        ("\\=;#\n", "\\\\\\=\\;\\#\\\n"),
        ("Schnee ☃", "Schnee ☃"),
    ],
)
def test_metadata_is_escaped_as_ffmpeg_reads_it(text: str, written: str) -> None:
    assert _metadata({"comment": text, "title": "x"}) == f";FFMETADATA1\ncomment={written}\ntitle=x\n"


@pytest.mark.parametrize(
    "text", ["a=b", "a;b # c", "\\n = \\\\ end", "one\n\ntwo\n[three]\n# four", "☃ \\; = \\#"]
)
def test_ffmpeg_reads_the_metadata_that_was_meant(text: str, tmp_path: Path) -> None:
    film, listed = tmp_path / "film.mp4", tmp_path / "listed.txt"
    encode(clip(2), film, Fraction(8), {"comment": text})
    command = (
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-loglevel",
        "error",
        "-i",
        str(film),
        "-f",
        "ffmetadata",
        str(listed),
    )
    subprocess.run(command, check=True)
    assert _metadata({"comment": text}).split("\n", 1)[1] in listed.read_text(encoding="utf-8")


def test_a_backslash_at_the_end_of_a_tag_leaves_the_next_one(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    encode(clip(2), film, Fraction(8), {"comment": "a path like C:\\", "title": "the other one"})
    said = described(film)
    assert re.search(r"title +: the other one", said)
    assert re.search(r"comment +: a path like C:\\ ?$", said, re.MULTILINE)


def blocks(gif: bytes) -> list[bytes]:
    """The blocks of a gif's last extension, which must be a comment, and the end of the file behind it."""
    place, found = gif.rindex(b"\x21\xfe") + 2, []
    while size := gif[place]:
        found.append(gif[place + 1 : place + 1 + size])
        place += 1 + size
    assert gif[place + 1 :] == b"\x3b"
    return found


@pytest.mark.parametrize(
    ("length", "sizes"),
    [(0, []), (1, [1]), (255, [255]), (256, [255, 1]), (510, [255, 255]), (600, [255, 255, 90])],
)
def test_a_comment_of_a_gif_is_cut_into_blocks(length: int, sizes: list[int], tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    pages = [Image.fromarray(frame) for frame in clip(3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    before, text = path.read_bytes(), ("abcdefgh☃" * 60).encode()[:length].decode(errors="ignore")
    _add_comment(path, text.ljust(length - len(text.encode()) + len(text), "."))
    after = path.read_bytes()
    assert after.startswith(before[:-1])
    assert [len(block) for block in blocks(after)] == sizes
    assert b"".join(blocks(after)).startswith(text.encode())
    with Image.open(path) as gif:
        assert gif.n_frames == 3


def test_a_gif_without_its_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"GIF89a, torn off")
    with pytest.raises(
        EncodeError, match=r"is not the film \(film\.gif has no end\): look whether the disk is sound"
    ):
        _add_comment(path, "a comment")


@pytest.mark.parametrize(
    ("rate", "frames", "delay"), [(25, 12, 40), (50, 12, 20), (100, 6, 20), (51, 12, 20)]
)
def test_a_gif_plays_at_fifty_frames_a_second_at_most(
    rate: int, frames: int, delay: int, tmp_path: Path
) -> None:
    """Slower ones keep all of their frames; of faster ones some are left out, and the film lasts as long."""
    film = tmp_path / "film.gif"
    encode(clip(12), film, Fraction(rate), count=12)
    assert abs(len(decoded(film)) - frames) <= (rate > 50)
    with Image.open(film) as gif:
        assert gif.info["duration"] == delay
        assert gif.info["loop"] == 0
