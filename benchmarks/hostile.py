# ruff: noqa: E501 - a table of cases
"""What do hostile stories cost? python benchmarks/hostile.py [WORD...]

Writes stories and files that are made to keep ``check`` busy, to use up memory, to crash it or to write to the
terminal, and runs ``check`` on each in a process of its own, with limits on time and memory. With words, only cases
whose names hold one of them. Prints a table and exits with 1 if any case ends with a traceback or a signal, with
another exit code than 0 and 2, takes more than 5 CPU seconds (a film of more than 20,000 frames: or 150 microseconds a
frame) or more than 500 MB, or prints a raw control character. (A process begins with this one's memory, 80 MB.)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS, MEGABYTES, KILLED_AFTER = 5.0, 500, 150
FRAME_SECONDS, FREE_FRAMES = 150e-6, 20_000
CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\udc80-\udcff]"
)

Write = Callable[[Path], "str | bytes"]
CASES: dict[str, tuple[Write, int]] = {}


def case(name: str, frames: int = 0) -> Callable[[Write], Write]:
    """Register a case: a function that may put files into a folder, and returns the text of ``story.yaml`` there.

    ``frames`` are those of the film, where they are many.
    """

    def register(write: Write) -> Write:
        CASES[name] = write, frames
        return write

    return register


def plain(name: str, text: str | bytes, frames: int = 0) -> None:
    case(name, frames)(lambda _: text)


def film(scenes: str, head: str = "") -> str:
    return f"story: 1\n{head}scenes:\n{scenes}"


def listed(items: list[str], indent: str = "") -> str:
    return "".join(f"{indent}- {item}\n" for item in items)


def png(width: int, height: int, rows: bytes | None = None, cut: int | None = None) -> bytes:
    """A black grey-scale PNG; ``rows`` are its compressed contents."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    if rows is None:
        packer = zlib.compressobj(9)
        line = bytes(width + 1)
        rows = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))[:cut]


# YAML itself
plain("yaml: laughs by aliases", "story: 1\na: &a [x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
))  # fmt: skip
plain("yaml: merge keys", "story: 1\nx: &x {a: 1}\ny: {<<: *x}\n" * 2)
plain("yaml: 16,000 anchors", "story: 1\na:\n" + listed([f"&a{i} 1" for i in range(16_000)], "  "))
plain("yaml: 20,000 aliases", "story: 1\na: &a 1\nb:\n" + listed(["*a"] * 20_000, "  "))
plain("yaml: 100,000 brackets", "story: 1\nscenes: " + "[" * 100_000)
plain("yaml: 100,000 braces", "story: 1\nscenes: " + "{a: " * 40_000)
plain("yaml: 60 levels that close", "story: 1\nscenes: " + "[" * 60 + "]" * 60)
plain("yaml: deep by dashes", "story: 1\nscenes:\n" + "- " * 50_000 + "a")
plain("yaml: deep by indents", "story: 1\n" + "".join(" " * i + "a:\n" for i in range(600)))
plain("yaml: a key of 190,000 characters", "story: 1\n" + "k" * 190_000 + ": 1\n")
plain("yaml: a complex key of 190,000", "story: 1\n? " + "k" * 190_000 + "\n: 1\n")
plain("yaml: a scalar of 900,000 characters", "story: 1\nscenes: \n  " + ("w " * 90_000 + "\n  ") * 5)
plain("yaml: a line of 900,000 characters", "story: 1\nscenes: " + "w" * 900_000)
plain("yaml: a tag of 190,000 characters", "story: 1\nscenes: !" + "t" * 190_000 + " a")
plain("yaml: a directive", "%YAML " + "1" * 190_000 + "\n---\nstory: 1\n")
plain("yaml: 480,000 comments", "story: 1\n" + "#\n" * 480_000)
plain("yaml: 990,000 blank lines", "story: 1\n" + "\n" * 990_000)
plain("yaml: 49,000 values", "story: 1\nscenes:\n" + listed(["a"] * 49_000, "  "))
plain("yaml: 24,000 unknown keys", "story: 1\n" + "".join(f"skenes{i}: 1\n" for i in range(24_000)))
plain("yaml: 12,000 unknown keys in scenes", film(listed([f"{{lenght{i}: 1s}}" for i in range(9_900)])))
plain("yaml: one key 24,000 times", "story: 1\n" + "seed: 1\n" * 24_000)
plain("yaml: quotes that never close", "story: 1\nscenes: '" + "a\n  " * 200_000)
plain("yaml: 300,000 escapes", 'story: 1\nname: "' + ("\\x41" * 40_000 + "\n  ") * 5 + '"')
plain("yaml: 200,000 documents", "story: 1\n" + "---\n" * 200_000)
plain("yaml: block scalar of 240,000 lines", "story: 1\nname: |\n" + "  b\n" * 230_000)
plain("yaml: control characters", 'story: 1\nscenes: [{name: "\\e[31m", prompts: "\\x00\\x9b\\u202e"}]\n')
plain("yaml: raw escapes", "story: 1\n\x1b[31mscenes: \x1b]0;title\x07\n")
plain("yaml: directions of writing", "story: 1\n\u202escenes: [{name: '\u2066a', length: '\u202e4s'}]\n")
plain("yaml: invalid UTF-8", b"story: 1\nscenes: \xff\xfe\xc0\x80")
plain("yaml: UTF-16", "story: 1\nscenes: [{length: 1s}]".encode("utf-16"))
plain("yaml: UTF-32", "story: 1\nscenes: [{length: 1s}]".encode("utf-32"))
plain("yaml: NUL", b"story: 1\x00\nscenes: []")
plain("yaml: half characters", 'story: 1\nscenes: [{name: "\\ud800", length: 1s}]')
plain("yaml: random bytes", bytes((i * 7919 + i // 13) % 251 for i in range(900_000)))
plain("yaml: a million spaces", " " * 999_999)
plain("yaml: empty", "")

# Numbers
plain("numbers: huge everywhere", "story: 1\ncanvas: 99999999x99999999\nrate: " + "9" * 5000 + "\nbpm: 1e99999\n"
      "seed: " + "9" * 50_000 + "\nscenes: [{length: " + "9" * 100_000 + "s, repeat: 99999999999, speed: 1e-400}]")  # fmt: skip
plain("numbers: divisors of times", film("- {length: 1/" + "9" * 90 + "s}\n"))
plain(
    "numbers: rate at its limits",
    film("- {length: 1000f, speed: 0.010000000000000000000000001}\n", "rate: 999983/999979\n"),
)
plain(
    "numbers: canvas at its limit",
    film("- {length: 10f, move: [zoom: {factor: 1+t}]}\n", "canvas: 8192x8192\n"),
)
plain(
    "numbers: grid at its limit",
    film("- {length: 10f}\n", "canvas: 8192x8192\ndrawer: {pixel: {grid: 8192x8192}}\n"),
)
plain(
    "numbers: strokes at their limit", film("- {length: 10f}\n", "drawer: {clipdraw: {strokes: 999999999}}\n")
)
plain("numbers: speeds that multiply", film(
    "- sequence:" + "".join(f"\n{'    ' * i}  speed: 0.01\n{'    ' * i}  scenes:\n{'    ' * i}  - sequence:" for i in range(1, 15)) + " {}\n"
))  # fmt: skip

# Scenes, repeats and layers
plain("scenes: 9,990", film(listed(["{length: 1f}"] * 9_990)), 9_990)
plain("scenes: 9,990 names alike", film(listed([f"{{name: n{i}, length: 1f}}" for i in range(8_000)])), 8_000)
plain("scenes: 9,000 without a length", film(listed(["{prompts: a}"] * 9_000)))
plain("scenes: 9,990 of 2 frames", film(listed(["{length: 2f, cut: true}"] * 8_000)), 16_000)
plain("repeats: 1,001", film("- {length: 1f, repeat: 1001, prompts: a}\n"), 1_001)
plain(
    "repeats: of 16 layers",
    film("- {length: 1f, repeat: 1000, layers: [" + ", ".join(["{prompts: a}"] * 16) + "]}\n"),
    1_000,
)
for count in (200, 1_000):
    layers = ", ".join([f"{{scenes: [{{length: 1f, repeat: {count}}}]}}"] * 16)
    plain(
        f"repeats: {count} of 16 layers of {count}",
        film(f"- {{length: {count}f, repeat: {count}, layers: [{layers}]}}\n"),
    )
plain(
    "repeats: within 14 sequences",
    film("- " + "{sequence: {repeat: 1000, scenes: [" * 14 + "{length: 1f}" + "]}}" * 14 + "\n"),
)
plain(
    "repeats: of 190 values",
    film("- {length: 1f, repeat: 1000, move: [" + ", ".join(["{zoom: {factor: 1+t}}"] * 37) + "]}\n"),
    1_000,
)
plain(
    "repeats: of 190 short movements",
    film("- {length: 1f, repeat: 1000, move: [" + ", ".join(["flip"] * 100) + "]}\n"),
    1_000,
)
plain(
    "repeats: of long formulas",
    film(
        "- {length: 1f, repeat: 900, losses: ["
        + ", ".join(["{smoothness: " + "t+" * 240 + "t}"] * 12)
        + "]}\n"
    ),
    900,
)
plain(
    "repeats: of long prompts",
    film("- {length: 1f, repeat: 600, prompts: '" + "a b c | " * 90 + "d'}\n"),
    600,
)
plain(
    "repeats: of too many prompts", film("- {length: 1f, repeat: 900, prompts: '" + "a | " * 2_400 + "d'}\n")
)
plain(
    "repeats: of keys",
    film("- {length: 90f, repeat: 900, steps: {" + ", ".join(f"{i}f: 3" for i in range(90)) + "}}\n"),
)
plain(
    "defaults: long, in 9,000 scenes",
    film(
        listed(["{length: 1f}"] * 9_000),
        "defaults: {move: [" + ", ".join(["{zoom: {factor: 1.1}}"] * 100) + "]}\n",
    ),
)
plain(
    "denoiser: with 1,000 keys, in 9,000 scenes",
    film(
        listed(["{length: 1f}"] * 9_000),
        "denoiser: {weight: {" + ", ".join(f"{i}%: 0.{i}" for i in range(100)) + "}}\n",
    ),
)
plain("layers: 17", film("- {length: 1f, layers: [" + "{prompts: a}, " * 17 + "]}\n"))
plain(
    "layers: in layers in layers",
    film(
        "- {length: 1f, layers: ["
        + "{scenes: [{length: 1f, layers: [" * 12
        + "{prompts: a}"
        + "]}]}" * 12
        + "]}\n"
    ),
)
plain(
    "layers: 16 in each of 600 scenes",
    film(listed(["{length: 1f, layers: [" + ", ".join(["{prompts: a}"] * 16) + "]}"] * 600)),
    600,
)
plain(
    "sequences: 9 levels of 3",
    film("- " + "{sequence: {scenes: [{length: 1f}, " * 9 + "{length: 1f}" + "]}}" * 9 + "\n"),
)
plain(
    "transitions: 4,000 that overlap",
    film(listed(["{length: 2f, transition: {crossfade: 2f}}"] * 4_000)),
    8_000,
)

# Values over time
keys = ", ".join(f"{i}f: {i % 7}" for i in range(20_000))
plain(
    "keys: 20,000",
    film(f"- {{length: 20000f, move: [pan: {{x: {{{keys}}}}}]}}\n".replace(", ", ",\n   ")),
    20_000,
)
smooth = ", ".join(f"{i}f: {i % 7} smooth" for i in range(20_000))
plain(
    "keys: 20,000 smooth",
    film(f"- {{length: 20000f, move: [pan: {{x: {{{smooth}}}}}]}}\n".replace(", ", ",\n   ")),
    20_000,
)
plain(
    "keys: all wrong",
    film("- {length: 4s, steps: {" + ",\n    ".join(f"{i}x: 3" for i in range(20_000)) + "}}\n"),
)
plain(
    "keys: backwards",
    film("- {length: 20000f, steps: {" + ",\n    ".join(f"{20_000 - i}f: 3" for i in range(20_000)) + "}}\n"),
)
plain(
    "keys: bezier easings",
    film(
        "- {length: 20000f, move: [pan: {x: {"
        + ",\n    ".join(f"{i}f: '{i % 5} cubic-bezier(.1,2,.3,-1)'" for i in range(9_000))
        + "}}]}\n"
    ),
    20_000,
)
plain(
    "keys: a morph of 9,000 texts",
    film("- {length: 20000f, prompts: {" + ",\n    ".join(f"{i}f: w{i}" for i in range(9_000)) + "}}\n"),
    20_000,
)
plain(
    "markers: 1,000, each from the one before",
    film(
        "- {length: 1s}\n",
        "markers:\n  m0: 1f\n" + "".join(f"  m{i}: m{i - 1} + 1f\n" for i in range(1, 1_000)),
    ),
)
plain(
    "markers: 1,001", film("- {length: 1s}\n", "markers:\n" + "".join(f"  m{i}: 1s\n" for i in range(1_001)))
)
plain(
    "markers: in 9,000 keys",
    film(
        "- {length: 20000f, steps: {"
        + ",\n    ".join(f"m{i % 900} + {i}f: 3" for i in range(9_000))
        + "}}\n",
        "markers:\n" + "".join(f"  m{i}: 0s\n" for i in range(900)),
    ),
    20_000,
)
plain(
    "formulas: at their depth", film("- {length: 1000f, steps: " + "(" * 31 + "t" + ")" * 31 + "}\n"), 1_000
)
plain("formulas: too deep", film("- {length: 1000f, steps: " + "-" * 490 + "t}\n"))
plain("formulas: towers of powers", film("- {length: 1000f, steps: 9**9**9**9**9**9}\n"))
plain(
    "formulas: 64 noises over 20,000 frames",
    film(
        "- {length: 20000f, move: ["
        + ", ".join(["{pan: {x: '" + "+".join(["noise(t)"] * 30) + "'}}"] * 3)
        + "]}\n"
    ),
    20_000,
)
plain(
    "formulas: long, over 20,000 frames",
    film(
        "- {length: 20000f, move: ["
        + ", ".join(["{zoom: {factor: '1.5+0.001*sin(" + "t+" * 220 + "t)'}}"] * 60)
        + "]}\n"
    ),
    20_000,
)
plain(
    "formulas: 2,000 different ones",
    film("".join(f"- {{length: 1f, steps: '{i}%9+1+" + "0*t+" * 90 + "0'}\n" for i in range(2_000))),
    2_000,
)
plain(
    "frames: 20,000 of much",
    film(
        "- {length: 20000f, move: ["
        + ", ".join(
            ["{zoom: {factor: 1+0.1*sin(t)}}", "{tilt: {angle: 9*sin(t)}}", "{swirl: {angle: 9*sin(t)}}"] * 20
        )
        + "]}\n"
    ),
    20_000,
)
plain(
    "frames: a million",
    film("- {length: 1000000f, prompts: a, move: [rotate: {angle: 9*sin(t)}]}\n"),
    1_000_000,
)
plain(
    "frames: a million, in a loop",
    film("- {length: 1000000f, move: [rotate: {angle: 9*sin(360*p)}]}\n", "loop: true\n"),
    1_000_000,
)
plain(
    "frames: a million that bend, in a loop",
    film("- {length: 1000000f, move: [swirl: {angle: 9*sin(tau*p)}]}\n", "loop: true\n"),
    1_000_000,
)
plain(
    "frames: 20,000 that bend, in a loop",
    film("- {length: 20000f, move: [swirl: {angle: 9*sin(tau*p)}]}\n", "loop: true\n"),
    20_000,
)
plain("frames: a million and one", film("- {length: 1000001f}\n"))
plain("loop: with 4,000 scenes", film(listed(["{length: 1f}"] * 4_000), "loop: {fade: 3000f}\n"), 4_000)


WORDS = (
    "noise(t)",
    "sin(t)",
    "t**2.5",
    "t",
    "exp(sin(t))",
    "(t if t < 9 else 1)",
    "random(t)",
    "smoothstep(0, 9, t)",
)
for length in (480, 200):  # characters: beyond and below what may be asked for
    for what in WORDS:
        much = "+".join([what] * (length // (len(what) + 1)))
        moves = ", ".join([f"{{zoom: {{factor: '1.5+0.000000001*({much})'}}}}"] * 100)
        plain(f"work: 100 sums of {what}, {length}", film(f"- {{length: 20000f, move: [{moves}]}}\n"), 20_000)
plain(
    "work: 12 movements 1,000 times",
    film("- {length: 1f, repeat: 1000, move: [" + ", ".join(["{zoom: {factor: 1.5+t}}"] * 12) + "]}\n"),
    1_000,
)
plain(
    "work: 100 movements over 20,000 frames",
    film("- {length: 20000f, move: [" + ", ".join(["{tilt: {angle: 0.01*sin(t)}}"] * 100) + "]}\n"),
    20_000,
)
plain(
    "work: 100 movements with keys",
    film(
        "- {length: 20000f, move: ["
        + ", ".join(
            [
                "{rotate: {angle: {0%: 0, 20%: 8 smooth, 90%: '3 cubic-bezier(.1,2,.3,-1)', 100%: 3 ease-in-bounce}}}"
            ]
            * 100
        )
        + "]}\n"
    ),
    20_000,
)


# Included files
@case("include: a chain of 99 files of 20 sequences")
def _(folder: Path) -> str:
    for i in range(99):
        last = "{length: 1f}" if i == 98 else f"{{include: {i + 1}.yaml}}"
        (folder / f"{i}.yaml").write_text(
            "scenes: [" + "{sequence: {scenes: [" * 20 + last + "]}}" * 20 + "]\n"
        )
    return film("- include: 0.yaml\n")


@case("include: a chain of 99 files")
def _(folder: Path) -> str:
    for i in range(99):
        (folder / f"{i}.yaml").write_text(
            "scenes: [" + ("{length: 1f}" if i == 98 else f"{{include: {i + 1}.yaml}}") + "]\n"
        )
    return film("- include: 0.yaml\n")


@case("include: 100 KB, 100 times")
def _(folder: Path) -> str:
    (folder / "a.yaml").write_text("scenes:\n" + listed(["{length: 1f, prompts: abcdefghij}"] * 2_900))
    return film(listed(["include: a.yaml"] * 100))


@case("include: 100 files of comments")
def _(folder: Path) -> str:
    for i in range(100):
        (folder / f"{i}.yaml").write_text(f"# {i}\n" * 190_000 + "scenes: [{length: 1f}]\n")
    return film(listed([f"include: {i}.yaml" for i in range(100)]))


@case("include: 100 files that break off")
def _(folder: Path) -> str:
    for i in range(100):
        (folder / f"{i}.yaml").write_text(f"scenes:\n# {i}\n" + "- a\n" * 12_000 + "- '")
    return film(listed([f"include: {i}.yaml" for i in range(100)]))


@case("include: each the other twice")
def _(folder: Path) -> str:
    for i in range(40):
        (folder / f"{i}.yaml").write_text(f"scenes: [{{include: {i + 1}.yaml}}, {{include: {i + 1}.yaml}}]\n")
    (folder / "40.yaml").write_text("scenes: [{length: 1f}]\n")
    return film("- include: 0.yaml\n")


@case("include: itself")
def _(_: Path) -> str:
    return film("- include: story.yaml\n")


@case("include: through links, out of the folder")
def _(folder: Path) -> str:
    (folder / "out.yaml").symlink_to("/etc/passwd")
    (folder / "round").symlink_to("round")
    (folder / "up").symlink_to("..")
    return film(
        listed(
            [f"include: {name}" for name in ("out.yaml", "round", "up/story.yaml", "/etc/passwd", "../..")]
        )
    )


@case("include: a FIFO, devices and odd names")
def _(folder: Path) -> str:
    os.mkfifo(folder / "fifo")
    (folder / "null").symlink_to("/dev/zero")
    names = (
        "fifo",
        "null",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/mem",
        "n" * 5_000,
        "'\u202ea\u2066'",
        "'~'",
        "'.'",
    )
    return film(listed([f"include: {name}" for name in names]))


@case("include: an odd file with a mistake")
def _(folder: Path) -> str:
    (folder / "\u202elmay.a").write_text("scenes: [{length: 4x}]")
    return film("- include: \u202elmay.a\n")


# Pictures
def with_picture(data: bytes, name: str = "a.png") -> Write:
    def write(folder: Path) -> str:
        (folder / name).write_bytes(data)
        return film(f"- {{length: 10f, init_image: {name}}}\n")

    return write


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n(x) run showpage\n"
case("pictures: PostScript as png")(with_picture(POSTSCRIPT))
case("pictures: truncated png")(with_picture(png(400, 400, cut=80)))
case("pictures: truncated jpg")(
    with_picture(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xda", "a.jpg")
)
case("pictures: 60,000 x 60,000")(with_picture(png(60_000, 60_000, rows=zlib.compress(bytes(1_000_000)))))
case("pictures: 9,000 x 9,000 in 80 KB")(with_picture(png(9_000, 9_000)))
case("pictures: 8,192 x 8,192")(with_picture(png(8_192, 8_192)))
case("pictures: 1 x 8,192")(with_picture(png(1, 8_192)))
case("pictures: 2,000,000,000 x 1")(with_picture(png(2_000_000_000, 1, rows=zlib.compress(b"\0"))))
case("pictures: a bomb of text")(with_picture(png(1, 1)[:33] + b"".join(
    struct.pack(">I", len(z)) + b"zTXt" + z + struct.pack(">I", zlib.crc32(b"zTXt" + z)) for z in [b"a\0\0" + zlib.compress(bytes(90_000_000), 9)]
)))  # fmt: skip
case("pictures: empty")(with_picture(b""))


@case("pictures: 45 MB, named 900 times")
def _(folder: Path) -> str:
    (folder / "a.png").write_bytes(png(64, 64) + bytes(45_000_000))
    return film("- {length: 1f, cut: true, repeat: 900, init_image: a.png}\n")


@case("pictures: 8,192 x 8,192 in 16 layers, ten heights tall")
def _(folder: Path) -> str:
    (folder / "a.png").write_bytes(png(8_192, 8_192))
    layers = ", ".join(["{image: {file: a.png, height: 10}}"] * 16)
    return film(f"- {{length: 10f, layers: [{layers}]}}\n")


@case("pictures: a FIFO and devices")
def _(folder: Path) -> str:
    os.mkfifo(folder / "fifo.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    return film(
        "".join(
            f"- {{length: 1f, cut: true, init_image: {name}}}\n"
            for name in ("fifo.png", "zero.png", "/dev/zero")
        )
    )


# Texts
plain(
    "texts: 500 W, ten heights tall",
    film("- {length: 10f, layers: [{prompts: a}, {text: {text: " + "W" * 500 + ", height: 10}}]}\n"),
)
plain(
    "texts: 500 lines",
    film('- {length: 10f, layers: [{prompts: a}, {text: {text: "' + "W\\n" * 249 + '", height: 10}}]}\n'),
)
plain(
    "texts: 16 layers of 500 on 8192",
    film(
        "- {length: 10f, layers: ["
        + ", ".join(["{text: {text: " + "W" * 490 + ", height: 10}}"] * 16)
        + "]}\n",
        "canvas: 8192x8192\n",
    ),
)
plain(
    "texts: ten thousand different ones",
    film("".join(f"- {{length: 1f, cut: true, layers: [{{text: t{i}}}]}}\n" for i in range(4_000))),
    4_000,
)
plain(
    "prompts: 90 of 10,000 characters",
    film("- length: 10f\n  prompts:\n" + listed(["w " * 5_000] * 90, "    ")),
)


# Tables
def with_table(name: str, write_table: Callable[[Path], None], use: str = "", scenes: str = "") -> None:
    @case(name, 0)
    def _(folder: Path) -> str:
        write_table(folder)
        file = next(path.name for path in folder.iterdir())
        curve = f"{{from: {file}, rate: 10{use}}}"
        return film(
            scenes.replace("CURVE", curve) or f"- {{length: 100f, move: [rotate: {{angle: {curve}}}]}}\n"
        )


def table(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


with_table("tables: a million rows", table("a.csv", "".join(f"{i % 9}\n" for i in range(999_999))))
with_table(
    "tables: a million rows in JSON",
    table("a.json", "[" + ",".join(str(i % 9) for i in range(999_999)) + "]"),
)
with_table(
    "tables: a million rows of two",
    table("a.csv", "t,v\n" + "".join(f"{i},{i % 9}\n" for i in range(900_000))),
    ", column: v",
)
with_table("tables: two million rows", table("a.csv", "1\n" * 2_000_000))
with_table(
    "tables: 90,000 columns",
    table("a.csv", ",".join(f"c{i}" for i in range(20_000)) + "\n" + ",".join(["1"] * 90_000) + "\n"),
    ", column: c19999",
)
with_table("tables: 20,000 keys, then 20,000 rows", lambda folder: (folder / "a.json").write_text(
    json.dumps([{f"k{i}": 1 for i in range(20_000)}] + [{"k0": 1}] * 20_000)) and None, ", column: k0")  # fmt: skip
with_table("tables: 50,000 nested lists", table("a.json", "[" * 50_000 + "]" * 50_000))
with_table("tables: huge numbers", table("a.json", "[" + "9" * 500_000 + "]"))
with_table("tables: not finite", table("a.csv", "1\nnan\ninf\n1e999\n"))
with_table("tables: a field of 150,000 characters", table("a.csv", '1\n"' + "9" * 150_000 + '"\n'))
with_table("tables: an open quote", table("a.csv", '1\n"' + "9\n" * 900_000))
with_table("tables: control characters", table("a.csv", "\x1b[31m,\u202e\n\x9b,\x07\n"))
with_table("tables: NUL", table("a.csv", "1\n\x00\n"))
with_table("tables: 10 MB of quotes", table("a.csv", '""""""""""\n' * 900_000))
with_table("tables: 2 MB, named 2,000 times", table("a.csv", "".join(f"{i % 97}\n" for i in range(700_000))), "",
           listed(["{length: 1f, steps: CURVE}"] * 2_000))  # fmt: skip
with_table("tables: 2 MB, in a scene repeated 1,000 times", table("a.csv", "".join(f"{i % 97}\n" for i in range(700_000))), "",
           "- {length: 1f, repeat: 1000, move: [pan: {x: CURVE}]}\n")  # fmt: skip
with_table("tables: a million rows, smoothed", table("a.csv", "".join(f"{i % 9}\n" for i in range(999_999))), "",
           "- {length: 20000f, move: [rotate: {angle: CURVE}]}\n".replace("CURVE", "{from: a.csv, rate: 240, smooth: 4000s}"))  # fmt: skip


# The story itself is no file
@case("files: the story is a FIFO")
def _(folder: Path) -> str:
    os.mkfifo(folder / "story.yaml")
    return ""


@case("files: the story is a folder")
def _(folder: Path) -> str:
    (folder / "story.yaml").mkdir()
    return ""


@case("files: the story is a device")
def _(folder: Path) -> str:
    (folder / "story.yaml").symlink_to("/dev/zero")
    return ""


@case("files: the story is a loop of links")
def _(folder: Path) -> str:
    (folder / "story.yaml").symlink_to("story.yaml")
    return ""


@case("files: the story has 2 GB")
def _(folder: Path) -> str:
    with (folder / "story.yaml").open("wb") as file:
        file.truncate(2_000_000_000)
    return ""


@dataclass(frozen=True)
class Outcome:
    """What a run of ``check`` came to; ``faults`` are the reasons why it fails."""

    seconds: float
    megabytes: float
    code: int
    line: str
    faults: list[str]


def run_case(name: str) -> Outcome:
    write, frames = CASES[name]
    with tempfile.TemporaryDirectory(prefix="hostile-") as place:
        folder = Path(place)
        text = write(folder)
        story = folder / "story.yaml"
        if not os.path.lexists(story):
            story.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        return check(folder, frames)


def check(folder: Path, frames: int) -> Outcome:
    command = [sys.executable, "-m", "pixray_motion", "check", "story.yaml"]
    # os.wait4 tells the memory of this one child; its output goes to files, so that no pipe fills
    with tempfile.TemporaryFile() as out, open(os.devnull, "rb") as nothing:
        process = subprocess.Popen(
            command, cwd=folder, stdin=nothing, stdout=out, stderr=out, preexec_fn=limit
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode("utf-8", "surrogateescape")
    seconds, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    faults = []
    if seconds > max(SECONDS, FRAME_SECONDS * frames if frames > FREE_FRAMES else 0):
        faults.append("slow")
    if megabytes > MEGABYTES:
        faults.append("memory")
    if process.returncode not in (0, 2):
        faults.append(f"exit code {process.returncode}")
    if "Traceback" in said or "internal error" in said:
        faults.append("traceback")
    if CONTROL.search(said):
        faults.append("control characters")
    line = (said.splitlines() or ["(says nothing)"])[0]
    return Outcome(seconds, megabytes, process.returncode, line, faults)


def limit() -> None:
    """Of CPU time and memory: far above what is allowed, so that a failing case cannot take the machine with it."""
    resource.setrlimit(resource.RLIMIT_CPU, (KILLED_AFTER, KILLED_AFTER))
    resource.setrlimit(resource.RLIMIT_AS, (6_000_000_000, 6_000_000_000))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="run only cases whose names hold one of these")
    words = parser.parse_args().words
    names = [name for name in CASES if not words or any(word in name for word in words)]
    failed = []
    print(f"{'case':50} {'s':>6} {'MB':>5} {'exit':>4}  first line")
    for name in names:
        outcome = run_case(name)
        marks = f"  FAILS: {', '.join(outcome.faults)}" if outcome.faults else ""
        line = CONTROL.sub("?", outcome.line)[:90]
        print(
            f"{name:50} {outcome.seconds:6.2f} {outcome.megabytes:5.0f} {outcome.code:4}  {line}{marks}",
            flush=True,
        )
        failed += [name] if outcome.faults else []
    print(f"{len(names)} cases, {len(failed)} fail{': ' if failed else ''}{'; '.join(failed)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
