"""Is a film safe from a kill at any moment? python benchmarks/kills.py [--every N] [--jobs 2] [--signals 50]

A tiny film is rendered by the command line and killed (SIGKILL) immediately before its n-th file operation, for every
n: before a file is opened for writing, renamed, linked or removed, before a folder is made or removed, before a process
is started, and in the middle of every write. What lies in the film's place then must be the older film, the new one, or
nothing where nothing was. The render is resumed, as a user would, and must leave the new film, byte for byte, and
nothing else, in the folder and in the temporary one. Some resumed renders are killed in the same way, and resumed once
more.

A process that has loaded everything forks for each render. The table says, for each kind of output, how many moments
there are and after how many all was well. ``--signals`` sends signals to processes of their own, with models, at random
moments, and resumes by the command that they print.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

STORY = """\
{story: 1, canvas: 32x18, rate: 8, drawer: {pixel: {grid: 8x4}}, perceptor: none, denoiser: none,
 scenes: [{length: 4f, prompts: a dog, steps: 1, move: [{pan: {x: 1/s}}]}]}
"""
OUTPUTS = (
    "film.mp4",
    "film.webm",
    "film.gif",
    "film.svg",
    "frames/",
    "frames.svg/",
    "film.mp4 --svg-frames svgs/",
)
MODELS = """\
{story: 1, canvas: 32x18, rate: 8, seed: 3, denoiser: none,
 scenes: [{length: 8f, prompts: a green forest, steps: 2, move: [{zoom: {factor: 1.5/s}}]},
          {length: 8f, prompts: a blue sea, steps: 2, move: [{pan: {x: 0.4/s}}]}]}
"""
STARTED = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "subprocess.Popen",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FIRST_KILLS = 5  # moments of a first run after which the second one is killed, too
NEVER = 1 << 60


@dataclass(frozen=True)
class Case:
    """One output, where an ``older`` film lies or nothing."""

    output: str
    older: bool

    @property
    def arguments(self) -> list[str]:
        return ["render", "story.yaml", "--quiet", "--threads", "1", "-o", *self.output.split()]

    @property
    def places(self) -> list[str]:
        """Names of the files and folders that it makes."""
        return [word.rstrip("/") for word in self.output.split() if not word.startswith("--")]


CASES = [Case(output, older) for output in OUTPUTS for older in (False, True)]


@dataclass(frozen=True)
class Point:
    """A case killed before the operations of these numbers, of the first run, and of the second if there are two."""

    case: Case
    kills: tuple[int, ...]


def preload() -> None:
    """Render once in this very process, so that it has all that those need that fork from it."""
    import torch

    from pixray_motion.cli.commands import program

    torch.set_num_threads(1)
    before = os.getcwd()
    with memory() as name:
        folder = Path(name, "case", "user")
        for output in ("film.mp4", "film.gif", "film.svg", "frames/"):
            lay(folder, Case(output, False))
            os.chdir(folder)
            with suppress(SystemExit):
                program(Case(output, False).arguments)
            os.chdir(before)


def memory() -> tempfile.TemporaryDirectory[str]:
    """A folder, on a disk of memory if there is one: nothing here is about a loss of power."""
    shared = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="kills-", dir=shared if shared.is_dir() else None)


class Counter:
    """Counts file operations, and kills this process before the one with number ``last``."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def step(self, half: Callable[[], object] | None = None) -> None:
        if self.count == self.last:
            if half is not None:
                half()
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTED or (event == "open" and arguments[2] & WRITING and arguments[0] != os.devnull):
            self.step()


class Torn(io.RawIOBase):
    """A file each write of which is an operation, and may be cut in half."""

    def __init__(self, file: Any, counter: Counter) -> None:
        self._file, self._counter = file, counter

    def write(self, data: Any) -> int:
        whole = bytes(data)
        self._counter.step(lambda: (self._file.write(whole[: len(whole) // 2]), self._file.flush()))
        return int(self._file.write(whole))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def fileno(self) -> int:
        raise io.UnsupportedOperation  # else Pillow writes past us

    def close(self) -> None:
        self._file.close()
        super().close()


def watch_writes(counter: Counter) -> None:
    """Count what Python's audit events do not tell of: writes to open files."""
    import safetensors.torch

    write, fdopen, save_file = os.write, os.fdopen, safetensors.torch.save_file

    def torn_write(file: int, data: bytes) -> int:
        counter.step(lambda: write(file, data[: len(data) // 2]))
        return write(file, data)

    def torn_fdopen(file: int, mode: str = "r", *more: Any, **settings: Any) -> Any:
        made = fdopen(file, mode, *more, **settings)
        is_log = os.readlink(f"/proc/self/fd/{file}").endswith(".log")  # it is ffmpeg that writes there
        return Torn(made, counter) if mode == "w+b" and not is_log else made

    def torn_save_file(tensors: Any, path: str, metadata: Any = None) -> None:
        def half() -> None:
            save_file(tensors, path, metadata)
            os.truncate(path, os.path.getsize(path) // 2)

        counter.step(half)
        save_file(tensors, path, metadata)

    os.write, os.fdopen, safetensors.torch.save_file = torn_write, torn_fdopen, torn_save_file


def run(folder: Path, arguments: Sequence[str], last: int = NEVER) -> tuple[int, int]:
    """The command line in a process of its own: its status, and the number of its file operations if it has ended.

    The status is the return code, or minus the signal that it was killed by.
    """
    said, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(said)
            os.chdir(folder)
            os.environ["TMPDIR"] = tempfile.tempdir = str(folder.with_name("tmp"))
            os.dup2(os.open(folder.with_name("err.txt"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            os._exit(_run_counted(arguments, last, told))
        finally:
            os._exit(99)
    os.close(told)
    with os.fdopen(said, "rb") as pipe:
        count = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, int(count or 0)


def _run_counted(arguments: Sequence[str], last: int, told: int) -> int:
    from pixray_motion.cli.commands import program

    write = os.write
    counter = Counter(last)
    watch_writes(counter)
    sys.addaudithook(counter.hear)
    try:
        program(list(arguments))
    except SystemExit as ended:
        counter.last = NEVER
        write(told, str(counter.count).encode())
        return int(ended.code or 0)
    return 98


def lay(folder: Path, case: Case) -> None:
    """What a user has before: the story, and perhaps older films."""
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.with_name("tmp").mkdir()
    (folder / "story.yaml").write_text(STORY)
    for place in case.places if case.older else ():
        if _is_folder(case, place):
            (folder / place).mkdir()
            (folder / place / "frame_000099.png").write_bytes(b"older")
        else:
            (folder / place).write_bytes(b"older")


def _is_folder(case: Case, place: str) -> bool:
    return f"{place}/" in case.output.split()


def content(path: Path) -> dict[str, bytes] | None:
    """A file's bytes, or those of the files in a folder; None of nothing."""
    if not path.exists():
        return None
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name: file.read_bytes() for file in files}


def films(folder: Path, case: Case) -> list[dict[str, bytes] | None]:
    return [content(folder / place) for place in case.places]


def check(folder: Path, point: Point, new: Sequence[dict[str, bytes] | None]) -> str:
    """Kill a render, perhaps twice, and resume it: what is wrong then, or an empty text."""
    case = point.case
    lay(folder, case)
    old = films(folder, case)
    for number, last in enumerate(point.kills):
        status, _ = run(folder, [*case.arguments, *(["--resume"] if number else [])], last)
        if status not in (0, -signal.SIGKILL):
            return f"run {number} ended with {status}: {_words(folder)}"
        for place, found, older, whole in zip(case.places, films(folder, case), old, new, strict=True):
            if found not in (older, whole):
                return f"{place} is neither the older film nor the new one"
    status, _ = run(folder, [*case.arguments, "--resume"])
    if status != 0:
        return f"resumed, it ended with {status}: {_words(folder)}"
    if films(folder, case) != list(new):
        return "resumed, it made another film"
    left = {path.name for path in folder.iterdir()} - {"story.yaml", *case.places}
    left |= {path.name for path in folder.with_name("tmp").iterdir()}
    return f"it left {', '.join(sorted(left))}" if left else ""


def _words(folder: Path) -> str:
    return folder.with_name("err.txt").read_text(errors="replace").strip()


def whole(folder: Path, case: Case) -> tuple[list[dict[str, bytes] | None], int]:
    """The films that nothing has interrupted, and in how many operations they were made."""
    lay(folder, case)
    status, count = run(folder, case.arguments)
    assert status == 0, _words(folder)
    return films(folder, case), count


def points_of(folder: Path, case: Case, count: int, every: int) -> list[Point]:
    """Every moment of the first run, and of some resumed ones."""
    points = [Point(case, (number,)) for number in range(0, count, every)]
    for index in range(FIRST_KILLS):
        first = count * (2 * index + 1) // (2 * FIRST_KILLS)
        lay(folder, case)
        run(folder, case.arguments, first)
        _, more = run(folder, [*case.arguments, "--resume"])
        points += [Point(case, (first, number)) for number in range(index % 3, more, 3 * every)]
    return points


def check_case(case: Case, every: int) -> tuple[Case, int, list[str]]:
    """The number of points, and what is wrong."""
    with memory() as name:
        folder = Path(name, "case", "user")
        new, count = whole(folder, case)
        points = points_of(folder, case, count, every)
        wrong = {point.kills: check(folder, point, new) for point in points}
    return case, len(points), [f"{kills}: {words}" for kills, words in wrong.items() if words]


def sample(size: int) -> tuple[int, list[str]]:
    """Some points, spread over the cases and their moments: how many, and what is wrong."""
    chance, wrong = random.Random(0), []
    with memory() as name:
        folder = Path(name, "case", "user")
        for case in CASES:
            new, count = whole(folder, case)
            mine = range(CASES.index(case), size, len(CASES))
            for number in mine:
                first = int((number + chance.random()) * count / size)
                kills = (first, chance.randrange(count)) if number % 5 == 0 else (first,)
                words = check(folder, Point(case, kills), new)
                wrong += [f"{case.output} {kills}: {words}"] if words else []
    return size, wrong


RENDER = [sys.executable, "-m", "pixray_motion", "render", "story.yaml", "-o", "film.mp4", "--threads", "1"]


def signalled(folder: Path, number: signal.Signals, seconds: float, new: bytes) -> str:
    """Send a signal to a render with models, and resume it as it says: what is wrong then, or an empty text."""
    lay(folder, Case("film.mp4", True))
    (folder / "story.yaml").write_text(MODELS)
    environment = os.environ | {"TMPDIR": str(folder.with_name("tmp"))}
    process = subprocess.Popen(
        RENDER, cwd=folder, env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    time.sleep(seconds)
    process.send_signal(number)
    words = process.communicate()[1].strip()
    if (folder / "film.mp4").read_bytes() not in (b"older", new):
        return "there is neither the older film nor the new one"
    printed = words.rpartition("; resume with: ")
    again = printed[2] if printed[1] else shlex.join([*RENDER, "--resume"])
    done = subprocess.run(again, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode or (folder / "film.mp4").read_bytes() != new:
        return f"after '{words}': {done.stderr.strip()}"
    left = [path.name for place in (folder, folder.with_name("tmp")) for path in place.iterdir()]
    return f"it left {left}" if sorted(left) != ["film.mp4", "story.yaml"] else ""


def send_signals(count: int) -> int:
    """Random signals at random moments; returns how many went wrong."""
    chance = random.Random(0)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name, "case", "user")
        lay(folder, Case("film.mp4", False))
        (folder / "story.yaml").write_text(MODELS)
        started = time.monotonic()
        subprocess.run([*RENDER, "--quiet"], cwd=folder, check=True)
        took, new = time.monotonic() - started, (folder / "film.mp4").read_bytes()
        for _ in range(count):
            number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            seconds = chance.uniform(0.05, 1.05) * took
            fault = signalled(folder, number, seconds, new)
            wrong += bool(fault)
            print(f"{number.name} after {seconds:.1f} s: {fault or 'clean'}", flush=True)
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1, help="take every Nth moment [1]")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time [1]")
    parser.add_argument(
        "--signals", type=int, default=0, help="send as many signals to whole processes instead [0]"
    )
    options = parser.parse_args()
    if options.signals:
        sys.exit(send_signals(options.signals) > 0)
    os.environ["OMP_NUM_THREADS"] = "1"  # a process with threads cannot fork
    preload()
    faults: list[str] = []
    print(f"{'output':28} {'before':8} {'points':>6} {'clean':>6}")
    with ProcessPoolExecutor(options.jobs, get_context("fork")) as pool:
        for case, count, wrong in pool.map(check_case, CASES, [options.every] * len(CASES)):
            print(
                f"{case.output:28} {'a film' if case.older else '-':8} {count:6} {count - len(wrong):6}",
                flush=True,
            )
            faults += [f"{case.output} {words}" for words in wrong]
    print("\n".join(faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
