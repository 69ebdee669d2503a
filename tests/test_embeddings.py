"""Points on the sphere: angles, and the texts of a prompt mixed along great circles."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pixray_motion.embeddings import embed_prompt, great_circle_distance, slerp
from pixray_motion.story.plan import Prompt

X, Y, Z = torch.eye(3).unbind()
TEXTS = {"x": X, "y": Y, "z": Z}


def turned(angle: float) -> torch.Tensor:
    return torch.tensor([math.cos(angle), math.sin(angle), 0.0])


def embedded(**shares: float) -> torch.Tensor:
    return embed_prompt(Prompt(tuple(shares.items()), 1.0), TEXTS)


@pytest.mark.parametrize("angle", [1e-5, 1e-3, 0.1, 1.0, math.pi / 2, 2.5, 3.1])
def test_the_distance_is_the_angle_however_small_or_large(angle: float) -> None:
    assert float(great_circle_distance(X, turned(angle))) == pytest.approx(angle, rel=2e-3)


def test_distances_of_many_to_one() -> None:
    many = torch.stack([turned(0.2), turned(0.7), X])
    assert great_circle_distance(many, X).tolist() == pytest.approx([0.2, 0.7, 0], abs=1e-6)


@pytest.mark.parametrize("other", [X, -X, Y])
def test_every_distance_has_a_finite_gradient(other: torch.Tensor) -> None:
    point = X.clone().requires_grad_()
    great_circle_distance(point, other).square().backward()
    assert point.grad is not None
    assert torch.isfinite(point.grad).all()


@pytest.mark.parametrize(("share", "angle"), [(0, 0), (1 / 3, 30), (0.5, 45), (2 / 3, 60), (1, 90)])
def test_a_part_of_a_right_angle(share: float, angle: float) -> None:
    assert slerp(X, Y, share).tolist() == pytest.approx(turned(math.radians(angle)).tolist(), abs=1e-6)


def test_what_is_nearly_the_same_is_not_turned() -> None:
    assert torch.equal(slerp(X, turned(5e-5), 0.7), X)
    assert torch.equal(slerp(X, X, 0.3), X)


def test_one_text_is_its_embedding() -> None:
    assert torch.equal(embedded(y=1.0), Y)


def test_two_texts_by_their_shares() -> None:
    assert embedded(x=0.75, y=0.25).tolist() == pytest.approx(turned(math.radians(22.5)).tolist(), abs=1e-6)
    assert embedded(y=0.75, x=0.25).tolist() == pytest.approx(turned(math.radians(67.5)).tolist(), abs=1e-6)


def test_three_texts_of_equal_shares() -> None:
    """Half way from x to y, and from there a third of the way to z."""
    found = embedded(x=1 / 3, y=1 / 3, z=1 / 3)
    half = math.cos(math.radians(30)) * math.sqrt(0.5)
    assert found.tolist() == pytest.approx([half, half, 0.5], abs=1e-6)


def test_the_order_of_three_texts_counts() -> None:
    """Of z, x and y it is another point: first half way from z to x, then a sixth... of the way to y."""
    found = embedded(z=0.25, x=0.25, y=0.5)
    whole = math.sqrt(0.5)
    assert found.tolist() == pytest.approx([whole * whole, whole, whole * whole], abs=1e-6)
    assert not torch.allclose(found, embedded(y=0.5, x=0.25, z=0.25), atol=0.01)


def test_shares_count_as_parts_of_their_sum() -> None:
    """What lies before the third text weighs 0.2 + 0.6."""
    way = slerp(slerp(X, Y, 0.75), Z, 0.2)
    assert torch.allclose(embedded(x=0.2, y=0.6, z=0.2), way, atol=1e-6)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=5), st.integers(0, 99))
def test_every_mixture_is_a_slerp_of_slerps_on_the_sphere(parts: list[float], seed: int) -> None:
    points = torch.randn((len(parts), 8), generator=torch.Generator().manual_seed(seed))
    texts = {str(number): point / point.norm() for number, point in enumerate(points)}
    shares = [part / sum(parts) for part in parts]
    found = embed_prompt(Prompt(tuple(zip(texts, shares, strict=True)), 1.0), texts)
    assert float(found.norm()) == pytest.approx(1, abs=1e-5)
    if len(parts) > 1:
        most = 1 - shares[-1]
        before = Prompt(
            tuple((text, share / most) for text, share in zip(list(texts)[:-1], shares, strict=False)), 1.0
        )
        way = slerp(embed_prompt(before, texts), texts[str(len(parts) - 1)], shares[-1])
        assert torch.allclose(found, way, atol=1e-4)
