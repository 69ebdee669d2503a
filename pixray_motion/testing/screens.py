"""What every mask, blend mode and transition must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from pixray_motion.blends import blend
from pixray_motion.composite import RGBA, composite
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.masks import mask
from pixray_motion.registry import Registry
from pixray_motion.screen import Screen
from pixray_motion.story.plan import Component, Drawing, Node, Plan, Stack, drawings
from pixray_motion.story.reading.story import parse
from pixray_motion.story.transition import transition
from pixray_motion.studio import make_cover
from pixray_motion.testing.base import Contract, global_seed
from pixray_motion.testing.pictures import flat, photograph_tensor

if TYPE_CHECKING:
    from torch import Tensor

CANVAS = Canvas(48, 27)
ALIKE = 0.03  # of a mask's mean: how far it may differ between canvases
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


class MaskContract(Contract):
    registry: ClassVar[Registry[Any]] = mask
    needs_defaults: ClassVar[bool] = False

    def cover(self, canvas: Canvas, values: dict[str, Any]) -> Tensor:
        found: Tensor = self.entry.make(Screen(canvas), **values)
        return found

    def test_it_is_a_share_of_every_pixel(self) -> None:
        for values in self.sampled_values():
            for canvas in (CANVAS, Canvas(16, 30)):
                cover = self.cover(canvas, values)
                assert cover.shape == (1, 1, canvas.height, canvas.width), (
                    f"a mask returns (1, 1, H, W) of its screen, {canvas}; got {tuple(cover.shape)}"
                )
                assert cover.dtype == torch.float32, f"a mask is float32; got {cover.dtype}"
                assert torch.isfinite(cover).all(), f"a mask is finite; not so with {values}"
                low, high = float(cover.min()), float(cover.max())
                assert 0 <= low <= high <= 1, (
                    f"a mask lies in [0, 1]; got {low:.3f} to {high:.3f} with {values}"
                )

    def test_it_depends_on_its_arguments_alone(self) -> None:
        for values in self.sampled_values(3):
            found = []
            for seed in (7, 8):
                with global_seed(seed):
                    found.append(self.cover(CANVAS, values))
            assert torch.equal(*found), f"a mask has no randomness of its own; not so with {values}"

    def test_it_is_the_same_on_a_canvas_twice_as_large(self) -> None:
        for values in self.sampled_values():
            large = torch.nn.functional.avg_pool2d(self.cover(Canvas(96, 54), values), 2)
            away = float((large - self.cover(CANVAS, values)).abs().mean())
            assert away < ALIKE, (
                "a mask measures in canvas heights (screen.centres, screen.pixel), so that a draft shows the "
                "film; on a canvas twice "
                f"as large it differs by {away:.3f} on the mean with {values}"
            )


class BlendContract(Contract):
    registry: ClassVar[Registry[Any]] = blend

    def test_it_mixes_colours(self) -> None:
        images = [flat(level, 12, 8) for level in (0.0, 0.5, 1.0)] + [
            photograph_tensor(12, 8, seed) for seed in (0, 1)
        ]
        for values in [dict(self.values), *self.sampled_values(3)]:
            for below in images:
                for above in images:
                    before = below.clone(), above.clone()
                    mixed = self.entry.make(below, above, **values)
                    assert mixed.shape == below.shape, (
                        f"a blend of two images (1, 3, H, W) is one such image; got {tuple(mixed.shape)}"
                    )
                    low, high = float(mixed.min()), float(mixed.max())
                    assert 0 <= low <= high <= 1, (
                        "a blend's colours are finite and lie in [0, 1], also on and of black and white: clamp "
                        "them, and beware of "
                        f"divisions; got {low:.3f} to {high:.3f}"
                    )
                    assert torch.equal(below, before[0]), "a blend leaves its arguments alone"
                    assert torch.equal(above, before[1]), "a blend leaves its arguments alone"
                    assert torch.equal(mixed, self.entry.make(below, above, **values)), (
                        "a blend depends on its arguments alone"
                    )


class TransitionContract(Contract):
    """Traits: ``starts_fresh=True``, the incoming scene begins with a new drawing; ``single_drawing=True``, every frame
    shows one drawing, so that it can be written as shapes."""

    registry: ClassVar[Registry[Any]] = transition

    def node(self, share: float, values: dict[str, Any]) -> Node:
        outgoing, incoming = _scenes()
        found: Node = self.entry.make(outgoing, incoming, share, CANVAS, **values)
        return found

    @property
    def tries(self) -> list[dict[str, Any]]:
        return [dict(self.values), *self.sampled_values(3)]

    def test_every_share_is_a_picture(self) -> None:
        for values in self.tries:
            for share in SHARES:
                node = self.node(share, values)
                assert isinstance(node, (Drawing, Stack)), (
                    f"a transition returns a Drawing or a Stack of layers; got a {type(node).__name__}"
                )
                assert isinstance(node, Drawing) or not self.traits.get("single_drawing"), (
                    "with single_drawing=True every frame of a transition is one drawing; got a stack of layers"
                )
                known = {drawing.id for scene in _scenes() for drawing in drawings(scene)}
                assert {drawing.id for drawing in drawings(node)} <= known, (
                    "a transition shows the drawings of the two scenes, by their ids, and no others"
                )
                plan = Plan(0, "scene", 1, node)
                assert plan.digest() == Plan(0, "scene", 1, self.node(share, values)).digest(), (
                    "a transition depends on its arguments alone"
                )
                image = _shown(node)
                assert np.isfinite(image).all(), (
                    f"a transition's picture is finite; not so at the share {share} with {values}"
                )

    def test_it_begins_with_the_outgoing_scene_and_ends_with_the_incoming_one(self) -> None:
        if self.traits.get("single_drawing"):
            pytest.skip("a single drawing shows one scene at a time")
        assert self.traits.get("starts_fresh"), (
            "a transition that shows both scenes at once is registered with starts_fresh=True, so that the "
            "incoming one has a drawing "
            "of its own"
        )
        for values in self.tries:
            for share, colour, which in ((0.0, 0.0, "outgoing"), (1.0, 1.0, "incoming")):
                away = np.abs(_shown(self.node(share, values)) - colour).mean()
                assert away < 0.01, (
                    f"at the share {share:g} a transition shows the {which} scene alone, or the picture would "
                    f"jump; it is {away:.3f} "
                    f"away with {values}"
                )

    def test_a_story_may_name_it(self) -> None:
        scenes = f"[{{length: 8f, prompts: a dog}}, {{length: 8f, prompts: the sea, transition: {{{self.name}: 4f}}}}]"
        if self.name == "cut":  # which has no length
            scenes = "[{length: 8f, prompts: a dog}, {length: 8f, prompts: the sea, cut: true}]"
        story = parse(f"{{story: 1, rate: 8, scenes: {scenes}}}")
        for frame in range(8, 14):
            story.plan(frame).digest()


def _scenes() -> tuple[Drawing, Drawing]:
    """Two scenes of one drawing each: the first is shown black, the second white."""
    scenes = "{length: 4f, prompts: a dog}, {length: 4f, cut: true, prompts: the sea}"
    story = parse(f"{{story: 1, rate: 8, canvas: 48x27, scenes: [{scenes}]}}")
    return story.plan(2).drawing, story.plan(6).drawing


def _shown(node: Node) -> np.ndarray[Any, Any]:
    """(1, 3, H, W): the picture of two flat scenes."""
    outgoing, _ = _scenes()

    def show(drawing: Drawing) -> RGBA:
        level = 0.0 if drawing.id == outgoing.id else 1.0
        return RGBA(flat(level, CANVAS.width, CANVAS.height), torch.ones(1, 1, CANVAS.height, CANVAS.width))

    def cover(shape: Component) -> Tensor:
        return make_cover(shape, Screen(CANVAS))

    image: np.ndarray[Any, Any] = composite(node, CANVAS, show, cover).on_black().numpy()
    return image
