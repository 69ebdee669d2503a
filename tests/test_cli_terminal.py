"""Nothing that others have named or written acts on a terminal, and no encoding of a stream is an error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from films import TINY, fake_ffmpeg, tiny

from pixray_motion.cli.commands import program
from pixray_motion.cli.program import as_argument
from pixray_motion.output.video import ffmpeg
from pixray_motion.wording import printable, quote

ODD = (
    "a\x1b[31m\u202e\u200b\n\x9b"  # a colour, right to left, nothing at all, a line of its own, a C1 control
)
SHOWN = r"a\x1b[31m\u202e\u200b\n\x9b"

# What each command is given; ODD.yaml is a story, ODD a word in any place.
COMMANDS = {
    "render": [
        ["ODD.yaml", "-o", "ODD/", "--frames", "0:1"],
        ["ODD.yaml", "--set", "drawer=pixel", "--svg-frames", "nowhere/ODD"],
        ["ODD.yaml", "-o", "nowhere/ODD.mp4"],
        ["ODD.yaml", "-o", "film.ODD"],
        ["ODD.yaml", "--frames", "ODD"],
        ["ODD.yaml", "--set", "seed=ODD"],
        ["ODD.yaml", "--set", "ODD"],
        ["ODD.yaml", "--set", "ODD=1"],
        ["ODD.yaml", "--quality", "ODD"],
        ["ODD.yaml", "--threads", "ODD"],
        ["ODD.yaml", "--output-option", "ODD=1"],
        ["ODD.yaml", "--output-option", "crf=ODD"],
    ],
    "still": [
        ["a\u202e", "-o", "ODD.png", "--size", "16x16", "--steps", "1", "--drawer", "pixel"],
        ["ODD"],
        ["a", "-o", "nowhere/ODD.png"],
        ["a", "-o", "a.ODD"],
        ["a", "--drawer", "ODD"],
        ["a", "--size", "ODD"],
        ["a", "--seed", "ODD"],
    ],
    "preview": [
        ["ODD.yaml", "-o", "nowhere/ODD"],
        ["ODD.yaml", "--image", "ODD.png"],
        ["ODD.yaml", "--image", "ODD.yaml"],
        ["ODD.yaml", "--curves", "ODD"],
        ["ODD.yaml", "--curves", "nowhere/ODD.svg"],
    ],
    "plan": [["ODD.yaml"], ["ODD.yaml", "--json"], ["ODD.yaml", "--frames", "ODD"], ["ODD"]],
    "check": [["ODD.yaml"], ["ODD"], ["bad-ODD.yaml"], ["including.yaml"], ["ODD.yaml", "ODD"]],
    "list": [["ODD"]],
    "new": [["ODD.yaml"], ["nowhere/ODD.yaml"], ["new-ODD.yaml"]],
}
EVERYWHERE = [["--plugin", "ODD.py"], ["--plugin", "raises.py"], ["--ODD"], ["ODD"] * 5]
WORDS = TINY.replace("a green forest", "'\u2066a\u200e \u202egreen'")
BAD = "story: 1\n\u202e: 2\nscenes: [{length: '\u20664s', prompts: '\u202e', name: [a], \u061ckey: 1}]\n"


def is_printable(text: str) -> bool:
    return all(printable(line) == line for line in text.split("\n"))


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of stories with odd names, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Path(f"{ODD}.yaml").write_text(WORDS, "utf-8")
    Path(f"bad-{ODD}.yaml").write_text(BAD, "utf-8")
    Path("including.yaml").write_text('story: 1\nscenes: [include: "\u202elmay"]\n', "utf-8")
    Path("\u202elmay").write_text("scenes: [{length: 2x}]", "utf-8")
    Path("raises.py").write_text(f"raise ValueError({ODD!r})\n")
    return tmp_path


def test_every_command_is_given_odd_names() -> None:
    assert set(COMMANDS) == set(program.commands)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(name, words) for name, cases in COMMANDS.items() for words in [*cases, *EVERYWHERE]],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
@pytest.mark.usefixtures("odd")
def test_odd_names_are_printed_harmlessly(command: str, arguments: list[str]) -> None:
    words = [command, *(word.replace("ODD", ODD) for word in arguments)]
    result = CliRunner().invoke(program, words, prog_name="pixray-motion")
    assert result.exit_code in (0, 2), result.output
    assert "internal error" not in result.output
    assert "closing quote" not in result.output  # the story itself is right
    assert is_printable(result.output), result.output
    assert "\\" in result.output, result.output
    if result.exit_code == 2 and command != "check":
        assert result.stderr.count("\n") == 1, result.stderr


@pytest.mark.usefixtures("odd")
def test_debug_prints_a_harmless_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fails() -> None:
        raise ZeroDivisionError(ODD)

    monkeypatch.setitem(program.commands, "fails", fails)
    result = CliRunner().invoke(program, ["--debug", "fails"])
    assert "Traceback" in result.stderr
    assert is_printable(result.stderr)


def test_what_ffmpeg_says_is_printed_harmlessly(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (odd / "bin").mkdir()
    script = "cat > /dev/null; printf 'oh \\033[31m\\342\\200\\256no\\n' >&2; exit 1"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", fake_ffmpeg(odd / "bin", script))
    ffmpeg.cache_clear()
    result = CliRunner().invoke(program, ["render", f"{ODD}.yaml", "--frames", "0:1"])
    ffmpeg.cache_clear()
    assert result.exit_code == 2
    assert r"oh \x1b[31m\u202eno" in result.stderr
    assert is_printable(result.stderr)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ODD, SHOWN),
        ("a\tb\r\x00\x7f", r"a\tb\r\x00\x7f"),
        ("a\u2066b\u2069\u061c\u200f", r"a\u2066b\u2069\u061c\u200f"),
        ("a\u200db, \u200d", r"a\u200db, \u200d"),  # joiners beside ASCII only hide
        ("x\udcff", r"x\udcff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_misleads_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert quote(text) == f"'{shown}'"


SCRIPTS = {
    "Hebrew": "שלום",
    "Arabic": "مرحبا",
    "Persian": "می\u200cخواهم",  # noqa: RUF001
    "Japanese": "東京\u3000駅",
    "Hindi": "क्\u200dष",
    "French": "café nº 5\u00a0€",
    "family": "👩\u200d👩\u200d👧",
    "heart": "❤\ufe0f",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_words_in_any_script_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("name", ["-x", "a b", "it's", ODD, "ü\udcff\\"])
def test_a_printed_argument_can_be_typed_in_bash(name: str) -> None:
    word = as_argument(Path(name))
    assert is_printable(word)
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert os.fsdecode(done.stdout).removeprefix("./") == name


def begin(arguments: list[str | bytes], folder: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pixray_motion", *arguments]
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "", **env}
    return subprocess.run(command, cwd=folder, capture_output=True, env=env)


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_a_stream_of_another_encoding_gets_escapes(tmp_path: Path, env: dict[str, str]) -> None:
    tiny(tmp_path, TINY.replace("name: forest", "name: '東京 Ω é'"))
    (tmp_path / "bad.yaml").write_text("story: 1\n東京: 1\n", "utf-8")
    plan = begin(["plan", "tiny.yaml"], tmp_path, **env)
    assert (plan.returncode, plan.stderr) == (0, b"")
    assert len(plan.stdout.splitlines()) == 7
    check = begin(["check", "bad.yaml", b"\xff.yaml"], tmp_path, **env)
    assert check.returncode == 2
    assert b"internal error" not in check.stderr
    assert b"\\udcff.yaml:1:1: there is no such file" in check.stderr


def test_a_plan_is_json_whatever_the_encoding(tmp_path: Path) -> None:
    tiny(tmp_path, TINY.replace("name: forest", "name: '東京'"))
    lines = begin(["plan", "tiny.yaml", "--json"], tmp_path, PYTHONIOENCODING="ascii").stdout.splitlines()
    assert [json.loads(line)["scene"] for line in lines][:1] == ["東京"]


@pytest.mark.parametrize("watched", [True, False])
def test_what_takes_long_is_told_on_a_terminal(watched: bool) -> None:
    script = (
        "import time\nfrom pixray_motion.cli.terminal import telling\n"
        "with telling('reading \\u202ea'): time.sleep(1.3)"
    )
    ours, theirs = os.openpty()
    stderr = theirs if watched else subprocess.PIPE
    done = subprocess.run([sys.executable, "-c", script], stderr=stderr, stdout=subprocess.PIPE, check=True)
    os.close(theirs)
    said = os.read(ours, 1000).decode() if watched else done.stderr.decode()
    os.close(ours)
    assert done.stdout == b""
    assert said == ("\r\x1b[Kreading \\u202ea: 1 s\r\x1b[K" if watched else "")
