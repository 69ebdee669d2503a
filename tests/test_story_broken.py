"""Broken stories: each file in data/broken begins with the lines that a user must see for it."""

from pathlib import Path

import pytest

from pixray_motion import limits
from pixray_motion.errors import StoryError
from pixray_motion.story.reading.story import parse, read

BROKEN = sorted((Path(__file__).parent / "data" / "broken").glob("*.yaml"))


def problems(text: str, *overrides: tuple[str, str]) -> list[str]:
    with pytest.raises(StoryError) as caught:
        parse(text, "s", overrides)
    return [line for line in str(caught.value).split("\n") if not line.startswith("    ")]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_story_gives_its_lines_and_no_others(path: Path) -> None:
    lines = path.read_text("utf-8").split("\n")
    expected = [
        line.removeprefix("# ") for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != "#")]
    ]
    with pytest.raises(StoryError) as caught:
        read(path)
    told = [line for line in str(caught.value).split("\n") if not line.startswith("    ")]
    assert told == [f"{path}:{line}" for line in expected]


def test_a_wrong_formula_is_shown_with_a_mark_where_it_is_wrong() -> None:
    with pytest.raises(StoryError) as caught:
        parse("story: 1\nscenes: [{length: 1s, move: [{rotate: {angle: 5*sine(t)}}]}]")
    assert str(caught.value).split("\n")[1:] == ["    5*sine(t)", "      ^"]


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 30


UNREADABLE = {
    "empty": (b"", "the story is empty; begin with 'story: 1'"),
    "comments": (b"# nothing\n", "the story is empty; begin with 'story: 1'"),
    "binary": (bytes(range(256)), "this is not a text file; a story is YAML, and begins with 'story: 1'"),
    "latin-1": ("story: é".encode("latin-1"), "the file is not UTF-8 text; save it with the encoding UTF-8"),
    "utf-16": ("story: 1".encode("utf-16"), "the file is not UTF-8 text; save it with the encoding UTF-8"),
    "large": (b"# " + b"x" * 1_000_000, "the file is larger than 1000000 bytes; make the story shorter"),
}


@pytest.mark.parametrize(("data", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_text_is_reported_at_its_beginning(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "story.yaml"
    path.write_bytes(data)
    with pytest.raises(StoryError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:1:1: {message}"


def test_folders_and_missing_files_are_reported_at_1_1(tmp_path: Path) -> None:
    for path, message in ((tmp_path, "this is a folder"), (tmp_path / "no.yaml", "there is no such file")):
        with pytest.raises(StoryError, match=f":1:1: {message}"):
            read(path)


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_bytes(b"\xef\xbb\xbfstory: 1\nscenes: [{length: 4}]\n")
    with pytest.raises(StoryError, match=r":2:19: the number '4' is not a time"):
        read(path)


def test_values_are_cut_and_stay_on_one_line() -> None:
    [line] = problems(f'story: 1\nscenes: [{{length: 1s, border: "a\\n{"b" * 99}"}}]')
    assert f"'a\\n{'b' * 55}...'" in line


def test_many_mistakes_are_counted_beyond_a_hundred() -> None:
    lines = problems("story: 1\nscenes:\n" + "  - length: 5\n" * 150)
    assert len(lines) == 101
    assert lines[-1] == "s:102:13: and 50 more mistakes further on"


LIMITS = {
    "line": ("story: " + "!" * 200_001, "longer than 200000 characters"),
    "depth": ("[" * 65 + "]" * 65, "nested deeper than 64 levels"),
    "endless depth": ("[" * 100_000, "nested deeper than 64 levels"),
    "prompts": ("story: 1\nscenes: [{length: 1s, prompts: [" + "x," * 101 + "]}]", "at most 100 prompts"),
    "moves": ("story: 1\nscenes: [{length: 1s, move: [" + "zoom," * 101 + "]}]", "at most 100 movements"),
    "digits": ("story: 1\nscenes: [{length: " + "9" * 5000 + "s}]", "too long for a time"),
    "work": (
        "story: 1\nscenes:\n- length: 1000000f\n  losses: {smoothness: sin(" + "t+" * 200 + "t)"
        ", saturation: sin(" + "t+" * 200 + "t)}\n  steps: sin(" + "t+" * 200 + "t)",
        "too many changing values",
    ),
}


@pytest.mark.parametrize(("text", "message"), LIMITS.values(), ids=LIMITS)
def test_limits_are_tested_before_anything_is_made(text: str, message: str) -> None:
    assert message in problems(text)[0]


def test_values_and_scenes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 100)
    monkeypatch.setattr(limits, "SCENES", 10)
    assert problems("story: 1\nscenes: [" + "x," * 200 + "]") == [
        "s:2:200: the story has more than 100 values; make it shorter"
    ]
    assert problems("story: 1\nscenes: [" + "x," * 11 + "]") == [
        "s:2:9: a film has at most 10 scenes. Got 11"
    ]


OVERRIDES = {
    "value": ("scenes.0.length", "2x", "'2x' is not a time; write 48f, 4s or 0:04"),
    "unknown key": ("sed", "2", "unknown key 'sed' in a story; did you mean 'seed'? "),
    "unknown scene": ("scenes.forrest.length", "2s", "there is no scene 'forrest'; did you mean 'forest'? "),
    "unknown scene key": (
        "scenes.0.lenght",
        "2s",
        "unknown key 'lenght' in a scene; did you mean 'length'? ",
    ),
    "no such number": ("scenes.7.length", "2s", "there is no scene '7'; allowed: forest, scene 2"),
    "no such item": (
        "scenes.0.move.4.zoom.factor",
        "2",
        "the list has no item '4'; write the number of one: 0 to 0",
    ),
    "no value": ("seed", "", "the value is missing; write key.path=value"),
    "no key": ("", "2", "a key is missing; write key.path=value, as in scenes.0.length=2s"),
    "yaml": ("scenes.0.steps", "{0f: 1", "this '{' is never closed"),
    "formula": (
        "scenes.forest.move.0.zoom.factor",
        "1+x",
        "'factor': the formula '1+x' is wrong at column 3: unknown name 'x'",
    ),
    "over time": ("scenes.0.move.0.zoom.factor", "1-t", "'factor' is 0 at the scene's frame 12 (1s); "),
}
STORY = """story: 1
scenes:
  - {name: forest, length: 4s, move: [zoom: {factor: 2}]}
  - {length: 2s}
"""


@pytest.mark.parametrize(("path", "value", "message"), OVERRIDES.values(), ids=OVERRIDES)
def test_a_mistake_in_an_option_names_the_option(path: str, value: str, message: str) -> None:
    [line] = problems(STORY, (path, value))
    assert line.startswith(f"--set {path}={value}: {message}")


NESTED = """story: 1
rate: 10
scenes:
  - sequence:
      name: act
      scenes:
        - {name: calm, length: 1s}
        - sequence: {name: deep, scenes: [{name: end, length: 1s}]}
  - {name: late, length: 1s}
"""


@pytest.mark.parametrize(
    ("path", "lengths"),
    [
        ("scenes.end.length", [10, 30, 10]),
        ("scenes.deep.scenes.end.length", [10, 30, 10]),
        ("scenes.act.scenes.calm.length", [30, 10, 10]),
        ("scenes.calm.length", [30, 10, 10]),
        ("scenes.late.length", [10, 10, 30]),
        ("scenes.0.sequence.scenes.0.length", [30, 10, 10]),
    ],
)
def test_scenes_in_sequences_go_by_name(path: str, lengths: list[int]) -> None:
    assert [scene.frames for scene in parse(NESTED, "s", [(path, "3s")]).scenes] == lengths
    assert parse(NESTED, "s", [("scenes.act.prompts", "sea")]).plan(3).drawing.prompts[0].texts == (
        ("sea", 1.0),
    )


def test_all_mistakes_in_an_option_are_told() -> None:
    lines = problems(STORY, ("scenes.0.move", "[zoom: {factor: 1+x}, pn: {x: 1}]"))
    assert [line[:71] for line in lines] == [
        "--set scenes.0.move=[zoom: {factor: 1+x}, pn: {x: 1}]: 'factor': the fo",
        "--set scenes.0.move=[zoom: {factor: 1+x}, pn: {x: 1}]: unknown movement",
    ]


def test_mistakes_in_the_file_come_before_those_in_options() -> None:
    lines = problems(STORY.replace("2s", "2"), ("seed", "x"), ("canvas", "1x1"))
    assert [line.split(": ")[0] for line in lines] == ["s:4:14", "--set seed=x", "--set canvas=1x1"]


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("scenes.0.length=1s", "the key '2s' lies behind the scene's end (1s, 12 frames) (in s:5:40)"),
        ("canvas=64x36", "'grid' is '80x45', finer than the canvas; up to 64x36 is allowed (in s:3:24)"),
    ],
)
def test_a_mistake_that_only_an_option_makes_names_the_option(option: str, problem: str) -> None:
    text = (
        "story: 1\ncanvas: 80x45\ndrawer: {pixel: {grid: 80x45}}\nscenes:\n"
        "  - {length: 2s, steps: {0s: 1, 1s: 2, 2s: 3}}\n"
    )
    path, _, value = option.partition("=")
    assert problems(text, ("seed", "3"), (path, value)) == [f"--set {option}: {problem}"]
    both = problems(text.replace("1s: 2", "5s: 2"), (path, value), ("seed", "3"))
    assert both[0].startswith("s:5:33: the key '5s' lies behind the scene's end")


def test_an_option_chooses_another_drawer() -> None:
    drawn = parse(
        "story: 1\ndrawer: {fft: {decay: 1}}\nscenes: [{length: 1s}]", "s", [("drawer.pixel.grid", "16x9")]
    )
    assert drawn.drawer.name == "pixel"
    assert dict(drawn.drawer.values) == {"grid": (16, 9)}


@pytest.mark.parametrize("rate", ["0", "1/1000000", "0.01", "241"])
def test_rates_that_no_film_can_have_are_refused(rate: str) -> None:
    [line] = problems(f"story: 1\nrate: {rate}\nscenes: [{{length: 1f}}]")
    assert line == f"s:2:7: 'rate' is 1/60 to 240 frames a second. Got '{rate}'"


ZOOM = "{zoom: {factor: 1000}}"
MILD = {
    "mirror": ("[shear: {x: 2, y: 2}]", "'shear' flattens or mirrors the picture at the scene's frame 0"),
    "through 0": (
        "[shear: {x: {0f: 0, 3f: 3.1}, y: 1}]",
        "'shear' flattens or mirrors the picture at the scene's frame 1",
    ),
    "group": (
        f"[group: [{', '.join([ZOOM] * 60)}]]",
        "'group' grows beyond all numbers at the scene's frame 0",
    ),
    "many": (
        f"[{', '.join(['{zoom: {factor: {0f: 0.001, 1f: 1000}}}'] * 60)}]",
        "the movements together change sizes more than 2000000 times in one step at the scene's frame 1",
    ),
}


@pytest.mark.parametrize(("moves", "message"), MILD.values(), ids=MILD)
def test_movements_beyond_measure_are_refused_in_one_sentence(moves: str, message: str) -> None:
    [line] = problems(f"story: 1\nscenes: [{{length: 4f, move: {moves}}}]")
    assert message in line


def test_one_zoom_may_use_its_whole_range() -> None:
    parse(f"story: 1\nscenes: [{{length: 4f, move: [zoom: {{factor: {{0f: 0.001, 1f: 1000}}}}, {ZOOM}]}}]")


@pytest.mark.parametrize(
    ("formula", "example"), [("10/min", "min(t, 0)"), ("sin*2", "sin(t)"), ("clamp", "clamp(t, 0, 1)")]
)
def test_the_example_of_a_call_can_be_followed(formula: str, example: str) -> None:
    text = "story: 1\nscenes: [{length: 4f, move: [rotate: {angle: 'FORMULA'}]}]"
    [line] = problems(text.replace("FORMULA", formula))
    assert line.endswith(f"needs parentheses, as in {example}")
    parse(text.replace("FORMULA", example))
