"""Whatever is done to a story, reading it gives a story or a StoryError with printable lines."""

import random
from pathlib import Path

import pytest

from pixray_motion.errors import StoryError
from pixray_motion.story.reading.story import parse

DATA = Path(__file__).parent / "data"
STORIES = [(DATA / f"{name}.yaml").read_text("utf-8") for name in ("first", "everything")]
SCRAPS = [
    "{",
    "}",
    "[",
    "]",
    ": ",
    ":",
    ",",
    "- ",
    "#",
    "\n",
    "\n  ",
    "\t",
    "'",
    '"',
    "&a ",
    "*a",
    "!x ",
    "|",
    ">",
    "%",
]
SCRAPS += [
    "? ",
    "---\n",
    "0",
    "1e999",
    "-",
    "9" * 30,
    "٣",
    "\u2028",
    "\x00",
    "\x1b",
    "😀",
    "\ud800",
    "~",
    "nan",
    "\\x",
]
SCRAPS += [
    "**",
    "((((",
    "1/0",
    "/s",
    "<<: ",
    "1:30",
    "50%",
    "4s",
    "48f",
    "group",
    "zoom",
    "{}",
    "[]",
    "''",
    "t",
    "hold",
    "include",
    "sequence",
    "layers",
    "drop",
    "smooth",
    "repeat: 9999",
    "speed: 0.01",
    "reverse: true",
    "8 beats",
]


def mutated(rng: random.Random, text: str) -> str:
    for _ in range(rng.choice([1, 1, 2, 4])):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([0, 1, 5, 20]))
        if rng.random() < 0.5:
            text = text[:start] + rng.choice(SCRAPS) + text[end:]
        elif rng.random() < 0.5:
            text = text[:start] + text[start:end] * rng.choice([0, 2, 3]) + text[end:]
        else:
            lines = text.split("\n")
            line = rng.randrange(len(lines))
            lines[line] = " " * rng.randrange(8) + lines[line].lstrip()
            text = "\n".join(lines)
    return text


def refusal(text: str) -> StoryError | None:
    """What is wrong with a story; one that is right can be planned."""
    try:
        story = parse(text)
    except StoryError as error:
        return error
    for frame in {0, len(story.frames) // 2, len(story.frames) - 1}:
        story.plan(frame).digest()
    return None


def test_everything_is_a_story() -> None:
    assert [refusal(text) for text in STORIES] == [None, None]


@pytest.mark.parametrize("seed", range(8))
def test_mutated_stories(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        error = refusal(mutated(rng, rng.choice(STORIES)))
        if error is not None:
            assert error.problems
            assert all(line.isprintable() for line in str(error).split("\n"))
            assert all(p.line >= 1 and p.column >= 1 for p in error.problems)
