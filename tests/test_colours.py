"""Colour statistics: what is measured, matched, kept and let go."""

import pytest
import torch
from learning import rng

from pixray_motion.denoisers.colours import (
    anchor_colours,
    colour_freedom,
    colour_stats,
    match_colour_stats,
    update_anchor,
)


def image(seed: int, mean: float = 0.0, spread: float = 0.3) -> torch.Tensor:
    return mean + spread * torch.randn((1, 3, 12, 16), generator=rng(seed))


def stats(mean: tuple[float, ...], spread: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor([mean, spread])


def test_statistics_are_the_mean_and_the_standard_deviation_of_each_colour() -> None:
    two = torch.tensor([[0.1, 0.5], [0.2, 0.2], [-1.0, 0.0]]).view(1, 3, 1, 2)
    found = colour_stats(two)
    assert found.shape == (2, 3)
    assert found[0].tolist() == pytest.approx([0.3, 0.2, -0.5])
    assert found[1].tolist() == pytest.approx([0.08**0.5, 0, 0.5**0.5])


def test_matched_pictures_have_the_statistics_that_are_wanted() -> None:
    wanted = stats((0.5, -0.2, 0.0), (0.1, 0.6, 0.3))
    assert torch.allclose(colour_stats(match_colour_stats(image(0), wanted)), wanted, atol=2e-3)


def test_a_picture_that_has_them_is_not_changed() -> None:
    assert torch.allclose(match_colour_stats(image(0), colour_stats(image(0))), image(0), atol=1e-6)


def test_matching_keeps_the_order_of_values() -> None:
    """It is a gain, the same for all pixels of a colour, and a lift."""
    matched = match_colour_stats(image(0), stats((0.5, 0.1, 0.0), (0.1, 0.6, 0.2)))
    gains = (matched - matched.mean((2, 3), keepdim=True)) / (image(0) - image(0).mean((2, 3), keepdim=True))
    for colour, spread in enumerate((0.1, 0.6, 0.2)):
        own = float(image(0)[:, colour].std())
        assert gains[0, colour].flatten().tolist() == pytest.approx(
            [(spread + 1e-3) / (own + 1e-3)] * 192, rel=1e-2
        )


def test_a_flat_picture_is_not_blown_up() -> None:
    flat = torch.full((1, 3, 4, 4), 0.2)
    flat[..., 0, 0] += 1e-6
    matched = match_colour_stats(flat, stats((0.0, 0.0, 0.0), (0.3, 0.3, 0.3)))
    assert float(matched.abs().max()) < 1e-3


@pytest.mark.parametrize(("change", "freedom"), [(0, 0), (0.1, 0.4), (0.25, 1), (0.6, 1), (1, 1)])
def test_a_quarter_of_new_prompts_frees_all_colours(change: float, freedom: float) -> None:
    assert colour_freedom(change) == pytest.approx(freedom)


def test_what_is_new_keeps_its_colours() -> None:
    assert torch.allclose(anchor_colours(image(0), image(1, 0.4), stats((1,) * 3, (1,) * 3), 1.0), image(0))


def test_what_is_not_new_has_the_colours_of_before() -> None:
    calm = anchor_colours(image(0), image(1, 0.4, 0.1), None, 0.0)
    assert torch.allclose(colour_stats(calm), colour_stats(image(1, 0.4, 0.1)), atol=1e-3)
    assert torch.allclose(
        anchor_colours(image(0), image(1), None, 0.25),
        torch.lerp(anchor_colours(image(0), image(1), None, 0.0), image(0), 0.25),
    )


def test_a_tenth_of_the_way_back_to_the_anchor() -> None:
    before, anchor = image(1, 0.4, 0.1), stats((0.9, 0.4, -0.6), (0.3, 0.1, 0.5))
    calm = colour_stats(anchor_colours(image(0), before, anchor, 0.0))
    assert torch.allclose(calm, 0.9 * colour_stats(before) + 0.1 * anchor, atol=1e-3)


def test_the_anchor_moves_as_far_as_colours_are_free() -> None:
    anchor, now = stats((0.9, 0.4, -0.6), (0.3, 0.1, 0.5)), colour_stats(image(2))
    assert torch.equal(update_anchor(None, image(2), 0.0), now)
    assert torch.equal(update_anchor(anchor, image(2), 0.0), anchor)
    assert torch.allclose(update_anchor(anchor, image(2), 0.25), 0.75 * anchor + 0.25 * now)
    assert torch.allclose(update_anchor(anchor, image(2), 1.0), now)
