"""Strokes against diffvg's pictures and gradients, and against finite differences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pixray_motion.drawers.bezier import Shapes, rasterise, rasterise_premultiplied
from pixray_motion.drawers.nearest import find_coverage

SCENES = sorted(Path(__file__).parent.glob("data/diffvg/*.npz"))
scene = pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)


def strokes(data: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Curves, owner, half widths, colours."""
    points, first, curves, owner = torch.from_numpy(data["points"]), 0, [], []
    for number, segments in enumerate(data["segments"]):
        curves += [points[first + 3 * k : first + 3 * k + 4] for k in range(segments)]
        owner += [number] * int(segments)
        first += 3 * int(segments) + 1
    half_widths, colours = torch.from_numpy(data["half_widths"]), torch.from_numpy(data["colours"])
    return torch.stack(curves), torch.tensor(owner), half_widths, colours


def as_diffvg(
    curves: Tensor, owner: Tensor, half_widths: Tensor, colours: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Colours (3, h, w), averaged over samples with nothing = 0, and alpha (h, w)."""
    width, height = size
    rgb, through = rasterise_premultiplied(Shapes(curves, owner, half_widths, colours), height, width)
    solid = torch.cat([colours[:, :3], torch.ones_like(colours[:, 3:])], 1)
    _, beside = rasterise_premultiplied(Shapes(curves, owner, half_widths, solid), height, width)
    alpha = 1 - through
    return rgb / alpha.clamp(min=1e-6) * (1 - beside), alpha


def cosine(a: Tensor, b: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(a.flatten().double(), b.flatten().double(), dim=0))


@scene
def test_pictures_are_diffvgs(path: Path) -> None:
    data = np.load(path)
    rgb, alpha = as_diffvg(*strokes(data), tuple(data["size"]))
    wanted = torch.from_numpy(data["rgba"].astype(np.float32) / 65535)
    assert (alpha - wanted[..., 3]).abs().mean() < 0.002
    assert (rgb.permute(1, 2, 0) - wanted[..., :3]).abs().mean() < 0.004


@scene
def test_gradients_to_widths_and_colours_are_diffvgs(path: Path) -> None:
    data = np.load(path)
    curves, owner, half_widths, colours = strokes(data)
    rgb, alpha = as_diffvg(
        curves, owner, half_widths.requires_grad_(), colours.requires_grad_(), tuple(data["size"])
    )
    seen = (alpha * rgb + 1 - alpha).permute(1, 2, 0)
    (seen - torch.from_numpy(data["target"]).float()).square().mean().backward()
    assert half_widths.grad is not None
    assert colours.grad is not None
    assert cosine(half_widths.grad, torch.from_numpy(data["width_gradient"])) > 0.95
    assert cosine(colours.grad, torch.from_numpy(data["colour_gradient"])) > 0.998


def differences(loss: Callable[[Tensor], Tensor], at: Tensor, step: float) -> Tensor:
    """(…): central finite differences."""
    found = torch.zeros_like(at)
    for index in np.ndindex(*at.shape):
        change = torch.zeros_like(at)
        change[index] = step
        found[index] = (loss(at + change) - loss(at - change)) / (2 * step)
    return found


@scene
def test_gradients_to_points_are_finite_differences_in_every_scene(path: Path) -> None:
    """Also where a stroke's edge runs along the edges of pixels. Of many strokes, the first few are moved."""
    data = np.load(path)
    curves, owner, half_widths, colours = (
        part if part.dtype == torch.int64 else part.double() for part in strokes(data)
    )
    width, height = map(int, data["size"])
    target = torch.from_numpy(data["target"]).double().permute(2, 0, 1)
    some = curves[:4]

    def loss(points: Tensor) -> Tensor:
        shapes = Shapes(torch.cat([points, curves[len(points) :]]), owner, half_widths, colours)
        return (rasterise(shapes, torch.ones(3).double(), height, width) - target).square().mean()

    points = some.clone().requires_grad_()
    loss(points).backward()
    assert points.grad is not None
    assert cosine(points.grad, differences(lambda p: loss(p).detach(), some, 1e-3)) > 0.95


def polygon(corners: list[tuple[float, float]] | Tensor) -> Tensor:
    """(C, 4, 2): straight edges, back to the first corner."""
    points = torch.as_tensor(corners, dtype=torch.float64)
    points = torch.cat([points, points[:1]])
    t = torch.tensor([0, 1 / 3, 2 / 3, 1], dtype=torch.float64)[None, :, None]
    return points[:-1, None] * (1 - t) + points[1:, None] * t


STAR = [(20.2 + 15 * np.sin(k * 0.8 * np.pi), 18.7 - 15 * np.cos(k * 0.8 * np.pi)) for k in range(5)]
SHAPES = {
    "square": polygon([(5, 5), (30, 5), (30, 25), (5, 25)]),
    "the other way round": polygon([(5.3, 25.1), (30.2, 24), (29.7, 5.2), (6, 4.4)]),
    "star": polygon(STAR),
    "beyond": polygon([(-50, 10), (60, -20), (70, 90), (20, 15.5)]),
    "leaf": torch.tensor(
        [[[4.0, 20], [10, -2], [30, 0], [36, 20]], [[36.0, 20], [30, 38], [12, 44], [4, 20]]],
        dtype=torch.float64,
    ),
}


def inside(curves: Tensor, fine: int, size: int) -> np.ndarray:
    """(size, size): the share of ``fine`` x ``fine`` samples a pixel that an outline goes round."""
    t = np.linspace(0, 1, 200)[:, None]
    path = np.concatenate(
        [
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
            for a, b, c, d in curves.numpy()
        ]
    )
    places = (np.arange(size * fine) + 0.5) / fine
    turns = np.zeros((size * fine, size * fine), int)
    for (x0, y0), (x1, y1) in zip(path, np.roll(path, -1, 0), strict=True):
        rows = np.flatnonzero((places >= min(y0, y1)) & (places < max(y0, y1)))
        for row in rows:
            x = x0 + (places[row] - y0) / (y1 - y0) * (x1 - x0)
            turns[row, places > x] += 1 if y1 > y0 else -1
    return (turns != 0).reshape(size, fine, size, fine).mean((1, 3))


@pytest.mark.parametrize("name", SHAPES)
def test_filled_shapes_cover_what_they_enclose(name: str) -> None:
    curves = SHAPES[name]
    owner, none = torch.zeros(len(curves), dtype=torch.long), torch.zeros(1, dtype=torch.float64)
    ink = torch.tensor([[1.0, 1, 1, 1]], dtype=torch.float64)
    shapes = Shapes(curves, owner, none, ink, torch.tensor([True]))
    _, through = rasterise_premultiplied(shapes, 40, 40)
    assert np.abs(1 - through.numpy() - inside(curves, 16, 40)).mean() < 0.004


def test_a_filled_shape_lies_in_the_order_of_the_others() -> None:
    line = torch.tensor([[[2.0, 20], [14, 20], [26, 20], [38, 20]]], dtype=torch.float64)
    square, thin = SHAPES["square"], torch.tensor([2.0, 0, 2.0], dtype=torch.float64)
    red, green, blue = torch.eye(3, dtype=torch.float64)
    colours = torch.cat([torch.stack([red, green, blue]), torch.ones(3, 1)], 1)
    owner = torch.tensor([0, 1, 1, 1, 1, 2])
    other = line + torch.tensor([0.0, -10])
    shapes = Shapes(
        torch.cat([line, square, other]), owner, thin, colours, torch.tensor([False, True, False])
    )
    image = rasterise(shapes, torch.ones(3).double(), 40, 40)
    assert image[:, 20, 15].tolist() == pytest.approx([0, 1, 0], abs=1e-6)  # hidden
    assert image[:, 20, 35].tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    assert image[:, 10, 15].tolist() == pytest.approx([0, 0, 1], abs=1e-6)


def test_all_gradients_are_exact_in_small_scenes() -> None:
    rng = torch.Generator().manual_seed(2)
    stroke = (16 * torch.rand((1, 4, 2), generator=rng, dtype=torch.float64)).requires_grad_()
    corners = torch.tensor([(3.1, 3.3), (12.2, 4.1), (9.3, 13.4)], dtype=torch.float64).requires_grad_()
    half_widths = torch.tensor([1.7, 0.0], dtype=torch.float64).requires_grad_()
    colours = torch.rand((2, 4), generator=rng, dtype=torch.float64).requires_grad_()
    paper = torch.rand(3, generator=rng, dtype=torch.float64).requires_grad_()
    owner, filled = torch.tensor([0, 1, 1, 1]), torch.tensor([False, True])

    def picture(*parts: Tensor) -> Tensor:
        curves = torch.cat([parts[0], polygon(parts[4])])
        return rasterise(Shapes(curves, owner, parts[1], parts[2], filled), parts[3], 16, 16)

    assert torch.autograd.gradcheck(
        picture, (stroke, half_widths, colours, paper, corners), eps=1e-6, atol=2e-3
    )


def test_work_depends_on_the_pixels_that_a_stroke_can_touch() -> None:
    """Of a canvas that is sixteen times as large, as many pixels are found."""
    line = torch.tensor([[[5.0, 5], [10, 8], [20, 8], [30, 12]]])
    counts = [
        len(
            find_coverage(
                line, torch.tensor([0]), torch.tensor([2.0]), torch.tensor([False]), side, side
            ).pixel
        )
        for side in (64, 1024)
    ]
    assert counts[0] == counts[1] < 200


def test_gradients_to_points_are_finite_differences() -> None:
    """On a bent stroke too, where diffvg's own lack the curvature."""
    curves = torch.tensor([[[8.3, 20.1], [14.2, 2.7], [25.1, 38.4], [33.7, 17.9]]], dtype=torch.float64)
    owner, half_widths = torch.tensor([0]), torch.tensor([3.3], dtype=torch.float64)
    colours, paper = torch.tensor([[0.9, 0.2, 0.1, 0.8]], dtype=torch.float64), torch.ones(3).double()
    target = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def loss(points: Tensor) -> Tensor:
        return (
            (rasterise(Shapes(points, owner, half_widths, colours), paper, 40, 40) - target).square().mean()
        )

    points = curves.clone().requires_grad_()
    loss(points).backward()
    assert points.grad is not None
    assert cosine(points.grad, differences(lambda p: loss(p).detach(), curves, 1e-3)) > 0.99


@pytest.mark.parametrize(
    "points",
    [
        [[10, 10], [10, 10], [10, 10], [10, 10]],
        [[0, 10], [5, 10], [10, 10], [15, 10]],
        [[-900, 4], [-800, 5], [-700, 6], [-600, 7]],
        [[-3000, -3000], [5000, -2000], [-4000, 4000], [4000, 3000]],
        [[1e9, 1e9], [-1e9, 1e9], [1e9, -1e9], [-1e9, -1e9]],
    ],
    ids=["a dot", "straight", "off the canvas", "huge", "vast"],
)
def test_odd_strokes_give_finite_pictures_and_gradients(points: list[list[float]]) -> None:
    curves = torch.tensor([points]).float().requires_grad_()
    half_widths = torch.tensor([2.0]).requires_grad_()
    colours = torch.tensor([[0.1, 0.2, 0.3, 1.0]]).requires_grad_()
    image = rasterise(Shapes(curves, torch.tensor([0]), half_widths, colours), torch.ones(3), 20, 24)
    image.sum().backward()
    assert torch.isfinite(image).all()
    for tensor in (curves, half_widths, colours):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()


def test_later_strokes_cover_earlier_ones_without_dark_fringes() -> None:
    curves = torch.tensor(
        [[[2.0, 10], [8, 10], [16, 10], [22, 10]], [[12.0, 2], [12, 8], [12, 14], [12, 18]]]
    )
    white = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 1]])
    two = torch.tensor([0, 1]), torch.tensor([3.3, 2.7])
    image = rasterise(Shapes(curves, *two, white), torch.ones(3), 20, 24)
    assert image.min() > 0.999
    red_over_blue = torch.tensor([[0.0, 0, 1, 1], [1, 0, 0, 1]])
    image = rasterise(Shapes(curves, *two, red_over_blue), torch.ones(3), 20, 24)
    assert image[:, 10, 12].tolist() == pytest.approx([1, 0, 0], abs=1e-3)
    assert image[:, 10, 4].tolist() == pytest.approx([0, 0, 1], abs=1e-3)
