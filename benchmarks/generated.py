"""Draws stories at random, as the tests do, until so many have passed check, and plans, previews and draws each.

    python benchmarks/generated.py --passed 2000
    python benchmarks/generated.py --passed 200 --models

Prints how many there were and what went wrong; a story that fails is shrunk to the smallest that fails in the same way
and written to ``--keep``. Exits with 1 if any did.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from generated import passes, stories, work_out, write_materials

BATCH = 100  # stories of one seed: hypothesis stops a batch at its first failure


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passed", type=int, default=2000, help="how many stories have to pass check [2000]")
    parser.add_argument("--models", action="store_true", help="with the embedded perceptor and denoiser")
    parser.add_argument(
        "--keep", type=Path, default=Path("failed"), help="where failing stories are written [failed]"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first batch [0]")
    wanted = parser.parse_args()
    warnings.simplefilter("error")
    began, batch, total, failures = time.monotonic(), wanted.seed, [0, 0], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_materials(folder)
        while total[1] < wanted.passed:
            failures += not _run(batch, wanted.models, folder, total, wanted.keep)
            batch += 1
            seconds = time.monotonic() - began
            print(
                f"\r{total[0]} drawn, {total[1]} passed, {failures} batches failed, {seconds:.0f} s", end=""
            )
    print()
    return bool(failures)


def _run(number: int, models: bool, folder: Path, total: list[int], keep: Path) -> bool:
    """A batch of stories; False if one failed, which is then kept."""
    last: dict[str, Any] = {}

    @seed(number)
    @settings(max_examples=BATCH, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(stories(models=models))
    def run(drawn: dict[str, Any]) -> None:
        last.clear()
        last.update(drawn)
        total[0] += 1
        story = passes(drawn, folder)
        if story is not None:
            total[1] += 1
            work_out(story)

    try:
        run()
    except Exception as error:
        keep.mkdir(exist_ok=True)
        (keep / f"story{number}.json").write_text(
            json.dumps(last, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        print(f"\nbatch {number}: {type(error).__name__}: {str(error)[:200]}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
