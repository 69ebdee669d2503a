"""How does the cost of a story grow with its size? python benchmarks/growth.py [WORD...]

Runs ``check``, ``plan`` and the drawing of ``preview --curves`` on stories of growing size, each in a process of its
own, and prints the CPU seconds, less those of the smallest story, the peak of memory, and the exponent: how fast the
time grows from one size to the next (1 is linear). Exits with 1 if a row's exponent, from the first size whose time can
be told from noise to the last, is above 1.1. With words, only rows whose names hold one of them.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SHORT = 6.0  # seconds, up to which the better of two runs counts
LINEAR = 1.1
NOISE = 0.3  # seconds; less is told from nothing
CURVES = ("-c", "import sys\nfrom pathlib import Path\nfrom pixray_motion.curve_chart import draw_curves\n"
          "from pixray_motion.story.reading.story import read\n"
          "Path('curves.svg').write_text(draw_curves(read(sys.argv[1])))")  # fmt: skip
COMMANDS = {
    "check": ("-m", "pixray_motion", "check"),
    "plan": ("-m", "pixray_motion", "plan"),
    "curves": CURVES,  # what preview draws for --curves, without the film
}
Write = Callable[[Path, int], str]


@dataclass(frozen=True)
class Row:
    """A story of some size, and what is run on it."""

    name: str
    write: Write
    sizes: tuple[int, ...]
    commands: tuple[str, ...] = ("check", "plan", "curves")


def film(scenes: str, head: str = "") -> str:
    return f"story: 1\n{head}scenes:\n{scenes}"


def one_frame_scenes(_: Path, size: int) -> str:
    return film("- {length: 1f, prompts: a, move: [rotate: {angle: 9}]}\n" * size)


def cut_scenes(_: Path, size: int) -> str:
    return film("- {length: 2f, cut: true, prompts: a}\n" * size)


def repeats(_: Path, size: int) -> str:
    return film(f"- {{length: 2f, repeat: {size}, prompts: a, move: [rotate: {{angle: 9*t}}]}}\n")


def frames(_: Path, size: int) -> str:
    return film(f"- {{length: {size}f, prompts: a, move: [rotate: {{angle: 9*sin(t)}}]}}\n")


def looped(_: Path, size: int) -> str:
    return film(
        f"- {{length: {size}f, prompts: a, move: [rotate: {{angle: 9*sin(360*p)}}]}}\n", "loop: true\n"
    )


def keyframes(_: Path, size: int) -> str:
    keys = "".join(f"     {i}f: {i % 7} smooth\n" for i in range(size))
    return film(f"- length: {size}f\n  move:\n  - rotate:\n      angle:\n{keys.replace('     ', ' ' * 8)}")


def layers(_: Path, size: int) -> str:
    each = ", ".join(["{prompts: a}"] * 16)
    return film(f"- {{length: 2f, layers: [{each}]}}\n" * (size // 16))


def prompts(_: Path, size: int) -> str:
    return film(("- {length: 2f, cut: true, prompts: [" + ", ".join(["a b c"] * 20) + "]}\n") * (size // 20))


def morphs(_: Path, size: int) -> str:
    texts = "".join(f"    {i}f: text {i}\n" for i in range(size))
    return film(f"- length: {size}f\n  prompts:\n{texts}")


def includes(folder: Path, size: int) -> str:
    for number in range(size):
        scenes = "- {length: 1f, cut: true, prompts: a}\n" * 60
        (folder / f"{number}.yaml").write_text(f"scenes:\n# {number}\n{scenes}")
    return film("".join(f"- include: {number}.yaml\n" for number in range(size)))


def table_rows(folder: Path, size: int) -> str:
    (folder / "table.csv").write_text("".join(f"{i % 97}\n" for i in range(size)))
    return film("- {length: 100f, move: [rotate: {angle: {from: table.csv, rate: 240}}]}\n")


def markers(_: Path, size: int) -> str:
    named = "".join(f"  m{i}: {i}f\n" for i in range(size))
    keys = "".join(f"    m{i}: {i % 9}\n" for i in range(size))
    return film(f"- length: {size}f\n  steps:\n{keys}", f"markers:\n{named}")


ROWS = [
    Row("scenes of one frame", one_frame_scenes, (1_000, 2_000, 4_000)),
    Row("scenes with cuts", cut_scenes, (1_000, 2_000, 4_000)),
    Row("repeats", repeats, (250, 500, 1_000)),
    Row("frames", frames, (20_000, 100_000, 1_000_000)),
    Row("frames of a loop", looped, (20_000, 100_000, 1_000_000), ("check",)),
    Row("keyframes", keyframes, (2_500, 5_000, 10_000, 20_000)),
    Row("layers", layers, (2_000, 4_000, 8_000)),
    Row("prompts", prompts, (5_000, 10_000, 20_000)),
    Row("texts of a morph", morphs, (2_500, 5_000, 10_000, 20_000)),
    Row("includes", includes, (25, 50, 100)),
    Row("table rows", table_rows, (100_000, 300_000, 1_000_000), ("check", "curves")),
    Row("markers", markers, (250, 500, 1_000)),
]


def measure(command: str, text: str, folder: Path) -> tuple[float, float]:
    """CPU seconds and peak MB of a command."""
    (folder / "story.yaml").write_text(text)
    with open(os.devnull, "w") as nothing:
        process = subprocess.Popen(
            [sys.executable, *COMMANDS[command], "story.yaml"], cwd=folder, stdout=nothing
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ends with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure_row(row: Row, command: str, least: float) -> bool:
    """Print what a row costs; False if it grows faster than its size."""
    times: list[tuple[int, float]] = []
    for size in row.sizes:
        with tempfile.TemporaryDirectory(prefix="growth-") as place:
            text = row.write(Path(place), size)
            seconds, megabytes = measure(command, text, Path(place))
            if seconds < SHORT:
                seconds = min(seconds, measure(command, text, Path(place))[0])
            chart = Path(place) / "curves.svg"
            made = f", {chart.stat().st_size / 1e6:.1f} MB of SVG" if chart.exists() else ""
        seconds = max(seconds - least, 1e-3)
        exponent = ""
        if times and times[-1][1] >= NOISE:
            exponent = f"{_exponent(times[-1], (size, seconds)):.2f}"
        times.append((size, seconds))
        print(
            f"{row.name:20} {command:6} {size:9,} {seconds:8.2f} {megabytes:5.0f} {exponent:>5}{made}",
            flush=True,
        )
    known = [pair for pair in times if pair[1] >= NOISE]
    return len(known) < 2 or _exponent(known[0], known[-1]) <= LINEAR


def _exponent(first: tuple[int, float], last: tuple[int, float]) -> float:
    """Of the growth from one (size, seconds) to another."""
    return math.log(last[1] / first[1]) / math.log(last[0] / first[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="run only rows whose names hold one of these")
    words = parser.parse_args().words
    with tempfile.TemporaryDirectory(prefix="growth-") as place:
        least = {command: measure(command, film("- {length: 1f}\n"), Path(place))[0] for command in COMMANDS}
    print(f"{'by':20} {'':6} {'size':>9} {'s':>8} {'MB':>5} {'exp':>5}")
    failed = [
        f"{row.name} ({command})"
        for row in ROWS
        if not words or any(word in row.name for word in words)
        for command in row.commands
        if not measure_row(row, command, least[command])
    ]
    print(f"grow faster than their size: {', '.join(failed) or 'none'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
