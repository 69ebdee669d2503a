"""What a newcomer meets: README's commands and code, the version, the lock, and the names of the package."""

import configparser
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import pytest
from films import tiny

import pixray_motion
from pixray_motion.tracks.base import Constant
from pixray_motion.variants import draft

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def names(requirements: str) -> set[str]:
    return {
        re.split(r"[ <>=!~;\[]", line.strip())[0].lower()
        for line in requirements.splitlines()
        if line.strip()
    }


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_readmes_two_commands_are_one_command_each() -> None:
    first, *_, tests = code_blocks("sh")
    for command in (first, tests):
        assert command.count("\n") == 1
        assert "-c requirements.lock" in command
    assert "pixray-motion render stories/first-light.yaml -o first-light.mp4" in first
    assert README[: README.index(tests)].endswith("<!-- the test command -->\n```sh\n")


def test_readmes_python_runs(tmp_path: Path) -> None:
    (code,) = code_blocks("python")
    assert 10 <= len(code.splitlines()) <= 12
    (tmp_path / "stories").mkdir()
    tiny(tmp_path).rename(tmp_path / "stories" / "first-light.yaml")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 forest (18, 32, 3)")
    assert (tmp_path / "first-light.mp4").stat().st_size > 1000


def test_the_lock_pins_every_dependency_and_nothing_else() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[0-9][A-Za-z0-9.]*", line) for line in LOCK)
    pinned = {line.split("==")[0].lower() for line in LOCK}
    options = setup()
    wanted = names(options["options"]["install_requires"]) | names(options["options.extras_require"]["test"])
    assert wanted <= pinned


def test_every_dependency_is_imported() -> None:
    modules = {"pillow": "PIL", "ruamel.yaml": "ruamel", "imageio-ffmpeg": "imageio_ffmpeg"}
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "pixray_motion").rglob("*.py"))
    for name in names(setup()["options"]["install_requires"]):
        assert re.search(rf"^ *(?:import|from) {modules.get(name, name)}\b", source, re.M), name


@pytest.mark.parametrize("path", sorted((ROOT / "stories").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_story_is_fine_and_begins(path: Path) -> None:
    story = draft(pixray_motion.read(path))
    story = replace(
        story,
        scenes=tuple(replace(scene, steps=(scene.segments[0], Constant(1.0))) for scene in story.scenes),
    )
    studio = pixray_motion.Studio.open(story)
    states = list(islice(pixray_motion.render(story, studio), 2))
    assert [state.frame for state in states] == [0, 1]
    assert studio.image(states[1]).std() > 1


def test_the_perceptor_ships_with_its_attribution_and_is_small() -> None:
    folder = ROOT / "pixray_motion" / "perceptors" / "embedded"
    shipped = [path for path in folder.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in shipped) < 40e6
    assert "CC BY" in (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")


def test_the_version_is_said_once() -> None:
    assert version("pixray-motion") == pixray_motion.__version__
    assert f"## {pixray_motion.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pixray_motion.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(pixray_motion, name) is not None
    assert name in dir(pixray_motion)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'film_of_the_year'"):
        getattr(pixray_motion, "film_of_the_year")  # noqa: B009


def test_render_is_the_function_whatever_was_imported_before() -> None:
    script = (
        "import pixray_motion.engine, pixray_motion\nfrom pixray_motion import render\n"
        "assert callable(render) and render is pixray_motion.engine.render"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_importing_brings_no_torch() -> None:
    script = "import sys, pixray_motion, pixray_motion.cli; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_as_a_module_it_is_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pixray_motion", "--version"], capture_output=True, text=True
    )
    assert done.stdout == f"pixray-motion {pixray_motion.__version__}\n"
