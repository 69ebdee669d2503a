"""What a story may come to, over all of its files and repeats together, is counted before any of it is made."""

from pathlib import Path

import pytest

from pixray_motion import limits
from pixray_motion.errors import StoryError
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse, read


def told(text: str) -> list[str]:
    """What is wrong with a story."""
    with pytest.raises(StoryError) as caught:
        parse(text, "s")
    return caught.value.lines()


def read_written(folder: Path, text: str, **files: str) -> Story:
    """A story with the files that it includes."""
    for name, content in {"story": text, **files}.items():
        (folder / f"{name}.yaml").write_text(content)
    return read(folder / "story.yaml")


def told_written(folder: Path, text: str, **files: str) -> list[str]:
    with pytest.raises(StoryError) as caught:
        read_written(folder, text, **files)
    return [line.removeprefix(f"{folder}/") for line in caught.value.lines()]


def film(scenes: str) -> str:
    return f"story: 1\nscenes: [{scenes}]\n"


@pytest.mark.parametrize("count", [200, 1000])
def test_repeats_in_repeats_are_multiplied_and_not_unfolded(count: int) -> None:
    layers = ", ".join([f"{{scenes: [{{length: 1f, repeat: {count}}}]}}"] * 16)
    scene = 1 + 2 * 2  # itself, two keys and their values
    values = count * (scene + 16 * (1 + count * scene))
    column = len(f"scenes: [{{length: {count}f, repeat: ") + 1
    assert told(film(f"{{length: {count}f, repeat: {count}, layers: [{layers}]}}")) == [
        f"s:2:{column}: with all repeats and defaults written out the story has {values} values, {values} of them "
        f"here, and {limits.UNFOLDED} are allowed; repeat less"
    ]


def test_sequences_multiply() -> None:
    inner = "{sequence: {repeat: 1000, scenes: [" * 14 + "{length: 1f}" + "]}}" * 14
    [line] = told(film(inner))
    assert line.startswith("s:2:30: a film has at most 10000 scenes, repeats counted, and this one 10")


def test_the_place_is_where_the_count_is_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNFOLDED", 40)
    scene, many = "{length: 1f}", "{length: 1f, repeat: 12}"
    assert told(film(f"{scene}, {many}, {scene}"))[0].startswith("s:2:45: with all repeats and defaults")
    assert told(film(f"{scene}, {{sequence: {{scenes: [{many}]}}}}"))[0].startswith("s:2:66: ")
    assert len(parse(film(f"{scene}, {scene}")).scenes) == 2


def test_a_layers_own_repeats_have_a_limit() -> None:
    layer = "{scenes: [{length: 1f, repeat: 1001}, {length: 1f, repeat: 2}]}"
    assert told(film(f"{{length: 1003f, layers: [{layer}]}}")) == [
        "s:2:94: a film repeats at most 1000 scenes, and this one 1001; repeat less, or let it 'loop'"
    ]


@pytest.mark.parametrize(
    "shared",
    [
        "defaults: {prompts: [" + ", ".join(["a"] * 60) + "]}",
        "denoiser: {weight: {" + ", ".join(f"{i}%: 1" for i in range(60)) + "}}",
        "defaults: {move: [" + ", ".join(["flip"] * 10) + "]}",
        f"defaults: {{prompts: {'long ' * 400}}}",
    ],
    ids=["list", "denoiser", "movements", "text"],
)
def test_what_every_scene_takes_over_counts_in_each(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNFOLDED", 2000)
    assert len(parse(f"story: 1\n{shared}\nscenes:\n" + "- {length: 1f}\n" * 5).scenes) == 5
    [line] = told(f"story: 1\n{shared}\nscenes:\n" + "- {length: 1f}\n" * 50)
    assert line.endswith("and 2000 are allowed; repeat less")


def test_nesting_goes_through_all_files(tmp_path: Path) -> None:
    def nested(inner: str) -> str:
        return "scenes: [" + "{sequence: {scenes: [" * 8 + inner + "]}}" * 8 + "]\n"

    files = {f"f{i}": nested(f"{{include: f{i + 1}.yaml}}") for i in range(40)} | {
        "f40": nested("{length: 1f}")
    }
    assert told_written(tmp_path, film("{include: f0.yaml}"), **files) == [
        "f1.yaml:1:188: with 'f2.yaml' the story is nested 75 levels deep, and 64 are allowed; put fewer sequences "
        "into one another"
    ]
    assert len(read_written(tmp_path, film("{include: f39.yaml}")).scenes) == 1


def test_a_file_counts_wherever_it_is_included(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 140)
    more = "scenes:\n" + "- {length: 1f}\n" * 10
    names = ["{include: more.yaml}"] * 4
    assert len(read_written(tmp_path, film(", ".join(names[1:])), more=more).scenes) == 30
    assert told_written(tmp_path, film(", ".join(names))) == [
        "story.yaml:2:86: with 'more.yaml' the story has 149 values, and 140 are allowed, all of its files counted "
        "wherever they are included; include less"
    ]


def test_included_files_are_not_larger_than_a_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 1000)
    files = {f"f{i}": f"# {i}\n" * 60 + "scenes: [{length: 1f}]\n" for i in range(4)}
    names = ", ".join(f"{{include: f{i % 4}.yaml}}" for i in range(12))
    assert told_written(tmp_path, film(names), **files) == [
        "story.yaml:2:80: with 'f3.yaml' the included files are larger than 1000 bytes together; include less"
    ]
    assert len(read_written(tmp_path, film(names.replace("f3", "f2"))).scenes) == 12  # each text counts once


def test_a_file_that_breaks_off_costs_no_further_mistake(tmp_path: Path) -> None:
    story = film("{sequence: {scenes: [{include: more.yaml}]}}")
    assert told_written(tmp_path, story, more="scenes: [{length: 'a}]") == [
        "more.yaml:1:19: this quote is never closed"
    ]


def test_options_and_dicts_are_not_nested_endlessly() -> None:
    with pytest.raises(StoryError, match="the value would lie deeper than 64 levels"):
        parse(film("{length: 1f}"), overrides=[("a." * 5000 + "a", "1")])
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(StoryError, match="a story is a text, or a dict"):
        parse({"scenes": deep})


def test_options_hold_no_half_characters() -> None:
    with pytest.raises(StoryError, match="holds a control character"):
        parse(film("{length: 1f}"), overrides=[("scenes.0.prompts", "a\udcff")])
