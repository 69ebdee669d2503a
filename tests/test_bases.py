"""Waves, wavelets and pixels: nothing is lost from planes to parts and back, and all parts weigh the same."""

import pytest
import torch

from pixray_motion.drawers.base import drawer
from pixray_motion.drawers.bases import BASES, HIGH_PASS, LOW_PASS, Basis
from pixray_motion.geometry import Canvas

every = pytest.mark.parametrize("name", BASES)
sizes = pytest.mark.parametrize("size", [(135, 240), (75, 64), (31, 33), (16, 21), (160, 160)])


def basis(name: str, size: tuple[int, int], decay: float = 0.8) -> Basis:
    return BASES[name](*size, decay)


def planes(size: tuple[int, int]) -> torch.Tensor:
    return torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(0))


@every
@sizes
def test_planes_come_back_from_their_parts(name: str, size: tuple[int, int]) -> None:
    made, before = basis(name, size), planes(size)
    parts = made.analyse(before)
    assert parts.shape == made.shape
    assert (made.synthesise(parts) - before).abs().max() < 1e-5


@sizes
def test_wavelets_keep_energy_and_fade_by_frequency(size: tuple[int, int]) -> None:
    even, before = basis("dwt", size, decay=0.0), planes(size)
    assert even.gain.unique().tolist() == [1.0]
    assert even.analyse(before).square().sum() == pytest.approx(float(before.square().sum()), rel=1e-5)
    faded = basis("dwt", size).gain
    assert faded.square().mean() == pytest.approx(1, rel=1e-5)
    assert faded[0, 0] == faded.max()
    assert faded[-1, -1] == faded.min()


def test_the_filters_are_orthonormal() -> None:
    low, high = torch.tensor(LOW_PASS), torch.tensor(HIGH_PASS)
    for shift in range(0, 8, 2):
        same = 1.0 if shift == 0 else 0.0
        assert float(low[shift:] @ low[: 8 - shift]) == pytest.approx(same, abs=1e-6)
        assert float(high[shift:] @ high[: 8 - shift]) == pytest.approx(same, abs=1e-6)
        assert float(low[shift:] @ high[: 8 - shift]) == pytest.approx(0, abs=1e-6)


def test_a_flat_plane_has_no_detail() -> None:
    made = basis("dwt", (64, 96))
    parts = made.analyse(torch.ones(1, 3, 64, 96))
    assert parts[..., 32:, :].abs().max() < 1e-5
    assert parts[..., 48:].abs().max() < 1e-5


def test_a_spectrum_is_what_it_was() -> None:
    """The bytes of films that were made before there was a choice."""
    made = drawer.make("fft")(Canvas(64, 36))
    params = made.init_params(torch.Generator().manual_seed(3))
    assert params["spectrum"].shape == (1, 3, 48, 41, 2)
    assert made.rate == pytest.approx(0.4)
