"""Stories with planted mistakes, and what reading one must come to; for the tests and for ``benchmarks/mutants.py``."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from pixray_motion.errors import StoryError
from pixray_motion.story.reading.story import parse
from pixray_motion.wording import printable

SCRAPS = [
    *("{", "}", "[", "]", ": ", ":", ",", "- ", "#", "\n", "\n  ", "\t", "'", '"', "&a ", "*a", "!x ", "|", ">", "%"),
    *("? ", "---\n", "0", "1e999", "-", "9" * 30, "٣", "\u2028", "\x00", "\x1b", "😀", "\ud800", "~", "nan", "\\x"),
    *("**", "((((", "1/0", "/s", "<<: ", "1:30", "50%", "4s", "48f", "group", "zoom", "{}", "[]", "''", "t", "hold"),
    *("include", "sequence", "layers", "drop", "smooth", "repeat: 9999", "speed: 0.01", "reverse: true", "8 beats"),
    *("\u202e", "\u200b", "\r", "\ufeff", "\x85", "scenes: ", "- sequence: {scenes: [", "repeat: 900", "1e-300", "0f"),
]  # fmt: skip
_TOKEN = re.compile(r"[\w.%]+|\s+|.", re.S)


def mutate_text(rng: random.Random, text: str) -> str:
    """Scraps put in, pieces left out or repeated, lines indented otherwise."""
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


def mutate_bytes(rng: random.Random, text: str) -> str:
    """Bytes changed at random, as on a bad disk; what is no UTF-8 any more becomes halves of characters."""
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(rng.choice([1, 2, 8])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return data.decode("utf-8", "surrogateescape")


def mutate_tokens(rng: random.Random, text: str) -> str:
    """Words and signs exchanged, dropped, doubled, or replaced by one from elsewhere in the story."""
    tokens = _TOKEN.findall(text)
    for _ in range(rng.choice([1, 2, 4])):
        one, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        change = rng.randrange(4)
        if change == 0:
            tokens[one], tokens[other] = tokens[other], tokens[one]
        elif change == 1:
            tokens[one] = ""
        elif change == 2:
            tokens[one] *= 2
        else:
            tokens[one] = tokens[other]
    return "".join(tokens)


def mutate_structure(rng: random.Random, text: str) -> str:
    """Blocks of lines moved, doubled, or put elsewhere at another indent."""
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (indent + 1))):
        end += 1
    block = lines[start:end]
    if rng.random() < 0.5:
        del lines[start:end]
    place = rng.randrange(len(lines) + 1)
    shift = rng.choice([0, 0, 2, 4, -2])
    moved = [" " * shift + line if shift > 0 else line.removeprefix(" " * -shift) for line in block]
    return "\n".join([*lines[:place], *moved * rng.choice([1, 1, 3]), *lines[place:]])


MUTATIONS: dict[str, Callable[[random.Random, str], str]] = {
    "text": mutate_text,
    "bytes": mutate_bytes,
    "tokens": mutate_tokens,
    "structure": mutate_structure,
}


def mutate(rng: random.Random, text: str) -> tuple[str, str]:
    """The kind of a mutation, and a story that has undergone it."""
    kind = rng.choice(list(MUTATIONS))
    return kind, MUTATIONS[kind](rng, text)


def load_stories(*folders: Path) -> dict[str, str]:
    """All stories in folders, by the names of their files."""
    return {
        path.name: path.read_text("utf-8") for folder in folders for path in sorted(folder.glob("*.yaml"))
    }


def refusal(text: str, path: str = "story") -> StoryError | None:
    """What is wrong with a story; one that is right can be planned."""
    try:
        story = parse(text, path)
    except StoryError as error:
        return error
    for frame in {0, len(story.frames) // 2, len(story.frames) - 1}:
        story.plan(frame).digest()
    return None


def is_sound(error: StoryError | None) -> bool:
    """Whether a refusal names places, in lines that can be printed."""
    if error is None:
        return True
    placed = all(
        problem.line >= 1 and problem.column >= 1 for problem in error.problems if not problem.option
    )
    return bool(error.problems) and placed and all(printable(line) == line for line in error.lines())
