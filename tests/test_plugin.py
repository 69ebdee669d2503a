"""A plugin, installed as a user installs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "sway"
STORY = """
story: 1
rate: 4
scenes:
  - length: 2s
    move:
      - sway: {angle: 45/s}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in it, as pip puts it there."""
    folder = tmp_path_factory.mktemp("plugin")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    source = folder.parent / "source"
    source.mkdir()
    for name in ("pyproject.toml", "sway.py"):
        (source / name).write_bytes((EXAMPLE / name).read_bytes())
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True, timeout=300)
    return folder


def program(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "pixray_motion", *arguments],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return ran.stdout


def test_a_plugin_adds_a_movement(installed: Path, tmp_path: Path) -> None:
    assert "sway: Swing the picture clockwise by angle degrees" in program(installed, "list", "movements")
    path = tmp_path / "story.yaml"
    path.write_text(STORY)
    second = program(installed, "plan", str(path)).splitlines()[2]
    assert "+11.250 deg" in second
    assert "-0.0975 -0.0096" in second  # clockwise about the upper edge, so the centre goes to the left


def test_the_documentation_shows_the_example() -> None:
    page = (EXAMPLE.parents[1] / "docs" / "extending.md").read_text("utf-8")
    code = (EXAMPLE / "sway.py").read_text("utf-8").partition('"""\n\n')[2]
    assert code.strip() in page
