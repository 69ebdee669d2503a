"""The picture of a story's numbers."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from pixray_motion.cli.commands import program
from pixray_motion.curve_chart import draw_curves
from pixray_motion.story.reading.story import parse, read

SVG = "{http://www.w3.org/2000/svg}"
EVERYTHING = Path(__file__).parent / "data" / "everything.yaml"


def test_every_number_has_a_row_with_its_values() -> None:
    story = parse(
        "story: 1\nrate: 10\nscenes:\n"
        "- {name: a & b, length: 1s, move: [{rotate: {angle: {0s: 0, 1s: 10}}}], steps: 5}\n"
        "- {length: 1s, move: [{rotate: {angle: {0s: -10, 0.5s: 30}}}, {zoom: {factor: 2}}], steps: 5}\n"
    )
    root = ElementTree.fromstring(draw_curves(story))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert {"rotate angle", "zoom factor", "steps", "denoiser weight", "a & b", "30", "-10"} <= set(words)
    assert words.count("rotate angle") == 1
    lines = [line.get("points", "").split() for line in root.iter(f"{SVG}polyline")]
    first, second = (
        ([float(y) for y in points.split(",")][1] for points in (line[0], line[-1])) for line in lines[:2]
    )
    (a, b), (c, d) = first, second
    assert (a - b) / (c - d) == pytest.approx(
        9 / 40, rel=0.02
    )  # up to its last frame 9 degrees of 40, upwards
    assert c - d == pytest.approx(50, abs=0.2)


def test_a_story_with_everything_is_drawn() -> None:
    root = ElementTree.fromstring(draw_curves(read(EVERYTHING)))
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"sequence: prompt 1 weight", "near: opacity", "far: pan x", "zoom about y", "tilt angle"} <= words


def test_many_scenes_make_no_larger_a_chart() -> None:
    def chart(count: int) -> str:
        scenes = "".join(
            f"- {{length: 1f, prompts: a, move: [rotate: {{angle: {number % 7}}}]}}\n"
            for number in range(count)
        )
        return draw_curves(parse(f"story: 1\ndenoiser: none\nscenes:\n{scenes}"))

    charts = [chart(count) for count in (500, 1500)]
    assert len(charts[1]) < 1.1 * len(charts[0]) < 400_000
    for text in charts:
        root = ElementTree.fromstring(text)
        assert {"0", "6", "rotate angle"} <= {text.text for text in root.iter(f"{SVG}text")}
        points = [line.get("points", "").split() for line in root.iter(f"{SVG}polyline")]
        heights = {float(point.split(",")[1]) for line in points for point in line}
        assert max(heights) - min(heights) >= 49.9  # all of the row's height: no extreme is lost


def test_the_command_writes_it(tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    story.write_text("story: 1\ncanvas: 32x18\nscenes: [{length: 2f, move: [{pan: {x: t}}]}]")
    wrong = CliRunner().invoke(program, ["preview", str(story), "--curves", str(tmp_path / "curves.png")])
    assert wrong.exit_code == 2
    assert "give it a name that ends in .svg" in wrong.output
    done = CliRunner().invoke(program, ["preview", str(story), "--curves", str(tmp_path / "curves.svg")])
    assert done.exit_code == 0, done.output
    ElementTree.fromstring((tmp_path / "curves.svg").read_text())
