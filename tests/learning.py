"""Small parts for tests of how a frame is refined: a drawer, a perceptor and a denoiser to be reckoned by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from pixray_motion.denoisers.base import Denoiser
from pixray_motion.denoisers.guidance import PromptedDenoiser
from pixray_motion.drawers.base import Drawer, LearningRate, Params
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.objective import PromptedPerceptor
from pixray_motion.perceptors.base import Perceptor
from pixray_motion.picture import Picture
from pixray_motion.story.model import Story
from pixray_motion.story.plan import Component
from pixray_motion.studio import Studio, make_covers, make_drawer


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def picture(pixels: torch.Tensor) -> Picture:
    """(1, 3, h, w) that just fill a canvas of their shape."""
    return Picture(pixels, (pixels.shape[-2], pixels.shape[-2]), Motion.identity())


class Eye(Perceptor):
    """Sees the mean colour; a text is three numbers, the colour that it means. Keeps what it was shown."""

    def __init__(self, cuts: int = 4, size: int = 8, name: str = "eye") -> None:
        self.cuts, self.size, self.name = cuts, size, name
        self.seen: list[torch.Tensor] = []

    def embed_text(self, texts: Sequence[str]) -> torch.Tensor:
        return _direction(torch.tensor([[float(part) for part in text.split()] for text in texts]))

    def embed_images(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images.detach())
        return _direction(images.mean((2, 3)))

    def fingerprint(self) -> str:
        return self.name


def _direction(colours: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.cat([colours, torch.full((len(colours), 1), 0.5)], 1), dim=1)


class Painter(Denoiser):
    """Sees the picture ``base`` without a text, and with one a picture all of the colour that it means.

    Keeps the noisy pictures that it was shown, and their noise levels.
    """

    def __init__(self, side: int = 4, base: torch.Tensor | None = None, name: str = "painter") -> None:
        self.side, self.multiple, self.base, self.name = side, side, base, name
        self.noisy: list[torch.Tensor] = []
        self.levels: list[float] = []

    def embed_text(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[float(part) for part in text.split()] for text in texts])

    def predict_x0(self, noisy: torch.Tensor, noise_level: float, texts: torch.Tensor) -> torch.Tensor:
        self.noisy.append(noisy.clone())
        self.levels.append(noise_level)
        base = torch.zeros(1, 3, *noisy.shape[-2:]) if self.base is None else self.base
        return torch.cat([base, texts[:, :, None, None].expand(-1, -1, *noisy.shape[-2:])])

    def fingerprint(self) -> str:
        return self.name


class Sheets(Drawer):
    """Two tensors, ``left`` and ``right`` (1, 3, 2, 2), side by side, and a third one that nobody learns.

    ``takes_updates``: whether it applies an update as it is. When shown it is inverted; refined is what is raw.
    """

    canvas = Canvas(4, 2)

    def __init__(self, rates: Mapping[str, LearningRate], takes_updates: bool = False) -> None:
        self.rates, self.takes_updates = rates, takes_updates

    def init_params(self, rng: torch.Generator) -> Params:
        left, right = torch.rand((2, 1, 3, 2, 2), generator=rng)
        return {"left": left, "right": right, "note": torch.tensor(7.0)}

    def warp(self, params: Params, motion: Motion, border: str, rng: torch.Generator) -> Params:  # noqa: ARG002
        return params

    def draw_raw(self, params: Params) -> Picture:
        return Picture(torch.cat([params["left"], params["right"]], -1), (2.0, 2.0), Motion.identity())

    def draw(self, params: Params) -> Picture:
        return self.draw_raw(params).with_filter(lambda pixels: 1 - pixels)

    def encode(self, image: torch.Tensor) -> Params:
        return {"left": image[..., :2], "right": image[..., 2:], "note": torch.tensor(7.0)}

    def learning(self, params: Params) -> Mapping[str, LearningRate]:  # noqa: ARG002
        return self.rates

    def apply_update(self, params: Params, change: torch.Tensor) -> Params | None:
        if not self.takes_updates:
            return None
        sums = self.draw_raw(params).pixels + change
        return {"left": sums[..., :2], "right": sums[..., 2:], "note": params["note"] + 1}


def studio(story: Story, eye: Perceptor | None = None, painter: Denoiser | None = None) -> Studio:
    """A studio as ``Studio.open`` makes it, but with these models in place of those that the story names."""
    scenes = list(story.all_scenes())
    texts = sorted(
        {
            key.text
            for scene in scenes
            for segment in scene.segments
            for prompt in segment.prompts
            for key in prompt.texts
        }
    )

    def embedded(model: Perceptor | Denoiser) -> dict[str, torch.Tensor]:
        return dict(zip(texts, model.embed_text(texts), strict=True)) if texts else {}

    perceptors: dict[Component, PromptedPerceptor] = {}
    denoisers: dict[Component, PromptedDenoiser] = {}
    for scene in scenes:
        for weighted in scene.perceptors if eye else ():
            perceptors[weighted.component] = PromptedPerceptor(weighted.component.name, eye, embedded(eye))
        if painter and scene.denoiser:
            denoisers[scene.denoiser[1].model] = PromptedDenoiser(painter, embedded(painter))
    drawers = {scene.drawer: make_drawer(scene.drawer, story) for scene in scenes}
    return Studio(story, drawers, perceptors, 1, denoisers, make_covers(story))
