"""A render that is killed before any of its file operations leaves the older film or the new one, and can be resumed.

``benchmarks/kills.py`` does this for every operation of every kind of output; here are some, spread over all.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPT = """
import json, sys
import kills
kills.preload()
print(json.dumps(kills.sample(int(sys.argv[1]))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it forks, and looks into /proc")
def test_a_kill_at_any_moment_loses_nothing() -> None:
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(BENCHMARKS), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "30"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    tried, wrong = json.loads(done.stdout.splitlines()[-1])
    assert tried == 30
    assert wrong == []
