"""Drawers of a plane: its size, when it is sampled anew, and that its colours stay in range."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from learning import Sheets, rng

from pixray_motion.coordinate_maps import CoordinateMap, Points
from pixray_motion.drawers import raster
from pixray_motion.drawers.base import Drawer, Params, drawer, unit_rate
from pixray_motion.drawers.fft import CONTRAST, FftDrawer
from pixray_motion.drawers.plane import PlaneDrawer
from pixray_motion.drawers.raster import RasterDrawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.picture import Picture

CANVAS = Canvas(48, 27)


class Stretched(CoordinateMap):
    """Widens the picture about its centre, and changes no height."""

    def __init__(self, factor: float) -> None:
        self.factors = np.array([factor, 1.0])

    def apply(self, points: Points) -> Points:
        return points * self.factors

    def apply_inverse(self, points: Points) -> Points:
        return points / self.factors


def smooth(seed: int = 0) -> torch.Tensor:
    """(1, 3, 27, 48): colours that change slowly, between 0.2 and 0.8."""
    coarse = torch.rand(1, 3, 3, 5, generator=rng(seed))
    return 0.2 + 0.6 * torch.nn.functional.interpolate(coarse, (27, 48), mode="bilinear")


def stripes(high: float = 1.0, low: float = 0.0, period: int = 2) -> torch.Tensor:
    """(1, 3, 27, 48): upright stripes, after which every spline rings."""
    row = torch.where(torch.arange(48) % (2 * period) < period, high, low)
    return row.expand(1, 3, 27, 48).contiguous()


@pytest.fixture
def made() -> RasterDrawer:
    return PlaneDrawer(CANVAS)


@given(st.integers(8, 700), st.integers(8, 700))
def test_a_plane_is_a_margin_larger_and_quick_to_transform(width: int, height: int) -> None:
    plane = PlaneDrawer(Canvas(width, height)).plane
    for length, seen in ((plane.width, width), (plane.height, height)):
        fitting = (n for n in range(seen, 4 * seen, 2) if n >= raster.MARGIN * seen and is_smooth(n))
        assert length == next(fitting)


def is_smooth(length: int) -> bool:
    """Whether no prime above 7 divides it."""
    return (2 * 3 * 5 * 7) ** 10 % length == 0


def test_values_of_a_plane_stay_in_range_where_the_spline_rings(made: RasterDrawer) -> None:
    params = made.encode(stripes())
    moved = made.warp(params, Motion.shift(0.0137, 0.0071), "mirror", rng())
    for plane in (params["plane"], moved["plane"]):
        assert 0 <= plane.min() < 0.02
        assert 0.98 < plane.max() <= 1


def test_an_update_leaves_a_plane_in_range(made: RasterDrawer) -> None:
    params = made.encode(smooth())
    for change in (-2.0, 2.0):
        plane = made.apply_update(params, torch.full((1, 3, 27, 48), change))["plane"]
        assert torch.equal(plane, torch.full_like(plane, float(change > 0)))


@pytest.mark.parametrize(("x", "y"), [(0.071, 0.0), (-0.071, 0.033), (0.01, -0.052)])
def test_a_plane_follows_by_whole_pixels(made: RasterDrawer, x: float, y: float) -> None:
    """The plane's middle stays within half a pixel of the screen's, so its margin lasts the longest."""
    moved = made.warp(made.encode(stripes()), Motion.shift(x, y), "mirror", rng())
    centre = Motion(moved["view"].numpy()).apply(np.zeros(2))
    assert (np.abs(centre) <= 0.5 / 27 + 1e-9).all()
    assert Motion(moved["view"].numpy()) != Motion.identity()


def test_a_plane_is_sampled_anew_once_the_view_is_too_close(made: RasterDrawer) -> None:
    begun = made.warp(made.encode(stripes()), Motion.scale(1.001), "mirror", rng())
    near = made.warp(begun, Motion.scale(raster.CLOSER / 1.01), "mirror", rng())
    assert torch.equal(near["plane"], begun["plane"])
    nearer = made.warp(near, Motion.scale(1.03), "mirror", rng())
    assert not torch.equal(nearer["plane"], near["plane"])


@pytest.mark.parametrize(
    ("factor", "kept"), [(1.1, True), (1.45, True), (1.6, False), (3.0, False), (0.95, True)]
)
def test_a_plane_is_bent_until_it_is_stretched_too_far(made: RasterDrawer, factor: float, kept: bool) -> None:
    bent = made.remap(made.encode(smooth()), Stretched(factor), "mirror", rng())
    assert ("backward_map" in bent) == kept


class Encoded(Sheets):
    """Shows an image of the canvas' size, and keeps what it is to encode."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__({})
        self.canvas = canvas
        self.encoded: list[torch.Tensor] = []

    def draw(self, params: Params) -> Picture:
        return Picture(params["image"], (27.0, 27.0), Motion.identity())

    def encode(self, image: torch.Tensor) -> Params:
        self.encoded.append(image)
        return {"image": image}


@pytest.mark.parametrize("border", ["mirror", "edge", "wrap", "noise"])
def test_what_a_drawer_cannot_bend_is_bent_as_an_image(border: str) -> None:
    """Squeezed to half its width, a picture shows the border mode on either side."""
    image = smooth()
    made = Encoded(CANVAS)
    made.remap({"image": image}, Stretched(0.5), border, rng())
    (bent,) = made.encoded
    assert bent.dtype == torch.float32
    assert bent.min() >= 0
    assert bent.max() <= 1
    middle = bent[..., 12:36]
    assert torch.allclose(middle.mean((2, 3)), image.mean((2, 3)), atol=0.02)
    sides = torch.cat([bent[..., :12], bent[..., 36:]], -1)
    if border == "noise":
        assert 0.25 < sides.std() < 0.33  # uniform: 0.289
        again = made.remap({"image": image}, Stretched(0.5), border, rng(1))["image"]
        assert torch.equal(again[..., 12:36], middle)
        assert not torch.equal(again[..., :12], bent[..., :12])
    elif border == "edge":
        assert sides[..., :11].std(-1).max() < 0.01


def test_what_a_spline_rings_is_clipped_before_it_is_encoded() -> None:
    made = Encoded(CANVAS)
    made.remap({"image": stripes()}, Stretched(1.03), "mirror", rng())
    assert made.encoded[0].min() >= 0
    assert made.encoded[0].max() <= 1


def rates(name: str, values: Mapping[str, float]) -> dict[str, float]:
    made: Drawer = drawer.make(name)(CANVAS, **values)
    return {key: rate.lr for key, rate in made.learning(made.init_params(rng())).items()}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (entry.name, parameter.name)
        for entry in drawer.entries()
        for parameter in entry.parameters
        if parameter.name.endswith("learning_rate")
    ],
)
def test_a_learning_rate_is_a_factor_of_the_step(name: str, parameter: str) -> None:
    one, three, none = (rates(name, {parameter: factor}) for factor in (1.0, 3.0, 0.0))
    reached = {key for key in one if three[key] != one[key]}
    assert reached
    for key in reached:
        assert three[key] == pytest.approx(3 * one[key])
        assert none[key] == 0


def test_a_full_step_of_a_spectrum_is_that_of_its_pixels() -> None:
    """Of plain pixels it is so by definition: the rate is reckoned for the values of the plane."""
    made = FftDrawer(CANVAS, basis="rgb", learning_rate=1.0)
    (rate,) = made.learning(made.init_params(rng())).values()
    area = made.plane.width * made.plane.height
    assert rate.lr == pytest.approx(made.basis.learning_rate_factor * unit_rate(area))


def test_colours_of_spectra_are_those_of_lucid() -> None:
    """The columns of ``color_correlation_svd_sqrt`` in Lucid's lucid/optvis/param/color.py."""
    made = FftDrawer(CANVAS, basis="rgb")
    for direction, column in enumerate([(0.26, 0.27, 0.27), (0.09, 0.00, -0.09), (0.02, -0.05, 0.03)]):
        spectrum = torch.zeros(made.basis.shape)
        spectrum[:, direction] = 0.1
        pixels = made.pixels({"spectrum": spectrum})
        sums = torch.logit(pixels.double()).mean((0, 2, 3)) / (CONTRAST * 0.1)
        unit = float(made.basis.synthesise(spectrum)[0, direction].mean() / 0.1)
        assert (sums / unit).tolist() == pytest.approx(column, abs=1e-3)
