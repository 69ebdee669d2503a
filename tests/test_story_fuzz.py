"""Whatever is done to a story, reading it gives a story or a StoryError with printable lines."""

import random
from pathlib import Path

import pytest
from story_mutants import MUTATIONS, is_sound, load_stories, mutate_text, refusal

DATA = Path(__file__).parent / "data"
STORIES = list(load_stories(DATA).values())


def test_everything_is_a_story() -> None:
    assert [refusal(text) for text in STORIES] == [None, None]


@pytest.mark.parametrize("seed", range(6))
def test_mutated_stories(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        assert is_sound(refusal(mutate_text(rng, rng.choice(STORIES))))


@pytest.mark.parametrize("kind", [kind for kind in MUTATIONS if kind != "text"])
def test_stories_mutated_otherwise(kind: str) -> None:
    rng = random.Random(0)
    for _ in range(30):
        assert is_sound(refusal(MUTATIONS[kind](rng, rng.choice(STORIES))))
