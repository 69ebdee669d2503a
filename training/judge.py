"""The judge: another network that names drawn pictures, trained on art that the perceptor never saw.

    python -m training.judge --work WORK --run judge        # how well it names real pictures

It is trained by ``training.train --judge --art held_out`` (see README) and reads text through the teacher and its own head.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from pixray_motion.perceptors.towers import TextHead
from training.compose import load_composer
from training.judge_tower import JudgeTower
from training.prompts import CHOSEN, UNSEEN, chosen_specs
from training.teacher import Teacher
from training.views import views

VIEWS = 12
CAPTIONS = 500


class Judge:
    """Names pictures among captions."""

    def __init__(self, path: Path) -> None:
        average = torch.load(path)["average"]
        self.tower, self.head, self.teacher = JudgeTower().eval(), TextHead(), Teacher()
        for module, prefix in ((self.tower, "image."), (self.head, "head.")):
            module.load_state_dict(
                {k.removeprefix(prefix): v for k, v in average.items() if k.startswith(prefix)}
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

    def ranks(self, pictures: Tensor, captions: list[str], others: list[str]) -> tuple[Tensor, Tensor]:
        """For picture i, how many captions beat its own: among all pictures' captions, and among those and ``others``."""
        images = self.images(pictures)
        scores = images @ self.texts(captions).T
        own = scores.diag()[:, None]
        among = (scores > own).sum(1)
        return among, among + (images @ self.texts(others).T > own).sum(1)


def distractors(work: Path, bank: str) -> list[str]:
    """Captions of a bank, evenly picked, that together with 24 prompts make 500."""
    known = {c.lower() for c in CHOSEN + UNSEEN}
    captions = list(dict.fromkeys(json.loads((work / f"bank_{bank}.json").read_text())["captions"]))
    captions = [c for c in captions if c.lower() not in known]
    count = CAPTIONS - len(CHOSEN)
    return captions[:: len(captions) // count][:count]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", default="judge")
    parser.add_argument("--bank", default="judge")
    options = parser.parse_args()
    torch.set_num_threads(1)
    judge, others = Judge(options.work / f"{options.run}.pt"), distractors(options.work, options.bank)
    for art in ("held_out", "sprites"):
        composer = load_composer(options.work, 12345, art)
        pairs = zip(CHOSEN, chosen_specs(), strict=True)
        known = {p: spec for p, spec in pairs if set(spec.things) <= composer.pools.keys()}
        prompts, specs = list(known), list(known.values())
        absent = [prompt for prompt in CHOSEN if prompt not in known]
        results = [judge.ranks(composer.draw(specs), prompts, others + absent) for _ in range(10)]
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
