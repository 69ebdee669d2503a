"""Filters act on what is seen: the same part of the frame in every drawer, wherever the picture has gone."""

import pytest
import torch
from learning import rng
from pictures import photograph

from pixray_motion.drawers.base import Drawer, Params, drawer
from pixray_motion.drawers.static import StaticDrawer
from pixray_motion.filters import apply_filters, image_filter
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.picture import Picture
from pixray_motion.screen import Screen
from pixray_motion.story.plan import Component

CANVAS = Canvas(64, 36)
DRAWERS = ("fft", "pixel", "clipdraw", "diffusion", "line_sketch")
LEFT_TENTH = Component("left-tenth")


@pytest.fixture(autouse=True)
def left_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that blackens the left tenth of the frame."""
    image_filter.names()
    monkeypatch.setattr(image_filter, "_entries", dict(image_filter._entries))

    @image_filter("left-tenth")
    def left_tenth(image: torch.Tensor, screen: Screen) -> torch.Tensor:
        """Blacken the left tenth."""
        half, _ = screen.canvas.half
        return image * (screen.points[..., 0] >= -half + 0.1 * 2 * half)


def drawn(name: str) -> tuple[Drawer, Params]:
    made = drawer.make(name)(CANVAS)
    light = 0.5 + 0.5 * torch.from_numpy(photograph(64, 36))[None].float()
    return made, made.encode(light)


def dark_columns(image: torch.Tensor) -> list[int]:
    return torch.nonzero(image[0].amax((0, 1)) == 0).flatten().tolist()


VIEWS = {
    "at rest": Motion.identity(),
    "shifted": Motion.shift(0.11, -0.07),
    "turned and nearer": Motion.rotation(25) @ Motion.scale(1.15),
    "leaning": Motion.tilted(12, -8, 0.866),
}


@pytest.mark.parametrize("name", DRAWERS)
@pytest.mark.parametrize("view", VIEWS)
def test_the_same_columns_are_black_in_every_drawer(name: str, view: str) -> None:
    """A tenth of 64 columns is 6 whole ones; all else is as it is without the filter."""
    made, params = drawn(name)
    moved = made.warp(params, VIEWS[view], "mirror", rng())
    with torch.no_grad():
        plain = made.draw(moved)
        seen = apply_filters(plain, [LEFT_TENTH], CANVAS)
    image = seen.image(CANVAS)
    assert dark_columns(image) == [0, 1, 2, 3, 4, 5]
    assert torch.equal(image[..., 6:], plain.image(CANVAS)[..., 6:])


@pytest.mark.parametrize("name", DRAWERS)
def test_cutouts_see_the_filtered_frame_too(name: str) -> None:
    made, params = drawn(name)
    moved = made.warp(params, VIEWS["turned and nearer"], "mirror", rng())
    whole = torch.diag(torch.tensor([*CANVAS.half, 1.0], dtype=torch.float64))[None]
    with torch.no_grad():
        seen = apply_filters(made.draw(moved), [LEFT_TENTH], CANVAS).cutouts(whole, 20)
    assert float(seen[..., 0].max()) < 0.02
    assert float(seen[..., 3:].min()) > 0.3


def test_filters_act_in_order_and_one_on_colours_keeps_the_plane() -> None:
    made, params = drawn("fft")
    plain = made.draw(made.warp(params, VIEWS["shifted"], "mirror", rng()))
    harsher, greyer = Component("contrast", (("amount", 1.5),)), Component("contrast", (("amount", 0.0),))
    kept = apply_filters(plain, [harsher], CANVAS)
    assert kept.frame is None
    assert (kept.view, kept.density) == (plain.view, plain.density)
    assert torch.allclose(kept.pixels, ((plain.pixels - 0.5) * 1.5 + 0.5).clamp(0, 1))
    grey_last = apply_filters(plain, [LEFT_TENTH, greyer], CANVAS)
    assert grey_last.frame == CANVAS
    assert torch.equal(grey_last.image(CANVAS), torch.full((1, 3, 36, 64), 0.5))
    black_last = apply_filters(plain, [greyer, LEFT_TENTH], CANVAS)
    assert dark_columns(black_last.image(CANVAS)) == [0, 1, 2, 3, 4, 5]
    assert torch.allclose(black_last.image(CANVAS)[..., 6:], torch.tensor(0.5), atol=1e-5)
    assert apply_filters(plain, [], CANVAS) is plain


def test_a_filtered_picture_with_holes_keeps_them() -> None:
    page = torch.ones(20, 20, 4).numpy()
    made = StaticDrawer(CANVAS, page, 0.5, (0.2, 0.0))
    plain: Picture = made.draw(made.init_params(rng()))
    seen = apply_filters(plain, [LEFT_TENTH], CANVAS)
    assert torch.equal(seen.coverage(CANVAS), plain.coverage(CANVAS))
    assert float(seen.coverage(CANVAS).mean()) == pytest.approx(18 * 18 / (64 * 36), abs=0.01)


def test_gradients_pass_a_screen_filter_to_what_is_learned() -> None:
    made, params = drawn("pixel")
    cells = params["cells"].clone().requires_grad_()
    seen = apply_filters(made.draw(params | {"cells": cells}), [LEFT_TENTH], CANVAS)
    (gradient,) = torch.autograd.grad(seen.image(CANVAS).sum(), cells)
    assert float(gradient[..., :6].abs().max()) == 0 < float(gradient[..., 8:].min())
