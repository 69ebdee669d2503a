"""Frames into films by the real ffmpeg."""

import re
import struct
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from films import decoded, described, encode, fake_ffmpeg
from PIL import Image

from pixray_motion.errors import EncodeError, OutputError
from pixray_motion.geometry import Canvas
from pixray_motion.output import video as encoding
from pixray_motion.output.base import FilmInfo
from pixray_motion.output.content import Frame
from pixray_motion.output.place import Output
from pixray_motion.output.video import check_encoder

FORMATS = (".mp4", ".webm", ".gif")
NTSC = Fraction(24000, 1001)


@pytest.fixture(autouse=True)
def _forget_ffmpeg() -> Iterator[None]:
    """Which ffmpeg there is is asked once a process; tests change it."""
    encoding.ffmpeg.cache_clear()
    check_encoder.cache_clear()
    yield
    encoding.ffmpeg.cache_clear()
    check_encoder.cache_clear()


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (18, 32)) -> Frame:
    return np.full((*size, 3), colour, np.uint8)


def clip(count: int = 6, size: tuple[int, int] = (18, 32)) -> list[Frame]:
    """A bright column that wanders over a dark ramp."""
    height, width = size
    ramp = np.linspace(0, 120, width).astype(np.uint8)
    frames = [np.repeat(np.tile(ramp, (height, 1))[..., None], 3, 2) for _ in range(count)]
    for number, frame in enumerate(frames):
        frame[:, number : number + 3] = (250, 200, 30)
    return frames


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    films = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for film in films:
        encode(clip(), film, NTSC, {"comment": "hello"})
    assert films[0].read_bytes() == films[1].read_bytes()
    assert len(decoded(films[0])) == 6


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("size", [(17, 33), (18, 33), (17, 32)])
def test_odd_sizes_repeat_the_last_row_and_column(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    film = tmp_path / f"film{suffix}"
    encode([flat((40, 160, 90), size)] * 3, film, Fraction(8))
    frame = decoded(film)[0]
    assert frame.shape == (18, 34 if size[1] == 33 else 32, 3)
    assert np.abs(frame[-1].astype(int) - frame[0]).max() <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(
    "colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (20, 200, 90)]
)
def test_colours_come_back(tmp_path: Path, suffix: str, colour: tuple[int, int, int]) -> None:
    film = tmp_path / f"film{suffix}"
    encode([flat(colour)] * 3, film, Fraction(8))
    assert np.abs(decoded(film)[1].astype(int) - colour).max() <= 3
    assert "yuv420p(tv, bt709, progressive)" in described(film)


def test_the_rate_is_exact(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    encode(clip(), film, NTSC)
    data = film.read_bytes()
    durations = data.index(b"stts")  # version and flags, entries, then pairs of (frames, duration)
    assert struct.unpack(">4I", data[durations + 4 : durations + 20]) == (0, 1, 6, 1001)
    header = data.index(b"mdhd")
    assert struct.unpack(">I", data[header + 16 : header + 20]) == (24000,)


def test_an_mp4_can_start_before_it_is_all_there(tmp_path: Path) -> None:
    encode(clip(), tmp_path / "film.mp4", Fraction(8))
    data = (tmp_path / "film.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", FORMATS)
def test_metadata_holds_the_story_and_no_path(tmp_path: Path, suffix: str) -> None:
    story = (
        "story: 1 # a = b; \\ c\nscenes:\n  - {length: 1s, prompts: 'Schnee ☃'}\r\n\r" + "# long\n" * 40_000
    )
    film = tmp_path / f"film{suffix}"
    encode(clip(2), film, Fraction(8), {"comment": story, "description": "seed 7"})
    data = film.read_bytes()
    text = b"".join(_comment_blocks(data)) if suffix == ".gif" else data
    assert story.encode() in text
    assert b"seed 7" in text
    assert str(tmp_path).encode() not in data


def _comment_blocks(gif: bytes) -> Iterator[bytes]:
    place = gif.rindex(b"\x21\xfe") + 2
    while size := gif[place]:
        yield gif[place + 1 : place + 1 + size]
        place += 1 + size


def test_a_fast_gif_is_slowed_to_what_viewers_show(tmp_path: Path) -> None:
    encode(clip(12), tmp_path / "film.gif", Fraction(120))
    with Image.open(tmp_path / "film.gif") as gif:
        assert gif.info["duration"] >= 20


def test_frames_are_read_one_by_one(tmp_path: Path) -> None:
    read, told = [], []

    def frames() -> Iterator[Frame]:
        for number, frame in enumerate(clip()):
            assert told == read[: len(told)]
            assert len(read) - len(told) <= 1
            read.append(number + 1)
            yield frame

    encode(frames(), tmp_path / "film.mp4", Fraction(8), on_frame=told.append)
    assert told == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_ffmpeg_ends_with_the_frames(tmp_path: Path, error: type[BaseException]) -> None:
    def frames() -> Iterator[Frame]:
        yield clip()[0]
        raise error

    with pytest.raises(error):
        encode(frames(), tmp_path / "film.mp4", Fraction(8))


def test_no_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncodeError, match="no frames"):
        encode([], tmp_path / "film.mp4", Fraction(8))


def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"'\.avi'; allowed: \.gif, \.mp4, \.svg, \.webm, or a folder"):
        Output.of(tmp_path / "film.avi")
    with pytest.raises(OutputError, match=r"'\.mp3'; did you mean '\.mp4'\?"):
        Output.of(tmp_path / "film.mp3")


def test_a_missing_ffmpeg_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nothing"))
    with pytest.raises(EncodeError, match=r"ffmpeg does not run .* set IMAGEIO_FFMPEG_EXE"):
        encode(clip(), tmp_path / "film.mp4", Fraction(8))


def test_an_ffmpeg_without_the_encoder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho ' V....D mpeg4'\n", encoding="utf-8")
    poor.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(poor))
    with pytest.raises(EncodeError, match="has no encoder libx264"):
        check_encoder("libx264")


def test_ffmpeg_may_say_more_than_a_pipe_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "head -c 300000 /dev/zero | tr '\\0' 'x' >&2\necho >&2\necho 'the reason' >&2\nexit 1"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", fake_ffmpeg(tmp_path, script))
    frames = [flat((1, 2, 3), (360, 640))] * 20
    with pytest.raises(EncodeError, match=r"could not write the film: .*the reason") as caught:
        encode(frames, tmp_path / "film.mp4", Fraction(8))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "No such file or directory"),
        (': > "$film"', "moov atom not found|Invalid data|End of file"),
        ('head -c 5000 /dev/urandom > "$film"', "Invalid data|moov atom not found"),
        ('cp "$SHORT" "$film"', "2 frames of 32x18, and not 6 of 32x18"),
        ('cp "$LARGE" "$film"', "6 frames of 64x36, and not 6 of 32x18"),
        (
            'head -c $(($(wc -c < "$WHOLE") * 6 / 7)) "$WHOLE" > "$film"',
            ".",
        ),
    ],
    ids=["nothing", "empty", "garbage", "short", "large", "half"],
)
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_film_that_ffmpeg_did_not_write_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str, suffix: str
) -> None:
    """Though it ends without an error. What stands in for it reads films as the real one."""
    for name, frames in {"SHORT": clip(2), "LARGE": clip(6, (36, 64)), "WHOLE": clip()}.items():
        encode(frames, tmp_path / f"{name}{suffix}", Fraction(8), {"comment": "", "description": ""})
        monkeypatch.setenv(name, str(tmp_path / f"{name}{suffix}"))
    encoding.ffmpeg.cache_clear()
    real = imageio_ffmpeg.get_ffmpeg_exe()
    fake = (
        f'case "$*" in *framecrc*) exec "{real}" "$@";; esac\ncat > /dev/null\nfor film; do :; done\n{script}'
    )
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", fake_ffmpeg(tmp_path, fake))
    about = FilmInfo(Fraction(8), Canvas(32, 18), range(6), {"comment": "", "description": ""})
    film, writer = tmp_path / f"film{suffix}", Output.of(f"film{suffix}").writer

    def make() -> None:
        writer.write(clip(), film, about, lambda _: None)
        writer.check_film(film, about)

    with pytest.raises(
        EncodeError, match=r"told of no error, but what it wrote is not the film \(.*\): "
    ) as told:
        make()
    if suffix == ".mp4":
        assert re.search(why, str(told.value))


@pytest.mark.parametrize("where", ["-version", "-encoders", "rawvideo", "framecrc"])
@pytest.mark.parametrize("how", ["sleep 1000", "cat > /dev/null; sleep 1000 & wait"])
def test_an_ffmpeg_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, how: str
) -> None:
    """With what it has started, which holds our pipes open."""
    real = imageio_ffmpeg.get_ffmpeg_exe()
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *{where}*) {how};; esac\nexec "{real}" "$@"\n', encoding="utf-8"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(fake))
    monkeypatch.setattr(encoding, "SILENCE", 0.3)
    film, writer = tmp_path / "film.mp4", Output.of("film.mp4").writer
    about = FilmInfo(Fraction(8), Canvas(32, 18), range(40), {})

    def make() -> None:
        check_encoder("libx264")
        writer.write([flat((1, 2, 3), (180, 320))] * 40, film, about, lambda _: None)
        writer.check_film(film, about)

    with pytest.raises(
        EncodeError, match=r"ffmpeg (hung|does not run) \(it gave no sign of life for \d+ seconds"
    ):
        make()


def test_slow_frames_are_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ffmpeg's is counted, and not the time that it takes to draw a frame."""
    monkeypatch.setattr(encoding, "SILENCE", 0.2)

    def frames() -> Iterator[Frame]:
        for frame in clip(3):
            time.sleep(0.5)
            yield frame

    encode(frames(), tmp_path / "film.mp4", Fraction(8))
    assert len(decoded(tmp_path / "film.mp4")) == 3


@pytest.mark.parametrize(
    ("rate", "frames", "shown"),
    [
        (Fraction(120), 1, [0]),
        (Fraction(120), 2, [0]),
        (Fraction(120), 3, [0, 2]),
        (Fraction(60), 6, [0, 1, 2, 3, 4]),
        (Fraction(100), 4, [0, 2]),
        (Fraction(50), 3, [0, 1, 2]),
    ],
)
def test_a_fast_gif_has_the_frames_that_show(
    tmp_path: Path, rate: Fraction, frames: int, shown: list[int]
) -> None:
    greys = [flat((40 * number,) * 3) for number in range(frames)]
    told: list[int] = []
    encode(greys, tmp_path / "film.gif", rate, {"comment": "c"}, told.append, frames)
    found = [round(float(frame.mean()) / 40) for frame in decoded(tmp_path / "film.gif")]
    assert found == shown
    assert told == list(range(1, frames + 1))


def test_a_gif_has_the_colours_of_what_comes_last_and_stays(tmp_path: Path) -> None:
    """As many greys as a palette holds come first, and do not leave the one colour out."""
    noise = np.random.default_rng(0).integers(0, 256, (18, 32, 1), dtype=np.uint8).repeat(3, 2)
    film = tmp_path / "film.gif"
    encode([noise] * 4 + [flat((230, 60, 20))] * 4, film, Fraction(8), count=8)
    assert np.abs(decoded(film)[-1].astype(int) - (230, 60, 20)).max() < 10


def test_a_failure_says_ffmpegs_last_words(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(EncodeError, match=r"could not write the film: .*Is a directory"):
        encode(clip(), tmp_path / "film.mp4", Fraction(8))
