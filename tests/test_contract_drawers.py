"""What every registered drawer must do; a new one joins by being registered."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from pictures import photograph

from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.pixel import PixelDrawer
from pixray_motion.drawers.tilings import KINDS
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.picture import Picture
from pixray_motion.story.scene import BORDERS

CANVAS = Canvas(48, 27)
MOTION = Motion.shift(0.013, -0.007) @ Motion.rotation(3) @ Motion.scale(1.05)
WAYS = {"pixel": "cells", "fft": "basis"}
NAMES = [*drawer.names(), *(f"pixel {kind}" for kind in KINDS[1:]), "fft dwt", "fft rgb"]
every = pytest.mark.parametrize("name", NAMES)


@dataclass
class Towards:
    """An objective that wants a picture of one colour, by its gradient or, ``outright``, as a denoiser wants it."""

    colour: tuple[float, float, float] = (0.9, 0.2, 0.1)
    outright: bool = False
    guide = None

    def __call__(self, picture: Picture) -> dict[str, torch.Tensor]:
        wanted = torch.tensor(self.colour)[None, :, None, None]
        return {"distance": (picture.image(CANVAS) - wanted).square().mean()}

    def change(self, draw: Callable[[], Picture], share: float) -> torch.Tensor | None:
        assert 0 <= share < 1
        if not self.outright:
            return None
        return 0.2 * (torch.tensor(self.colour)[None, :, None, None] - draw().preview(Canvas(24, 16)))

    def scores(self) -> dict[str, float]:
        return {"score": 0.0}


def make(name: str, canvas: Canvas = CANVAS) -> Drawer:
    kind, _, way = name.partition(" ")
    return drawer.make(kind)(canvas, **({WAYS[kind]: way} if way else {}))


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def encoded(made: Drawer, seed: int = 0) -> Params:
    image = photograph(made.canvas.width, made.canvas.height, seed)
    return made.encode(torch.from_numpy(image)[None].float())


FAITHFUL = [name for name in NAMES if make(name).faithful]
faithful = pytest.mark.parametrize("name", FAITHFUL)


def marked(made: Drawer, marks: np.ndarray) -> Params:
    """Params that draw light marks (h, w) in [0, 1] on dark ground; dark ones on light paper where there is paper."""
    shown = 0.1 + 0.8 * marks if made.faithful else 1 - marks
    return made.encode(torch.from_numpy(np.stack([shown] * 3))[None].float())


def where(made: Drawer, params: Params) -> np.ndarray:
    """(2,): the middle of the marks."""
    image = seen(made, params).mean(0)
    marks = image - image.min() if made.faithful else image.max() - image
    weights = np.clip(marks - marks.max() / 2, 0, None)
    middle: np.ndarray = (weights[..., None] * made.canvas.centres()).sum((0, 1)) / weights.sum()
    return middle


def seen(made: Drawer, params: Params) -> np.ndarray:
    with torch.no_grad():
        return made.draw(params).image(made.canvas)[0].numpy()


@every
@pytest.mark.parametrize("canvas", [CANVAS, Canvas(27, 48), Canvas(31, 31), Canvas(16, 16)])
def test_fresh_pictures_have_the_canvas_size_and_lie_in_range(name: str, canvas: Canvas) -> None:
    made = make(name, canvas)
    image = seen(made, made.init_params(rng()))
    assert image.shape == (3, canvas.height, canvas.width)
    assert np.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() <= 1


@every
def test_fresh_depends_on_the_generator_alone(name: str) -> None:
    first, again, other = (seen(make(name), make(name).init_params(rng(seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@every
def test_a_gradient_reaches_every_learned_tensor(name: str) -> None:
    made = make(name)
    params = made.init_params(rng())
    learned = {key: params[key].requires_grad_() for key in made.learned}
    Towards()(made.draw(params | learned))["distance"].backward()
    for tensor in learned.values():
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
        assert tensor.grad.abs().max() > 0


@every
def test_refining_comes_nearer_and_keeps_what_is_not_learned(name: str) -> None:
    made = make(name)
    params = made.init_params(rng())
    before = {key: tensor.clone() for key, tensor in params.items()}
    wish, nearer = (Towards(), 0.75) if made.faithful else (Towards((0.2, 0.2, 0.2)), 0.98)
    refined, scores = made.refine(params, wish, 40)
    assert wish(made.draw(refined))["distance"] < nearer * wish(made.draw(params))["distance"]
    assert set(scores) == {"distance", "score"}
    for key, tensor in before.items():
        assert torch.equal(params[key], tensor), "refine changed its argument"
        assert key in made.learned or torch.equal(refined[key], tensor)
        assert not refined[key].requires_grad


@every
def test_a_denoiser_pulls_the_picture_where_it_wants_it(name: str) -> None:
    made = make(name)
    params = made.warp(encoded(made), MOTION, "mirror", rng())
    wish = Towards((0.9, 0.2, 0.1) if made.faithful else (0.2, 0.2, 0.2), outright=True)
    refined, _ = made.refine(params, wish, 15)
    pulled = made.apply_update(params, torch.full((1, 3, 8, 8), 0.05))
    nearer = 0.98 if not made.faithful else 0.75 if pulled is None else 0.3
    assert wish(made.draw(refined))["distance"] < nearer * wish(made.draw(params))["distance"]
    if pulled is not None:
        assert 0.02 < (seen(made, pulled) - seen(made, params)).mean() < 0.051
        assert all(torch.equal(pulled[key], params[key]) for key in params if key not in made.learned)


@every
def test_a_hundred_identities_change_nothing(name: str) -> None:
    made = make(name)
    params = start = encoded(made)
    for _ in range(100):
        params = made.warp(params, Motion.identity(), "mirror", rng())
    assert np.array_equal(seen(made, params), seen(made, start))


@every
@pytest.mark.parametrize("border", BORDERS)
def test_warping_is_repeatable_and_leaves_its_argument_alone(name: str, border: str) -> None:
    made = make(name)
    params = encoded(made)
    before = {key: tensor.clone() for key, tensor in params.items()}
    results = [made.warp(params, MOTION, border, rng(5)) for _ in range(2)]
    for key, tensor in before.items():
        assert torch.equal(params[key], tensor)
        assert torch.equal(results[0][key], results[1][key])
    image = seen(made, results[0])
    assert np.isfinite(image).all()
    assert 0 <= image.min() <= image.max() <= 1


@faithful
def test_encoding_draws_the_image(name: str) -> None:
    made = make(name)
    colours = torch.zeros(1, 3, 27, 48)
    colours[:, 0, :, :24] = 0.8
    colours[:, 2, :, 24:] = 0.6
    drawn = seen(made, made.encode(colours))
    assert np.abs(drawn - colours[0].numpy()).mean() < 0.02


@faithful
@pytest.mark.parametrize("size", [(10, 10), (300, 200)])
def test_encoding_takes_any_size(name: str, size: tuple[int, int]) -> None:
    made = make(name)
    drawn = seen(made, made.encode(torch.full((1, 3, *size), 0.25)))
    assert np.abs(drawn - 0.25).max() < 0.01


@every
@pytest.mark.parametrize(
    ("motion", "x", "y"),
    [
        (Motion.shift(0.25, 0), 0.25, 0.0),
        (Motion.shift(0, 0.25), 0.0, 0.25),
        (Motion.rotation(90).about((0.25, 0)), 0.25, -0.25),
        (Motion.scale(2).about((-0.25, 0)), 0.25, 0.0),
    ],
)
def test_a_mark_goes_where_the_motion_says(name: str, motion: Motion, x: float, y: float) -> None:
    """A white mark in the middle; ``rotation(90)`` clockwise about a point right of it lifts it above that point."""
    made = make(name, Canvas(90, 90))
    marks = np.zeros((90, 90))
    marks[42:48, 42:48] = 1
    assert where(made, made.warp(marked(made, marks), motion, "edge", rng())) == pytest.approx(
        (x, y), abs=0.03
    )


@every
def test_slow_motion_adds_up(name: str) -> None:
    """Two hundred steps of a fortieth of the way arrive where one step of all of it does."""
    made = make(name, Canvas(80, 80))
    marks = np.zeros((80, 80))
    marks[36:44, 6:14] = 1
    params = marked(made, marks)
    for _ in range(200):
        params = made.warp(params, Motion.shift(0.6 / 200, 0), "edge", rng())
    assert where(made, params) == pytest.approx((0.225, 0.0), abs=0.03)


@every
def test_the_wrap_border_is_a_torus(name: str) -> None:
    made = make(name, Canvas(80, 80))
    start = encoded(made)
    params = start
    step = (
        2 * made.size[0] if isinstance(made, PixelDrawer) else 1 / 40
    )  # cells of every shape come to lie on others
    for _ in range(round(1 / step)):
        params = made.warp(params, Motion.shift(step, 0), "wrap", rng())
    assert np.abs(seen(made, params) - seen(made, start)).mean() < 0.01


@faithful
def test_borders_fill_what_comes_into_view(name: str) -> None:
    """A picture that is dark at its left edge, moved to the right by half."""
    made = make(name, Canvas(80, 80))
    image = torch.linspace(0.1, 0.9, 80).expand(1, 3, 80, 80)
    moved = {border: made.warp(made.encode(image), Motion.shift(0.5, 0), border, rng()) for border in BORDERS}
    first = {border: seen(made, params)[:, :, :4] for border, params in moved.items()}
    assert first["edge"].mean() == pytest.approx(0.1, abs=0.03)
    assert first["mirror"].mean() == pytest.approx(0.48, abs=0.05)
    assert first["wrap"].mean() == pytest.approx(0.52, abs=0.05)
    assert first["noise"].std() > 0.1


@every
def test_a_denoiser_of_another_shape_changes_each_place_where_it_saw_it(name: str) -> None:
    """Else what is changed lies beside what was seen, and at the edges waves grow from step to step."""
    made = make(name, Canvas(96, 54))
    size = Canvas(44, 24)
    wave = 0.05 * torch.sin(torch.arange(44) * 2 * np.pi / 7).expand(1, 3, 24, 44)
    params = encoded(made)
    pulled = made.apply_update(params, wave)
    if pulled is None:
        return
    before, after = (made.draw(state).preview(made.canvas, size) for state in (params, pulled))
    edges = [0, 1, 2, 3, 4, 5, 6, -7, -6, -5, -4, -3, -2, -1]
    changed, wanted = ((part[..., edges] - part[..., edges].mean()) for part in (after - before, wave))
    assert (changed * wanted).sum() / (changed.norm() * wanted.norm()) > 0.9


@every
@pytest.mark.parametrize("motion", [Motion.tilted(12, -8, 0.866), Motion.mirror(-1, 1)])
def test_a_leaning_or_mirrored_picture_is_where_it_should_be(name: str, motion: Motion) -> None:
    """A blob goes where the motion takes it, in small steps and at once."""
    made = make(name, Canvas(96, 54))
    x, y = np.moveaxis(made.canvas.centres(), -1, 0)
    blob = np.exp(-((x - 0.3) ** 2 + (y + 0.2) ** 2) / (2 * 0.08**2))
    place = where(made, made.warp(marked(made, blob), motion, "edge", rng()))
    assert place == pytest.approx(motion.apply(np.array([0.3, -0.2])), abs=0.03)
