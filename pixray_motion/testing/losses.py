"""What every loss must do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.losses import Cutouts, LossInput, loss
from pixray_motion.picture import Picture
from pixray_motion.registry import Registry
from pixray_motion.story.reading.story import parse
from pixray_motion.testing.base import Contract, global_seed
from pixray_motion.testing.pictures import all_pictures, photograph_tensor

if TYPE_CHECKING:
    from torch import Tensor

CANVAS = Canvas(48, 27)
PICTURES = ("black", "grey", "white", "photograph")
STORY = "{story: 1, canvas: 48x27, scenes: [{length: 2s, prompts: a dog, losses: [NAME: {weight: 0.5}]}]}"
DOWNHILL = 1e-2  # how far to go along the gradient, as the L2 length of all pixels' change
ALIKE = 0.1  # of a loss's value: how far it may differ between canvases


class LossContract(Contract):
    registry: ClassVar[Registry[Any]] = loss

    def value(self, look: LossInput, values: Mapping[str, Any] | None = None) -> Tensor:
        found = self.entry.make(look, **(self.values if values is None else values))
        assert isinstance(found, torch.Tensor), f"a loss returns a tensor; got a {type(found).__name__}"
        assert found.shape == (), (
            f"a loss returns a scalar: take the mean; got the shape {tuple(found.shape)}"
        )
        assert found.requires_grad == look.picture.pixels.requires_grad, (
            "a loss is computed from the picture by torch, even where it has nothing to say (0 * look.image.sum()), "
            "since gradients are asked of it"
        )
        return found

    def test_a_story_may_name_it(self) -> None:
        [weighted] = parse(STORY.replace("NAME", self.name)).plan(1).drawing.losses
        assert (weighted.component.name, weighted.weight) == (self.name, 0.5)

    @pytest.mark.parametrize("before", [False, True], ids=["after a cut", "later"])
    @pytest.mark.parametrize("cutouts", [False, True], ids=["no perceptor", "perceptor"])
    @pytest.mark.parametrize("picture", PICTURES)
    def test_it_is_a_finite_number_with_a_finite_gradient(
        self, picture: str, cutouts: bool, before: bool
    ) -> None:
        pixels = all_pictures(48, 27)[picture].requires_grad_()
        term = self.value(make_input(pixels, before=before, cutouts=cutouts))
        assert torch.isfinite(term), (
            f"a loss is finite for any picture; for a {picture} one it is {float(term)}"
        )
        (gradient,) = torch.autograd.grad(term, pixels, allow_unused=True)
        assert gradient is not None, "a loss is computed from the picture by torch; no gradient reaches it"
        assert torch.isfinite(gradient).all(), (
            f"a loss has a finite gradient; for a {picture} picture it has not: add a little under a root, a "
            "logarithm or a "
            "division"
        )

    def test_its_gradient_leads_downhill(self) -> None:
        pixels = photograph_tensor(48, 27).requires_grad_()
        start = self.value(make_input(pixels))
        (gradient,) = torch.autograd.grad(start, pixels)
        assert gradient.norm() > 0, "a loss has a gradient in a photograph, or it would change nothing"
        lower = pixels.detach() - DOWNHILL * gradient / gradient.norm()
        end = self.value(make_input(lower.clamp(0, 1)))
        assert float(end.detach()) < float(start.detach()), (
            "a small step against its gradient makes a loss smaller: is a part of it detached, or rounded?"
        )

    def test_it_hardly_depends_on_the_canvas_size(self) -> None:
        pixels = photograph_tensor(192, 108)
        small, large = (
            float(self.value(make_input(pixels, Canvas(width, height))))
            for width, height in ((192, 108), (384, 216))
        )
        assert abs(large - small) <= ALIKE * max(abs(large), abs(small)) + 1e-4, (
            "a loss is about the same on a canvas twice as large, so that a draft's weights serve the film: "
            "look at look.image, "
            f"and take means, not sums; {small:.4g} became {large:.4g}"
        )

    def test_it_depends_on_its_arguments_alone(self) -> None:
        pixels = photograph_tensor(48, 27)
        found = []
        for seed in (7, 8):
            with global_seed(seed):
                found.append(float(self.value(make_input(pixels))))
        assert found[0] == found[1], (
            f"a loss has no randomness and no memory, or no film could be made again; got {found[0]} and then "
            f"{found[1]}"
        )
        assert torch.equal(pixels, photograph_tensor(48, 27)), (
            "a loss does not change the picture that it looks at"
        )

    def test_every_value_in_range_works(self) -> None:
        for values in [*self.extreme_values(), *self.sampled_values(4)]:
            pixels = photograph_tensor(48, 27).requires_grad_()
            term = self.value(make_input(pixels), values)
            (gradient,) = torch.autograd.grad(term, pixels)
            assert torch.isfinite(term), (
                f"a loss is finite for all values that its parameters allow; not so with {values}"
            )
            assert torch.isfinite(gradient).all(), (
                f"a loss's gradient is finite for all values that its parameters allow; not so with {values}"
            )


def make_input(
    pixels: Tensor, canvas: Canvas = CANVAS, before: bool = True, cutouts: bool = True, progress: float = 0.25
) -> LossInput:
    """What a loss sees of ``pixels`` (1, 3, h, w) in [0, 1]; ``before``: another photograph; ``cutouts``: of one."""
    density = float(pixels.shape[-2])
    picture = Picture(pixels, (density, density), Motion.identity())
    drawing = parse("{story: 1, canvas: 48x27, scenes: [{length: 2s, prompts: a dog}]}").plan(1).drawing

    def before_at(size: Canvas) -> Tensor | None:
        return photograph_tensor(size.width, size.height, 1) if before else None

    return LossInput(
        picture, canvas, drawing, {"fake": _look(picture)} if cutouts else {}, progress, before_at
    )


def _look(picture: Picture) -> Cutouts:
    """Two cutouts, (2, 3, 16, 16), and embeddings (2, 3) of them: their mean colours."""
    scales = torch.tensor([[0.5, 0.5, 1.0], [0.3, 0.3, 1.0]], dtype=torch.float64)
    transforms = torch.diag_embed(scales)
    images = picture.cutouts(transforms, 16)
    embeddings = torch.nn.functional.normalize(images.mean((2, 3)) + 0.1, dim=1)
    return Cutouts(transforms, images, embeddings)
