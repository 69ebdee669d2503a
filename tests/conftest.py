"""One thread for all tests: the machines that run them are small, and results must not depend on them."""

import torch

torch.set_num_threads(1)
