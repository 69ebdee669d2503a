"""Numbers over time beyond straight lines: easings, splines, functions, beats, markers, curves from files."""

import math
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from pixray_motion.errors import StoryError
from pixray_motion.movements.base import Move
from pixray_motion.story.model import Story
from pixray_motion.story.reading.story import parse, read
from pixray_motion.tracks.base import Track
from pixray_motion.tracks.easing import FAMILIES, Easing, easing

SHARES = np.linspace(0, 1, 101)


def film(head: str, *moves: str, length: str = "4s") -> Story:
    listed = "".join(f"\n  - rotate: {{angle: {text}}}" for text in moves)
    return parse(f"story: 1\nrate: 10\n{head}\nscenes:\n- length: {length}\n  move:{listed}")


def track_of(story: Story, scene: int = 0) -> Track:
    return cast(Track, cast(Move, story.scenes[scene].segments[0].moves[0]).tracks["angle"])


def track(text: str, head: str = "", length: str = "4s") -> Track:
    return track_of(film(head, text, length=length))


@pytest.mark.parametrize("name", [entry.name for entry in easing.entries() if not entry.parameters])
def test_every_easing_begins_and_ends(name: str) -> None:
    values = Easing(name)(SHARES)
    assert values[0] == 0
    assert values[-1] == 1
    assert np.isfinite(values).all()
    assert values.min() > -0.7
    assert values.max() < 1.7


@pytest.mark.parametrize("family", FAMILIES)
def test_the_ways_in_and_out_mirror_each_other(family: str) -> None:
    way_in, out, both = (Easing(f"ease-{way}-{family}")(SHARES) for way in ("in", "out", "in-out"))
    assert out == pytest.approx(1 - way_in[::-1])
    assert both == pytest.approx(1 - both[::-1])
    assert both[:51] == pytest.approx(way_in[::2][:51] / 2)
    if family not in ("back", "elastic", "bounce"):
        assert (np.diff(way_in) >= 0).all()
        assert way_in[50] < 0.5


@pytest.mark.parametrize(
    ("curve", "share", "value"),
    [
        ("cubic-bezier(0.25, 0.1, 0.25, 1)", 20, 0.8024),  # the "ease" of CSS, half way
        ("cubic-bezier(0.42, 0, 1, 1)", 20, 0.3154),  # its "ease-in"
        ("cubic-bezier(0, 0, 1, 1)", 10, 0.25),
        ("cubic-bezier(0.5, 2, 0.5, 2)", 20, 1.625),
        ("steps(4)", 9, 0.0),
        ("steps(4)", 10, 0.25),
        ("steps(4)", 39, 0.75),
    ],
)
def test_curves_and_steps_of_css(curve: str, share: int, value: float) -> None:
    assert track(f"{{0s: 0, 4s: '1 {curve}'}}").at(share) == pytest.approx(value, abs=2e-4)


keys = st.lists(st.floats(-90, 90), min_size=3, max_size=8)


@given(keys, st.sampled_from(["smooth", "akima", "cubic"]))
def test_splines_go_through_their_keys(values: list[float], kind: str) -> None:
    text = ", ".join(f"{4 * index}f: {value:.6f} {kind}" for index, value in enumerate(values))
    curve = track(f"{{{text}}}")
    for index, value in enumerate(values):
        assert curve.at(4 * index) == pytest.approx(value, abs=1e-5)


@given(keys)
def test_smooth_never_goes_beyond_its_keys(values: list[float]) -> None:
    text = ", ".join(f"{4 * index}f: {value:.6f} smooth" for index, value in enumerate(values))
    samples = track(f"{{{text}}}").sample(np.linspace(0, 4 * (len(values) - 1), 200))
    places = np.linspace(0, len(values) - 1, 200)
    for sample, place in zip(samples, places, strict=True):
        left, right = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
        assert min(left, right) - 1e-5 <= sample <= max(left, right) + 1e-5


def test_cubic_is_the_natural_spline() -> None:
    values = [0.0, 10.0, -5.0, 20.0, 7.0]
    text = ", ".join(f"{index}s: {value} cubic" for index, value in enumerate(values))
    wanted = CubicSpline(np.arange(5) * 10.0, values, bc_type="natural")
    frames = np.arange(41.0)
    found = track(f"{{{text}}}").sample(frames)
    assert found == pytest.approx(wanted(frames), abs=1e-9) or found == pytest.approx(
        CubicSpline(np.arange(5) * 10.0, values)(frames), abs=1e-9
    )


@pytest.mark.parametrize(
    ("text", "values"),
    {
        "tri(t)": [0, 1, 0, -1, 0],
        "saw(t)": [-1, -0.5, 0, 0.5, -1],
        "square(t)": [1, 1, -1, -1, 1],
        "pulse(t, 1, 0, 0.25)": [1, 0, 0, 0, 1],
        "tri(t, 2)": [0, 0.5, 1, 0.5, 0],
        "1 if t < 0.5 else 2": [1, 1, 2, 2, 2],
        "0.2 < t <= 0.5": [0, 1, 1, 0, 0],
        "t > 0.6 or not t": [1, 0, 0, 1, 1],
        "lerp(10, 20, t)": [10, 12.5, 15, 17.5, 20],
        "smoothstep(0, 1, t)": [0, 0.15625, 0.5, 0.84375, 1],
        "round(t)": [0, 0, 0, 1, 1],
        "beat": [0, 0.5, 1, 1.5, 2],
    }.items(),
)
def test_functions(text: str, values: list[float]) -> None:
    story = parse(f"story: 1\nrate: 4\nscenes:\n- length: 2s\n  move:\n  - rotate: {{angle: '{text}'}}")
    assert [track_of(story).at(frame) for frame in range(5)] == pytest.approx(values)


@given(st.integers(0, 2**31), st.floats(0.01, 9))
def test_noise_depends_on_the_seed_alone_and_is_smooth(seed: int, pace: float) -> None:
    head, text = f"seed: {seed}", f"noise({pace:.4f}*t)"
    frames = np.linspace(0, 39, 400)
    first, again, other = (
        track(t, h).sample(frames) for t, h in ((text, head), (text, head), (text, "seed: 5000000000"))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() <= 1
    assert np.abs(np.diff(first)).max() < 0.06 * pace + 1e-9


def test_random_is_even() -> None:
    values = track("random(f)", length="1000s").sample(np.arange(10_000.0))
    assert 0 <= values.min() < 0.001
    assert 0.999 < values.max() < 1
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    assert np.corrcoef(values[:-1], values[1:])[0, 1] == pytest.approx(0, abs=0.03)


def test_beats_are_times_and_rates() -> None:
    story = film("bpm: 150", "{0 beats: 0, 2.5 beats: 10, 5b: 0}")
    assert track_of(story).at(10) == pytest.approx(10)
    assert track_of(story).at(20) == pytest.approx(0)
    assert track("3/beat", "bpm: 90").at(20) == pytest.approx(9)
    assert len(film("bpm: 120", "0", length="8 beats").frames) == 40
    assert len(film("bpm: 127.5", "0", length="17 beats").frames) == 80


MARKED = """
story: 1
rate: 10
markers: {drop: 2.5s, chorus: drop + 4 beats}
scenes:
- {length: drop, move: [rotate: {angle: {0s: 0, drop - 1s: 5, drop: 9}}]}
- {length: chorus, move: [rotate: {angle: {0s: 0, drop + 1s: 10}}]}
- {length: 1s}
"""


def test_markers_are_times_of_the_film() -> None:
    story = parse(MARKED)
    assert [scene.frames for scene in story.scenes] == [25, 20, 10]
    assert [track_of(story).at(frame) for frame in (0, 15, 25)] == pytest.approx([0, 5, 9])
    assert track_of(story, 1).at(10) == pytest.approx(10)


def curved(folder: Path, mapping: str, **files: str) -> Track:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    path = folder / "story.yaml"
    path.write_text(f"story: 1\nrate: 10\nscenes:\n- length: 2s\n  move:\n  - rotate: {{angle: {mapping}}}\n")
    return track_of(read(path))


def test_a_curve_comes_from_a_file(tmp_path: Path) -> None:
    csv = "t,rms,pitch\n0,1,5\n1,3,5\n2,2,5\n"
    curve = curved(tmp_path, "{from: a.csv, column: rms}", a_csv=csv)
    assert [curve.at(frame) for frame in (0, 5, 10, 15, 20)] == pytest.approx([1, 2, 3, 2.5, 2])
    scaled = curved(tmp_path, "{from: a.csv, column: 1, scale: 10, offset: -1}", a_csv=csv)
    assert scaled.at(10) == pytest.approx(29)
    each = curved(tmp_path, "{from: b.json}", b_json="[0, 1, 4, 9]")
    assert [each.at(frame) for frame in (0, 2, 3, 9)] == pytest.approx([0, 4, 9, 9])
    slow = curved(tmp_path, "{from: b.json, rate: 2}", b_json="[0, 1, 4, 9]")
    assert [slow.at(frame) for frame in (0, 5, 10)] == pytest.approx([0, 1, 4])
    calm = curved(tmp_path, "{from: c.csv, smooth: 1s}", c_csv="0\n" * 10 + "1\n" * 10)
    assert calm.at(9.5) == pytest.approx(0.5, abs=0.02)
    assert (np.diff(calm.sample(np.arange(20.0))) >= 0).all()


@pytest.mark.parametrize(
    ("mapping", "content", "message"),
    [
        ("{from: nowhere.csv}", "1\n", "there is no file 'nowhere.csv' in the story's folder"),
        ("{from: ../outside.csv}", "1\n", "lies outside of the story's folder"),
        ("{from: /etc/passwd}", "1\n", "lies outside of the story's folder"),
        ("{from: a.csv, column: loud}", "t,rms\n0,1\n", "has no column 'loud'; allowed: t, rms"),
        ("{from: a.csv}", "rms,pitch\n0,1\n", "has 2 columns: rms, pitch; say which one"),
        ("{from: a.csv}", "1\nx\n", "row 2, column 0: a finite number should be there. Got 'x'"),
        ("{from: a.csv}", "1\nnan\n", "row 2, column 0: a finite number should be there. Got 'nan'"),
        ("{from: a.csv, column: v}", "t,v\n0,1\n0,2\n", "the times in column 't' do not grow"),
        ("{from: a.csv}", "", "holds no samples"),
        ("{from: a.csv, smooth: 5%}", "1\n", "'smooth' is a span of time, as in 0.2s"),
        ("{from: a.csv, every: 2}", "1\n", "unknown key 'every'"),
        ("{from: a.csv, scale: 1e9}", "1e9\n1\n", "is 1e+18 at"),
    ],
)
def test_a_wrong_curve_is_told(tmp_path: Path, mapping: str, content: str, message: str) -> None:
    (tmp_path / "outside.csv").write_text("1\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(StoryError) as caught:
        curved(inner, mapping, a_csv=content)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("head", "angle", "message"),
    [
        ("bpm: 0", "0", "'bpm' is 1 to 1000 beats a minute. Got '0'"),
        ("bpm: fast", "0", "'bpm' is 1 to 1000 beats a minute. Got 'fast'"),
        ("markers: [drop]", "0", "'markers' is a mapping"),
        ("markers: {1st: 2s}", "0", "a marker's name is a letter"),
        ("markers: {sin: 2s}", "0", "the word 'sin' means something else in a story"),
        ("markers: {a: b + 1s, b: 2s}", "0", "unknown marker 'b'"),
        ("markers: {a: 50%}", "0", "a marker cannot be '50%'"),
        ("markers: {drop: 2s}", "{0s: 0, dropp: 1}", "unknown marker 'dropp'; did you mean 'drop'?"),
        (
            "markers: {drop: 9s}",
            "{0s: 0, drop: 1}",
            "the key 'drop' (9s in the film) lies behind the scene's end (4s)",
        ),
        ("", "{0s: 0, 1s: 1 steps}", "'steps' takes one whole number, as in steps(count)"),
        ("", "{0s: 0, 1s: '1 cubic-bezier(2, 0, 0, 1)'}", "'x1 of cubic-bezier' is '2'; 0..1 is allowed"),
        ("", "{0s: 0, 1s: 1 smooth, 2s: 5*t}", "'smooth' draws a curve through all keys"),
        ("", "noise()", "noise"),
        ("", "1 if t", "else"),
    ],
)
def test_mistakes_are_told(head: str, angle: str, message: str) -> None:
    with pytest.raises(StoryError) as caught:
        film(head, angle)
    assert message in str(caught.value)


def test_a_scene_cannot_last_up_to_a_marker_that_has_passed() -> None:
    late = MARKED.replace("drop - 1s: 5, drop: 9", "1s: 5").replace("length: drop", "length: 4s")
    with pytest.raises(
        StoryError, match=r"'drop' \(2.5s in the film\) is not after the scene's start \(4s\)"
    ):
        parse(late.replace("length: chorus", "length: drop"))


def test_many_keys_stay_in_order() -> None:
    text = ", ".join(f"{frame}f: {math.sin(frame):.3f}" for frame in range(0, 600, 2))
    samples = track(f"{{{text}}}", length="60s").sample(np.arange(600.0))
    assert all(abs(b - a) < 1.7 for a, b in pairwise(samples))
    assert samples[100] == pytest.approx(math.sin(100), abs=1e-3)
