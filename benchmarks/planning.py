"""What planning costs: python benchmarks/planning.py

CPU seconds to read and to plan a film of 10,000 frames with 20 numbers that change, and to read one with 6,000 keys.
"""

from __future__ import annotations

import math
import time

from pixray_motion.story.reading.story import parse

FRAMES = 10_000
MOVES = """
      - zoom: {factor: "1.5 + 0.4*sin(t)", about: ["0.1*cos(t)", "0.1*noise(t)"]}
      - pan: {x: "0.2*tri(t, 9)", y: {0%: 0, 30%: 1 smooth, 60%: 0.5 smooth, 100%: 0 smooth}}
      - rotate: {angle: {0%: 0, 50%: 90 ease-in-out-sine, 100%: 0}}
      - shear: {x: "0.1*sin(t)", y: "0.1*sin(2*t)"}
      - orbit: {radius: "0.1*p", angle: 90/s}
      - tilt: {angle: "10*sin(t/3)"}
      - shake: {amount: 0.01, angle: "2*p"}
"""
LINES = """
    losses: {smoothness: "0.1 + 0.1*p", saturation: "0.1*p"}
    filters: [contrast: {amount: "1 + 0.1*sin(t)"}]
    prompts:
      - {text: a sea, weight: {0%: 1, 100%: 0}}
      - {text: a mountain, weight: "p"}
      - {text: a city, weight: "pulse(t, 4)"}
      - {text: a forest, weight: "0.5 + 0.5*noise(t/9)"}
      - {text: fog, weight: "-0.2*p"}
"""


def main() -> None:
    start = time.process_time()
    scene = f"  - length: {FRAMES}f\n    move:{MOVES.rstrip()}\n    {LINES.strip()}\n    steps: '8 + 2*p'\n"
    story = parse("story: 1\nscenes:\n" + scene)
    read = time.process_time()
    for frame in story.frames:
        story.plan(frame)
    planned = time.process_time()
    print(
        f"{FRAMES} frames, 20 numbers: read and checked {read - start:.2f} s, planned {planned - read:.2f} s of CPU"
    )
    keys = ", ".join(f"{frame}f: {math.sin(frame / 50):.6f} smooth" for frame in range(6000))
    start = time.process_time()
    parse(f"story: 1\nscenes: [{{length: 6000f, move: [{{rotate: {{angle: {{{keys}}}}}}}]}}]")
    print(f"6,000 keys: read and checked {time.process_time() - start:.2f} s of CPU")


if __name__ == "__main__":
    main()
