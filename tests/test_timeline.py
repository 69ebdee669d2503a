"""Laws of the timeline: sequences, how they are played, transitions, layers and loops."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.cli.commands import program
from pixray_motion.errors import StoryError
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements.base import compose
from pixray_motion.resumption import first_needed
from pixray_motion.screen import Screen
from pixray_motion.story.loop import closure_error
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component, Drawing, Plan, Weighted
from pixray_motion.story.reading.story import parse
from pixray_motion.story.transition import blend_scenes
from pixray_motion.studio import make_cover

HEAD = "story: 1\nrate: 10\ncanvas: 64x36\n"
ONE = (
    "{name: a, length: 20f, prompts: {0f: dawn, 20f: dusk}, "
    "move: [{zoom: {factor: {0f: 1, 20f: 3}}}, {pan: {x: 0.1*t}}]}"
)
TWO = (
    "{name: b, length: 10f, prompts: {text: fog, weight: {0f: 0, 10f: 1}}, "
    "move: [{rotate: {angle: 9*t}}], losses: {smoothness: 0.2}}"
)


def loss_weights(plan: Plan) -> dict[str, float]:
    return {one.component.name: one.weight for one in plan.losses}


def story(scenes: str, head: str = "") -> Story:
    return parse(f"{HEAD}{head}\nscenes: [{scenes}]")


def plans(scenes: str, head: str = "") -> list[Plan]:
    film = story(scenes, head)
    return [film.plan(frame) for frame in film.frames]


def same(one: Plan, other: Plan) -> bool:
    """All but names, and where in which scene the frame lies."""
    nowhere = {"local": 0, "scene": "", "id": "", "motion": Motion.identity()}
    first, second = one.drawing, other.drawing
    return replace(first, **nowhere) == replace(second, **nowhere) and first.motion.is_close(
        second.motion, 1e-9
    )


def total(some: list[Plan]) -> Motion:
    return compose([plan.drawing.motion for plan in some])


def test_a_sequence_that_says_nothing_is_its_scenes() -> None:
    flat, nested = plans(f"{ONE}, {TWO}"), plans(f"{{sequence: {{scenes: [{ONE}, {TWO}]}}}}")
    assert [plan.digest() for plan in flat] == [plan.digest() for plan in nested]


def test_what_a_sequence_says_is_added_to_its_scenes() -> None:
    inner, outer = (
        plans(f"{ONE}, {TWO}"),
        "prompts: sea, move: [{pan: {x: 0.2/s}}], losses: {smoothness: 0.1}",
    )
    both = plans(f"{{sequence: {{{outer}, scenes: [{ONE}, {TWO}]}}}}")
    for frame, (alone, plan) in enumerate(zip(inner, both, strict=True)):
        assert plan.drawing.prompts[:-1] == alone.drawing.prompts
        assert plan.drawing.prompts[-1].texts == (("sea", 1.0),)
        [before] = [loss.weight for loss in alone.drawing.losses] or [0]
        [after] = [loss.weight for loss in plan.drawing.losses]
        assert after == pytest.approx(before + 0.1)
        pan = Motion.shift(0.02, 0) if frame else Motion.identity()
        assert plan.drawing.motion.is_close(pan @ alone.drawing.motion)


def test_repeats_are_copies() -> None:
    once, thrice = plans(TWO), plans(TWO.replace("{name", "{repeat: 3, name"))
    assert len(thrice) == 30
    for number in (1, 2):
        for plan, again in zip(once[1:], thrice[10 * number + 1 :], strict=False):
            assert plan.drawing.prompts == again.drawing.prompts
            assert plan.drawing.losses == again.drawing.losses
            assert plan.drawing.motion.is_close(again.drawing.motion)
    assert [plan.scene for plan in thrice[::10]] == ["b", "b (2)", "b (3)"]


def test_reversed_scenes_run_from_their_end_to_their_beginning() -> None:
    there, back = story(ONE), story(ONE.replace("{name", "{reverse: true, name"))
    on = story(ONE, "loop: {poses: free}")  # whose movements lead on into the frame behind the last
    for frame in range(1, 20):
        assert back.plan(frame).drawing.prompts == there.timeline.plan(20 - frame).drawing.prompts
        step = on.scenes[0].segments[0].step(20 - frame + 1)
        assert back.plan(frame).drawing.motion.is_close(step.inverse())


def test_a_reversed_sequence_is_its_reversed_scenes_in_the_other_order() -> None:
    turned = plans(f"{{sequence: {{reverse: true, scenes: [{ONE}, {TWO}]}}}}")
    by_hand = plans(", ".join(scene.replace("{name", "{reverse: true, name") for scene in (TWO, ONE)))
    assert all(same(plan, other) for plan, other in zip(turned, by_hand, strict=True))


def test_reversed_twice_is_as_written() -> None:
    inner = ", ".join(scene.replace("{name", "{reverse: true, name") for scene in (TWO, ONE))
    twice = plans(f"{{sequence: {{reverse: true, scenes: [{inner}]}}}}")
    assert all(same(plan, other) for plan, other in zip(twice, plans(f"{ONE}, {TWO}"), strict=True))


@pytest.mark.parametrize(("speed", "count"), [("2", 10), ("0.5", 40), ("0.4", 50)])
def test_speed_changes_the_time_of_everything(speed: str, count: int) -> None:
    usual = story(ONE)
    quick = plans(ONE.replace("{name", f"{{speed: {speed}, name"))
    assert len(quick) == count
    speed = Fraction(speed)
    for frame in range(1, count):
        own = frame * speed
        if own.denominator == 1:
            assert quick[frame].drawing.prompts == usual.plan(int(own)).drawing.prompts
    end = usual.scenes[0].segments[0].moves
    wanted = compose([move.between(0, float((count - 1) * speed)) for move in end])
    assert total(quick).area == pytest.approx(wanted.area)


def test_speeds_multiply() -> None:
    inner = ONE.replace("{name", "{speed: 0.5, name")
    both = plans(f"{{sequence: {{speed: 2, scenes: [{inner}]}}}}")
    assert all(same(plan, other) for plan, other in zip(both, plans(ONE), strict=True))


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["1", "0.5", "2", "3"])), min_size=1, max_size=6)
)
def test_boundaries_add_up_exactly(lengths: list[tuple[int, str]]) -> None:
    exact = sum(Fraction(frames) / Fraction(speed) for frames, speed in lengths)
    if any(Fraction(frames) / Fraction(speed) < 1 for frames, speed in lengths):
        return
    film = story(", ".join(f"{{length: {frames}f, speed: {speed}}}" for frames, speed in lengths))
    assert len(film.frames) == int(exact + Fraction(1, 2))
    assert [scene.start for scene in film.scenes[1:]] == [s.start + s.frames for s in film.scenes[:-1]]


def test_defaults_hold_where_scenes_say_nothing() -> None:
    film = story(
        "{}, {length: 5f, prompts: sea}", "defaults: {length: 8f, prompts: dawn, losses: {smoothness: 1}}"
    )
    assert [scene.frames for scene in film.scenes] == [8, 5]
    assert [film.plan(frame).drawing.prompts[0].texts[0][0] for frame in (0, 8)] == ["dawn", "sea"]
    assert film.plan(9).drawing.losses == (Weighted(Component("smoothness"), 1.0),)


TRANSITIONS = ["morph", "crossfade", "wipe", "zoom-through"]


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_a_transition_leads_from_one_scene_to_the_next(kind: str) -> None:
    film = story(f"{ONE}, {TWO.replace('{name', '{transition: {' + kind + ': 5f}, name')}")
    before, after = film.plan(19), film.plan(26)
    during = [film.plan(frame) for frame in range(20, 25)]
    if kind == "morph":
        assert not any(plan.drawing.cut for plan in during)
        assert during[2].drawing.prompts[0].texts == (
            ("dusk", pytest.approx(0.6)),
            ("fog", pytest.approx(0.4)),
        )
        assert after.drawing.id == before.drawing.id
    else:
        assert all([drawing.id for drawing in plan.drawings()] == ["0", "20"] for plan in during)
        assert after.drawing.id == "20"
        outgoing, incoming = zip(*(plan.drawings() for plan in during), strict=True)
        assert incoming[0].cut
        assert not any(drawing.cut for drawing in outgoing)


@pytest.mark.parametrize("angle", [0, 45, 90, 180, 270, 301])
@pytest.mark.parametrize("canvas", [Canvas(64, 36), Canvas(36, 64)])
def test_a_wipe_hides_everything_at_first_and_nothing_in_the_end(angle: float, canvas: Canvas) -> None:
    node = story(ONE).plan(0).root
    shown = []
    for share in np.linspace(0, 1, 11):
        wipe = Component("wipe", (("angle", angle),))
        layers = blend_scenes(wipe, node, node, float(share), canvas).layers
        assert layers[1].mask is not None
        shown.append(make_cover(layers[1].mask.shape, Screen(canvas))[0, 0].numpy())
    assert shown[0].max() < 0.01
    assert shown[-1].min() > 0.99
    assert all((later >= earlier - 1e-6).all() for earlier, later in pairwise(shown))
    half, turn = shown[5] > 0.5, np.radians(angle)
    centre = canvas.centres()[half].mean(0)
    assert centre @ [np.cos(turn), np.sin(turn)] < -0.1  # what it has passed lies behind it


def test_a_zoom_through_ends_in_the_scene_that_comes() -> None:
    node, canvas = story(ONE).plan(0).root, Canvas(64, 36)
    through = Component("zoom-through")
    first, last = (blend_scenes(through, node, node, share, canvas).layers for share in (0.0, 1.0))
    assert first[1].opacity == 0
    assert first[0].pose == Motion.identity()
    assert last[1].opacity == 1
    assert last[1].pose.is_close(Motion.identity())
    assert (
        make_cover(last[1].mask.shape, Screen(canvas)).min() > 0.45
    )  # the outermost pixels lie on the mask's edge
    assert float(make_cover(last[1].mask.shape, Screen(canvas)).mean()) > 0.97


@pytest.mark.parametrize(
    ("mask", "share"),
    [
        (("ellipse", {"size": (1.0, 0.6)}), np.pi / 4 * 0.6 * 100**2 / (160 * 100)),
        (("rect", {"size": (1.0, 0.6)}), 0.6 * 100**2 / (160 * 100)),
        (("rect", {"size": (0.6, 1.0), "angle": 90, "at": (0.2, 0.1)}), 0.6 * 100**2 / (160 * 100)),
        (("ellipse", {"size": (1.0, 0.6), "feather": 0.1}), np.pi / 4 * 0.6 * 100**2 / (160 * 100)),
        (("edge", {}), 0.5),
    ],
)
def test_masks_cover_their_area(mask: tuple[str, dict[str, object]], share: float) -> None:
    name, values = mask
    assert float(
        make_cover(Component(name, tuple(values.items())), Screen(Canvas(160, 100))).mean()
    ) == pytest.approx(share, rel=0.03)


def test_layers_move_with_their_scene_and_on_their_own() -> None:
    film = story(
        "{length: 10f, move: [{pan: {x: 0.1/s}}], layers: [{prompts: sky}, {name: near, prompts: tree, "
        "move: [{pan: {x: 0.4/s}}], opacity: {0f: 0, 10f: 1}}, {prompts: star, still: true}]}"
    )
    far, near, still = film.plan(5).root.layers
    assert far.node.motion.is_close(Motion.shift(0.01, 0))
    assert near.node.motion.is_close(Motion.shift(0.05, 0))
    assert still.node.motion.is_close(Motion.identity())
    assert near.opacity == pytest.approx(0.5)
    assert [drawing.id for drawing in film.plan(5).drawings()] == ["0/layer 1", "0/near", "0/layer 3"]


def test_a_layer_goes_on_in_the_next_scene_unless_there_is_a_cut() -> None:
    scene = "{length: 5f, CUT layers: [{name: sky, prompts: sky}]}"
    on, cut = (
        story(f"{scene.replace('CUT', '')}, {scene.replace('CUT', text)}") for text in ("", "cut: true,")
    )
    assert [drawing.id for drawing in on.plan(5).drawings()] == ["0/sky"]
    assert [(drawing.id, drawing.cut) for drawing in cut.plan(5).drawings()] == [("5/sky", True)]


CLOSING = (
    "{length: 20f, prompts: sea, move: [{pan: {x: {0%: 0, 50%: 0.2, 100%: 0.05}}}, {rotate: {angle: 9*t}}]}"
)


def test_a_loop_closes() -> None:
    film = story(CLOSING, "loop: {fade: 4f}")
    steps = [next(film.plan(frame).drawings()).motion for frame in range(1, 20)]
    assert film.loop is not None
    last = film.loop.without_drift(20) @ film.timeline.step(20) @ film.loop.without_drift(19).inverse()
    assert compose([*steps, last]).is_close(Motion.identity(), 1e-9)
    assert film.plan(0).snapshots == (("first/0", "0"),)
    assert isinstance(film.plan(15).root, Drawing)
    fading = [film.plan(frame).root.layers for frame in range(16, 20)]
    assert [layers[1].opacity for layers in fading] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    home = compose([layers[1].node.motion for layers in fading])
    assert (last @ home).is_close(Motion.identity(), 1e-9)


def test_the_seam_of_a_loop_is_told(tmp_path: Path) -> None:
    film = story(CLOSING, "loop: {fade: 4f}")
    assert film.loop is not None
    assert closure_error(film.loop, film.timeline) < 1e-9
    free = replace(film.loop, drift=np.zeros((3, 3)))
    assert closure_error(free, film.timeline) > 0.3
    (tmp_path / "loop.yaml").write_text(f"{HEAD}loop: true\nscenes: [{CLOSING}]")
    told = CliRunner().invoke(program, ["check", str(tmp_path / "loop.yaml")]).output
    assert "loop closes (drift 0.31 removed, error" in told


small = st.floats(-0.2, 0.2)


@given(small, small, st.floats(-15, 15), st.floats(0.85, 1.2), st.integers(6, 40))
def test_every_loop_closes(x: float, y: float, angle: float, factor: float, frames: int) -> None:
    moves = (
        f"{{pan: {{x: '{x:.4f}*p + 0.3*sin(tau*p)', y: {y:.4f}*p*p}}}}, {{rotate: {{angle: {angle:.4f}*p}}}}, "
        f"{{zoom: {{factor: {{0%: 1, 40%: 1.5 smooth, 100%: {factor:.4f} smooth}}}}}}"
    )
    film = story(f"{{length: {frames}f, move: [{moves}]}}", "loop: true")
    assert film.loop is not None
    assert closure_error(film.loop, film.timeline) < 1e-9
    steps = [next(film.plan(frame).drawings()).motion for frame in range(1, frames)]
    last = (
        film.loop.without_drift(frames)
        @ film.timeline.step(frames)
        @ film.loop.without_drift(frames - 1).inverse()
    )
    assert compose([*steps, last]).is_close(Motion.identity(), 1e-9)


def test_a_loop_that_cannot_close_says_so() -> None:
    with pytest.raises(StoryError, match="the movements end far from where they began"):
        story("{length: 20f, move: [{zoom: {factor: 2/s}}]}", "loop: true")
    free = story("{length: 20f, move: [{zoom: {factor: 2/s}}]}", "loop: {poses: free}")
    assert free.plan(5).drawing.motion.is_close(Motion.scale(2 ** (1 / 10)))


def test_what_a_part_of_a_film_needs() -> None:
    film = story(
        f"{ONE}, {TWO.replace('{name', '{transition: {crossfade: 5f}, name')}, {{length: 5f, cut: true}}"
    )
    assert [first_needed(film, frame) for frame in (0, 19, 20, 24, 25, 29, 30, 34)] == [
        0,
        0,
        0,
        0,
        20,
        20,
        30,
        30,
    ]
    assert first_needed(replace(film, loop=story(CLOSING, "loop: true").loop), 34) == 0


def test_repeats_have_a_limit() -> None:
    assert len(story("{length: 1f, repeat: 1001}").scenes) == 1001
    inner = "{sequence: {repeat: 40, scenes: [{length: 1f, repeat: 26}]}}"
    for many in (f"{inner}, {{length: 1f, repeat: 2}}", inner):
        with pytest.raises(StoryError, match="a film repeats at most 1000 scenes"):
            story(many)


@pytest.mark.parametrize(
    ("scenes", "message"),
    [
        (
            "{length: 1s}, {length: 1s, transition: fade}",
            "unknown transition 'fade'; did you mean 'crossfade'?",
        ),
        (
            "{length: 1s}, {length: 1s, transition: {crossfade: 2s}}",
            "the transition is longer than its scene",
        ),
        ("{length: 1s}, {length: 1s, transition: {wipe: {angel: 3}}}", "unknown key 'angel' in 'wipe'"),
        (
            "{length: 1s}, {length: 1s, cut: true, transition: morph}",
            "'cut' and 'transition' say the same thing",
        ),
        ("{length: 1s}, {length: 1s, transition: {morph: 0s}}", "the length of 'morph' is '0s'"),
        (
            "{length: 1s}, {length: 1s, drawer: pixel}",
            "the scene 'scene 2' has another drawer than the one before",
        ),
        ("{length: 1s}, {length: 1s, perceptor: none}", "has another perceptor than the one before"),
        ("{length: 1s}, {length: 1s, layers: [{prompts: a}]}", "has layers, other than the one before"),
        ("{length: 1s, transition: morph}", "the film's first scene comes after nothing"),
        (
            "{length: 1s, layers: []}",
            "'layers' is a list of at least one layer, the lowest first. Got an empty list",
        ),
        ("{length: 1s, layers: [{name: a}, {name: a}]}", "the layer name 'a' is taken"),
        ("{length: 1s, layers: [{name: a/b}]}", "a layer's name is one line without '/'"),
        ("{length: 1s, layers: [{opacity: 2}]}", "'opacity' is '2'; 0..1 (share) is allowed"),
        (
            "{length: 1s, layers: [{blend: darken}]}",
            "unknown blend 'darken'; allowed: add, multiply, over, screen",
        ),
        (
            "{length: 1s, layers: [{mask: {star: {}}}]}",
            "unknown mask 'star'; allowed: edge, ellipse, image, rect",
        ),
        ("{length: 1s, layers: [{mask: {ellipse: {size: 3}}}]}", "'size' is a pair [x, y]"),
        ("{length: 1s, layers: [{image: no.png}]}", "the story is no file, so"),
        ("{length: 1s, layers: [{text: ''}]}", "'text' is a text with 1 to 500 characters. Got ''"),
        ("{length: 1s, layers: [{text: {text: hi, colour: bluish}}]}", "'colour' is a colour such as white"),
        ("{length: 1s, layers: [{text: hi, prompts: sea}]}", "a layer with 'text' is not drawn"),
        (
            "{length: 1s, layers: [{scenes: [{length: 2s}]}]}",
            "the scenes of the layer 'layer 1' last 20 frames",
        ),
        ("{length: 1s, repeat: 0}", "'repeat' is a whole number from 1 to 1001. Got '0'"),
        ("{length: 1s, speed: 0}", "'speed' is '0'; 0.01..100 is allowed"),
        ("{length: 1s, reverse: maybe}", "'reverse' is true or false. Got 'maybe'"),
        ("{sequence: {}}", "the sequence has no scenes"),
        ("{sequence: {scenes: []}}", "'scenes' is a list of at least one scene"),
        ("{sequence: [1]}", "a sequence is a mapping"),
    ],
)
def test_mistakes_are_told(scenes: str, message: str) -> None:
    with pytest.raises(StoryError) as caught:
        story(scenes)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1
