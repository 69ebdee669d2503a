"""Random cutouts: how they are spread, how their colours vary, and the very numbers of one seed."""

import math

import pytest
import torch
from learning import rng

from pixray_motion.cutouts import jitter_colours, sample_cutout_transforms
from pixray_motion.geometry import Canvas

COUNT = 20_000
SQUARE = Canvas(64, 64)


def correlation(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one, other]))[0, 1])


@pytest.fixture(scope="module")
def square() -> torch.Tensor:
    return sample_cutout_transforms(SQUARE, COUNT, rng())


def taken_apart(maps: torch.Tensor) -> dict[str, torch.Tensor]:
    """The parts that such maps are made of, where cutouts are squares: side * (rotation, sheared and stretched)."""
    side = (maps[:, 0, 0] * maps[:, 1, 1] + maps[:, 1, 0] ** 2).sqrt()
    turn = torch.asin(maps[:, 1, 0] / side)
    return {
        "side": side,
        "turn": turn,
        "stretch": (maps[:, 0, 0] / maps[:, 1, 1]).log() / 2,
        "shear": maps[:, 0, 1] / side + torch.sin(turn),
        "x": maps[:, 0, 2],
        "y": maps[:, 1, 2],
    }


def test_their_parts_are_spread_as_the_constants_say(square: torch.Tensor) -> None:
    parts = taken_apart(square)
    for name, spread in (("turn", math.radians(7.5)), ("stretch", 0.08), ("shear", 0.06)):
        assert float(parts[name].mean()) == pytest.approx(0, abs=0.03 * spread)
        assert float(parts[name].std()) == pytest.approx(spread, rel=0.03)
        assert (parts[name].abs() > 2 * spread).double().mean() == pytest.approx(0.0455, abs=0.008)  # normal
    side = parts["side"] * 2  # over the canvas' shorter side
    assert 0.85 <= float(side.min()) < 0.851
    assert 1.199 < float(side.max()) <= 1.2
    assert float(side.mean()) == pytest.approx(1.025, abs=0.003)
    assert float(side.std()) == pytest.approx(0.35 / 12**0.5, rel=0.02)


def test_their_parts_do_not_depend_on_each_other(square: torch.Tensor) -> None:
    parts = list(taken_apart(square).values())
    table = torch.corrcoef(torch.stack(parts)) - torch.eye(len(parts), dtype=torch.float64)
    assert float(table.abs().max()) < 0.03


def test_they_are_turned_and_not_sheared(square: torch.Tensor) -> None:
    """What the first axis gains downwards, the second loses to the right; none is mirrored."""
    assert correlation(square[:, 0, 1], square[:, 1, 0]) < -0.85
    across, down = square[:, :2, 0], square[:, :2, 1]
    slant = (across * down).sum(1) / across.norm(dim=1) / down.norm(dim=1)
    assert float(slant.std()) == pytest.approx(0.06, rel=0.15)  # the shear alone, and a little of the stretch
    assert float(torch.linalg.det(square[:, :2, :2]).min()) > 0


def test_last_rows_are_those_of_affine_maps(square: torch.Tensor) -> None:
    assert square.dtype == torch.float64
    assert (square[:, 2] == torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)).all()


def test_they_lie_anywhere_on_the_canvas_and_hardly_beyond(square: torch.Tensor) -> None:
    side = taken_apart(square)["side"]
    most = (0.5 - side).abs() + 0.03
    for axis in (0, 1):
        place = square[:, axis, 2] / most
        assert float(place.abs().max()) <= 1 + 1e-9
        assert float(place.max()) > 0.99
        assert float(place.min()) < -0.99
        assert float(place.std()) == pytest.approx(3**-0.5, rel=0.02)  # uniform


@pytest.mark.parametrize("canvas", [Canvas(128, 64), Canvas(64, 128), Canvas(256, 64), Canvas(64, 256)])
def test_on_a_canvas_that_is_not_square_every_second_one_is_widened(canvas: Canvas) -> None:
    """By any power of the canvas' proportions up to the first, along its longer side."""
    maps = sample_cutout_transforms(canvas, COUNT, rng(1))
    across, down = maps[:, :2, 0].norm(dim=1), maps[:, :2, 1].norm(dim=1)
    wide = canvas.width > canvas.height
    stretched = (across / down if wide else down / across).log()
    even, odd = stretched[::2], stretched[1::2]
    proportions = math.log(max(canvas.width, canvas.height) / min(canvas.width, canvas.height))
    assert float(even.mean()) == pytest.approx(0, abs=0.01)
    assert float(even.std()) == pytest.approx(0.16, rel=0.03)  # twice the stretch
    assert float(odd.mean()) == pytest.approx(proportions / 2, abs=0.02)
    assert float(odd.std()) == pytest.approx((proportions**2 / 12 + 0.16**2) ** 0.5, rel=0.03)
    short = down if wide else across
    sides = taken_apart(maps[::2])["side"]
    assert float(sides.mean()) == pytest.approx(min(canvas.half) * 1.025, rel=0.01)
    assert float(short[1::2].mean()) == pytest.approx(float(short[::2].mean()), rel=0.01)
    # places: up to as far as a cutout lies within the canvas, and a little more
    for axis, half in enumerate(canvas.half):
        most = ((half - sides).abs().clamp(max=half) + 0.03) * (1 + 1e-9)
        place = maps[::2, axis, 2]
        assert bool((place.abs() <= most).all())
        assert float((place / most).abs().max()) > 0.99
        assert float(maps[1::2, axis, 2].abs().max()) <= half + 0.03


def test_on_a_square_canvas_none_is_widened(square: torch.Tensor) -> None:
    stretched = (square[:, :2, 0].norm(dim=1) / square[:, :2, 1].norm(dim=1)).log()
    for half in (stretched[::2], stretched[1::2]):
        assert float(half.mean()) == pytest.approx(0, abs=0.01)
        assert float(half.std()) == pytest.approx(0.16, rel=0.03)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_can_be_drawn(count: int) -> None:
    assert sample_cutout_transforms(Canvas(32, 18), count, rng()).shape == (count, 3, 3)


def test_the_cutouts_of_one_seed() -> None:
    """The order and the number of draws are part of a film's reproducibility."""
    drawn = sample_cutout_transforms(Canvas(32, 18), 2, rng(5))
    wanted = [
        [[0.480191, 0.034236, -0.108266], [-0.013884, 0.600917, 0.040585], [0.0, 0.0, 1.0]],
        [[0.513539, -0.143737, -0.123705], [0.141885, 0.483968, -0.03351], [0.0, 0.0, 1.0]],
    ]
    assert drawn.numpy() == pytest.approx(torch.tensor(wanted).double().numpy(), abs=1e-6)


@pytest.fixture(scope="module")
def halves() -> torch.Tensor:
    """Many cutouts of one picture, 0.4 above and 0.6 below, after their colours have been varied."""
    plain = torch.full((2000, 3, 24, 24), 0.4)
    plain[:, :, 12:] = 0.6
    return jitter_colours(plain, rng(2)).double()


def test_brightness_contrast_and_tint_vary_as_much_as_the_constants_say(halves: torch.Tensor) -> None:
    above, below = halves[:, :, :12].mean((2, 3)), halves[:, :, 12:].mean((2, 3))
    middle, span = (above + below) / 2, below - above
    assert middle.mean(0).tolist() == pytest.approx([0.5] * 3, abs=0.003)
    assert span.mean(0).tolist() == pytest.approx([0.2] * 3, abs=0.001)
    # what two colours have in common is no tint and no noise
    light = torch.cov(middle.T)
    assert float(light[0, 1]) == pytest.approx(0.05**2 / 3, rel=0.1)
    assert float(light[1, 2]) == pytest.approx(0.05**2 / 3, rel=0.1)
    spans = torch.cov(span.T)
    assert float(spans[0, 2]) == pytest.approx(0.2**2 * 0.1**2 / 3, rel=0.15)
    # and what remains of each is: a gain of up to 4 % of one half, and grain of 0.15 at most
    grain = 0.15**2 / 3 / 24**2
    for colour in range(3):
        own = float(light[colour, colour] - light[0, 1])
        assert own == pytest.approx(0.5**2 * 0.04**2 / 3 + grain, rel=0.2)


def test_contrast_leaves_middle_grey_alone(halves: torch.Tensor) -> None:
    above, below = halves[:, :, :12].mean((2, 3)), halves[:, :, 12:].mean((2, 3))
    middle, span = (above + below) / 2, below - above
    assert abs(correlation(middle[:, 0], span[:, 1])) < 0.06


def test_noise_is_of_any_strength_up_to_the_most(halves: torch.Tensor) -> None:
    strength = halves[:, :, :12].std((1, 2, 3)) ** 2 - halves[:, :, :12].mean((2, 3)).var(1)
    found = strength.clamp(min=0).sqrt()
    assert float(found.max()) == pytest.approx(0.15, rel=0.08)
    assert float(found.mean()) == pytest.approx(0.075, rel=0.05)
    assert float((found < 0.03).double().mean()) == pytest.approx(0.2, abs=0.04)


def test_colours_stay_in_range() -> None:
    varied = jitter_colours(torch.tensor([0.0, 1.0] * 20)[:, None, None, None].expand(-1, 3, 16, 16), rng(3))
    assert (float(varied.min()), float(varied.max())) == (0, 1)
    assert float((varied == 0).double().mean()) > 0.05
    assert float((varied == 1).double().mean()) > 0.05


def test_the_colours_of_one_seed() -> None:
    plain = torch.linspace(0.1, 0.9, 2 * 3 * 2 * 2).view(2, 3, 2, 2)
    wanted = [
        0.05816,
        0.03803,
        0.16049,
        0.1611,
        0.52977,
        0.20993,
        0.33869,
        0.3267,
        0.17126,
        0.39687,
        0.46182,
        0.42455,
        0.62075,
        0.59766,
        0.60438,
        0.75991,
        0.82121,
        0.98195,
        0.40536,
        0.57027,
        0.51008,
        0.91542,
        1.0,
        0.83318,
    ]
    assert jitter_colours(plain, rng(5)).flatten().tolist() == pytest.approx(wanted, abs=1e-5)


def test_gradients_pass() -> None:
    plain = torch.full((2, 3, 4, 4), 0.5, requires_grad=True)
    (gradient,) = torch.autograd.grad(jitter_colours(plain, rng(1)).sum(), plain)
    gains = gradient[:, :, 0, 0]
    assert 0.85 < float(gains.min()) <= float(gains.max()) < 1.15
    assert torch.equal(gradient, gains[:, :, None, None].expand_as(gradient))
