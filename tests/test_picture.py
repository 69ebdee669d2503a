"""Pictures before they are sampled: what they keep exactly, and what they average."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from learning import picture, rng
from pictures import photograph

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.picture import Picture
from pixray_motion.sampling import apply_border_mode, field_sample, grid, spline_sample, upsample_2x
from pixray_motion.sharpen import sharpen_clamped

CANVAS = Canvas(32, 18)


def photo(width: int = 32, height: int = 18, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(photograph(width, height, seed))[None].float()


def ramp(width: int, height: int, density: float) -> torch.Tensor:
    """(1, 3, h, w): x, y and x + y of each pixel's centre, in canvas units, brought to the middle of 0..1."""
    x = (torch.arange(width) + 0.5 - width / 2) / density
    y = (torch.arange(height) + 0.5 - height / 2) / density
    across, down = torch.meshgrid(x, y, indexing="xy")
    return 0.5 + 0.25 * torch.stack([across, down, across + down])[None]


def test_a_picture_of_the_canvas_size_is_shown_as_it_is() -> None:
    assert torch.allclose(picture(photo()).image(CANVAS), photo(), atol=1e-5)
    assert torch.allclose(picture(photo()).preview(CANVAS), photo(), atol=1e-5)


@pytest.mark.parametrize(("right", "down"), [(3, 0), (0, -2), (-5, 4)])
def test_a_shift_by_whole_pixels_moves_them_exactly(right: int, down: int) -> None:
    moved = Picture(photo(), (18.0, 18.0), Motion.shift(right / 18, down / 18)).image(CANVAS)
    wanted = torch.roll(photo(), (down, right), (-2, -1))
    rows = slice(max(0, down), 18 + min(0, down))
    columns = slice(max(0, right), 32 + min(0, right))
    assert torch.allclose(moved[..., rows, columns], wanted[..., rows, columns], atol=1e-5)


def test_beyond_its_edges_it_is_mirrored() -> None:
    moved = Picture(photo(), (18.0, 18.0), Motion.shift(3 / 18, 0)).preview(CANVAS)
    assert torch.allclose(moved[..., :3], photo()[..., :3].flip(-1), atol=1e-5)


@pytest.mark.parametrize("size", [2, 3])
def test_a_finer_picture_is_shown_by_the_means_of_its_blocks(size: int) -> None:
    fine = Picture(photo(32 * size, 18 * size), (18.0 * size,) * 2, Motion.identity())
    blocks = fine.pixels.view(1, 3, 18, size, 32, size).mean((3, 5))
    assert torch.allclose(fine.image(CANVAS), blocks, atol=1e-5)
    assert torch.allclose(fine.preview(CANVAS), blocks, atol=1e-5)


@pytest.mark.parametrize(("width", "height"), [(67, 36), (64, 37), (65, 39), (66, 38)])
def test_averaging_leaves_everything_in_its_place(width: int, height: int) -> None:
    """Also where a last row or column is dropped: the picture's centre is still its centre."""
    shown = Picture(ramp(width, height, 36.0), (36.0, 36.0), Motion.identity()).image(CANVAS)
    wanted = ramp(32, 18, 18.0)
    assert torch.allclose(shown[..., 2:-2, 2:-2], wanted[..., 2:-2, 2:-2], atol=8e-4)


def test_under_a_zoom_less_is_averaged() -> None:
    """Magnified twice, a picture of twice the density has just the canvas' pixels."""
    fine = photo(64, 36)
    shown = Picture(fine, (36.0, 36.0), Motion.scale(2)).image(CANVAS)
    assert torch.allclose(shown, fine[..., 9:27, 16:48], atol=1e-5)


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-40, 40), st.floats(0.7, 1.4))
def test_a_ramp_goes_where_the_view_says(x: float, y: float, angle: float, factor: float) -> None:
    view = Motion.shift(x, y) @ Motion.rotation(angle) @ Motion.scale(factor)
    shown = Picture(ramp(96, 96, 18.0), (18.0, 18.0), view).image(CANVAS)[0].numpy()
    there = view.inverse().apply(CANVAS.centres())
    assert np.abs(shown[0] - (0.5 + 0.25 * there[..., 0])).max() < 2e-3
    assert np.abs(shown[1] - (0.5 + 0.25 * there[..., 1])).max() < 2e-3


def test_densities_may_differ_by_axis() -> None:
    """Half as many columns to a canvas height as rows."""
    x = (torch.arange(16) + 0.5 - 8) / 9.0
    wide = 0.5 + 0.25 * x.expand(1, 3, 18, 16)
    shown = Picture(wide.contiguous(), (9.0, 18.0), Motion.identity()).image(CANVAS)
    assert torch.allclose(
        shown[..., 4:-4], ramp(32, 18, 18.0)[:, :1, :, 4:-4].expand(-1, 3, -1, -1), atol=1e-3
    )


def test_what_is_finer_along_one_axis_only_is_not_averaged_along_the_other() -> None:
    columns = torch.rand((1, 3, 1, 32), generator=rng())
    shown = Picture(columns.expand(-1, -1, 54, -1).contiguous(), (18.0, 54.0), Motion.identity()).image(
        CANVAS
    )
    assert torch.allclose(shown, columns.expand(-1, -1, 18, -1), atol=1e-5)


def test_cells_keep_hard_edges() -> None:
    cells = torch.rand((1, 3, 6, 8), generator=rng())
    shown = Picture(cells, (6.0, 6.0), Motion.identity(), cells=True).image(Canvas(32, 24))
    assert torch.equal(shown, cells.repeat_interleave(4, -1).repeat_interleave(4, -2))
    soft = Picture(cells, (6.0, 6.0), Motion.identity()).image(Canvas(32, 24))
    assert not torch.allclose(soft, shown, atol=0.05)


def test_values_stay_in_range_where_the_kernel_rings() -> None:
    edge = torch.zeros(1, 3, 18, 32)
    edge[..., 16:] = 1
    shown = Picture(edge, (18.0, 18.0), Motion.shift(0.3 / 18, 0)).image(CANVAS)
    assert (float(shown.min()), float(shown.max())) == (0, 1)


def test_what_is_sampled_already_is_not_sampled_again() -> None:
    pixels = photo(7, 7)
    frame = Picture(pixels, (1.0, 1.0), Motion.scale(3), frame=CANVAS)
    assert frame.image(CANVAS) is pixels
    assert frame.sampled(CANVAS) is frame
    assert frame.image(Canvas(16, 9)) is not pixels


def test_a_sampled_picture_is_a_frame_and_keeps_its_alpha() -> None:
    alpha = torch.zeros(1, 1, 18, 32)
    alpha[..., 8:20] = 0.75
    view = Motion.shift(4 / 18, 0)
    seen = Picture(photo(), (18.0, 18.0), view, alpha=alpha)
    frame = seen.sampled(CANVAS)
    assert frame.frame == CANVAS
    assert torch.equal(frame.pixels, seen.image(CANVAS))
    assert torch.equal(frame.coverage(CANVAS), seen.coverage(CANVAS))
    assert float(frame.coverage(CANVAS)[0, 0, 9, 18]) == pytest.approx(0.75, abs=1e-3)
    assert float(frame.coverage(CANVAS)[0, 0, 9, 8]) == pytest.approx(0, abs=0.02)
    assert Picture(photo(), (18.0, 18.0), view).sampled(CANVAS).alpha is None
    assert (frame.density, frame.view) == ((18.0, 18.0), Motion.identity())
    # and seen at another size it is still the same picture
    half = Canvas(16, 9)
    assert torch.allclose(frame.image(half)[..., 3:], seen.image(half)[..., 3:], atol=1e-3)


def test_without_alpha_a_picture_hides_everything_and_with_it_nothing_beyond_its_plane() -> None:
    assert torch.equal(picture(photo()).coverage(CANVAS), torch.ones(1, 1, 18, 32))
    small = Picture(photo(16, 10), (18.0, 18.0), Motion.identity(), alpha=torch.ones(1, 1, 10, 16))
    wanted = torch.zeros(18, 32)
    wanted[4:14, 8:24] = 1
    assert torch.allclose(small.coverage(CANVAS)[0, 0], wanted, atol=1e-5)


def test_a_filter_changes_what_is_stored() -> None:
    changed = Picture(photo(), (18.0, 18.0), Motion.scale(2)).with_filter(lambda pixels: pixels / 2)
    assert torch.equal(changed.pixels, photo() / 2)
    assert changed.view == Motion.scale(2)


def test_a_map_that_changes_nothing_changes_nothing() -> None:
    places = torch.from_numpy(CANVAS.centres()).float()
    alpha = photo(seed=2)[:, :1]
    warped = Picture(photo(), (18.0, 18.0), Motion.identity(), alpha=alpha).warped(places, CANVAS)
    assert torch.allclose(warped.pixels, photo(), atol=1e-4)
    assert warped.alpha is not None
    assert torch.allclose(warped.alpha, alpha, atol=1e-4)
    moved = Picture(photo(), (18.0, 18.0), Motion.shift(2 / 18, 0)).warped(places, CANVAS)
    assert torch.allclose(moved.pixels[..., 2:], photo()[..., :-2], atol=1e-4)


def test_a_map_of_a_finer_picture_shows_means() -> None:
    places = torch.from_numpy(CANVAS.centres()).float()
    fine = photo(64, 36)
    warped = Picture(fine, (36.0, 36.0), Motion.identity(), alpha=fine[:, :1]).warped(places, CANVAS)
    means = torch.nn.functional.avg_pool2d(fine, 2)
    assert torch.allclose(warped.pixels, means, atol=1e-4)
    assert warped.alpha is not None
    assert torch.allclose(warped.alpha, means[:, :1], atol=1e-4)


def test_a_map_leaves_values_in_range_where_the_kernel_rings() -> None:
    edge = torch.zeros(1, 3, 18, 32)
    edge[..., 16:] = 1
    places = torch.from_numpy(CANVAS.centres() + np.array([0.3 / 18, 0])).float()
    warped = Picture(edge, (18.0, 18.0), Motion.identity()).warped(places, CANVAS)
    assert (float(warped.pixels.min()), float(warped.pixels.max())) == (0, 1)


@pytest.mark.parametrize(("side", "size"), [(32, 4), (32, 16), (24, 8), (40, 8), (32, 32)])
def test_cutouts_see_means_where_they_are_coarser(side: int, size: int) -> None:
    """Of the whole of a square picture."""
    pixels = photo(side, side)
    whole = torch.diag(torch.tensor([0.5, 0.5, 1.0], dtype=torch.float64))[None]
    blocks = torch.nn.functional.avg_pool2d(pixels, side // size)
    assert torch.allclose(picture(pixels).cutouts(whole, size), blocks, atol=1e-5)


def test_a_cutout_lies_where_its_view_says() -> None:
    """Its first axis points down, and its second to the left: its rows are columns, from right to left."""
    pixels = photo(32, 32)
    quarter = torch.tensor([[0.0, -0.25, 0.25], [0.25, 0.0, -0.25], [0.0, 0.0, 1.0]]).double()[None]
    seen = picture(pixels).cutouts(quarter, 16)
    assert torch.allclose(seen, pixels[..., :16, 16:].transpose(-1, -2).flip(-2), atol=1e-5)


@pytest.mark.parametrize(("across", "down"), [(0.0625, 0.5), (0.5, 0.0625)])
def test_a_narrow_cutout_is_averaged_by_the_mean_of_its_sides(across: float, down: float) -> None:
    """4 x 4 pixels into one: of noise with a deviation of 0.29 less than 0.1 is left, less by some more sampling."""
    noise = torch.rand((1, 3, 64, 64), generator=rng())
    view = torch.diag(torch.tensor([across, down, 1.0], dtype=torch.float64))[None]
    assert 0.02 < picture(noise).cutouts(view, 8).std() < 0.1


def test_two_views_are_sampled_as_each_of_them() -> None:
    maps = torch.stack(
        [torch.from_numpy(view.matrix) for view in (Motion.rotation(20), Motion.shift(0.3, 0.1))]
    )
    both = grid(maps, (3, 5))
    assert both.shape == (2, 3, 5, 2)
    for found, single in zip(both, maps, strict=True):
        assert torch.allclose(found, grid(single[None], (3, 5))[0])


def test_gradients_reach_every_pixel_that_is_seen() -> None:
    pixels = photo(64, 36).requires_grad_()
    (gradient,) = torch.autograd.grad(
        Picture(pixels, (36.0, 36.0), Motion.identity()).image(CANVAS).sum(), pixels
    )
    assert float(gradient.min()) == pytest.approx(0.25, abs=0.1)


def test_doubling_keeps_every_sample_and_puts_one_half_way() -> None:
    """To the right and below; a wave is interpolated exactly, but near the edges."""
    place = torch.arange(48.0)
    wave = torch.cos(place * 2 * math.pi / 8)
    image = (wave[:, None] * wave).expand(2, 3, 48, 48)
    doubled = upsample_2x(image.contiguous())
    assert doubled.shape == (2, 3, 96, 96)
    assert torch.equal(doubled[..., ::2, ::2], image)
    half = torch.cos((place + 0.5) * 2 * math.pi / 8)
    inside = slice(8, 40)
    assert torch.allclose(
        doubled[0, 0, 1::2, ::2][inside, inside], (half[:, None] * wave)[inside, inside], atol=0.02
    )
    assert torch.allclose(
        doubled[0, 0, ::2, 1::2][inside, inside], (wave[:, None] * half)[inside, inside], atol=0.02
    )
    assert torch.allclose(
        doubled[0, 0, 1::2, 1::2][inside, inside], (half[:, None] * half)[inside, inside], atol=0.02
    )
    assert torch.allclose(
        upsample_2x(torch.full((1, 1, 9, 9), 0.3)), torch.full((1, 1, 18, 18), 0.3), atol=1e-6
    )


def test_points_of_a_grid_are_pixel_centres() -> None:
    points = grid(torch.eye(3, dtype=torch.float64)[None], (2, 4))
    assert points[0, :, :, 0].tolist() == [[-0.75, -0.25, 0.25, 0.75]] * 2
    assert points[0, :, :, 1].tolist() == [[-0.5] * 4, [0.5] * 4]
    leaning = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0.5, 0, 1]]).double()[None]
    assert grid(leaning, (2, 4))[0, 0, 0].tolist() == pytest.approx([-0.75 / 0.625, -0.5 / 0.625])


@pytest.mark.parametrize(
    ("border", "x", "y"),
    [("wrap", -0.7, 0.3), ("mirror", 0.7, -0.3), ("edge", 1.0, -0.5), ("noise", 1.0, -0.5)],
)
def test_borders_bring_points_back_to_the_screen(border: str, x: float, y: float) -> None:
    inside = apply_border_mode(np.array([[1.3, -0.7], [0.2, 0.1]]), (1.0, 0.5), border)
    assert inside[0] == pytest.approx([x, y])
    assert inside[1] == pytest.approx([0.2, 0.1])


@pytest.mark.parametrize("order", [1, 3, 5])
def test_a_spline_goes_through_its_samples(order: int) -> None:
    image = photograph(32, 18, 1)
    assert np.allclose(spline_sample(image, CANVAS.centres(), 18.0, order), image, atol=1e-5)
    one_right = spline_sample(image, CANVAS.centres() + np.array([1 / 18, 0]), 18.0, order)
    assert np.allclose(one_right[:, :, :-1], image[:, :, 1:], atol=1e-5)
    assert np.allclose(one_right[:, :, -1], image[:, :, -2], atol=1e-5)  # mirrored at the last pixel's centre


def test_a_sampled_map_is_known_between_its_points_and_goes_on_beyond() -> None:
    places = CANVAS.centres()
    moved = Motion.rotation(20).apply(places) + np.array([0.1, -0.2])
    between = places[2:-2, 2:-2] + 0.3 / 18
    wanted = Motion.rotation(20).apply(between) + np.array([0.1, -0.2])
    assert np.allclose(field_sample(moved, places, 18.0, between), wanted, atol=2e-3)
    far = np.array([[5.0, 0.5 / 18]])
    assert field_sample(places + np.array([0.1, 0.2]), places, 18.0, far) == pytest.approx(
        far + np.array([0.1, 0.2])
    )


def test_a_small_picture_is_not_sharpened_and_a_large_one_keeps_its_range() -> None:
    soft = torch.nn.functional.interpolate(photo(16, 9), scale_factor=12, mode="bilinear")
    assert sharpen_clamped(soft, 48) is soft
    assert sharpen_clamped(soft, 47) is soft
    sharp = sharpen_clamped(soft, 108)
    assert float(sharp.diff(dim=-1).abs().max()) > 1.2 * float(soft.diff(dim=-1).abs().max())
    assert float(sharp.min()) >= float(soft.min())
    assert float(sharp.max()) <= float(soft.max())


def test_an_edge_is_steepened_by_the_gain_and_never_rings() -> None:
    """At 96 lines the blur is over three pixels; what would go beyond the nearest extremes is cut off."""
    row = torch.tensor([0.2, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9, 0.9])
    sharp = sharpen_clamped(row.expand(1, 3, 5, 8).contiguous(), 96)[0, 0, 2].tolist()
    assert sharp[3] == pytest.approx(0.4 - 1.5 * (1.3 / 3 - 0.4), abs=1e-6)
    assert sharp[4] == pytest.approx(0.6, abs=1e-6)  # a straight slope stays
    assert sharp[5] == pytest.approx(0.8 + 1.5 * (0.8 - 2.3 / 3), abs=1e-6)
    assert (sharp[1], sharp[6]) == pytest.approx((0.2, 0.9), abs=1e-6)
