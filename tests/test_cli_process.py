"""The command line as a process of its own: signals, kills, pipes, full disks, and what it imports."""

import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from films import TINY, program, tiny

LONG = TINY.replace("length: 3f", "length: 8f").replace("steps: 1", "steps: 2")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The film of ``LONG`` that nothing has interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    tiny(folder, LONG)
    process = program(["render", "tiny.yaml", "--quiet"], folder)
    assert process.communicate() == ("", "")
    return (folder / "tiny.mp4").read_bytes()


def begun(
    folder: Path,
    frames: int,
    story: str = "tiny.yaml",
    arguments: Sequence[str] = ("tiny.yaml",),
    output: str = "tiny.mp4",
) -> subprocess.Popen[str]:
    """A render of ``LONG`` that has finished some frames and is at work on more."""
    tiny(folder, LONG).rename(folder / story)
    process = program(["render", "--quiet", *arguments], folder)
    work = folder / f".{output}.work"
    while not (
        list((work / "states").glob("*.safetensors")) and len(list((work / "frames").iterdir())) >= frames
    ):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_render_says_how_to_go_on(
    tmp_path: Path, whole: bytes, number: signal.Signals
) -> None:
    process = begun(tmp_path, 3)
    process.send_signal(number)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (130, "")
    message, command = stderr.strip().split("; resume with: ")
    assert message == "interrupted"
    assert command == shlex.join(
        [sys.executable, "-m", "pixray_motion", "render", "--resume", "--quiet", "tiny.yaml"]
    )
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "tiny.mp4").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.mp4", "tiny.yaml"]


@pytest.mark.parametrize("frames", [1, 7])
def test_a_killed_render_goes_on(tmp_path: Path, whole: bytes, frames: int) -> None:
    process = begun(tmp_path, frames)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "tiny.mp4").exists()
    resumed = program(["render", "tiny.yaml", "--quiet", "--resume"], tmp_path)
    assert resumed.communicate() == ("", "")
    assert (tmp_path / "tiny.mp4").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.mp4", "tiny.yaml"]


@pytest.mark.parametrize("name", ["-x.yaml", "--"])
def test_the_command_that_new_prints_can_be_typed(tmp_path: Path, name: str) -> None:
    command = program(["new", "--", name], tmp_path).communicate()[0].strip().split("; next: ")[1]
    subprocess.run(f"{command} --set rate=1", shell=True, cwd=tmp_path, check=True, capture_output=True)
    assert len(list(tmp_path.glob("*.animatic.mp4"))) == 1


def test_the_command_that_resumes_can_be_typed_whatever_the_names(tmp_path: Path) -> None:
    process = begun(tmp_path, 2, "--resume", ["--restart", "-o", "--restart", "--", "--resume"], "--restart")
    process.send_signal(signal.SIGINT)
    command = process.communicate()[1].strip().split("; resume with: ")[1]
    assert command.endswith(" render --resume --quiet -o --restart -- --resume")
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["--restart", "--resume"]
    assert len(list((tmp_path / "--restart").iterdir())) == 16


def test_a_full_disk_keeps_what_is_done(tmp_path: Path) -> None:
    """A limit on the size of files is like a full disk, but the remedy is another one."""
    tiny(tmp_path, TINY)
    limited = [sys.executable, "-m", "pixray_motion", "render", "tiny.yaml", "--set", "canvas=128x72"]
    done = subprocess.run(
        limited,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 2  # the opening line and the error
    assert "; choose another disk, or allow larger files by ulimit -f" in done.stderr.splitlines()[1]
    assert not (tmp_path / "tiny.mp4").exists()


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    process = program(["list", "movements"], tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


SHELL = f"{shlex.quote(sys.executable)} -m pixray_motion"


@pytest.mark.parametrize("command", ["check tiny.yaml >&-", "list movements <&- >&- 2>&-", "--version >&-"])
def test_closed_streams_are_no_error(tmp_path: Path, command: str) -> None:
    tiny(tmp_path)
    done = subprocess.run(f"{SHELL} {command}", shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_film_needs_no_streams(tmp_path: Path, whole: bytes) -> None:
    tiny(tmp_path, LONG)
    subprocess.run(f"{SHELL} render tiny.yaml <&- >&- 2>&-", shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "tiny.mp4").read_bytes() == whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command", ["--help", "--version", "list movements", "check tiny.yaml", "check --help"]
)
def test_a_full_disk_under_stdout_is_one_line(tmp_path: Path, command: str) -> None:
    tiny(tmp_path)
    full = f"{SHELL} {command} >/dev/full"
    done = subprocess.run(full, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "no space left on device; free some space\n")


def test_an_interruption_of_the_imports_is_one_word(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")  # as Ctrl-C would, while this is imported
    process = program(["--help"], tmp_path)
    assert process.communicate() == ("", "interrupted\n")
    assert process.returncode == 130


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list", "drawers"], ["list", "losses"], ["check", "tiny.yaml"], ["new", "a.yaml"]],
)
def test_nothing_but_drawing_imports_torch(tmp_path: Path, arguments: list[str]) -> None:
    tiny(tmp_path)
    script = (
        "import sys, atexit, pixray_motion\n"
        "from pixray_motion.cli.commands import program\n"
        "atexit.register(lambda: print('heavy:', *({'torch', 'scipy', 'transformers'} & set(sys.modules))))\n"
        f"program({arguments!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("heavy:\n")


def test_words_that_a_terminal_cannot_show_are_no_error(tmp_path: Path) -> None:
    tiny(tmp_path, TINY.replace("name: forest", "name: 'Wäldchen 🌲'"))
    done = subprocess.run(
        [sys.executable, "-m", "pixray_motion", "render", "tiny.yaml", "-o", "fülm/", "--frames", "0:1"],
        cwd=tmp_path,
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, (tmp_path / "fülm" / "frame_000000.png").exists()) == (0, True), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep this limit")
def test_too_little_memory_for_torch_is_one_line(tmp_path: Path) -> None:
    tiny(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pixray_motion", "render", "tiny.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000)),
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "there is not enough memory: close other programs, allow more by ulimit -v, or"
    )
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]
