"""One thread for all tests: the machines that run them are small, and results must not depend on them.

Nor do they depend on time: hypothesis has no deadline, tries the same examples in every run, and writes no files.
"""

import os

import torch
from hypothesis import settings

os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
torch.set_num_threads(1)
settings.register_profile("same everywhere", deadline=None, derandomize=True, database=None)
settings.load_profile("same everywhere")
