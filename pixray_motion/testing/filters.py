"""What every filter must do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pixray_motion.drawers.base import drawer
from pixray_motion.filters import apply_filters, image_filter
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.registry import Registry
from pixray_motion.screen import Screen
from pixray_motion.story.plan import Component
from pixray_motion.story.reading.story import parse
from pixray_motion.testing.base import Contract, global_seed, make_rng
from pixray_motion.testing.pictures import all_pictures, photograph_tensor

if TYPE_CHECKING:
    from torch import Tensor

CANVAS = Canvas(48, 27)
PICTURES = ("black", "grey", "white", "photograph")
MOTION = Motion.shift(0.05, -0.03) @ Motion.scale(1.1)
ALIKE = 0.03  # of colours: how far frames may differ between drawers,
SCALED = 0.02  # and between canvases, on the mean
STORY = "{story: 1, canvas: 48x27, scenes: [{length: 2s, prompts: a dog, filters: [NAME: {}]}]}"


class FilterContract(Contract):
    """``values`` should make the filter do something; beside them, random values of its parameters are tried.

    The trait ``pointwise=True`` declares that a filter only changes colours, each pixel by itself, and takes no screen.
    """

    registry: ClassVar[Registry[Any]] = image_filter

    @property
    def pointwise(self) -> bool:
        return bool(self.traits.get("pointwise"))

    def change(self, image: Tensor, values: dict[str, Any]) -> Tensor:
        """(1, 3, H, W) -> (1, 3, H, W): an image of the whole screen through the filter."""
        screen = () if self.pointwise else (Screen(Canvas(image.shape[-1], image.shape[-2])),)
        changed: Tensor = self.entry.make(image, *screen, **values)
        return changed

    @property
    def tries(self) -> list[dict[str, Any]]:
        return [dict(self.values), *self.sampled_values(4)]

    def test_a_story_may_name_it(self) -> None:
        [component] = parse(STORY.replace("NAME", self.name)).plan(1).drawing.filters
        assert component.name == self.name

    def test_it_changes_nothing_by_default(self) -> None:
        image = photograph_tensor(48, 27)
        away = float((self.change(image, {}) - image).abs().max())
        assert away < 1e-5, (
            "with its defaults a filter changes nothing, so that a story can fade it in from there; a colour "
            f"changed by {away:.2g}"
        )

    @pytest.mark.parametrize("picture", PICTURES)
    def test_it_keeps_shape_and_range(self, picture: str) -> None:
        image = all_pictures(48, 27)[picture]
        before = image.clone()
        for values in [*self.tries, *self.extreme_values()]:
            changed = self.change(image, values)
            assert changed.shape == image.shape, (
                f"a filter returns an image of the same shape {tuple(image.shape)}; got {tuple(changed.shape)} "
                f"with {values}"
            )
            assert changed.dtype == image.dtype, (
                f"a filter returns the image's dtype, float32; got {changed.dtype}"
            )
            assert torch.isfinite(changed).all(), (
                f"a filter's colours are finite; not so of a {picture} image with {values}"
            )
            low, high = float(changed.min()), float(changed.max())
            assert 0 <= low <= high <= 1, (
                f"a filter's colours lie in [0, 1]: clamp them; got {low:.3f} to {high:.3f} of a {picture} "
                f"image with {values}"
            )
        assert torch.equal(image, before), "a filter returns a new image and leaves its argument alone"

    @pytest.mark.parametrize("picture", PICTURES)
    def test_gradients_pass_and_are_finite(self, picture: str) -> None:
        image = all_pictures(48, 27)[picture].requires_grad_()
        (through,) = torch.autograd.grad(self.change(image, {}).sum(), image, allow_unused=True)
        assert through is not None, (
            "a filter computes by torch, so that prompts act through it; no gradient reaches the image"
        )
        assert picture != "photograph" or through.abs().sum() > 0, (
            "a filter lets gradients through, or no prompt acts"
        )
        for values in self.tries:
            (gradient,) = torch.autograd.grad(self.change(image, values).sum(), image, allow_unused=True)
            assert gradient is None or torch.isfinite(gradient).all(), (
                f"a filter's gradient is finite; for a {picture} image with {values} it is not: add a little "
                "under a root, a "
                "logarithm or a division"
            )

    def test_it_depends_on_its_arguments_alone(self) -> None:
        image = photograph_tensor(48, 27)
        for values in self.tries:
            found = []
            for seed in (7, 8):
                with global_seed(seed):
                    found.append(self.change(image, values))
            assert torch.equal(*found), (
                "a filter has no randomness of its own and no memory, since it acts on one frame many times; "
                "take a seed as a "
                f"parameter (Seed); not so with {values}"
            )

    def test_what_is_called_pointwise_is(self) -> None:
        if not self.pointwise:
            pytest.skip("the filter does not say that it changes each pixel by itself (pointwise=True)")
        image = photograph_tensor(48, 27).flatten(2)
        order = torch.randperm(image.shape[-1], generator=make_rng())
        for values in self.tries:
            straight = self.change(image.view(1, 3, 27, 48), values).flatten(2)[..., order]
            shuffled = self.change(image[..., order].reshape(1, 3, 27, 48), values).flatten(2)
            assert torch.allclose(straight, shuffled, atol=1e-6), (
                "pointwise=True is for filters that change each pixel by itself, wherever it is and whatever "
                "lies around it; this "
                f"one looks further with {values}: drop the trait and take a screen, f(image, screen, ...)"
            )

    @pytest.mark.parametrize("made_by", ["fft", "pixel", "clipdraw"])
    def test_it_acts_on_what_is_seen_in_every_drawer(self, made_by: str) -> None:
        """Whatever a drawer stores, and however that lies behind the screen."""
        made = drawer.make(made_by)(CANVAS)
        params = made.warp(made.encode(photograph_tensor(48, 27)), MOTION, "mirror", make_rng())
        with torch.no_grad():
            picture = made.draw(params)
            for values in self.tries:
                seen = apply_filters(picture, [Component(self.name, tuple(values.items()))], CANVAS).image(
                    CANVAS
                )
                wanted = self.change(picture.image(CANVAS), values)
                away = float((seen - wanted).abs().mean())
                assert away < ALIKE, (
                    f"a filter makes of a frame of '{made_by}' what it makes of its pixels on the screen; with "
                    f"{values} colours "
                    f"differ by {away:.3f} on the mean"
                )

    def test_it_is_the_same_on_a_canvas_twice_as_large(self) -> None:
        """Measured in canvas heights, and not in pixels."""
        if self.pointwise:
            pytest.skip("a pointwise filter knows no lengths")
        smooth = partial(torch.nn.functional.interpolate, mode="bilinear", align_corners=False)
        large = smooth(torch.nn.functional.avg_pool2d(photograph_tensor(192, 108), 12), (108, 192))
        small = torch.nn.functional.avg_pool2d(large, 2)
        for values in self.tries:
            drafted = self.change(small, values)
            away = float(
                (torch.nn.functional.avg_pool2d(self.change(large, values), 2) - drafted).abs().mean()
            )
            assert away < SCALED, (
                "a filter measures lengths in canvas heights (screen.points, screen.pixel), so that a draft "
                "shows the film's look; "
                f"on a canvas twice as large colours differ by {away:.3f} on the mean with {values}"
            )
