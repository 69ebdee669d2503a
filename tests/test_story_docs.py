"""Every example of docs/story.md is a story, or a part of one, that reads without mistakes."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from pixray_motion import limits
from pixray_motion.story.reading.story import parse

DOCS = (Path(__file__).parents[1] / "docs" / "story.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_stories(example: str) -> None:
    if not example.startswith("story:"):
        lines = "".join(f"    {line}\n" for line in example.splitlines())
        example = f"story: 1\nscenes:\n  - length: 4s\n{lines}"
    story = parse(example)
    for drawing in story.plan(len(story.frames) - 1).drawings():
        assert (
            drawing.steps in range(4, 41) or not drawing.prompts
        )  # 4 or what it says, more while prompts change


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.startswith("48 (Prompt(")


def test_the_example_of_an_option_is_what_is_said() -> None:
    shown = re.search(r"`--set scenes.0.length=2x: (.*?)`", DOCS)
    with pytest.raises(Exception, match=re.escape(shown[1] if shown else "")):
        parse("story: 1\nscenes: [{length: 1s}]", overrides=[("scenes.0.length", "2x")])


def spelled(value: object) -> str:
    """A limit as the manual has it."""
    if isinstance(value, tuple):
        return " to ".join(map(spelled, value))
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    return f"{value:,}" if isinstance(value, int) else str(value)


def test_every_limit_is_listed_once_and_as_it_is() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \| .* \| (.*) \|$", DOCS, re.MULTILINE)
    assert [name for name, _ in listed] == list(dict.fromkeys(name for name, _ in listed))
    assert dict(listed) == {name: spelled(value) for name, value in vars(limits).items() if name.isupper()}
