"""Writes the weights that ship: ``perceptor.safetensors`` (float16), ``tokenizer.json`` and ``ATTRIBUTION.md``.

    python -m training.export --work WORK --run robust robust2 --out pixray_motion/perceptors/embedded

Of several runs, each begun from the one before, the weights are averaged (model soups, Wortsman 2022).
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.distil import untrained
from training.teacher import FOLDER

ATTRIBUTION = Path(__file__).parent / "ATTRIBUTION.md"
LIMIT = 40_000_000


def mean(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor over states of the same shapes; of whole numbers the last state's."""
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if last.is_floating_point() else last
        for name, last in states[-1].items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", required=True, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    states = [torch.load(options.work / f"{run}.pt") for run in options.run]
    state = states[-1]
    text = torch.load(options.work / "text.pt")
    average = mean([state["average"] for state in states])
    tensors = {k: v for k, v in average.items() if k.startswith(("image.", "head."))}
    tensors |= {f"text.{k}": v for k, v in text.items()}
    tower = untrained()
    tower.load_state_dict(text)
    hidden, inputs = state["average"]["head.hidden.weight"].shape
    head = {"inputs": inputs, "dim": state["config"]["dim"], "hidden": hidden}
    config = {"image": state["config"], "text": tower.config, "head": head}
    options.out.mkdir(parents=True, exist_ok=True)
    weights = options.out / "perceptor.safetensors"
    save_file({k: v.half().contiguous() for k, v in tensors.items()}, weights, {"config": json.dumps(config)})
    weights.chmod(0o644)  # safetensors makes files that only their owner can read
    shutil.copy(FOLDER / "tokenizer.json", options.out / "tokenizer.json")
    shutil.copy(ATTRIBUTION, options.out / "ATTRIBUTION.md")
    size = sum(path.stat().st_size for path in options.out.iterdir() if path.is_file())
    parts = {
        p: sum(v.numel() for k, v in tensors.items() if k.startswith(p)) / 1e6
        for p in ("image.", "text.", "head.")
    }
    print(parts, f"million parameters, {size / 1e6:.1f} MB in all")
    if size > LIMIT:
        raise SystemExit(f"{size} bytes are more than the {LIMIT} that may ship")


if __name__ == "__main__":
    main()
