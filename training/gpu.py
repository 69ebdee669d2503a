"""The denoiser's training on a lent GPU, in one command of less than ten minutes, with numpy, torch and the tracked files.

    python -m training.gpu --pack carried/pack.bin --out "$OUT" --seconds 540

Unpacks, trains (after a warm-up of 45 s it tells how many pictures it sees in a second), and ends in time to write what it has:
``composed.png`` (what it learns from), ``average.N`` (the moving average in float16, parts of 15 MB, every minute and at the end),
``drawn.png`` (48 prompts), ``denoiser.log`` and ``figures.json``. ``--resume DIR`` goes on from parts that came back.
Rehearse it on a CPU: ``--device cpu --seconds 120 --batch 8 --specs 500``.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

import torch

from training.denoise import Pictures, drawn, export_parts, joined, parser, train
from training.pack import load
from training.sheets import save_sheet

TAIL = 45.0  # seconds at the end, for the last export and the pictures
REPOSITORY = Path(__file__).parent.parent


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--pack", type=Path, required=True)
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--seconds", type=float, default=540.0)
    made.add_argument("--resume", type=Path, help="folder with average.N")
    made.add_argument("--fresh", action="store_true", help="random weights instead of those that ship")
    made.add_argument("--device", default="cuda")
    made.add_argument("--batch", type=int, default=1024)
    made.add_argument("--specs", type=int, default=300_000)
    made.add_argument("--lr", type=float, default=1.2e-3)
    made.add_argument("--cool", type=float, default=0.5)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--compile", action="store_true")
    asked = made.parse_args()
    began = time.monotonic()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.device == "cpu":
        torch.set_num_threads(1)
    else:
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    told = [
        "--work",
        str(asked.out),
        "--pack",
        str(asked.pack),
        "--device",
        asked.device,
        "--out",
        "denoiser",
    ]
    told += [
        "--batch",
        str(asked.batch),
        "--specs",
        str(asked.specs),
        "--lr",
        str(asked.lr),
        "--cool",
        str(asked.cool),
    ]
    told += ["--seed", str(asked.seed), "--log-every", "15", "--save-every", "60"]
    told += ["--compile"] if asked.compile else []
    options = parser().parse_args(told)
    scratch = asked.out / "scratch"
    scratch.mkdir(exist_ok=True)
    options.work = scratch
    if asked.resume:
        joined(asked.resume, scratch / "denoiser.pt")
        options.resume = True
    elif not asked.fresh:
        options.grow = REPOSITORY / "pixray_motion/denoisers/embedded"
    show_composed(options, asked.out / "composed.png")
    print(f"unpacked and composed after {time.monotonic() - began:.0f} s", flush=True)
    options.deadline = began + asked.seconds - TAIL
    run = train(options, export_to=asked.out)
    export_parts(run.average, asked.out)
    shutil.copy(scratch / "denoiser.log", asked.out / "denoiser.log")
    figures = {
        "pictures": run.pictures,
        "steps": run.step,
        "minutes": run.minutes,
        "pictures a second": run.pictures / max(60 * run.minutes, 1e-9),
        "device": torch.cuda.get_device_name() if asked.device == "cuda" else asked.device,
        "torch": torch.__version__,
    }
    if asked.device == "cuda":
        figures["GB"] = torch.cuda.max_memory_allocated() / 1e9
    (asked.out / "figures.json").write_text(json.dumps(figures, indent=1))
    shutil.rmtree(scratch)
    print(json.dumps(figures), f"after {time.monotonic() - began:.0f} s", flush=True)
    if time.monotonic() - began < asked.seconds - 5:
        save_sheet(drawn(run.average.state_dict(), run.average.config, asked.device), asked.out / "drawn.png")
    print(f"done after {time.monotonic() - began:.0f} s", flush=True)


def show_composed(options: argparse.Namespace, path: Path) -> None:
    """A sheet of what the network learns from."""
    few = Pictures(load(options.pack), 64, options.side, 0.0, options.device, options.seed + 1)
    save_sheet(few(0, 64).pictures / 2 + 0.5, path)


if __name__ == "__main__":
    main()
