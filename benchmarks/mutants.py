"""Does any mutated story end otherwise than it should? python benchmarks/mutants.py [--count 5000] [--seed 0]

Changes the repository's stories and those of its manual and tests at random (their bytes, words, structure), reads each
in this process and plans three of its frames. Prints how many were refused and how many are stories still, the slowest
ones and the peak of memory, and exits with 1 if any raised something else than ``StoryError``, had a line that cannot
be printed, or took more than 5 seconds.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from story_mutants import is_sound, load_stories, mutate, refusal  # noqa: E402 - after the path that it lies in

SECONDS = 5


def stop(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"takes more than {SECONDS} seconds")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    broken = ROOT / "tests" / "data" / "broken"
    good, bad = load_stories(ROOT / "stories", ROOT / "tests" / "data"), load_stories(broken)
    manual = (ROOT / "docs" / "story.md").read_text("utf-8")
    for number, example in enumerate(re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)):
        lines = "".join(f"    {line}\n" for line in example.splitlines())
        whole = example if example.startswith("story:") else f"story: 1\nscenes:\n  - length: 4s\n{lines}"
        good[f"example {number}"] = whole
    sources = good | bad
    homes = {
        path.name: path
        for folder in (ROOT / "stories", broken.parent, broken)
        for path in folder.glob("*.yaml")
    }
    signal.signal(signal.SIGALRM, stop)
    counts: Counter[tuple[str, str]] = Counter()
    slowest = []
    failed = 0
    for number in range(options.count):
        rng = random.Random(f"{options.seed}/{number}")
        name = rng.choice(list(good if rng.random() < 0.8 else bad))
        kind, text = mutate(rng, sources[name])
        started = time.process_time()
        signal.setitimer(signal.ITIMER_REAL, 4 * SECONDS)  # the machine may be busy with others
        try:
            error = refusal(text, str(homes.get(name, name)))
            result = "a story" if error is None else "refused"
            if not is_sound(error):
                result, failed = "unsound", failed + 1
                print(f"mutant {number} ({name}, {kind}): {error}")
        except Exception:
            result, failed = "raised", failed + 1
            print(f"mutant {number} ({name}, {kind}):\n{traceback.format_exc()}\n{text!r}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        seconds = time.process_time() - started
        if seconds > SECONDS:
            failed += 1
            print(f"mutant {number} ({name}, {kind}): {seconds:.1f} s")
        counts[kind, result] += 1
        slowest = sorted([*slowest, (seconds, number, name, kind)], reverse=True)[:3]
    for (kind, result), count in sorted(counts.items()):
        print(f"{kind:10} {result:8} {count:6}")
    for seconds, number, name, kind in slowest:
        print(f"slowest: mutant {number} ({name}, {kind}): {seconds:.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.count} mutants, {failed} fail, peak {peak:.0f} MB")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
