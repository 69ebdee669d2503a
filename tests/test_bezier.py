"""Strokes against diffvg's pictures and gradients, and against finite differences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pixray_motion.drawers.bezier import drawn, premultiplied

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
    rgb, through = premultiplied(curves, owner, half_widths, colours, height, width)
    solid = torch.cat([colours[:, :3], torch.ones_like(colours[:, 3:])], 1)
    _, beside = premultiplied(curves, owner, half_widths, solid, height, width)
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


def test_gradients_to_points_are_finite_differences() -> None:
    """On a bent stroke too, where diffvg's own lack the curvature."""
    curves = torch.tensor([[[8.3, 20.1], [14.2, 2.7], [25.1, 38.4], [33.7, 17.9]]], dtype=torch.float64)
    owner, half_widths = torch.tensor([0]), torch.tensor([3.3], dtype=torch.float64)
    colours, paper = torch.tensor([[0.9, 0.2, 0.1, 0.8]], dtype=torch.float64), torch.ones(3).double()
    target = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def loss(points: Tensor) -> Tensor:
        return (drawn(points, owner, half_widths, colours, paper, 40, 40) - target).square().mean()

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
    ],
    ids=["a dot", "straight", "off the canvas", "huge"],
)
def test_odd_strokes_give_finite_pictures_and_gradients(points: list[list[float]]) -> None:
    curves = torch.tensor([points]).float().requires_grad_()
    half_widths = torch.tensor([2.0]).requires_grad_()
    colours = torch.tensor([[0.1, 0.2, 0.3, 1.0]]).requires_grad_()
    image = drawn(curves, torch.tensor([0]), half_widths, colours, torch.ones(3), 20, 24)
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
    image = drawn(curves, torch.tensor([0, 1]), torch.tensor([3.3, 2.7]), white, torch.ones(3), 20, 24)
    assert image.min() > 0.999
    red_over_blue = torch.tensor([[0.0, 0, 1, 1], [1, 0, 0, 1]])
    image = drawn(
        curves, torch.tensor([0, 1]), torch.tensor([3.3, 2.7]), red_over_blue, torch.ones(3), 20, 24
    )
    assert image[:, 10, 12].tolist() == pytest.approx([1, 0, 0], abs=1e-3)
    assert image[:, 10, 4].tolist() == pytest.approx([0, 0, 1], abs=1e-3)
