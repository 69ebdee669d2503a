"""Reading stories that are right: defaults, forms, boundaries, options."""

import pickle
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixray_motion.errors import StoryError
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component, Prompt, Weighted
from pixray_motion.story.reading.story import parse, read

FIRST = Path(__file__).parent / "data" / "first.yaml"
NEVER = float("-inf")


def scene(*lines: str) -> Story:
    return parse("story: 1\nscenes:\n  - length: 4s\n" + "".join(f"    {line}\n" for line in lines))


def prompts(*lines: str, frame: int = 0) -> tuple[Prompt, ...]:
    return scene(*lines).plan(frame).prompts


def one(text: str, weight: float = 1, stop: float = NEVER) -> Prompt:
    return Prompt(((text, 1.0),), weight, stop)


def test_defaults() -> None:
    story = parse("story: 1\nscenes: [{length: 4s}, {length: 1s, cut: true}, {length: 1s}]", "a.yaml")
    assert (story.canvas, story.rate, story.seed) == (Canvas(192, 108), Fraction(12), 0)
    assert (story.drawer, story.perceptors) == (Component("fft"), (Weighted(Component("embedded")),))
    assert [s.name for s in story.scenes] == ["scene 1", "scene 2", "scene 3"]
    assert [s.border for s in story.scenes] == ["mirror"] * 3
    assert [story.plan(f).cut for f in (0, 1, 48, 60)] == [True, False, True, False]
    assert [story.plan(f).steps for f in (0, 1, 47, 48, 49, 60, 61)] == [80, 4, 4, 80, 4, 4, 4]
    assert (story.path, len(story.frames)) == ("a.yaml", 72)
    assert story.text.startswith("story: 1")


def test_a_whole_story() -> None:
    story = read(FIRST)
    assert story.drawer == Component("pixel", (("grid", (80, 45)),))
    assert [(s.name, s.start, s.frames, s.border) for s in story.scenes] == [
        ("forest", 0, 48, "edge"),
        ("scene 2", 48, 30, "noise"),
        ("scene 3", 78, 30, "edge"),
    ]
    plan = story.plan(42)
    assert [p.weight for p in plan.prompts] == [0.5, 0.5]
    assert (plan.losses, plan.filters[0].values, plan.steps) == (
        (Weighted(Component("smoothness"), 0.2),),
        (("amount", 1.2),),
        58,  # nearly six times as many as usual: the prompts are on their way
    )
    assert not plan.motion.is_identity
    assert story.plan(48).motion == Motion.identity()


def test_stories_and_their_errors_can_be_sent_to_another_process() -> None:
    story = read(FIRST)
    assert pickle.loads(pickle.dumps(story)).plan(42).digest() == story.plan(42).digest()
    with pytest.raises(StoryError) as caught:
        parse("x")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_prompt_strings_are_pixrays() -> None:
    assert prompts("prompts: a forest") == (one("a forest"),)
    assert prompts("prompts: 'a forest:2:-0.5 | a river:-1| rain '") == (
        one("a forest", 2, -0.5),
        one("a river", -1),
        one("rain"),
    )
    assert prompts("prompts: [a forest:2, 'a | b', {text: 'c: d | e'}]") == (
        one("a forest", 2),
        one("a"),
        one("b"),
        one("c: d | e"),
    )


def test_prompt_mappings_are_never_split() -> None:
    assert prompts("prompts: {text: 'a:2 | b', weight: 3, stop: -inf}") == (one("a:2 | b", 3),)
    assert prompts("prompts: {0s: 'a:2 | b'}") == (one("a:2 | b"),)


def test_prompts_morph_between_keys_and_hold_at_the_ends() -> None:
    lines = ["prompts: {1s: a sea, 50%: a desert, 3s: a city}"]
    assert prompts(*lines, frame=0) == prompts(*lines, frame=12) == (one("a sea"),)
    assert prompts(*lines, frame=15)[0].texts == (("a sea", 0.75), ("a desert", 0.25))
    assert prompts(*lines, frame=47) == (one("a city"),)


def test_a_text_may_morph_under_a_weight() -> None:
    [prompt] = prompts("prompts: [{text: {0s: a, 4s: b}, weight: {0s: 0, 4s: 1}}]", frame=24)
    assert prompt == Prompt((("a", 0.5), ("b", 0.5)), 0.5, NEVER)


def test_scalars_stay_text() -> None:
    assert prompts("prompts: [off, 012, '1:30', ~, 1e3, 0x1F, 2026-01-01, 'yes']") == (
        one("off"),
        one("012"),
        one("1", 30),
        *(one(text) for text in ("~", "1e3", "0x1F", "2026-01-01", "yes")),
    )
    story = parse("story: '1'\nseed: 012\ncanvas: 0320x180\nscenes: [{length: 1:30, name: off, cut: 'true'}]")
    assert (story.seed, story.canvas, story.scenes[0].name) == (12, Canvas(320, 180), "off")
    assert (len(story.frames), story.scenes[0].cut) == (90 * 12, True)


def test_long_texts_may_span_lines() -> None:
    assert prompts("prompts: a forest", "  at dawn") == (one("a forest at dawn"),)
    assert prompts("prompts: >-", "  a forest", "  at dawn") == (one("a forest at dawn"),)
    assert prompts('prompts: "a \\u0066orest"') == (one("a forest"),)


def test_no_prompts_only_moves() -> None:
    assert not scene("prompts: []").plan(0).refines
    assert not scene("prompts: {text: a, weight: 0}").plan(0).refines
    assert scene("prompts: a").plan(0).refines


def test_perceptors_rates_and_values() -> None:
    story = parse("story: 1\nperceptor: [embedded]\nscenes: [{length: 1s}]")
    assert story.perceptors == (Weighted(Component("embedded"), 1.0),)
    for text, rate in {
        "24000/1001": Fraction(24000, 1001),
        "29.97": Fraction(2997, 100),
        "240": Fraction(240),
    }.items():
        assert parse(f"story: 1\nrate: {text}\nscenes: [{{length: 1s}}]").rate == rate
    story = parse("story: 1\ndrawer: {fft: {decay: 1}}\nscenes: [{length: 1s}]")
    assert story.drawer == Component("fft", (("decay", 1.0),))


@settings(max_examples=30)
@given(st.lists(st.integers(84, 5000), min_size=1, max_size=12))
def test_boundaries_are_cumulative_and_half_up(thousandths: list[int]) -> None:
    """At 12 frames a second a scene of at least 84 ms always has a frame."""
    lengths = "".join(f"\n- length: {n / 1000:.3f}s" for n in thousandths)
    story = parse(f"story: 1\nscenes:{lengths}")
    ends = [sum(thousandths[: i + 1]) for i in range(len(thousandths))]
    assert [s.start + s.frames for s in story.scenes] == [(n * 12 * 2 + 1000) // 2000 for n in ends]
    assert all(a.start + a.frames == b.start for a, b in pairwise(story.scenes))


def test_the_longest_film_is_a_million_frames() -> None:
    assert len(parse("story: 1\nscenes: [{length: 999999f}, {length: 1f}]").frames) == 1_000_000
    with pytest.raises(StoryError, match="longer than 1000000 frames"):
        parse("story: 1\nscenes: [{length: 999999f}, {length: 2f}]")


def test_options_change_what_the_file_says() -> None:
    story = read(
        FIRST,
        [
            ("scenes.0.length", "5s"),
            ("scenes.scene 2.length", "1s"),
            ("scenes.forest.prompts.0.weight.3s", "0.5"),
            ("scenes.forest.steps", "{0f: 20, 1f: 2}"),
            ("scenes.forest.losses.saturation", "1"),
            ("scenes.2.prompts", "a: 2"),
            ("seed", "3"),
            ("canvas", "64x36"),
            ("drawer", "pixel"),
            ("drawer.pixel.grid", "8x6"),
        ],
    )
    assert [s.frames for s in story.scenes] == [60, 12, 30]
    assert (story.seed, story.canvas) == (3, Canvas(64, 36))
    assert story.drawer == Component("pixel", (("grid", (8, 6)),))
    plan = story.plan(36)
    assert (plan.prompts[0].weight, plan.steps) == (0.5, 5)  # 2, and some more while the weight falls
    assert [(one.component.name, one.weight) for one in plan.losses] == [
        ("smoothness", 0.2),
        ("saturation", 1),
    ]
    assert story.plan(80).prompts == (one("a", 2),)


def test_the_last_option_wins_and_may_mend_the_file() -> None:
    broken = "story: 1\nseed: x\nscenes: [{length: 4}]"
    story = parse(broken, "s", [("seed", "1"), ("seed", "2"), ("scenes.0.length", "4s")])
    assert (story.seed, story.text) == (2, broken)
