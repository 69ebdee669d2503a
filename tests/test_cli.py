"""The command line, in process: what it prints, what it writes and what it ends with."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from films import TINY, decoded, fake_ffmpeg, tiny
from PIL import Image

from pixray_motion import __version__
from pixray_motion.cli.commands import program
from pixray_motion.cli.options import parse_frames
from pixray_motion.cli.program import command_again, sentence
from pixray_motion.output.video import ffmpeg
from pixray_motion.story.reading.story import parse

COMMANDS = ("render", "still", "preview", "plan", "check", "list", "new")
LOG = "echo '[out#0/mp4 @ 0x5569c9eede40] Error writing trailer: No space left on device' >&2;"
STILL = ("still", "a red ball", "--size", "24x16", "--steps", "2")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments], prog_name="pixray-motion")


def refused(*arguments: str | Path) -> str:
    """The one line with which a command ends with 2 and prints nothing else."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    return result.stderr.strip()


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny story in the current folder."""
    monkeypatch.chdir(tmp_path)
    return tiny(tmp_path).relative_to(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:\n    pixray-motion {command} " in result.stdout


def test_the_program_lists_its_commands_and_its_version() -> None:
    assert set(program.commands) == set(COMMANDS)
    assert run("--version").stdout == f"pixray-motion {__version__}\n"
    assert run("--help").exit_code == 0
    assert run().exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rendr"], "No such command 'rendr'"),
        (["render"], "Missing argument 'STORY'. (see 'pixray-motion render --help')"),
        (["render", "tiny.yaml", "--nope"], "No such option '--nope'"),
        (["render", "tiny.yaml", "--seed", "-1"], "Invalid value for '--seed'"),
        (["render", "tiny.yaml", "--seed", "1.5"], "'1.5' is not a valid integer range"),
        (["render", "tiny.yaml", "--quality", "best"], "'best' is not one of 'full', 'draft'"),
        (
            ["render", "tiny.yaml", "--set", "seed"],
            "write key=value, for example scenes.0.length=2s. Got 'seed'",
        ),
        (["render", "tiny.yaml", "--set", "scenes.lake.length=2s"], "--set scenes.lake.length"),
        (["render", "tiny.yaml", "--set", "rate=fast"], "--set rate"),
        (["render", "tiny.yaml", "--resume", "--restart"], "give one of them"),
        (["render", "tiny.yaml", "--threads", "0"], "Invalid value for '--threads'"),
        (
            ["render", "tiny.yaml", "-o", "film.avi"],
            "cannot write a film as '.avi'; allowed: .gif, .mp4, .svg, .webm, or a folder",
        ),
        (["render", "tiny.yaml", "-o", "nowhere/film.mp4"], "there is no folder"),
        (["render", "tiny.yaml", "-o", "a/", "--svg-frames", "./a"], "a and a are one place"),
        (["render", "tiny.yaml", "-o", "a/", "--svg-frames", ""], "the output has no name"),
        (["render", "tiny.yaml", "-o", "tiny.yaml"], "cannot write a film as '.yaml'"),
        (["render", "missing.yaml"], "missing.yaml:1:1: there is no such file"),
        (["render", "tiny.yaml", "--frames", "5f"], "write A:B"),
        (
            ["render", "tiny.yaml", "--frames", "0:7f"],
            "'0:7f' goes past the end of the film, frame 6 (0.75 s)",
        ),
        (["render", "tiny.yaml", "--frames", "3f:3f"], "holds no frame"),
        (["render", "tiny.yaml", "--frames", "3f:1f"], "holds no frame"),
        (["render", "tiny.yaml", "--frames", "0:50%"], "write A:B"),
        (["preview", "tiny.yaml", "--image", "nothing.png"], "cannot read the picture nothing.png"),
        (["preview", "tiny.yaml", "--image", "tiny.yaml"], "tiny.yaml is not a picture"),
        (["preview", "tiny.yaml", "--image", "a.png", "--draft"], "give one of them"),
        (["preview", "tiny.yaml", "-o", "nowhere/x"], "there is no folder"),
        (["still", "x", "-o", "x.tiff"], "cannot write a picture as '.tiff'; allowed: .png"),
        (
            ["still", "x", "--drawer", "oils"],
            "unknown drawer 'oils'; allowed: clipdraw, diffusion, fft, line_sketch, pixel",
        ),
        (["still", "x", "--size", "3x4"], "the canvas has 16 to 8192 pixels a side. Got '3x4'"),
        (["still", ""], "the prompt is empty: write what the picture shows"),
        (["still", "a | "], "write a text on both sides of '|'"),
        (["still", "a fox:2000"], "weight and stop are numbers from -1000 to 1000"),
        (["list", "colours"], "'colours' is not one of"),
        (["new", "tiny.yaml"], "tiny.yaml exists already: choose another name"),
        (["new", "nowhere/story.yaml"], "cannot write nowhere/story.yaml: no such file or directory; look"),
    ],
)
@pytest.mark.usefixtures("story")
def test_mistakes_are_one_line_and_write_nothing(tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


def test_render_writes_the_film_and_says_so(story: Path, tmp_path: Path) -> None:
    result = run("render", story)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("tiny.mp4: 6 frames, 0.75 s, rendered in 0:")
    assert "rendering 6 frames with 1 thread" in result.stderr
    assert "\x1b" not in result.output
    assert len(decoded(tmp_path / "tiny.mp4")) == 6


def test_render_takes_a_part_quietly(story: Path, tmp_path: Path) -> None:
    result = run("render", story, "-o", "part/", "--frames", "1f:0.375s", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert sorted(path.name for path in (tmp_path / "part").iterdir()) == [
        "frame_000001.png",
        "frame_000002.png",
    ]


def test_the_seed_option_wins(story: Path, tmp_path: Path) -> None:
    one = ("--frames", "0:1", "--quiet")
    for name, options in {
        "a.mp4": ("--seed", "8", "--set", "seed=9"),
        "b.mp4": ("--set", "seed=8"),
        "c.mp4": ("--set", "seed=9"),
    }.items():
        assert run("render", story, "-o", name, *one, *options).exit_code == 0
    films = [(tmp_path / name).read_bytes() for name in ("a.mp4", "b.mp4", "c.mp4")]
    assert films[0] == films[1] != films[2]


def test_a_draft_is_small_and_keeps_the_frames(story: Path, tmp_path: Path) -> None:
    wide = ("--set", "canvas=320x180", "--set", "drawer=pixel", "--frames", "0:2")
    assert run("render", story, "-o", "draft.mp4", "--quality", "draft", *wide).exit_code == 0
    frames = decoded(tmp_path / "draft.mp4")
    assert (len(frames), frames[0].shape) == (2, (72, 128, 3))


def test_an_unfinished_film_is_in_the_way_until_it_is_asked_for(story: Path, tmp_path: Path) -> None:
    work = tmp_path / ".tiny.mp4.work"
    work.mkdir()
    (work / "state.safetensors").write_bytes(b"not a state")
    assert "resume it with --resume, or discard it with --restart" in refused("render", story)
    assert "finish the render with that one, or start over" in refused("render", story, "--resume")
    assert run("render", story, "--restart", "--frames", "0:1").exit_code == 0
    assert not work.exists()


def test_a_failure_after_rendering_says_how_to_go_on(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    full = fake_ffmpeg(tmp_path / "bin", f"cat > /dev/null; {LOG * 2} exit 1")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", full)
    ffmpeg.cache_clear()
    result = run("render", story, "--restart")
    ffmpeg.cache_clear()
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1:] == [  # a slow machine tells its progress before
        "ffmpeg could not write the film: Error writing trailer: No space left on device; free some space; "
        "resume with: pixray-motion render --resume tiny.yaml"
    ]
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert run("render", story, "--resume").exit_code == 0


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_still_draws_one_picture(suffix: str, tmp_path: Path) -> None:
    picture = tmp_path / f"ball.{suffix}"
    result = run(*STILL, "-o", picture)
    assert result.exit_code == 0, result.output
    with Image.open(picture) as image:
        assert image.size == (24, 16)
    assert result.stdout.startswith(f"{picture}: 24x16, score ")


def test_still_takes_any_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for prompt in (
        "star wars: a new hope",
        "http://x.org/a.png | x:y:z:9",
        'ein 🦊 im "#1" {a}',
        "a red fox:2 | snow",
    ):
        result = run("still", prompt, "--size", "16x16", "--steps", "1", "--drawer", "pixel")
        assert result.exit_code == 0, result.output
    with Image.open("image.png") as image:
        assert image.size == (16, 16)
        assert "a red fox:2" in image.info["Comment"]


def test_check_judges_every_story(story: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(TINY.replace("rate: 8", "rate: fast").replace("steps: 1", "stps: 1"))
    good = run("check", story)
    assert (good.exit_code, good.stderr) == (0, "")
    assert good.stdout == "tiny.yaml: OK: 6 frames, 0.75 s at 32x18, 2 scenes, drawn by fft\n"
    both = run("check", "bad.yaml", story)
    assert (both.exit_code, both.stdout) == (2, good.stdout)
    assert all(line.startswith("bad.yaml:") for line in both.stderr.splitlines())
    assert both.stderr.count("\n") == 3


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("drawers", ["fft: ", "grid  ", "columns x rows", "1x1..the canvas"]),
        ("movements", ["zoom: ", "factor     scale, over time", "0.001..1000  1", "[0, 0]"]),
        ("movements", ["flip: Mirror the picture", "    x          times, over time"]),
        ("losses", ["saturation: ", "smoothness: ", "weight, over time  -1000..1000"]),
        ("filters", ["contrast: ", "amount"]),
        ("perceptors", ["embedded: "]),
        ("writers", [".mp4: H.264", ".svg/: ", "/: A folder with a PNG of each frame"]),
    ],
)
def test_list_says_what_a_story_can_name(what: str, lines: list[str]) -> None:
    result = run("list", what)
    assert result.exit_code == 0
    for line in lines:
        assert line in result.stdout
    assert "``" not in result.stdout


def test_a_new_story_can_be_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine.yaml").exit_code == 0
    assert run("check", "mine.yaml").exit_code == 0
    small = ("--set", "canvas=32x18", "--set", "scenes.forest.steps=1", "--frames", "0:2f")
    result = run("render", "mine.yaml", "-o", "mine.gif", *small)
    assert result.exit_code == 0, result.output
    assert len(decoded(tmp_path / "mine.gif")) == 2


def test_the_starter_names_the_steps_that_a_story_has_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("new", "mine.yaml")
    (said,) = re.findall(
        r"default is \{0f: (\d+), 1f: (\d+)\} after a cut, (\d+) otherwise",
        " ".join(Path("mine.yaml").read_text("utf-8").split()),
    )
    plain = parse("{story: 1, scenes: [{length: 2f, prompts: a dog}, {length: 1f, prompts: a dog}]}")
    assert [str(plain.plan(frame).drawing.steps) for frame in plain.frames] == list(said)


def test_what_is_one_is_counted_as_one(story: Path) -> None:
    one = run("render", story, "-o", "one/", "--frames", "0:1")
    assert "rendering 1 frame with 1 thread\n" in one.stderr
    assert one.stdout.startswith("one: 1 frame, 0.125 s, rendered in 0:")


TOO_LARGE = "file too large; choose another disk, or allow larger files by ulimit -f"


def test_a_new_story_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "my story.yaml").stdout.endswith("next: pixray-motion preview 'my story.yaml'\n")
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); "
    script = limited + "from pixray_motion.cli import main; sys.argv[1:] = ['new', 'b.yaml']; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"cannot write b.yaml: {TOO_LARGE}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["my story.yaml"]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("0:6f", range(6)),
        ("2f:4f", range(2, 4)),
        ("2:4", range(2, 4)),
        ("0:0.5s", range(4)),
        ("0.25s:0:00.5", range(2, 4)),
        ("0:00.25:0:00.5", range(2, 4)),
        ("0:00:00.25:0:00:00.5", range(2, 4)),
        ("2f:", range(2, 6)),
        (":2f", range(2)),
        (":", range(6)),
        ("0:0:00.5", range(4)),
        ("0:01:0:02", range(8, 16)),
    ],
)
def test_frames_are_given_by_number_or_by_time(text: str, frames: range) -> None:
    assert parse_frames(text, parse(TINY.replace("3f", "8f") if frames.stop > 6 else TINY)) == frames


@pytest.mark.parametrize("text", ["", "4", "a:b", "1s", "-1f:3f", "1:2:3", "1f:2f:3f"])
def test_other_frames_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_frames(text, parse(TINY))


def test_what_should_not_happen_asks_for_a_report() -> None:
    assert sentence(ValueError("broken\nthing")) == (
        "internal error: ValueError: broken thing. Please report it with the output of "
        "'pixray-motion --debug ...'"
    )
    assert sentence(OSError(28, "No space left on device", "x.png")) == (
        "x.png: no space left on device; free some space"
    )
    assert "not enough memory" in sentence(MemoryError())


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("render a.yaml", "render --resume a.yaml"),
        ("--debug render --restart a.yaml -o b.mp4", "--debug render --resume a.yaml -o b.mp4"),
        ("render --restart -- -a.yaml", "render --resume -- -a.yaml"),
        ("render -- --restart", "render --resume -- --restart"),
        ("render -o --restart --restart a.yaml", "render --resume -o --restart a.yaml"),
        ("render --output -o --restart a.yaml", "render --resume --output -o a.yaml"),
        ("--plugin a.py render --plugin b.py a.yaml", "--plugin a.py render --resume --plugin b.py a.yaml"),
        ("render --plugin=b.py --restart a.yaml", "render --resume --plugin=b.py a.yaml"),
        ("render --restart 'a b.yaml' --set 'x=#1'", "render --resume 'a b.yaml' --set 'x=#1'"),
    ],
)
def test_the_command_to_resume_keeps_what_was_typed(typed: str, again: str) -> None:
    root = click.Context(program, info_name="pixray-motion", obj=shlex.split(typed))
    ctx = click.Context(program.commands["render"], parent=root, info_name="render")
    assert command_again(ctx, "--resume", "--restart") == f"pixray-motion {again}"


def test_debug_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fails() -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setitem(program.commands, "fails", fails)
    assert "Traceback" not in refused("fails")
    result = run("--debug", "fails")
    assert result.exit_code == 2
    assert "ZeroDivisionError: oh" in result.stderr
    assert "Traceback" in result.stderr


def test_plan_is_a_line_for_each_drawing_of_each_frame(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(
        "story: 1\nrate: 10\nscenes:\n"
        "- {name: sea, length: 1s, prompts: 'sea:2 | fog:-0.5', move: [zoom: {factor: 2/s}, rotate: {angle: 90/s}]}\n"
        "- {name: end, length: 1s, transition: {crossfade: 5f}, prompts: {0s: a, 1s: b}, losses: {smoothness: 0.25}}\n"
    )
    lines = run("plan", str(path), "--frames", "9f:12f").output.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["9", "0.900s", "sea"],
        ["10", "1.000s", "sea"],
        ["10", "1.000s", "end"],
        ["11", "1.100s", "sea"],
        ["11", "1.100s", "end"],
    ]
    assert "x1.0718, +9.000 deg" in lines[1]
    assert lines[1].endswith("sea:2 | fog:-0.5")
    assert " cut " in lines[3]
    assert lines[5].endswith("a 90% > b 10%; smoothness 0.25")
    every = [json.loads(line) for line in run("plan", str(path), "--json").output.splitlines()]
    assert [plan["frame"] for plan in every] == list(range(20))
    assert every[0]["root"]["motion"] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert [layer["opacity"] for layer in every[12]["root"]["layers"]] == [1.0, 0.4]


def test_a_films_metadata_tells_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story and the options below it are enough to make the film again; without options it is the story alone."""
    monkeypatch.chdir(tmp_path)
    tiny(tmp_path, TINY.rstrip("\n"))
    run("render", "tiny.yaml", "-o", "a.mp4", "--frames", "0:1", "--quiet")
    options = ["--set", "rate=9", "--set", "scenes.0.prompts=a\nb", "--seed", "7", "--quality", "draft"]
    run("render", "tiny.yaml", "-o", "b.mp4", "--frames", "0:1", "--quiet", *options)
    plain, noted = ((tmp_path / name).read_bytes() for name in ("a.mp4", "b.mp4"))
    assert TINY.rstrip("\n").encode() in plain
    assert b"rendered with" not in plain
    lines = ["--set rate=9", "--set 'scenes.0.prompts=a b'", "--set seed=7", "--quality draft"]
    comments = "".join(f"#   {line}\n" for line in lines)
    assert f"{TINY}# rendered with:\n{comments}".encode() in noted
