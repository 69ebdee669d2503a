"""Films as SVG: the shapes that they hold are those that were drawn, and a browser shows what we show."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from pictures import photograph

from pixray_motion.cli.commands import program
from pixray_motion.drawers.base import drawer
from pixray_motion.drawers.bezier import Shapes, rasterise
from pixray_motion.drawers.tilings import KINDS
from pixray_motion.errors import OutputError
from pixray_motion.film import write_film
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.output.place import Output
from pixray_motion.story.reading.story import parse

SVG = "{http://www.w3.org/2000/svg}"
CANVAS = Canvas(64, 36)
STORY = """story: 1
canvas: 64x36
rate: 10
drawer: {clipdraw: {strokes: 30}}
scenes:
  - {length: 3f, prompts: a <red> apple, steps: 2, denoiser: none, move: [rotate: {angle: 90/s}]}
  - {length: 3f, cut: true, drawer: {pixel: {cells: hex, grid: 12x9}}, prompts: sea, steps: 2, denoiser: none}
"""


def made(name: str) -> tuple[str, np.ndarray]:
    """The SVG of a moved picture, and our own pixels."""
    kind, _, cells = name.partition(" ")
    one = drawer.make(kind)(CANVAS, **({"cells": cells, "scale": 3.0} if cells else {}))
    rng = torch.Generator().manual_seed(1)
    params = one.encode(torch.from_numpy(photograph(64, 36, 5))[None].float())
    params = one.warp(params, Motion.rotation(10) @ Motion.scale(1.2), "mirror", rng)
    return one.svg(params), one.draw(params).image(CANVAS)[0].numpy()


def numbers(path: str) -> torch.Tensor:
    return torch.tensor([float(text) for text in re.findall(r"-?[0-9.]+", path)]).view(-1, 2)


def colour(text: str) -> list[float]:
    return [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def redrawn(svg: str) -> np.ndarray:
    """The picture that the elements of an SVG make, by way of our rasteriser."""
    root = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{svg}</svg>')
    curves, owner, widths, colours, filled = [], [], [], [], []
    paper = torch.zeros(3)
    for element in root.iter():
        if element.tag == f"{SVG}rect":
            paper = torch.tensor(colour(element.attrib["fill"]))
        for path in element.attrib.get("d", "").split("M")[1:]:
            points = numbers(path)
            if path.endswith("Z"):
                t = torch.tensor([0, 1 / 3, 2 / 3, 1])[None, :, None]
                curve = points[:, None] * (1 - t) + points.roll(-1, 0)[:, None] * t
            else:
                curve = points.unfold(0, 4, 3).transpose(1, 2)
            filled.append(path.endswith("Z"))
            owner += [len(widths)] * len(curve)
            curves.append(curve)
            widths.append(float(element.attrib.get("stroke-width", 0)) / 2)
            ink = element.attrib["fill" if filled[-1] else "stroke"]
            colours.append([*colour(ink), float(element.attrib.get("stroke-opacity", 1))])
    shapes = Shapes(
        torch.cat(curves),
        torch.tensor(owner),
        torch.tensor(widths),
        torch.tensor(colours),
        torch.tensor(filled),
    )
    return rasterise(shapes, paper, CANVAS.height, CANVAS.width).clamp(0, 1).numpy()


@pytest.mark.parametrize("name", ["clipdraw", "line_sketch", *(f"pixel {kind}" for kind in KINDS)])
def test_the_elements_are_what_was_drawn(name: str) -> None:
    svg, ours = made(name)
    # Beside each other, smooth cells let what is below them shine through: here the seams are seen, in a browser not.
    assert np.abs(redrawn(svg) - ours).mean() < (0.01 if "pixel" not in name else 0.06)


def test_a_film_shows_its_frames_one_after_the_other(tmp_path: Path) -> None:
    story, film, sheets = tmp_path / "a.yaml", tmp_path / "a.svg", tmp_path / "sheets"
    story.write_text(STORY)
    asked = ["render", str(story), "-o", str(film), "--svg-frames", str(sheets)]
    result = CliRunner().invoke(program, asked)
    assert result.exit_code == 0, result.output
    root = ElementTree.parse(film).getroot()
    assert root.attrib["viewBox"] == "0 0 64 36"
    assert "a <red> apple" in (root.findtext(f"{SVG}desc") or "")
    groups = root.findall(f"{SVG}g")
    assert len(groups) == 6
    assert [group.attrib.get("display", "inline") for group in groups] == ["inline"] + ["none"] * 5
    for number, group in enumerate(groups):
        move = group.find(f"{SVG}animate")
        assert move is not None
        assert move.attrib["dur"] == "0.6s"
        values, times = (
            move.attrib["values"].split(";"),
            [float(at) for at in move.attrib["keyTimes"].split(";")],
        )
        assert times[0] == 0
        seen = [values[max(k for k, at in enumerate(times) if at <= (frame + 0.5) / 6)] for frame in range(6)]
        assert seen == ["inline" if frame == number else "none" for frame in range(6)]
    assert sorted(file.name for file in sheets.iterdir()) == [f"frame_{k:06d}.svg" for k in range(6)]
    assert ElementTree.parse(sheets / "frame_000004.svg").getroot().find(f"{SVG}g") is not None
    assert not list(tmp_path.glob(".*"))


def test_interrupted_and_resumed_is_uninterrupted(tmp_path: Path) -> None:
    story = parse(STORY)
    write_film(story, tmp_path / "whole.svg")

    def stop(progress: object) -> None:
        if getattr(progress, "done", 0) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(story, tmp_path / "part.svg", on_progress=stop)
    write_film(story, tmp_path / "part.svg", resume=True)
    assert (tmp_path / "part.svg").read_bytes() == (tmp_path / "whole.svg").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("drawer: {clipdraw: {strokes: 30}}", "drawer: fft"), "the scene 'scene 1' is drawn by 'fft'"),
        (("length: 3f, prompts: a", "length: 3f, filters: [contrast], prompts: a"), "has filters"),
        (("cut: true", "transition: {crossfade: 2f}"), "the scene 'scene 2' comes in by 'crossfade'"),
        (("rate: 10", "rate: 10\nloop: {fade: 2f, poses: free}"), "since the film loops"),
        (("prompts: sea", "layers: [{prompts: sea}]"), "the scene 'scene 2' has layers"),
    ],
)
def test_what_is_no_vectors_is_told(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(OutputError, match=message) as caught:
        write_film(parse(STORY.replace(*change, 1)), tmp_path / "a.svg")
    assert "choose .mp4, or make every scene a single drawing by clipdraw, line_sketch, pixel" in str(
        caught.value
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs a browser")
def test_a_browser_shows_the_same(tmp_path: Path) -> None:
    write_film(parse(STORY), tmp_path / "a.svg", also=[Output.of(tmp_path / "sheets", ".svg/")])
    write_film(parse(STORY), tmp_path / "frames")
    script = Path(__file__).parent.parent / "benchmarks" / "vectors.py"
    asked = [
        script,
        tmp_path / "a.svg",
        tmp_path / "frames",
        tmp_path / "sheets",
        "--rate",
        "10",
        "--every",
        "3",
    ]
    told = subprocess.run(
        [sys.executable, *map(str, asked)], capture_output=True, text=True, check=True
    ).stdout
    differences = [float(number) for line in told.splitlines() for number in line.split()[1:]]
    assert len(differences) == 4
    assert max(differences) < 0.02


def test_a_palettes_film_is_small() -> None:
    """Cells of one colour are one path."""
    one = drawer.make("pixel")(CANVAS, palette=((0, 0, 0), (255, 255, 255)))
    params = one.encode(torch.from_numpy(photograph(64, 36, 5))[None].float())
    assert one.svg(params).count("<path") == 2
