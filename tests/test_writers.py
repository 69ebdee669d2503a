"""The registry of writers: what a path asks for, and a writer that somebody else adds."""

import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import TINY, tiny
from PIL import Image

from pixray_motion.errors import OutputError
from pixray_motion.film import write_film
from pixray_motion.geometry import Canvas
from pixray_motion.output.base import FilmInfo, Writer
from pixray_motion.output.content import PIXELS, SHAPES, Content
from pixray_motion.output.frames import PngFrames
from pixray_motion.output.place import Output
from pixray_motion.output.svg import AnimatedSvg, SvgFrames
from pixray_motion.output.video import Video
from pixray_motion.output.work import WorkFolder
from pixray_motion.story.reading.story import parse

ABOUT = FilmInfo(Fraction(8), Canvas(32, 18), range(3, 6), {"description": "d", "comment": "c"})
EXAMPLES: dict[str, Any] = {"frames": np.full((18, 32, 3), 90, np.uint8), "shapes": "<path/>"}


MANUAL = Path(__file__).parents[1] / "docs" / "extending.md"
CHECK = """
    def check(self, story):
        from pixray_motion.errors import OutputError

        if story.rate > 100:
            raise OutputError("at most 100 means are written a second: lower the rate")
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder with the manual's example in it, as pip installs it; it can refuse stories, too."""
    (code,) = (text for text in MANUAL.read_text().split("```python\n")[1:] if '@writer(".txt")' in text)
    folder = tmp_path / "site"
    (folder / "means-1.0.dist-info").mkdir(parents=True)
    (folder / "means.py").write_text(code.partition("```")[0] + CHECK)
    (folder / "means-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: means\nVersion: 1.0\n"
    )
    (folder / "means-1.0.dist-info" / "entry_points.txt").write_text(
        "[pixray_motion.plugins]\nmeans = means\n"
    )
    return folder


def test_a_plugins_writer_writes_a_film(plugin: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pixray_motion", *arguments]
        path = os.pathsep.join([str(plugin), *sys.path])
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
        )

    text = f"{TINY}perceptor: none\n"
    tiny(tmp_path, text)
    done = run("render", "tiny.yaml", "-o", "film.txt", "--frames", "1:4")
    assert done.returncode == 0, done.stderr
    write_film(parse(text), tmp_path / "frames", range(1, 4))
    lines = []
    for frame in (1, 2, 3):
        with Image.open(tmp_path / "frames" / f"frame_{frame:06d}.png") as picture:
            lines.append(f"{frame} {np.asarray(picture).mean():.3f}")
    assert (tmp_path / "film.txt").read_text().splitlines() == lines
    assert (
        ".txt: The mean of every frame, one per line. (plug-in means 1.0)\n" in run("list", "writers").stdout
    )
    assert run("render", "tiny.yaml", "-o", "film.txt", "--output-option", "digits=1").returncode == 0
    assert re.fullmatch(r"(\d \d+\.\d\n){6}", (tmp_path / "film.txt").read_text())
    fast = run("render", "tiny.yaml", "-o", "fast.txt", "--set", "rate=120")
    assert (fast.returncode, fast.stderr) == (2, "at most 100 means are written a second: lower the rate\n")
    assert (
        "allowed: .gif, .mp4, .svg, .txt, .webm, or a folder"
        in run("render", "tiny.yaml", "-o", "x.avi").stderr
    )
    (plugin / "means.py").write_text("import nothing_of_that_name")
    broken = run("render", "tiny.yaml", "-o", "film.txt").stderr
    assert broken == (
        "cannot write a film as '.txt'; allowed: .gif, .mp4, .svg, .webm, or a folder (end its name in /); broken "
        "plug-ins: means\n"
    )


@pytest.mark.parametrize(
    ("path", "format", "made"),
    [
        ("film.mp4", ".mp4", Video),
        ("FILM.MP4", ".mp4", Video),
        ("a.b/film.svg", ".svg", AnimatedSvg),
        ("frames", "/", PngFrames),
        ("frames/", "/", PngFrames),
        ("v1.2/", "/", PngFrames),
        ("film.mp4/", "/", PngFrames),
        ("a.svg/", ".svg/", SvgFrames),
        (".hidden", "/", PngFrames),
    ],
)
def test_a_path_asks_for_a_writer(path: str, format: str, made: type[Writer[Any]]) -> None:
    output = Output.of(path)
    assert (output.path, output.format) == (Path(path), format)
    assert isinstance(output.writer, made)
    assert output.is_folder == format.endswith("/")
    assert Output.of(output) is output


def test_options_are_the_writers_parameters(tmp_path: Path) -> None:
    frames = list(np.random.default_rng(0).integers(0, 256, (3, 18, 32, 3), dtype=np.uint8))
    sizes = []
    for crf in (1, 16, 40):
        output = Output.of(tmp_path / f"{crf}.mp4", options={"crf": str(crf)})
        output.writer.write(frames, output.path, ABOUT, lambda _: None)
        sizes.append(output.path.stat().st_size)
    assert sizes == sorted(sizes, reverse=True)
    assert Output.of("film.mp4", options={"crf": "16"}).writer == Output.of("film.mp4").writer


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        (
            "a.mp4",
            {"cfr": "9"},
            "unknown option 'cfr' of the output '.mp4'; did you mean 'crf'? allowed: crf",
        ),
        ("a.gif", {"crf": "9"}, "unknown option 'crf' of the output '.gif'; it has none"),
        (
            "a.mp4",
            {"crf": "52"},
            "'crf' is a whole number from 0 to 51. Got '52' (an option of the output '.mp4')",
        ),
    ],
)
def test_wrong_options_are_told(path: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(OutputError, match=f"^{re.escape(message)}$"):
        Output.of(path, options=options)


@pytest.mark.parametrize("content", [PIXELS, SHAPES], ids=lambda content: str(content.name))
def test_content_comes_back(tmp_path: Path, content: Content[Any]) -> None:
    path = tmp_path / f"x{content.suffix}"
    content.save(path, EXAMPLES[content.name])
    assert np.array_equal(content.load(path), EXAMPLES[content.name])
    with pytest.raises(FileExistsError):
        content.save(path, EXAMPLES[content.name])


def test_only_what_is_needed_is_kept(tmp_path: Path) -> None:
    story = parse(TINY.replace("rate: 8", "rate: 8\ndrawer: {pixel: {grid: 8x4}}"))
    seen: list[list[str]] = []

    def look(_: object) -> None:
        seen.append(sorted(path.name for path in (tmp_path / ".a.svg.work").iterdir()))

    write_film(story, tmp_path / "a.svg", range(1), on_progress=look)
    assert [name for name in seen[1] if not name.startswith("scratch-")] == [
        "journal",
        "lock",
        "shapes",
        "states",
    ]


def test_a_folder_that_another_render_has_made_since_is_not_removed(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / ".film.work", tmp_path / "film")
    with folder.locked():
        shutil.rmtree(folder.path)
        folder.path.mkdir()
        (folder.path / "lock").touch()
    assert folder.path.exists()
