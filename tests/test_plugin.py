"""Plug-ins: installed as a user installs them, and from files; what they break, and what their edits mean."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import films
import pytest
from click.testing import CliRunner, Result
from films import TINY, tiny

from pixray_motion import plugins
from pixray_motion.blends import blend
from pixray_motion.checkpoint import frame_keys
from pixray_motion.cli.commands import program
from pixray_motion.cli.program import sentence
from pixray_motion.cli.stories import REGISTRIES
from pixray_motion.denoisers.base import denoiser
from pixray_motion.drawers.base import drawer
from pixray_motion.errors import StoryError
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Motion
from pixray_motion.losses import loss
from pixray_motion.masks import mask
from pixray_motion.movements import movement
from pixray_motion.perceptors.base import perceptor
from pixray_motion.registry import Registry, find_origins
from pixray_motion.story.names import find_names
from pixray_motion.story.reading.story import parse
from pixray_motion.story.transition import transition
from pixray_motion.studio import Studio
from pixray_motion.tracks.easing import easing
from pixray_motion.units import Angle

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


def installed_program(folder: Path, *arguments: str) -> str:
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
    assert (
        "sway: Swing the picture clockwise by angle degrees about the middle of its upper edge. (plug-in sway 0.1)\n"
        in installed_program(installed, "list", "movements")
    )
    path = tmp_path / "story.yaml"
    path.write_text(STORY)
    second = installed_program(installed, "plan", str(path)).splitlines()[2]
    assert "+11.250 deg" in second
    assert "-0.0975 -0.0096" in second  # clockwise about the upper edge, so the centre goes to the left


def test_the_documentation_shows_the_example() -> None:
    page = (EXAMPLE.parents[1] / "docs" / "extending.md").read_text("utf-8")
    code = (EXAMPLE / "sway.py").read_text("utf-8").partition('"""\n\n')[2]
    assert code.strip() in page


GLOW = '''
"""Two parts."""

from pixray_motion.losses import LossInput, loss
from pixray_motion.movements import movement
from pixray_motion.geometry import Motion
from pixray_motion.units import Angle


@loss("glow")
def glow(seen):
    """Bring out light."""
    return -seen.image.mean()


@movement("sway")
def sway(angle: Angle = 0.0) -> Motion:
    """Swing the picture."""
    return Motion.rotation(angle)
'''
GLOWING = TINY.replace("steps: 1", "steps: 1\n    losses: {glow: 0.5}", 1)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty current folder; what plug-ins register in this process is forgotten afterwards."""
    for module, name in REGISTRIES.values():
        known: Registry[Any] = getattr(import_module(module), name)
        known.names()
        monkeypatch.setattr(known, "_entries", dict(known._entries))
    monkeypatch.setattr(plugins, "_origins", list(plugins._origins))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("pixray_motion_plugin_")]:
        del sys.modules[name]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments, prog_name="pixray-motion")


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1
    return result.stderr.strip()


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_file_is_a_plugin_whatever_the_place_of_the_option(fresh: Path, place: str) -> None:
    write(fresh / "glow.py", GLOW)
    write(fresh / "halo.py", GLOW.replace('"glow"', '"halo"').replace('"sway"', '"swing"'))
    option = ["--plugin", "glow.py", "--plugin", "halo.py"]
    listed = run(*option, "list", "losses") if place == "before" else run("list", "losses", *option)
    assert "glow: Bring out light. (plug-in glow)\n" in listed.stdout
    assert "halo: Bring out light. (plug-in halo)\n" in listed.stdout
    assert "saturation: " in listed.stdout
    assert listed.stdout.count("(plug-in") == 2
    assert not (fresh / "__pycache__").exists()
    assert not any(str(fresh) in entry for entry in sys.path)


@pytest.mark.parametrize("command", sorted(program.commands))
def test_every_command_takes_plugins(command: str) -> None:
    assert "--plugin FILE.py" in run(command, "--help").stdout


def test_a_file_is_loaded_once(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scans = []
    monkeypatch.setattr(plugins, "_looked", False)
    monkeypatch.setattr(plugins, "entry_points", lambda group: scans.append(group) or [])
    (fresh / "link.py").symlink_to(write(fresh / "glow.py", GLOW))
    story = str(tiny(fresh, GLOWING))
    for _ in range(2):
        done = run("--plugin", "glow.py", "check", story, "--plugin", "./glow.py", "--plugin", "link.py")
        assert (done.exit_code, done.stderr) == (0, "")
    assert len(scans) == 1
    assert loss.get("glow").origin == plugins.origin_of(str(fresh / "glow.py"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nx = (\n", "2: SyntaxError: '(' was never closed; correct the plug-in"),
        ("\n\n1 / 0\n", "3: ZeroDivisionError: division by zero; correct the plug-in"),
        ("import json\njson.loads('x')\n", "2: JSONDecodeError: Expecting value: line 1 column 1 (char 0); correct"),
        ("raise SystemExit\n", "1: the plug-in ends the program (SystemExit); a plug-in only defines and registers"),
        ("import nothing_of_that_name\n", "1: there is no module 'nothing_of_that_name'; install it with pip, or"),
        ("\nimport neighbour.inner\n", "2: the module 'neighbour' lies beside the plug-in, and a plug-in file stands"),
        (GLOW.replace('"glow"', '"saturation"'), f"{line_of(GLOW, '@loss')}: the loss 'saturation' is already "
         "registered; choose another name"),
        (GLOW.replace('"sway"', '"zoom"'), f"{line_of(GLOW, '@movement')}: the movement 'zoom' is already registered"),
        (GLOW + "@loss('glow')\ndef again(seen): ...\n", "the loss 'glow' is already registered by the plug-in "
         "broken; choose another name"),
        ("from pixray_motion.drawers.base import Drawer, drawer\n@drawer('dots')\nclass Dots(Drawer): ...\n",
         "2: the drawer 'dots' lacks draw, encode, init_params, learning, warp; write what is missing"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_line_and_a_remedy(fresh: Path, text: str, message: str) -> None:
    write(fresh / "broken.py", text)
    write(fresh / "neighbour.py", "")
    for arguments in (("--plugin", "broken.py", "list", "masks"), ("list", "masks", "--plugin", "broken.py")):
        said = refused(*arguments)
        assert said.startswith("broken.py:")
        assert message in said
    traced = run("--debug", "--plugin", "broken.py", "list", "masks")
    assert ("Traceback" in traced.stderr) == ("already registered" not in message and "lacks" not in message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("glow.py", "glow.py: there is no such file; look for a slip in the plug-in's name"),
        ("glow", "glow: a plug-in is a Python file, whose name ends in .py; name another file"),
        (".", ".: this is a folder; name a Python file, or install the package with pip"),
    ],
)
def test_what_is_no_file_is_refused(fresh: Path, name: str, message: str) -> None:
    assert fresh.exists()
    assert refused("list", "masks", "--plugin", name) == message


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return 1 + 'x'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("return seen.image @ seen.image[0, 0, 0, :5]", "RuntimeError: "),  # raised in torch
        (
            "return seen.picture.image('large')",
            "AttributeError: 'str' object has no attribute ",
        ),  # in our code
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("assert False", "AssertionError"),
        ("open('weights.bin')", "weights.bin: no such file or directory; "),
    ],
)
def test_an_exception_of_a_plugin_is_told_as_its_own(fresh: Path, body: str, error: str) -> None:
    text = GLOW.replace("return -seen.image.mean()", body)
    write(fresh / "glow.py", text)
    tiny(fresh, GLOWING)
    said = run("render", "tiny.yaml", "--plugin", "glow.py", "--quiet")
    assert said.exit_code == 2
    assert said.stderr.startswith(f"plug-in glow (glow.py:{line_of(text, body)}): {error}")
    assert "report" not in said.stderr
    assert "Traceback" not in said.stderr
    assert said.stderr.count("\n") == 1
    shown = run("--debug", "render", "tiny.yaml", "--plugin", "glow.py", "--quiet").stderr
    assert "Traceback" in shown
    assert f"plug-in glow (glow.py:{line_of(text, body)})" in shown


@pytest.mark.parametrize(
    ("text", "part", "error"),
    [
        (
            GLOW.replace("glow(seen)", "glow()"),
            "@loss",
            "glow() takes 0 positional arguments but 1 was given",
        ),
        (
            GLOW + "\nfrom pixray_motion.perceptors.base import Perceptor, perceptor\n\n"
            "@perceptor('eye')\nclass Eye(Perceptor):\n    resolution = 8\n    def __init__(self, device): ...\n"
            "    def embed_text(self, texts): ...\n    def embed_images(self, images): ...\n"
            "    def fingerprint(self): ...\n",
            "    def __init__",
            "Eye.__init__() missing 1 required positional argument: 'device'",
        ),
    ],
)
def test_a_function_that_does_not_take_what_it_is_given_is_the_plugins(
    fresh: Path, text: str, part: str, error: str
) -> None:
    write(fresh / "glow.py", text)
    tiny(fresh, GLOWING + ("perceptor: eye\n" if "eye" in text else ""))
    said = run("render", "tiny.yaml", "--plugin", "glow.py", "--quiet").stderr
    assert said == f"plug-in glow (glow.py:{line_of(text, part)}): TypeError: {error}\n"


def test_a_movement_of_a_plugin_fails_as_the_plugins(fresh: Path) -> None:
    text = GLOW.replace("return Motion.rotation(angle)", "return Motion.rotation(undefined)")
    write(fresh / "glow.py", text)
    tiny(fresh, TINY.replace("pan: {x: 0.4/s}", "sway: {angle: 3}"))
    line = line_of(text, "return Motion")
    for command in ("check", "plan", "preview"):
        assert refused(command, "tiny.yaml", "--plugin", "glow.py") == (
            f"plug-in glow (glow.py:{line}): NameError: name 'undefined' is not defined"
        )


def test_an_error_of_ours_stays_ours(fresh: Path) -> None:
    write(fresh / "glow.py", GLOW)
    plugins.load_plugin("glow.py")
    said = sentence(TypeError("halo() takes 0 positional arguments but 1 was given"))
    assert said.startswith("internal error: TypeError: halo() takes")
    assert "If it happens without plug-ins (glow), please report it" in said


def test_an_edited_plugin_does_not_go_on_with_a_film(fresh: Path) -> None:
    write(fresh / "glow.py", GLOW + "\nfrom pixray_motion.blends import blend\n")
    write(fresh / "unused.py", "from pixray_motion.blends import blend\nblend('unused')(lambda b, a: a)\n")
    tiny(fresh, GLOWING.replace("steps: 1", "steps: 2").replace("length: 3f", "length: 8f"))
    command = ["render", "tiny.yaml", "--plugin", "glow.py", "--quiet", "-o", "a/", "--plugin", "unused.py"]
    process = films.program(command, fresh)
    work = fresh / ".a.work"
    while not (work / "states" / "state_000001.safetensors").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    again = process.communicate()[1].strip().split("; resume with: ")[1]
    assert again.endswith(f" -m pixray_motion render --resume {shlex.join(command[1:])}")

    def resumed() -> tuple[int, str]:
        done = subprocess.run(shlex.split(again), cwd=fresh, capture_output=True, text=True)
        return done.returncode, done.stderr

    write(fresh / "unused.py", "from pixray_motion.blends import blend\nblend('unused')(lambda b, a: b)\n")
    write(fresh / "glow.py", GLOW.replace("-seen", "+seen") + "\nfrom pixray_motion.blends import blend\n")
    code, said = resumed()
    assert code == 2
    assert "the plug-in glow has changed since; restore its old code, or start over with --restart" in said
    write(fresh / "glow.py", GLOW + "\nfrom pixray_motion.blends import blend\n")
    assert resumed() == (0, "")
    assert len(list((fresh / "a").iterdir())) == 16


def test_the_code_of_a_plugin_is_in_every_key(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def keys(text: str, story: str) -> list[str]:
        monkeypatch.setattr(plugins, "_origins", [])
        write(fresh / "glow.py", text)
        plugins.load_plugin("glow.py")
        return list(frame_keys(Studio(parse(story), {}, {}, 1)))

    first = keys(GLOW, GLOWING)
    assert len(first) == 6
    assert keys(GLOW, GLOWING) == first
    assert not set(keys(GLOW + "\n", GLOWING)) & set(first)
    assert keys(GLOW, TINY) == keys(GLOW + "\n", TINY)  # where no name of it is used


@pytest.mark.parametrize(
    "story",
    [
        "plugins: [x.py]\n" + TINY,
        TINY.replace("length: 3f", "length: 3f\n    plugins: x.py", 1),
        TINY.replace("length: 3f", "length: 3f\n    layers: [{plugin: x.py, prompts: a}]", 1),
    ],
)
def test_a_story_names_no_code(story: str) -> None:
    with pytest.raises(StoryError, match=r"a story names no code; load it by --plugin FILE.py"):
        parse(story)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("losses: {mine: 0.1}", loss),
        ("filters: [mine]", image_filter),
        ("move: [mine: {angle: 3}]", movement),
        ("move: [group: [mine: {angle: 3}]]", movement),
        ("drawer: mine", drawer),
        ("perceptor: mine", perceptor),
        ("denoiser: mine", denoiser),
        ("weather: {0s: 1, 1s: 2 mine}", easing),
        ("layers: [{prompts: b, blend: mine}]", blend),
        ("layers: [{prompts: b, mask: {mine: {}}}]", mask),
        ("transition: {mine: {length: 1s}}", transition),
    ],
)
def test_every_kind_of_part_is_found_in_a_story(fresh: Path, text: str, kind: Registry[Any]) -> None:
    write(fresh / "mine.py", "def put(registry, name, make):\n    registry(name)(make)\n")
    plugins.load_plugin("mine.py")
    put = next(
        vars(m)["put"] for n, m in list(sys.modules.items()) if n.startswith("pixray_motion_plugin_mine_")
    )

    def sway(angle: Angle = 0.0) -> Motion:
        return Motion.rotation(angle)

    put(kind, "mine", sway if kind is movement else lambda *given: given[0])
    cut = "    cut: true\n" if kind in (drawer, perceptor, blend, mask) else ""
    text = text.replace("weather: {0s: 1, 1s: 2 mine}", "move: [zoom: {factor: {0s: 1, 1s: 2 mine}}]")
    story = parse(TINY + f"  - length: 2s\n    prompts: a\n    {text}\n{cut}")
    assert [origin.name for origin in find_origins(find_names(story))] == ["mine"]
    assert find_origins(find_names(parse(TINY))) == []


@dataclass
class Point:
    """An entry point, as ``importlib.metadata`` finds it."""

    name: str
    value: str
    dist: Any

    def load(self) -> None:
        import_module(self.value.partition(":")[0])


@pytest.mark.parametrize("module", ["pt_lights", "pt_space.lights"])
def test_an_installed_plugin_is_known_by_its_version_and_its_code(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    package = fresh / "site" / module.replace(".", "/")
    package.mkdir(parents=True)
    write(package / "__init__.py", f"from {module} import parts\n")
    write(
        package / "parts.py",
        f"{GLOW}\n\n@loss('late')\ndef late(seen):\n    from {module} import inner\n    inner.f()\n",
    )
    inner = write(package / "inner.py", "def f():\n    raise KeyError('late')\n")
    monkeypatch.syspath_prepend(str(fresh / "site"))
    monkeypatch.setattr(plugins, "_loaded", set())
    monkeypatch.setattr(plugins, "_broken", {})

    def found(version: str) -> plugins.Origin:
        point = Point("lights", f"{module}.parts", SimpleNamespace(version=version))
        monkeypatch.setattr(plugins, "entry_points", lambda **_: [point])
        monkeypatch.setattr(plugins, "_loaded", set())
        monkeypatch.setattr(plugins, "_origins", [])
        plugins.load_plugins(again=True)
        return plugins._origins[0]

    origin = found("1.0")
    assert (str(origin), origin.root, plugins.broken_plugins()) == ("lights 1.0", str(package), {})
    entry = loss.get("late")
    assert entry is not None
    assert entry.origin == origin
    with pytest.raises(KeyError) as caught:
        entry.make(None)
    where = inner.relative_to(fresh)
    assert sentence(caught.value) == f"plug-in lights ({where}:2): KeyError: 'late'"
    assert found("1.0") == origin
    assert found("1.1").fingerprint() != origin.fingerprint()
    write(inner, "def f(): ...\n")  # as in an editable installation
    assert (str(found("1.0")), found("1.0") != origin) == ("lights 1.0", True)


def test_an_installed_plugin_that_is_not_there_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_broken", {})
    monkeypatch.setattr(plugins, "_origins", [])
    point = Point("gone", "nothing_of_that_name.parts", None)
    monkeypatch.setattr(plugins, "entry_points", lambda **_: [point])
    plugins.load_plugins(again=True)
    assert plugins.broken_plugins() == {"gone": "ModuleNotFoundError: No module named 'nothing_of_that_name'"}
    assert plugins.loaded_plugins() == []
    assert "the plug-in gone is broken: ModuleNotFoundError" in run("list", "masks").stderr
