"""What every drawer must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from pixray_motion.descend import descend
from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.raster import RasterDrawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.movements.distortions import Swirl
from pixray_motion.objective import Evaluation
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.story.scene import BORDERS
from pixray_motion.testing.base import Contract, global_seed, make_rng
from pixray_motion.testing.pictures import FLAT, flat, photograph_tensor

if TYPE_CHECKING:
    from torch import Tensor

    from pixray_motion.denoisers.guidance import Guidance

CANVAS = Canvas(48, 27)
MOTION = Motion.shift(0.013, -0.007) @ Motion.rotation(3) @ Motion.scale(1.05)
RED, DARK = (0.9, 0.2, 0.1), (0.2, 0.2, 0.2)
NEAR = 0.03  # canvas heights: how far from where it should be a mark may be
Image = NDArray[np.float32]


@dataclass
class _Towards:
    """An objective that wants a picture of one ``colour``."""

    colour: tuple[float, float, float]

    @property
    def wanted(self) -> Tensor:
        return torch.tensor(self.colour)[None, :, None, None]

    def __call__(self, picture: Picture, progress: float = 0.0) -> Evaluation:
        assert 0 <= progress < 1
        distance = (picture.image(CANVAS) - self.wanted).square().mean()
        return Evaluation({"distance": distance}, {})

    def distance(self, picture: Picture) -> float:
        return float(self(picture).terms["distance"].detach())


@dataclass
class _PullTowards:
    """Stands in for a denoiser's ``Guidance`` that wants a picture of one ``colour``."""

    colour: tuple[float, float, float]

    def distillation_update(self, draw: Callable[[], Picture], progress: float) -> Tensor:
        assert 0 <= progress < 1
        return 0.2 * (_Towards(self.colour).wanted - draw().preview(Canvas(24, 16)))


class DrawerContract(Contract):
    """A drawer with the trait ``encodes_images=False`` need not draw photographs: only dark marks on white paper."""

    registry: ClassVar[Registry[Any]] = drawer
    known_traits: ClassVar[tuple[str, ...]] = ("encodes_images",)

    def wrap_step(self, made: Drawer) -> float:  # noqa: ARG002
        """How far, in canvas heights, a picture goes at a time when it is taken once around the screen.

        A drawer whose pictures are made of cells may override it: the steps that its cells come to lie on others by.
        """
        return 1 / 40

    @property
    def encodes_images(self) -> bool:
        return bool(self.traits.get("encodes_images", True))

    def make(self, canvas: Canvas = CANVAS) -> Drawer:
        made: Drawer = self.entry.make(canvas, **self.values)
        return made

    def test_it_knows_its_canvas(self) -> None:
        made = self.make(Canvas(31, 17))
        assert getattr(made, "canvas", None) == Canvas(31, 17), (
            "the constructor sets self.canvas to the canvas that it is given, since the frame loop looks at it"
        )

    def test_its_steps_are_counts(self) -> None:
        steps = self.make().default_steps
        assert getattr(self.entry.make, "default_steps", None) == steps, (
            "default_steps belong to the class, since stories are planned without making a drawer"
        )
        first, later = steps
        assert isinstance(first, int), (
            "default_steps are whole numbers: those of a new picture and of a later frame"
        )
        assert 0 < later <= first, (
            f"default_steps are (steps of a new picture, steps of a later frame), and the first are more; got "
            f"({first}, {later})"
        )

    @pytest.mark.parametrize("canvas", [CANVAS, Canvas(27, 48), Canvas(31, 31), Canvas(16, 16)], ids=str)
    def test_new_pictures_have_the_canvas_size_and_lie_in_range(self, canvas: Canvas) -> None:
        made = self.make(canvas)
        image = _show(made, made.init_params(make_rng()))
        assert image.shape == (3, canvas.height, canvas.width), (
            f"draw(init_params(rng)).image(canvas) fills the canvas {canvas}; got the shape {image.shape}"
        )
        _check_range(image, "a new picture")

    def test_params_are_tensors_that_can_be_saved(self) -> None:
        from safetensors.torch import load, save

        made = self.make()
        rng = make_rng()
        for params in (made.init_params(rng), made.warp(_encoded(made), MOTION, "mirror", rng)):
            assert params, "params are not empty, since a saved state knows a drawing by its params"
            for name, tensor in params.items():
                assert isinstance(tensor, torch.Tensor), (
                    f"all that crosses frames is a tensor, so that it can be saved; params['{name}'] is a "
                    f"{type(tensor).__name__}"
                )
                assert "/" not in name, (
                    f"names of params have no slash, which parts them when saved; got '{name}'"
                )
                assert tensor.device.type == "cpu", (
                    f"params are on the CPU; params['{name}'] is on {tensor.device}"
                )
                assert not tensor.requires_grad, (
                    f"params hold no graph, or one frame would keep all before it; detach params['{name}']"
                )
            stored = load(save({name: tensor.clone().contiguous() for name, tensor in params.items()}))
            assert np.array_equal(_show(made, stored), _show(made, params)), (
                "a picture is the same after its params were saved and loaded, since a film must be resumable"
            )

    def test_params_are_all_that_a_picture_depends_on(self) -> None:
        made = self.make()
        params = made.init_params(make_rng(1))
        first = _show(made, params)
        _show(made, made.warp(made.init_params(make_rng(2)), MOTION, "mirror", make_rng(3)))
        assert np.array_equal(_show(made, params), first), (
            "a drawer keeps nothing from one call to the next: its params drew another picture after another was drawn"
        )
        assert np.array_equal(_show(self.make(), params), first), (
            "a new drawer with the same settings draws the same params as the same picture, or no film could be resumed"
        )

    def test_new_pictures_depend_on_the_generator_alone(self) -> None:
        def new(seed: int, others: int) -> Image:
            made = self.make()
            with global_seed(others):
                return _show(made, made.init_params(make_rng(seed)))

        first, again, other = new(1, 7), new(1, 8), new(2, 7)
        assert np.array_equal(first, again), (
            "init_params takes all its randomness from the generator that it is given (generator=rng)"
        )
        assert not np.array_equal(first, other), (
            "init_params draws something from the generator, so that another seed gives another film"
        )

    def test_learning_names_params_and_their_rates(self) -> None:
        made = self._made_to_learn()
        params = made.init_params(make_rng())
        learning = made.learning(params)
        for name, rate in learning.items():
            assert name in params, f"learning names params; '{name}' is none of {sorted(params)}"
            tensor = params[name]
            assert tensor.is_floating_point(), (
                f"what is learned is of floating point; params['{name}'] is {tensor.dtype}"
            )
            assert np.isfinite(rate.lr), f"the learning rate of '{name}' is a finite number"
            assert rate.lr >= 0, (
                f"the learning rate of '{name}' is not negative, which would climb; got {rate.lr}"
            )
            assert rate.low <= float(tensor.min()) <= float(tensor.max()) <= rate.high, (
                f"a new picture's '{name}' keeps to the bounds that learning gives, {rate.low:g}..{rate.high:g}"
            )
        assert any(rate.lr > 0 for rate in learning.values()), "at least one learning rate is above 0"

    @pytest.mark.parametrize("raw", [False, True], ids=["draw", "draw_raw"])
    def test_a_gradient_reaches_every_learned_tensor(self, raw: bool) -> None:
        made = self._made_to_learn()
        params = made.init_params(make_rng())
        for name, gradient in _gradients(made, params, raw).items():
            assert gradient is not None, (
                f"learning names '{name}', so the picture is computed from it by torch; no gradient reaches it"
            )
            assert torch.isfinite(gradient).all(), f"the gradient of '{name}' is finite"
            assert gradient.abs().max() > 0, (
                f"the gradient of '{name}' is not 0 everywhere in a new picture, or it would never change"
            )

    @pytest.mark.parametrize("level", FLAT.values(), ids=FLAT)
    def test_gradients_are_finite_on_flat_pictures(self, level: float) -> None:
        made = self._made_to_learn()
        for name, gradient in _gradients(made, made.encode(flat(level, 48, 27))).items():
            assert gradient is not None, f"the picture is computed from '{name}' by torch, whatever it shows"
            assert torch.isfinite(gradient).all(), (
                f"the gradient of '{name}' is finite on black, grey and white pictures: beware of a root, a "
                "logarithm or a "
                "division at 0"
            )

    def test_descending_comes_nearer_and_keeps_what_is_not_learned(self) -> None:
        made = self._made_to_learn()
        params = made.init_params(make_rng())
        before = _copied(params)
        wish, nearer = (_Towards(RED), 0.75) if self.encodes_images else (_Towards(DARK), 0.98)
        learning = made.learning(params)
        refined, evaluation = descend(params, learning, made, wish, 40)
        assert evaluation is not None
        assert set(evaluation.terms) == {"distance"}
        share = wish.distance(made.draw(refined)) / wish.distance(made.draw(params))
        assert share < nearer, (
            f"40 steps lead to at most {nearer} of the squared distance to one colour; got {share:.3f}: are the "
            "learning "
            "rates far too small or too large (see unit_rate)?"
        )
        for name, tensor in before.items():
            assert torch.equal(params[name], tensor), f"draw leaves its params alone; '{name}' has changed"
            assert name in learning or torch.equal(refined[name], tensor)
            assert not refined[name].requires_grad

    def test_a_denoiser_pulls_the_picture_where_it_wants_it(self) -> None:
        made = self._made_to_learn()
        params = made.warp(_encoded(made), MOTION, "mirror", make_rng())
        colour = RED if self.encodes_images else DARK
        wish, guidance = _Towards(colour), cast("Guidance", _PullTowards(colour))
        learning = made.learning(params)
        refined, _ = descend(params, learning, made, wish, 15, guidance)
        updated = made.apply_update(params, torch.full((1, 3, 8, 8), 0.05))
        nearer = 0.98 if not self.encodes_images else 0.75 if updated is None else 0.3
        share = wish.distance(made.draw(refined)) / wish.distance(made.draw(params))
        assert share < nearer, (
            f"15 steps with a denoiser lead to at most {nearer} of the squared distance to what it wants; got "
            f"{share:.3f}"
        )
        if updated is None:
            return
        change = float((_show(made, updated) - _show(made, params)).mean())
        assert 0.02 < change < 0.051, (
            "apply_update(params, change) changes the picture by that much (less where it is nearly black or "
            "white); 0.05 "
            f"everywhere changed its mean by {change:.4f}"
        )
        for name, tensor in params.items():
            assert name in learning or torch.equal(updated[name], tensor), (
                f"apply_update changes only what learning names; '{name}' has changed"
            )

    def test_an_update_of_another_shape_changes_each_place_where_it_was_seen(self) -> None:
        """Else what is changed lies beside what was seen, and at the edges waves grow from step to step."""
        made = self.make(Canvas(96, 54))
        size = Canvas(44, 24)
        wave = 0.05 * torch.sin(torch.arange(44) * 2 * np.pi / 7).expand(1, 3, 24, 44)
        params = _encoded(made)
        updated = made.apply_update(params, wave)
        if updated is None:
            return
        before, after = (made.draw(state).preview(made.canvas, size) for state in (params, updated))
        edges = [0, 1, 2, 3, 4, 5, 6, -7, -6, -5, -4, -3, -2, -1]
        changed, wanted = ((part[..., edges] - part[..., edges].mean()) for part in (after - before, wave))
        agreement = float((changed * wanted).sum() / (changed.norm() * wanted.norm()))
        assert agreement > 0.9, (
            "apply_update stretches its change, of any size, over the canvas (align_corners=False), up to the "
            "edges; the "
            f"correlation of what was asked and what has changed there is {agreement:.2f}, and not above 0.9"
        )

    def test_a_hundred_identities_change_nothing(self) -> None:
        made = self.make()
        params = _encoded(made)
        start = _show(made, params)
        for _ in range(100):
            params = made.warp(params, Motion.identity(), "mirror", make_rng())
        assert np.array_equal(_show(made, params), start), (
            "warp by the identity changes no bit, or a picture at rest would blur: begin with 'if "
            "motion.is_identity: return "
            "params'"
        )

    @pytest.mark.parametrize("border", BORDERS)
    def test_warping_is_repeatable_and_leaves_its_argument_alone(self, border: str) -> None:
        made = self.make()
        moved = _moved_twice(made, "warp", lambda params: made.warp(params, MOTION, border, make_rng(5)))
        _check_range(_show(made, moved), f"a picture moved with the border '{border}'")

    def test_distorting_is_repeatable_and_leaves_its_argument_alone(self) -> None:
        made = self.make()
        bend = Swirl(40.0, 0.6)
        moved = _moved_twice(made, "remap", lambda params: made.remap(params, bend, "mirror", make_rng(5)))
        _check_range(_show(made, moved), "a distorted picture")

    def test_encoding_draws_the_image(self) -> None:
        self._skip_unless_it_encodes()
        made = self.make()
        colours = torch.zeros(1, 3, 27, 48)
        colours[:, 0, :, :24] = 0.8
        colours[:, 2, :, 24:] = 0.6
        error = np.abs(_show(made, made.encode(colours)) - colours[0].numpy()).mean()
        assert error < 0.02, (
            "encode(image) gives params that draw the image, red beside blue, to a mean of 0.02; got "
            f"{error:.3f} (a drawer that "
            "cannot is registered with encodes_images=False)"
        )

    @pytest.mark.parametrize("size", [(10, 10), (300, 200)])
    def test_encoding_takes_any_size(self, size: tuple[int, int]) -> None:
        self._skip_unless_it_encodes()
        made = self.make()
        error = np.abs(_show(made, made.encode(torch.full((1, 3, *size), 0.25))) - 0.25).max()
        assert error < 0.01, (
            "encode(image) takes an image of any size, stretched to the canvas; an even one of "
            f"{size[1]}x{size[0]} came out "
            f"{error:.3f} away, and not below 0.01"
        )

    @pytest.mark.parametrize(
        ("motion", "x", "y"),
        [
            (Motion.shift(0.25, 0), 0.25, 0.0),
            (Motion.shift(0, 0.25), 0.0, 0.25),
            (Motion.rotation(90).about((0.25, 0)), 0.25, -0.25),
            (Motion.scale(2).about((-0.25, 0)), 0.25, 0.0),
        ],
        ids=["right", "down", "rotation", "scale"],
    )
    def test_a_mark_goes_where_the_motion_says(self, motion: Motion, x: float, y: float) -> None:
        """A mark in the middle; ``rotation(90)`` clockwise about a point right of it lifts it above that point."""
        made = self.make(Canvas(90, 90))
        params = made.warp(self._mark(made, _square(90, 42, 48)), motion, "edge", make_rng())
        _check_place(made, params, (x, y))

    def test_a_mark_goes_where_a_distortion_says(self) -> None:
        """A blob right of the middle, stirred clockwise, that is downwards."""
        made = self.make(Canvas(90, 90))
        swirl = Swirl(90.0, 1.0)
        params = made.remap(self._mark(made, _blob(made.canvas, 0.25, 0.0)), swirl, "edge", make_rng())
        x, y = swirl.apply(np.array([0.25, 0.0]))
        _check_place(made, params, (float(x), float(y)))

    def test_slow_motion_adds_up(self) -> None:
        """Steps of a third of a pixel arrive where one step of all the way does."""
        made = self.make(Canvas(80, 80))
        marks = np.zeros((80, 80))
        marks[36:44, 6:14] = 1
        params = self._mark(made, marks)
        for _ in range(150):
            params = made.warp(params, Motion.shift(0.6 / 150, 0), "edge", make_rng())
        _check_place(made, params, (0.225, 0.0))

    def test_the_wrap_border_is_a_torus(self) -> None:
        made = self.make(Canvas(80, 80))
        params = _encoded(made)
        start = _show(made, params)
        step = self.wrap_step(made)
        for _ in range(round(1 / step)):
            params = made.warp(params, Motion.shift(step, 0), "wrap", make_rng())
        error = np.abs(_show(made, params) - start).mean()
        assert error < 0.01, (
            "with the border 'wrap' what leaves on the right comes in on the left, so that a picture taken once "
            "around is "
            f"as it was, to a mean of 0.01; got {error:.3f} after {round(1 / step)} steps (cells may need other steps: "
            "override wrap_step)"
        )

    def test_borders_fill_what_comes_into_view(self) -> None:
        """A picture that is dark at its left edge, moved to the right by half."""
        self._skip_unless_it_encodes()
        made = self.make(Canvas(80, 80))
        image = torch.linspace(0.1, 0.9, 80).expand(1, 3, 80, 80)
        moved = {
            border: made.warp(made.encode(image), Motion.shift(0.5, 0), border, make_rng())
            for border in BORDERS
        }
        first = {border: _show(made, params)[:, :, :4] for border, params in moved.items()}
        says = "moved right by half, a picture from 0.1 (left) to 0.9 (right) shows at its left edge"
        edge, mirror, wrap = (float(first[border].mean()) for border in ("edge", "mirror", "wrap"))
        assert edge == pytest.approx(0.1, abs=0.03), (
            f"{says} the colour of its edge, 0.1, with the border 'edge'; got {edge:.2f}"
        )
        assert mirror == pytest.approx(0.48, abs=0.05), (
            f"{says} its own middle again, 0.48, with the border 'mirror'; got {mirror:.2f}"
        )
        assert wrap == pytest.approx(0.52, abs=0.05), (
            f"{says} what lies left of its middle on the other side, 0.52, with the border 'wrap'; got {wrap:.2f}"
        )
        assert first["noise"].std() > 0.1, (
            f"{says} random colours with the border 'noise', and not an even one"
        )

    @pytest.mark.parametrize(
        "motion", [Motion.tilted(12, -8, 0.866), Motion.mirror(-1, 1)], ids=["leaning", "mirrored"]
    )
    def test_a_leaning_or_mirrored_picture_is_where_it_should_be(self, motion: Motion) -> None:
        """A blob goes where the motion takes it."""
        made = self.make(Canvas(96, 54))
        params = made.warp(self._mark(made, _blob(made.canvas, 0.3, -0.2)), motion, "edge", make_rng())
        x, y = motion.apply(np.array([0.3, -0.2]))
        _check_place(made, params, (float(x), float(y)))

    def test_a_plane_is_learned_as_it_was(self) -> None:
        made = self.make()
        if not isinstance(made, RasterDrawer):
            pytest.skip("the drawer does not derive from RasterDrawer")
        for params in (made.init_params(make_rng()), _encoded(made)):
            pixels = made.pixels(params)
            away = float((made.pixels(made.learn(pixels)) - pixels).abs().mean())
            assert away < 2e-3, (
                "learn(pixels) is the inverse of pixels(params), for what the drawer has drawn itself, since a "
                "plane is "
                f"sampled and learned again when the view leaves it; colours differ by {away:.4f} on the mean"
            )

    def test_svg_is_made_of_elements(self) -> None:
        made = self.make()
        if not made.supports_svg:
            pytest.skip("the drawer does not say that it is made of shapes (supports_svg)")
        params = made.warp(_encoded(made), MOTION, "mirror", make_rng())
        text = made.svg(params)
        try:
            root = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{text}</svg>')
        except ElementTree.ParseError as error:
            pytest.fail(
                f"svg(params) is a text of SVG elements, without the <svg> around them; it is no XML: {error}"
            )
        assert len(root), "svg(params) has at least one element"
        assert not root.findall("{http://www.w3.org/2000/svg}svg"), (
            "svg(params) has no <svg> of its own around the elements"
        )
        assert made.svg(params) == text, "svg(params) is the same text for the same params"

    def _made_to_learn(self) -> Drawer:
        made = self.make()
        if not made.learning(made.init_params(make_rng())):
            pytest.skip("the drawer learns nothing, so its pictures only move")
        return made

    def _skip_unless_it_encodes(self) -> None:
        if not self.encodes_images:
            pytest.skip("the drawer does not say that it draws any image (encodes_images=False)")

    def _mark(self, made: Drawer, marks: NDArray[np.float64]) -> Params:
        """Params that draw light marks (h, w) in [0, 1] on dark ground; dark ones on white for drawers of "
        "marks only."""
        shown = 0.1 + 0.8 * marks if self.encodes_images else 1 - marks
        return made.encode(torch.from_numpy(np.stack([shown] * 3))[None].float())


def _show(made: Drawer, params: Params) -> Image:
    """(3, H, W): the picture as it is shown."""
    with torch.no_grad():
        image: Image = made.draw(params).image(made.canvas)[0].numpy()
    return image


def _find_mark(image: Image, canvas: Canvas) -> NDArray[np.float64]:
    """(2,), in canvas units: the middle of what differs most from the ground in an image (3, H, W)."""
    grey = image.mean(0)
    marks = np.abs(grey - np.median(grey))
    weights = np.clip(marks - marks.max() / 2, 0, None)
    middle: NDArray[np.float64] = (weights[..., None] * canvas.centres()).sum((0, 1)) / weights.sum()
    return middle


def _moved_twice(made: Drawer, method: str, move: Callable[[Params], Params]) -> Params:
    """What ``move`` makes of a picture; asserts that it does so again, and leaves its argument alone."""
    params = _encoded(made)
    before = _copied(params)
    results = []
    for seed in (7, 8):
        with global_seed(seed):
            results.append(move(params))
    for name, tensor in before.items():
        assert torch.equal(params[name], tensor), (
            f"{method} returns new params and leaves its argument alone; '{name}' has changed"
        )
    for name, tensor in results[0].items():
        assert torch.equal(tensor, results[1][name]), (
            f"{method} takes all its randomness from the generator that it is given; '{name}' differs from call to call"
        )
    return results[0]


def _encoded(made: Drawer) -> Params:
    return made.encode(photograph_tensor(made.canvas.width, made.canvas.height))


def _copied(params: Params) -> Params:
    return {name: tensor.clone() for name, tensor in params.items()}


def _gradients(made: Drawer, params: Params, raw: bool = False) -> dict[str, Tensor | None]:
    """Of the distance to one colour, by the names of what is learned."""
    learned = {name: params[name].clone().requires_grad_() for name in made.learning(params)}
    picture = (made.draw_raw if raw else made.draw)(params | learned)
    distance = _Towards(RED)(picture).terms["distance"]
    assert distance.requires_grad, (
        "the picture is computed from what learning names by torch; no gradient reaches it"
    )
    distance.backward()  # type: ignore[no-untyped-call]
    return {name: tensor.grad for name, tensor in learned.items()}


def _square(side: int, first: int, last: int) -> NDArray[np.float64]:
    marks = np.zeros((side, side))
    marks[first:last, first:last] = 1
    return marks


def _blob(canvas: Canvas, x: float, y: float) -> NDArray[np.float64]:
    """(H, W): a soft spot around a point in canvas units."""
    across, down = np.moveaxis(canvas.centres(), -1, 0)
    spot: NDArray[np.float64] = np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * 0.08**2))
    return spot


def _check_range(image: Image, what: str) -> None:
    assert np.isfinite(image).all(), f"{what} is finite everywhere"
    assert 0 <= image.min() <= image.max() <= 1, (
        f"the colours of {what} lie in [0, 1]; got {image.min():.3f} to {image.max():.3f}"
    )


def _check_place(made: Drawer, params: Params, place: tuple[float, float]) -> None:
    x, y = _find_mark(_show(made, params), made.canvas)
    assert (x, y) == pytest.approx(place, abs=NEAR), (
        f"a mark goes where the motion says (source -> destination, in canvas units): ({place[0]:.3f}, "
        f"{place[1]:.3f}); got "
        f"({x:.3f}, {y:.3f})"
    )
