"""Laws of the movements that bend the picture, and that every drawer follows them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pictures import photograph

from pixray_motion.coordinate_maps import ComposedMap, CoordinateMap, InverseMap, local_area_scale
from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.static import StaticDrawer
from pixray_motion.errors import StoryError
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.movements import movement
from pixray_motion.movements.base import is_distortion
from pixray_motion.registry import Parameter
from pixray_motion.story.reading.story import parse
from pixray_motion.units import Pair, Unit

CANVAS = Canvas(96, 54)
NAMES = [name for name in movement.names() if is_distortion(movement.make(name))]
SMOOTH = [name for name in NAMES if name != "kaleidoscope"]
points = arrays(np.float64, (7, 2), elements=st.floats(-1, 1))
swirl, wave, ripple, lens, kaleidoscope = (
    movement.make(name) for name in ("swirl", "wave", "ripple", "lens", "kaleidoscope")
)


def values(parameter: Parameter) -> st.SearchStrategy[object]:
    unit = parameter.kind.unit if isinstance(parameter.kind, Pair) else parameter.kind
    assert isinstance(unit, Unit)
    low, high = {"scale": (0.3, 3), "degrees": (-400, 400), "amount": (0, 9)}.get(unit.name, (0.1, 0.9))
    number = st.floats(low, high)
    return st.tuples(number, number) if isinstance(parameter.kind, Pair) else number


def poses(name: str) -> st.SearchStrategy[CoordinateMap]:
    entry = movement.get(name)
    assert entry is not None
    return st.builds(entry.make, **{p.name: values(p) for p in entry.parameters})


smooth_pose = st.one_of([poses(name) for name in SMOOTH])


@pytest.mark.parametrize("name", NAMES)
def test_at_rest_by_default(name: str) -> None:
    centres = CANVAS.centres()
    assert np.allclose(movement.make(name)().apply(centres), centres, atol=1e-12)
    assert np.allclose(movement.make(name)().apply_inverse(centres), centres, atol=1e-12)


@given(smooth_pose, points)
def test_where_things_go_and_where_they_came_from(pose: CoordinateMap, places: np.ndarray) -> None:
    assert np.allclose(pose.apply(pose.apply_inverse(places)), places, atol=1e-9)
    assert np.allclose(pose.apply_inverse(pose.apply(places)), places, atol=1e-9)


@given(st.sampled_from(SMOOTH).flatmap(lambda name: st.tuples(*[poses(name)] * 3)), points)
def test_two_steps_make_one(
    three: tuple[CoordinateMap, CoordinateMap, CoordinateMap], places: np.ndarray
) -> None:
    first, second, third = three
    both = ComposedMap((*second.relative_to(first), *third.relative_to(second)))
    assert np.allclose(both.apply(places), ComposedMap(third.relative_to(first)).apply(places), atol=1e-8)
    assert np.allclose(
        ComposedMap((*both.parts(), *first.relative_to(third))).apply(places), places, atol=1e-8
    )
    assert first.relative_to(first) == ()


@given(poses("kaleidoscope"), points)
def test_folding_twice_is_folding_once(fold: CoordinateMap, places: np.ndarray) -> None:
    there = fold.apply_inverse(places)
    assert fold.keeps(there).all() or np.allclose(fold.apply_inverse(there), there, atol=1e-9)
    assert np.allclose(fold.apply_inverse(there), there, atol=1e-9)
    for copy in fold.copies():  # each shows what is kept
        shown = fold.apply_inverse(copy.apply(there))
        assert np.allclose(shown, there, atol=1e-9)


def test_directions() -> None:
    """What is described of each, on marks of the card."""
    right, up = np.array([0.25, 0.0]), np.array([0.0, -0.25])
    assert swirl(angle=90.0).apply(np.array([0.001, 0])) == pytest.approx([0, 0.001], abs=1e-5)  # clockwise
    assert 0 < swirl(angle=90.0).apply(right)[1] < 0.25
    assert swirl(angle=90.0, radius=0.2).apply(right) == pytest.approx(right)
    assert wave(height=0.1, length=1.0).apply(right) == pytest.approx([0.25, -0.1])  # up
    assert wave(height=0.1, length=1.0, phase=90.0).apply(np.array([0.5, 0.0])) == pytest.approx([0.5, -0.1])
    assert wave(height=0.1, length=1.0, angle=90.0).apply(-up) == pytest.approx([0.1, 0.25])
    rings = ripple(amount=0.5, length=1.0)
    assert rings.apply(right)[0] > 0.25  # outwards, a quarter of a length from the middle
    assert ripple(amount=0.5, length=1.0, phase=180.0).apply(right)[0] < 0.25
    far = np.array(
        [[50.0, 0.0], [51.0, 0.0], [50.5, 0.0]]
    )  # a length on the rings are the same, half of one opposite
    moved = (ripple(amount=0.5, length=1.0, phase=30.0).apply(far) - far)[:, 0]
    assert abs(moved[0]) > 0.02
    assert moved == pytest.approx([moved[0], moved[0], -moved[0]], abs=1e-3)
    assert ripple(amount=0.5).keeps(np.zeros((3, 4, 2))).tolist() == [[True] * 4] * 3
    assert lens(factor=2.0).apply(np.array([0.001, 0])) == pytest.approx([0.002, 0], rel=0.01)
    assert lens(factor=2.0, radius=0.2).apply(right) == pytest.approx(right)
    assert local_area_scale(lens(factor=2.0), np.zeros(2)) == pytest.approx(4, rel=0.02)
    fold = kaleidoscope(segments=2.0, angle=-90.0)
    shown = np.array([0.01, -0.25])  # clockwise of up
    for place in ([0.01, -0.25], [-0.01, -0.25], [0.01, 0.25], [-0.01, 0.25]):
        assert fold.apply_inverse(np.array(place)) == pytest.approx(shown)


def scene(moves: str, head: str = "") -> str:
    return f"{{story: 1, rate: 10, canvas: 96x54, {head}scenes: [{{length: 2s, move: [{moves}]}}]}}"


def test_a_story_bends_frame_by_frame() -> None:
    story = parse(scene("{swirl: {angle: 90/s}}, {pan: {x: 0.1/s}}"))
    assert story.plan(0).drawing.distortions == ()
    here = CANVAS.centres()
    all_of_it = ComposedMap(
        tuple(bend for frame in range(11) for bend in story.plan(frame).drawing.distortions)
    )
    assert np.allclose(all_of_it.apply(here), swirl(angle=90.0).apply(here), atol=1e-9)
    assert story.plan(5).drawing.motion.is_close(Motion.shift(0.01, 0))
    assert '"swirl": {"about": [0.0, 0.0], "angle": 9' in story.plan(1).as_json()


def test_backwards_a_bend_is_undone() -> None:
    moves = "{swirl: {angle: 40*p}}, {wave: {height: 0.1*p}}"
    on, back = (parse(scene(moves).replace("length", f"{extra}length")) for extra in ("", "reverse: true, "))
    here = CANVAS.centres()
    for frame in (2, 7, 19):
        there = ComposedMap(on.plan(frame).drawing.distortions).apply(here)
        assert np.allclose(ComposedMap(back.plan(21 - frame).drawing.distortions).apply(there), here)
    assert not np.allclose(there, here)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(
        StoryError, match="'swirl' bends the picture and acts by itself; take it out of the group"
    ):
        parse(scene("group: [{swirl: {angle: 3*t}}]"))
    with pytest.raises(StoryError, match="does not come back to where it began"):
        parse(scene("{swirl: {angle: 30/s}}", "loop: true, "))
    parse(scene("{wave: {height: 0.1, phase: 360*p}}, {kaleidoscope: {segments: 5}}", "loop: true, "))
    with pytest.raises(StoryError, match=r"'amount' is '1'; 0\.\.0\.95"):
        parse(scene("ripple: {amount: 1}"))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def seen(made: Drawer, params: Params) -> np.ndarray:
    with torch.no_grad():
        return made.draw(params).image(made.canvas)[0].numpy()


def encoded(made: Drawer, image: np.ndarray) -> Params:
    return made.encode(torch.from_numpy(image)[None].float())


def distortion_steps(
    made: Drawer, params: Params, pose: Callable[[float], CoordinateMap], frames: int
) -> Params:
    for frame in range(1, frames + 1):
        step = pose(frame / frames).relative_to(pose((frame - 1) / frames))
        params = made.remap(params, ComposedMap(step), "mirror", rng()) if step else params
    return params


@pytest.mark.parametrize("name", drawer.names())
@pytest.mark.parametrize(
    "pose",
    [
        swirl(angle=100.0),
        wave(height=0.1),
        ripple(amount=0.6),
        lens(factor=2.0),
        InverseMap(lens(factor=2.0)),
    ],
    ids=["swirl", "wave", "ripple", "lens", "undone"],
)
def test_a_mark_goes_where_the_bend_says(name: str, pose: CoordinateMap) -> None:
    made = drawer.make(name)(Canvas(96, 96))
    image = np.full((3, 96, 96), 0.1)
    image[:, 54:62, 32:40] = 0.9
    params = encoded(made, image)
    start = seen(made, params).mean(0)
    places = Canvas(96, 96).centres()

    def middle(picture: np.ndarray) -> np.ndarray:
        weights = np.clip(picture - 0.4, 0, None)
        return (weights[..., None] * places).sum((0, 1)) / weights.sum()

    moved = seen(made, made.remap(params, ComposedMap((pose,)), "mirror", rng())).mean(0)
    assert middle(moved) == pytest.approx(pose.apply(middle(start)), abs=0.03)


@pytest.mark.parametrize("name", drawer.names())
def test_to_and_fro_is_nothing(name: str) -> None:
    """A swirl that comes back and a wave that runs through leave what they found, and none of its sharpness."""
    made = drawer.make(name)(CANVAS)
    params = encoded(made, photograph(96, 54, 2))
    for pose in (
        lambda p: swirl(angle=60 * np.sin(np.pi * p)),
        lambda p: wave(height=0.03 * np.sin(np.pi * p), phase=720 * p),
    ):
        after = distortion_steps(made, params, pose, 30)
        there, back = seen(made, params), seen(made, after)
        inside = (slice(None), slice(5, -5), slice(8, -8))
        assert np.abs(there - back)[inside].mean() < {"pixel": 0.06}.get(name, 0.02)
        sharp = [np.abs(np.diff(image[inside], axis=2)).mean() for image in (there, back)]
        assert 0.95 < sharp[1] / sharp[0] < 1.2


@pytest.mark.parametrize("name", drawer.names())
def test_a_kaleidoscope_is_symmetric_and_stays_so(name: str) -> None:
    made = drawer.make(name)(Canvas(90, 90))
    params = encoded(made, photograph(90, 90, 4))
    fold = kaleidoscope(segments=2.0, angle=-90.0)
    frames = [params]
    for _ in range(5):
        frames.append(made.remap(frames[-1], ComposedMap((fold,)), "mirror", rng()))
    pictures = [seen(made, frame) for frame in frames]
    assert np.abs(pictures[1] - pictures[1][:, ::-1]).mean() < 0.03
    assert np.abs(pictures[1] - pictures[1][:, :, ::-1]).mean() < 0.03
    assert np.abs(pictures[1] - pictures[0]).mean() > 0.05
    kept = (slice(None), slice(5, 43), slice(47, 85))  # what is shown is not touched again
    assert np.abs(pictures[5] - pictures[1])[kept].mean() < 0.005
    if name not in ("clipdraw", "line_sketch"):  # whose strokes reach into the picture's other parts
        assert np.abs(pictures[5] - pictures[0])[kept].mean() < 0.005


@pytest.mark.parametrize("name", drawer.names())
def test_bent_pictures_are_refined_and_moved_on(name: str) -> None:
    """A gradient reaches what is learned, and another movement carries the bent picture along."""
    made = drawer.make(name)(CANVAS)
    params = made.remap(
        encoded(made, photograph(96, 54, 1)), ComposedMap((swirl(angle=60.0),)), "mirror", rng()
    )
    learned = {key: params[key].clone().requires_grad_() for key in made.learning(params)}
    made.draw(params | learned).image(CANVAS).sum().backward()
    assert all(tensor.grad is not None and tensor.grad.abs().max() > 0 for tensor in learned.values())
    moved = made.warp(params, Motion.shift(10 / 54, 0), "mirror", rng())
    before, after = seen(made, params)[:, 5:-5, 10:60], seen(made, moved)[:, 5:-5, 20:70]
    assert np.abs(before - after).mean() < {"pixel": 0.06}.get(name, 0.03)
    pulled = made.apply_update(params, torch.full((1, 3, 9, 16), 0.05))
    if pulled is not None:
        assert 0.02 < (seen(made, pulled) - seen(made, params)).mean() < 0.051


def test_a_given_picture_bends_too() -> None:
    pixels = np.ones((40, 40, 4), np.float32)
    made = StaticDrawer(CANVAS, pixels, 0.3, (0.0, 0.0))
    rest = made.init_params(rng())
    pose = wave(height=0.2, length=4.0, phase=-90.0)  # all of it goes up
    moved = made.remap(rest, ComposedMap((pose,)), "mirror", rng())
    shown = made.draw(moved).coverage(CANVAS)[0, 0].numpy()
    middle = (shown[..., None] * CANVAS.centres()).sum((0, 1)) / shown.sum()
    assert middle == pytest.approx([0, -0.2], abs=0.01)
    assert shown.sum() == pytest.approx(float(made.draw(rest).coverage(CANVAS).sum()), rel=0.02)
    back = made.remap(moved, ComposedMap((InverseMap(pose),)), "mirror", rng())
    there, here = (made.draw(params).coverage(CANVAS) for params in (rest, back))
    assert np.abs((there - here).numpy()).max() < 0.15  # of a pixel of its edge
    zoomed = made.draw(made.warp(moved, Motion.scale(2), "mirror", rng())).coverage(CANVAS)[0, 0].numpy()
    assert zoomed[:10].max() > 0.9  # what went up is twice as far up


def test_noise_comes_in_where_a_bend_reaches_beyond() -> None:
    made = drawer.make("fft")(CANVAS)
    params = encoded(made, np.full((3, 54, 96), 0.5))
    shown = seen(
        made, made.remap(params, ComposedMap((wave(height=0.4, length=4.0, phase=-90.0),)), "noise", rng())
    )
    assert shown[:, -10:].std() > 0.1 > 10 * shown[:, :20].std()
