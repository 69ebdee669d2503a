"""Stories in several files."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from pixray_motion.cli.commands import program
from pixray_motion.errors import StoryError
from pixray_motion.story.reading.story import read


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.write_text(text)
    return folder / "story.yaml"


def told(path: Path) -> list[str]:
    with pytest.raises(StoryError) as caught:
        read(path)
    return str(caught.value).replace(f"{path.parent}/", "").split("\n")


STORY = """story: 1
rate: 10
scenes:
  - {length: 1s, prompts: a}
  - include: more.yaml
  - {length: 1s, prompts: d}
"""
MORE = "scenes:\n  - {length: 2s, prompts: b}\n  - sequence: {repeat: 2, scenes: [{include: last.yaml}]}\n"
LAST = "story: 1\nscenes: [{name: last, length: 1s, prompts: c}]\n"


def test_an_included_file_stands_for_its_scenes(tmp_path: Path) -> None:
    story = read(written(tmp_path, story=STORY, more=MORE, last=LAST), [("scenes.1.length", "3s")])
    assert [(s.name, s.frames) for s in story.scenes] == [
        ("scene 1", 10),
        ("scene 2", 30),
        ("last", 10),
        ("last", 10),
        ("scene 4", 10),
    ]
    assert [story.plan(s.start).drawing.prompts[0].texts[0][0] for s in story.scenes] == list("abccd")


def test_mistakes_are_told_where_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, story=STORY, more=MORE.replace("2s", "2x"), last=LAST.replace("name", "nmae"))
    assert told(path) == [
        "last.yaml:2:11: unknown key 'nmae' in a scene; did you mean 'name'? allowed: name, cut, transition, repeat, "
        "reverse, speed, length, prompts, move, losses, filters, steps, border, denoiser, drawer, perceptor, "
        "init_image, layers",
        "more.yaml:2:14: '2x' is not a time; write 48f, 4s or 0:04",
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", "more.yaml:1:1: the story is empty"),
        ("- length: 1s\n", "more.yaml:1:1: the included file 'more.yaml' is a mapping"),
        ("scenes: 4s\n", "more.yaml:1:9: 'scenes' is a list of scenes"),
        ("story: 1\n", "more.yaml:1:1: the file 'more.yaml' has no scenes"),
        ("canvas: 9x9\nscenes: [{length: 1s}]\n", "more.yaml:1:1: unknown key 'canvas' in the included file"),
        ("scenes: [{include: more.yaml}]\n", "more.yaml:1:20: the file 'more.yaml' includes itself"),
        ("scenes: [{include: ../other.yaml}]\n", "lies outside of the story's folder"),
        ("scenes: [{include: [a]}]\n", "more.yaml:1:20: 'include' is the name of a file. Got a list"),
        ("scenes: [{length: 1s, a: 'b}]\n", "more.yaml:"),
        ("scenes: [" + "{include: last.yaml}, " * 100 + "]\n", "a story includes at most 100 files"),
        ("\t", "more.yaml:1:1: "),
    ],
)
def test_what_cannot_be_included_is_told(tmp_path: Path, more: str, message: str) -> None:
    assert any(message in line for line in told(written(tmp_path, story=STORY, more=more, last=LAST)))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert told(written(tmp_path, story=STORY)) == [
        "story.yaml:5:14: there is no file 'more.yaml' in the story's folder; look for a slip in the name"
    ]
    (tmp_path / "more.yaml").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in told(tmp_path / "story.yaml")[0]


def test_files_elsewhere_are_the_users_choice(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text("scenes: [{name: far, length: 1s}]")
    (tmp_path / "curve.csv").write_text("0\n8\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    angle = "{from: ../curve.csv, rate: 1}"
    near = f"{{name: near, cut: true, length: 1s, move: [rotate: {{angle: {angle}}}]}}"
    path = inner / "story.yaml"
    path.write_text(f"story: 1\nscenes:\n  - include: ../shared.yaml\n  - {near}\n")
    lines = told(path)
    assert len(lines) == 2
    assert all("copy it there, or allow it by --allow-outside" in line for line in lines)
    assert [scene.name for scene in read(path, outside=True).scenes] == ["far", "near"]
    for command in (["check"], ["plan", "--frames", "0:1"]):
        result = CliRunner().invoke(program, [*command, str(path), "--allow-outside"])
        assert result.exit_code == 0, result.output
        assert CliRunner().invoke(program, [*command, str(path)]).exit_code == 2
