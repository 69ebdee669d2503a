"""Cells of every shape: each point of the plane lies in exactly one, and they stay cells however they move."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pictures import photograph
from PIL import Image

from pixray_motion.cli.commands import program
from pixray_motion.drawers.base import drawer
from pixray_motion.drawers.tilings import KINDS, Tiling, make_tiling
from pixray_motion.errors import StoryError
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.story.reading.story import parse

every = pytest.mark.parametrize("kind", KINDS)
CANVAS = Canvas(96, 54)
PALETTE = ((0, 0, 0), (255, 255, 255), (220, 40, 40), (40, 60, 200))


def tiling(kind: str) -> Tiling:
    return make_tiling(kind, CANVAS, None, 9, regular=True)


def within(outline: np.ndarray, point: np.ndarray) -> bool:
    """Whether a point lies in a polygon (K, 2): the number of its sides to the right is odd."""
    (x0, y0), (x1, y1) = outline.T, np.roll(outline, -1, 0).T
    crossing = (y0 > point[1]) != (y1 > point[1])
    at = x0 + (point[1] - y0) / np.where(y1 == y0, 1, y1 - y0) * (x1 - x0)
    return bool((crossing & (point[0] < at)).sum() % 2)


@every
@given(x=st.floats(-0.88, 0.88), y=st.floats(-0.49, 0.49))
def test_a_point_lies_in_the_outline_of_its_cell_and_of_no_neighbour(kind: str, x: float, y: float) -> None:
    tiles, point = tiling(kind), np.array([x, y]) + 1e-7
    index = tiles.index(point)
    around = index + np.stack(np.meshgrid(*[np.arange(-2, 3)] * 2), -1).reshape(-1, 2)
    outlines = tiles.outline(around)
    holding = [tuple(cell) for cell, outline in zip(around, outlines, strict=True) if within(outline, point)]
    along, away = np.roll(outlines, -1, 1) - outlines, point - outlines
    edge = np.abs(along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]).min()
    assert holding == [tuple(index)] or edge < 1e-6


@every
def test_a_cell_holds_its_own_centre_and_all_are_seen(kind: str) -> None:
    tiles = tiling(kind)
    cells = np.moveaxis(np.indices(tiles.shape), 0, -1)
    assert np.array_equal(tiles.index(tiles.centre(cells)), cells)
    shown = tiles.rasterise(3)
    assert shown.min() >= 0
    assert shown.max() < tiles.shape[0] * tiles.shape[1]


@every
def test_a_tiling_looks_the_same_from_both_sides(kind: str) -> None:
    tiles = make_tiling(kind, CANVAS, (16, 9), 9, regular=True)
    shown = tiles.rasterise(1)
    assert (
        np.array_equal(shown[:, 1:] != shown[:, :-1], (shown[:, 1:] != shown[:, :-1])[:, ::-1])
        or kind == "tri"
    )


def test_regular_cells_are_regular() -> None:
    for kind, sides in (("hex", 6), ("tri", 3), ("diamond", 4)):
        outline = make_tiling(kind, Canvas(1200, 1200), None, 24, regular=True).outline(np.array([5, 5]))
        lengths = np.linalg.norm(np.roll(outline, -1, 0) - outline, axis=-1)
        assert len(lengths) == sides
        assert lengths == pytest.approx(lengths.mean(), rel=0.03)
    square = make_tiling("hex", Canvas(400, 400), None, 40, regular=False)
    assert square.width == pytest.approx(square.height)


@every
def test_cells_stay_of_one_colour_while_they_move(kind: str) -> None:
    """After 60 frames of zoom and rotation no colour has been mixed, and inside a cell all pixels are alike."""
    made = drawer.make("pixel")(CANVAS, cells=kind, scale=3.0)
    params = made.encode(torch.from_numpy(photograph(96, 54, 3))[None].float())
    start = {tuple(cell) for cell in params["cells"].flatten(2)[0].T.tolist()}
    rng = torch.Generator().manual_seed(0)
    for _ in range(60):
        params = made.warp(params, Motion.rotation(0.5) @ Motion.scale(1.004), "mirror", rng)
    assert {tuple(cell) for cell in params["cells"].flatten(2)[0].T.tolist()} <= start
    image = made.draw(params).image(CANVAS)[0].numpy()
    fine, shown = made.tiling.rasterise(3).reshape(54, 3, 96, 3), made.tiling.rasterise(1)
    whole = (fine == fine[:, :1, :, :1]).all((1, 3))  # pixels of one cell only
    for cell in np.unique(shown)[::7]:
        pixels = image[:, whole & (shown == cell)]
        assert pixels.shape[1] == 0 or np.ptp(pixels, axis=1).max() < 1e-5


@every
def test_a_palette_is_kept(kind: str) -> None:
    made = drawer.make("pixel")(CANVAS, cells=kind, palette=PALETTE)
    params = made.encode(torch.from_numpy(photograph(96, 54, 3))[None].float())
    rng = torch.Generator().manual_seed(0)
    for border in ("mirror", "noise"):
        params = made.warp(params, Motion.rotation(8), border, rng)
        colours = (made.draw(params).image(CANVAS)[0] * 255).round().flatten(1).T.int().tolist()
        assert {tuple(colour) for colour in colours} <= set(PALETTE)
        assert len({tuple(colour) for colour in colours}) > 2


def test_a_palette_is_learned_through() -> None:
    made = drawer.make("pixel")(CANVAS, palette=PALETTE)
    params = made.init_params(torch.Generator().manual_seed(0))
    cells = params["cells"].requires_grad_()
    made.draw(params | {"cells": cells}).image(CANVAS)[:, 0].sum().backward()
    assert cells.grad is not None
    assert (cells.grad[:, 0] > 0).all()


def test_a_film_in_a_palette_has_no_other_colours(tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    colours = "black white #dc2828 navy"
    scene = "{length: 3f, prompts: a red apple, steps: 3, denoiser: none, move: [rotate: {angle: 60/s}]}"
    drawn = f'{{pixel: {{cells: hex, grid: 12x8, palette: "{colours}"}}}}'
    story.write_text(f"story: 1\ncanvas: 64x36\ndrawer: {drawn}\nscenes: [{scene}]\n")
    result = CliRunner().invoke(program, ["render", str(story), "-o", str(tmp_path / "frames") + "/"])
    assert result.exit_code == 0, result.output
    allowed = {(0, 0, 0), (255, 255, 255), (220, 40, 40), (0, 0, 128)}
    for file in sorted((tmp_path / "frames").glob("*.png")):
        with Image.open(file) as frame:
            assert {colour for _, colour in frame.getcolors()} <= allowed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("cells: round", "'cells' is rect, rectshift, hex, tri, diamond or knit. Got 'round'"),
        ("palette: blak white", "'palette' is a colour such as white or '#ffcc00'. Got 'blak'"),
        ("palette: ' '", "'palette' is 1 to 256 colours"),
        ("scale: 0", "'scale'"),
    ],
)
def test_wrong_options_are_told(options: str, message: str) -> None:
    with pytest.raises(StoryError) as caught:
        parse(f"{{story: 1, drawer: {{pixel: {{{options}}}}}, scenes: [{{length: 1s}}]}}")
    assert message in str(caught.value)
