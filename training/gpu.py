"""The denoiser's training on a lent GPU, in one command of less than ten minutes, with numpy, torch and the tracked files.

    python -m training.gpu --pack carried/pack.bin --out "$OUT" --seconds 540 --students 0.2

Unpacks, trains (after a warm-up of 45 s it tells how many pictures it sees in a second), and ends in time to write what it has:
``average.N``, the moving average as float16 in parts of 15 MB, every minute and at the end; ``denoiser.log``; ``drawn.png``, the
chosen and the unseen prompts. With ``--students`` that share of the time goes to distilling guidance, ``student.N``, its differences. ``--resume
DIR`` goes on from the parts that came back; otherwise it begins with the weights that ship, or with none (``--fresh``).
``--what tower`` trains the image tower instead, robustly, from the weights that ship, and writes ``tower.pt``, its average as
float16, at the end. Rehearse it on a CPU: ``--device cpu --seconds 240 --batch 8 --specs 500``.
"""

import argparse
import shutil
import time
from pathlib import Path

import torch

import training.train
from training.denoise import Run, composed, drawn, export_parts, joined, parser, train
from training.sheets import save_sheet
from training.student import study, teacher_of

TAIL = 25.0  # seconds at the end, for the last export and the pictures
REPOSITORY = Path(__file__).parent.parent


def options_of(asked: argparse.Namespace, scratch: Path) -> argparse.Namespace:
    """What ``denoise`` is told."""
    told = ["--work", str(scratch), "--pack", str(asked.pack), "--device", asked.device]
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
    options = parser().parse_args([*told, *(["--compile"] if asked.compile else [])])
    if asked.resume:
        joined(asked.resume, scratch / "denoiser.pt")
        options.resume = True
    elif not asked.fresh:
        options.grow = REPOSITORY / "pixray_motion/denoisers/embedded"
    return options


def tower(asked: argparse.Namespace, scratch: Path, end: float) -> None:
    """The image tower at 64 pixels, from start to end; perturbations are as large as they were at 48."""
    told = [
        "--work",
        str(scratch),
        "--out",
        "tower",
        "--pack",
        str(asked.pack),
        "--device",
        asked.device,
        "--lower",
    ]
    told += [
        "--workers",
        "1",
        "--batch",
        str(asked.batch),
        "--lr",
        str(asked.lr),
        "--specs",
        str(asked.specs),
    ]
    told += ["--seed", str(asked.seed), "--side", "64", "--replays", "3", "--eps", "1.0", "2.3"]
    told += [] if asked.fresh else ["--shipped", str(REPOSITORY / "pixray_motion/perceptors/embedded")]
    options = training.train.parser().parse_args(told)
    options.end = end
    try:
        training.train.work(0, options)
    finally:
        if (scratch / "tower.pt").exists():
            state = torch.load(scratch / "tower.pt", map_location="cpu")
            average = {
                name: value.half() for name, value in state["average"].items() if value.is_floating_point()
            }
            torch.save(
                {"average": average, "config": state["config"], "step": state["step"]}, asked.out / "tower.pt"
            )
            (asked.out / "tower.log").write_text((scratch / "tower.log").read_text())
        shutil.rmtree(scratch)


def report(run: Run, name: str) -> None:
    rate = run.pictures / max(60 * run.minutes, 1e-9)
    device = torch.cuda.get_device_name() if run.device.type == "cuda" else "CPU"
    memory = torch.cuda.max_memory_allocated() / 1e9 if run.device.type == "cuda" else 0.0
    run.log(f"{name}: {rate:.0f} pictures a second, {memory:.1f} GB, {device}, torch {torch.__version__}")


def parsed() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--pack", type=Path, required=True)
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--what", choices=("denoiser", "tower"), default="denoiser")
    made.add_argument("--seconds", type=float, default=540.0, help="from start to end")
    made.add_argument("--students", type=float, default=0.0, help="share of the time for distilled guidance")
    made.add_argument("--resume", type=Path, help="folder with average.N")
    made.add_argument("--fresh", action="store_true", help="random weights instead of those that ship")
    made.add_argument("--device", default="cuda")
    made.add_argument("--batch", type=int, default=1024)
    made.add_argument("--specs", type=int, default=200_000)
    made.add_argument("--lr", type=float, default=1.2e-3)
    made.add_argument("--cool", type=float, default=0.5)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--compile", action="store_true")
    return made.parse_args()


def main() -> None:
    began, asked = time.monotonic(), parsed()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.device == "cpu":
        torch.set_num_threads(1)
    else:
        torch.set_float32_matmul_precision("high")
    scratch = asked.out / "scratch"
    scratch.mkdir(exist_ok=True)
    end = began + asked.seconds - TAIL
    (tower if asked.what == "tower" else denoiser)(asked, scratch, end)
    print(f"done after {time.monotonic() - began:.0f} s", flush=True)


def denoiser(asked: argparse.Namespace, scratch: Path, end: float) -> None:
    """The denoiser, and its student where there is time for one."""
    options, began = options_of(asked, scratch), time.monotonic()
    try:
        options.deadline = began + (end - began) * (1 - asked.students)
        pictures = composed(options)
        run = train(options, (asked.out, "average"), pictures=pictures)
        report(run, "denoiser")
        export_parts(run.average, asked.out, "average")
        if asked.students:
            options = argparse.Namespace(**vars(options) | {"out": "student", "resume": False, "grow": None})
            options.kind, options.deadline, options.lr = "guidance", end, asked.lr / 3
            run = study(
                options, teacher_of(scratch / "denoiser.pt", asked.device), (asked.out, "student", "average")
            )
            report(run, "student")
            export_parts(run.average, asked.out, "student", "average")
    finally:
        logs = sorted(scratch.glob("*.log"))
        (asked.out / "denoiser.log").write_text("".join(log.read_text() for log in logs))
        shutil.rmtree(scratch)
    if time.monotonic() < end + TAIL / 2:
        sheet = drawn(run.average.state_dict(), run.average.config, asked.device, 30, bool(asked.students))
        save_sheet(sheet, asked.out / "drawn.png")


if __name__ == "__main__":
    main()
