"""Every example of docs/extending.md works: it is loaded, a story draws with it, and its contract passes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MANUAL = (Path(__file__).parents[1] / "docs" / "extending.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```(?:\s*```yaml\n(.*?)```)?", MANUAL, re.DOTALL)
PART = re.compile(r'^@(\w+)\("([^"]+)"', re.MULTILINE)
CONTRACTS = {
    "blend": "BlendContract",
    "denoiser": "DenoiserContract",
    "distortion": "DistortionContract",
    "drawer": "DrawerContract",
    "easing": "EasingContract",
    "image_filter": "FilterContract",
    "loss": "LossContract",
    "mask": "MaskContract",
    "movement": "MovementContract",
    "perceptor": "PerceptorContract",
    "transition": "TransitionContract",
    "writer": "WriterContract",
}
VALUES: dict[str, dict[str, Any]] = {"vignette": {"amount": 1.0, "radius": 0.4}, "warmth": {"amount": 1.0}}
HEAD = "story: 1\ncanvas: 48x27\nrate: 4\nperceptor: none\ndenoiser: none\ndefaults: {steps: 2}\n"
PLAIN = f"{HEAD}scenes: [{{length: 1s}}]"
DRAWN = """
import numpy as np
import torch

from pixray_motion import Studio, parse, render

torch.set_num_threads(1)


def draw(text, last):
    story = parse(text)
    studio = Studio.open(story)
    states = list(zip(range(last + 1), render(story, studio)))
    return [studio.image(state) for _, state in states[-2:]]


def check(text, plain, last):
    images = draw(text, last)
    assert [image.shape for image in images] == [(27, 48, 3)] * 2
    assert any(not np.array_equal(*pair) for pair in zip(images, draw(plain, last)))
"""


def parts(code: str) -> list[tuple[str, str]]:
    """What an example registers: (kind, name)."""
    found = PART.findall(code)
    return [
        ("distortion" if "CoordinateMap)" in code and kind == "movement" else kind, name)
        for kind, name in found
    ]


def story(text: str) -> str:
    """A tiny one that says ``text``, keys of a film or of its scene."""
    if text.startswith("scenes:"):
        return HEAD + text
    return f"{HEAD}scenes:\n  - length: 4s\n" + "".join(f"    {line}\n" for line in text.splitlines())


def written(module: str, code: str, example: str) -> str:
    """The tests of one example, as a plug-in has them, and one that draws its story."""
    lines = [f"import {module}", "from drawn import check", "import pixray_motion.testing as contracts"]
    if example:
        last = 5 if "scenes:" in example else 1
        lines += ["def test_a_story_draws_with_it():", f"    check({story(example)!r}, {PLAIN!r}, {last})"]
    for kind, name in parts(code):
        label = "".join(re.findall("[a-z]+", name)).capitalize()
        lines += [f"class Test{label}(contracts.{CONTRACTS[kind]}):", f"    name = {name!r}"]
        lines += [f"    values = {VALUES.get(name, {})!r}"]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of all examples, in a process of its own, since what is registered stays."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "drawn.py").write_text(DRAWN, encoding="utf-8")
    for number, (code, example) in enumerate(EXAMPLES):
        (folder / f"plugin_{number}.py").write_text(code, encoding="utf-8")
        text = written(f"plugin_{number}", code, example)
        (folder / f"test_{number}.py").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "-rA",
        "--tb=short",
    ]
    return subprocess.run([*command, str(folder)], cwd=folder, capture_output=True, text=True).stdout


def test_there_is_an_example_of_each() -> None:
    found = {kind for code, _ in EXAMPLES for kind, _ in parts(code)}
    assert found == set(CONTRACTS)


@pytest.mark.parametrize(
    "number", range(len(EXAMPLES)), ids=lambda n: " ".join(name for _, name in parts(EXAMPLES[n][0]))
)
def test_an_example_works_and_keeps_its_contract(told: str, number: int) -> None:
    lines = [line for line in told.splitlines() if f"test_{number}.py" in line]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    assert not failed, told
    passed = [line for line in lines if line.startswith("PASSED")]
    drawn = any("test_a_story_draws_with_it" in line for line in passed)
    assert drawn == bool(EXAMPLES[number][1])
    assert len(passed) > 3, told


def test_a_contract_tells_what_it_expects(tmp_path: Path) -> None:
    """A plug-in that breaks its promises reads why, in one sentence."""
    (tmp_path / "test_it.py").write_text(BROKEN, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "test_it.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    for message in (
        "with its defaults a movement is at rest, the identity",
        "a pose can be undone, since frames carry out differences of poses",
        "no movement is registered as 'slid': import the module that registers it",
        "with its defaults a filter changes nothing",
        "a filter's colours lie in [0, 1]: clamp them",
        "a filter measures lengths in canvas heights",
        "a loss returns a scalar: take the mean",
    ):
        assert message in found, found


BROKEN = '''
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Motion
from pixray_motion.losses import loss
from pixray_motion.movements import movement
from pixray_motion.testing import FilterContract, LossContract, MovementContract
from pixray_motion.units import Amount, Length


@movement("flat")
def flat(x: Length = 0.0) -> Motion:
    """Make everything flat."""
    return Motion.shear(1, 1)


@image_filter("brighter")
def brighter(image, screen, amount: Amount = 0.1):
    """Brighten the left 30 pixels."""
    image = image.clone()
    image[..., :30] += amount
    return image


@loss("everywhere")
def everywhere(look, weighted: Amount = 1.0):
    """How bright every pixel is."""
    return look.image.square()


class TestFlat(MovementContract):
    name = "flat"


class TestSlid(MovementContract):
    name = "slid"


class TestBrighter(FilterContract):
    name = "brighter"
    values = {"amount": 0.5}


class TestEverywhere(LossContract):
    name = "everywhere"
'''


def test_without_pytest_one_sentence_says_what_is_missing() -> None:
    code = "import sys; sys.modules['pytest'] = None; import pixray_motion.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: pixray_motion.testing needs pytest, which runs its contracts: pip install pytest"
    )


def test_the_package_does_not_import_its_contracts() -> None:
    forbidden = {"pytest", "pixray_motion.testing"}
    code = f"import sys, pixray_motion, pixray_motion.cli; assert not {forbidden} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
