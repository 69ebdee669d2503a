"""A story's numbers are evaluated where they were checked, and nowhere else."""

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest

from pixray_motion.curve_chart import draw_curves
from pixray_motion.errors import StoryError
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse
from pixray_motion.story.segment import Span
from pixray_motion.tracks.base import Samples
from pixray_motion.tracks.formula import Formula

HEAD = "{story: 1, rate: 8, canvas: 32x18, perceptor: none, denoiser: none, "
PLAIN = "scenes: [{length: 1s, FIRST}, {length: 1s}]}"
CROSSFADE = "scenes: [{length: 1s, FIRST}, {length: 1s, transition: {crossfade: 0.5s}}]}"
MORPH = "scenes: [{length: 1s, FIRST}, {length: 1s, transition: {morph: 0.3s}}]}"
SEQUENCE = "scenes: [{sequence: {FIRST, scenes: [{length: 1s}, {length: 1s}]}}, {length: 1s, transition: {wipe: 2f}}]}"
LAYERED = (
    "scenes: [{length: 1s, layers: [{FIRST}, {text: x}]}, {length: 1s, layers: [{text: y}], transition: "
    "{crossfade: 0.5s}}]}"
)
INSIDE = "scenes: [{length: 2s, layers: [{scenes: [{length: 1s, FIRST}, {length: 1s, transition: {crossfade: 3f}}]}]}]}"
LOOP = "loop: {poses: free}, scenes: [{length: 1s, FIRST}]}"
BACKWARDS = (
    "scenes: [{length: 1s, reverse: true, speed: 0.5, FIRST}, {length: 1s, transition: {crossfade: 0.5s}}]}"
)
# The film, and the time in frames of FIRST's own at which it is needed.
CASES = {
    "plain": (PLAIN, range(8)),
    "crossfade": (CROSSFADE, range(12)),
    "morph": (MORPH, range(11)),
    "sequence": (SEQUENCE, range(18)),
    "layers": (LAYERED, range(12)),
    "in a layer": (INSIDE, range(11)),
    "loop": (LOOP, range(9)),
    "backwards": (BACKWARDS, [Fraction(8) - Fraction(frame, 2) for frame in range(20)]),
}


@pytest.mark.parametrize(("film", "needed"), CASES.values(), ids=list(CASES))
@pytest.mark.parametrize(
    "line",
    [
        "move: [zoom: {factor: 1 + 0.1*t*t}]",
        "filters: [contrast: {amount: 1 + 0*t}]",
        "steps: 0 * t",
        "prompts: {text: a, weight: 1 + 0*t}",
    ],
    ids=["move", "filters", "steps", "prompts"],
)
def test_numbers_are_evaluated_where_they_are_checked(
    film: str, needed: range | list[Fraction], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[int, set[float]] = defaultdict(set)
    sample = Formula.sample

    def noting(track: Formula, frames: Samples) -> Samples:
        seen[id(track)] |= set(np.asarray(frames).tolist())
        return sample(track, frames)

    monkeypatch.setattr(Formula, "sample", noting)
    text = HEAD + film.replace("FIRST", line)
    story = parse(text)
    [checked] = [times.copy() for times in seen.values()]
    assert checked == set(map(float, needed))
    for frame in story.frames:
        story.plan(frame)
    assert seen == dict.fromkeys(seen, checked)


def refused(film: str, line: str) -> str:
    with pytest.raises(StoryError) as caught:
        parse(HEAD + film.replace("FIRST", line))
    [problem] = caught.value.problems
    return problem.message


@pytest.mark.parametrize(
    "line",
    [
        "move: [{zoom: {factor: 2 - t}}]",
        "move: [{shear: {x: 0.9 - 0.9*t, y: 0.5}}]",
        "move: [{zoom: {factor: 1 + 8*t}}]",
        "move: [{kaleidoscope: {segments: sqrt(1 - t)}}]",
        "move: [{lens: {factor: 1.1 - t}}]",
        "move: [{shake: {amount: 0.1, seed: 100/s}}]",
        "steps: 0 if t < 1 else 1e30",
        "filters: [contrast: {amount: sqrt(1 - t)}]",
        "losses: {smoothness: log(1 - t)}",
        "prompts: {text: a, weight: sqrt(1 - t)}",
    ],
)
def test_what_goes_wrong_beyond_the_end_harms_nobody_who_does_not_see_it(line: str) -> None:
    """Values are computed many frames at a time; those that no frame asks for are never computed."""
    story = parse(HEAD + PLAIN.replace("FIRST", line))
    for frame in story.frames:
        story.plan(frame).as_json()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("steps: 2 if t < 1 else 1e30", "'steps' is 1e+30 at the scene's frame 8 (1s)"),
        ("filters: [contrast: {amount: sqrt(1 - t)}]", "'amount' is nan at the scene's frame 9 (1.125s)"),
        ("losses: {smoothness: 1/(1 - t)}", "'smoothness' is inf at the scene's frame 8 (1s)"),
        ("move: [{zoom: {factor: 1.2 - t}}]", "'factor' is -0.05 at the scene's frame 10 (1.25s)"),
        ("move: [{lens: {factor: 1.125 - t}}]", "'factor' is 0 at the scene's frame 9 (1.125s)"),
    ],
)
def test_a_scene_that_a_transition_still_shows_is_checked_as_long(line: str, name: str) -> None:
    message = refused(CROSSFADE, line)
    assert message.startswith(f"{name}, after its end, while the next one comes in; ")


def test_a_loop_leads_the_last_scenes_movements_into_the_first_frame_again() -> None:
    assert "flattens" in refused(LOOP, "move: [{shear: {x: t, y: t}}]")
    parse(HEAD + PLAIN.replace("FIRST", "move: [{shear: {x: t, y: t}}]"))
    parse(HEAD + "loop: false, " + LOOP.split(", ", 1)[1].replace("FIRST", "move: [{shear: {x: t, y: t}}]"))


def story_with(film: str) -> Story:
    return parse(HEAD + film.replace("FIRST", "prompts: a"))


def test_segments_that_two_scenes_share_stay_shared() -> None:
    first, second, _ = story_with(SEQUENCE).scenes
    assert first.segments[-1] is second.segments[-1]
    assert second.segments[-1].span == Span(0, 16, Fraction(16), after=2)


@pytest.mark.parametrize(
    "move", ["zoom: {factor: 2/s}", "zoom: {factor: 0.5/s, about: [0.3, 0.1]}", "rotate: {angle: 5e5/s}"]
)
@pytest.mark.parametrize("played", ["", "reverse: true, ", "speed: 0.5, "])
def test_a_steady_movement_may_go_on_for_ever(move: str, played: str) -> None:
    """Only its change from frame to frame is used, and that is the same in all of them."""
    long = parse(f"{HEAD} scenes: [{{length: 1h, {played}move: [{move}]}}]}}".replace("1h", "3600s"))
    [scene] = long.scenes
    steps = [long.plan(frame).drawing.motion for frame in (1, 300, scene.frames - 1)]
    assert "nan" not in draw_curves(long)
    assert steps[0].is_close(steps[1])
    assert steps[0].is_close(steps[2])
    assert not steps[0].is_close(steps[0].inverse())


def test_in_a_group_it_may_not_since_poses_are_composed() -> None:
    with pytest.raises(StoryError, match=r"0\.001\.\.1000 \(scale\) is allowed"):
        parse(f"{HEAD} scenes: [{{length: 12s, move: [group: [zoom: {{factor: 2/s}}]]}}]}}")
