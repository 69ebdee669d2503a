"""The judge: another network that names drawn pictures, trained on art that the perceptor never saw.

    python -m training.judge --work WORK --run judge --save     # once: writes training/judge.safetensors
    python -m training.judge --work WORK                        # how well it names real pictures

It is trained by ``training.train --judge --art held_out`` (see README) and reads text through the teacher and its own head.
``judge.safetensors`` holds its weights as float16, and as metadata ``captions``: a JSON list of the captions, of none of the
prompts, among which it has to find a picture's own. So figures of different days come from one judge.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from pixray_motion.perceptors.towers import TextHead
from training.compose import load_composer
from training.fresh_prompts import FRESH
from training.judge_tower import JudgeTower
from training.prompts import CHOSEN, UNSEEN, chosen_specs
from training.teacher import Teacher
from training.views import views
from training.words import read_tensors

VIEWS = 12
CAPTIONS = 500
WEIGHTS = Path(__file__).parent / "judge.safetensors"
LIMIT = 8_000_000


class Judge:
    """Names pictures among captions. ``others``: captions of no prompt."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        average, metadata = read_tensors(path)
        self.others: list[str] = json.loads(metadata["captions"])
        self.tower, self.head, self.teacher = JudgeTower().eval(), TextHead(), Teacher()
        for module, prefix in ((self.tower, "image."), (self.head, "head.")):
            module.load_state_dict(
                {k.removeprefix(prefix): v.float() for k, v in average.items() if k.startswith(prefix)}
            )

    @torch.no_grad()
    def texts(self, captions: list[str]) -> Tensor:
        return self.head(self.teacher(captions))

    @torch.no_grad()
    def images(self, pictures: Tensor) -> Tensor:
        """(N, 3, h, w) in [0, 1] -> (N, dim), unit: the mean over slightly different views."""
        generator = torch.Generator().manual_seed(0)
        seen = views(pictures, VIEWS, self.tower.size, generator, (0.85, 1.08), turn=0.05, jitter=0.05)
        return F.normalize(self.tower(seen).view(len(pictures), VIEWS, -1).mean(1), dim=-1)

    def ranks(self, pictures: Tensor, captions: list[str]) -> tuple[Tensor, Tensor]:
        """For picture i, how many captions beat its own: among all pictures' captions, and among those and others, 500 in
        all."""
        images, others = self.images(pictures), self.others[: CAPTIONS - len(captions)]
        scores = images @ self.texts(captions).T
        own = scores.diag()[:, None]
        among = (scores > own).sum(1)
        return among, among + (images @ self.texts(others).T > own).sum(1)


def distractors(captions: list[str]) -> list[str]:
    """As many of a bank's captions, evenly picked, as make 500 with 24 prompts."""
    known = {c.lower() for c in CHOSEN + UNSEEN + FRESH}
    captions = [c for c in dict.fromkeys(captions) if c.lower() not in known]
    count = CAPTIONS - len(CHOSEN)
    return captions[:: len(captions) // count][:count]


def save(run: Path, bank: Path, out: Path = WEIGHTS) -> None:
    """Write the weights of a training run."""
    from safetensors.torch import save_file

    average = torch.load(run)["average"]
    tensors = {k: v.half().contiguous() for k, v in average.items() if k.startswith(("image.", "head."))}
    captions = distractors(json.loads(bank.read_text())["captions"])
    save_file(tensors, out, {"captions": json.dumps(captions)})
    out.chmod(0o644)  # safetensors makes files that only their owner can read
    size = out.stat().st_size
    print(f"{sum(t.numel() for t in tensors.values()) / 1e6:.1f} million parameters, {size} bytes")
    if size > LIMIT:
        raise SystemExit(f"that is more than the {LIMIT} bytes that the judge may have")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", default="judge")
    parser.add_argument("--bank", default="judge")
    parser.add_argument(
        "--save", action="store_true", help="write the run's weights into the repository first"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.save:
        save(options.work / f"{options.run}.pt", options.work / f"bank_{options.bank}.json")
    judge = Judge()
    for art in ("held_out", "sprites"):
        composer = load_composer(options.work, 12345, art)
        pairs = zip(CHOSEN, chosen_specs(), strict=True)
        known = {p: spec for p, spec in pairs if set(spec.things) <= composer.pools.keys()}
        prompts, specs = list(known), list(known.values())
        absent = [prompt for prompt in CHOSEN if prompt not in known]
        results = [judge.ranks(composer.draw(specs), prompts) for _ in range(10)]
        few, many = (torch.stack(part) for part in zip(*results, strict=True))
        missed = [p for p, share in zip(prompts, (few < 1).float().mean(0), strict=True) if share < 0.7]
        shares = [(few < 1), (many < 1), (many < 5)]
        print(
            f"real pictures, {art}:",
            *(f"{share.float().mean():.3f}" for share in shares),
            "weak at",
            missed,
            "no drawing of",
            absent,
        )


if __name__ == "__main__":
    main()
