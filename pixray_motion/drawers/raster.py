"""Drawers that learn a plane of pixels, a little larger than what is seen, and how that plane lies: its *view*.

A movement multiplies the view and touches no pixel, so nothing blurs while the picture moves. Only when the view looks
over the plane's edge, or comes so close that it lacks detail, is the plane *rebased*: sampled once with a good kernel,
in float, into a new plane that surrounds what is seen.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pixray_motion.coordinate_maps import CoordinateMap, Points
from pixray_motion.drawers.base import Drawer, Params
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.picture import Picture
from pixray_motion.sampling import (
    SPLINE_ORDER,
    apply_border_mode,
    field_sample,
    fill_with_noise,
    spline_sample,
)

Source = Callable[[Points], Points]

if TYPE_CHECKING:
    from torch import Generator, Tensor

MARGIN = 1.25  # the plane over the canvas; more means fewer rebases and more pixels to learn
CLOSER = 1.2  # a rebase is due when the view magnifies the plane by more
STRETCH = 1.5  # or when a bend does so to lengths, or the opposite,
BADLY = 0.1  # in more than this share of the screen


class RasterDrawer(Drawer):
    """Params: whatever ``pixels`` needs to make the plane, and ``view`` (3, 3) float64, plane -> screen.

    Once bent, the plane is seen through ``backward_map`` (h, w, 2), where on it each of its places shows what lies,
    before the view; and ``forward_map``, the same the other way. The plane has the canvas' pixels to a height, and its
    pixels lie on the canvas' while the view is at rest.
    """

    def __init__(self, canvas: Canvas, order: int = SPLINE_ORDER) -> None:
        """``order`` of the spline that a rebase samples with: a lower one is quicker and softer."""
        self.canvas = canvas
        self.order = order
        self.plane = Canvas(_plane_length(canvas.width), _plane_length(canvas.height))
        x, y = self.plane.half
        self._reach = np.array([x, y]) * self.plane.height / canvas.height

    @abstractmethod
    def pixels(self, params: Params) -> Tensor:
        """(1, 3, h, w) in [0, 1]: the plane as it is now."""

    @abstractmethod
    def learn(self, pixels: Tensor) -> Params:
        """The params, without ``view``, whose ``pixels`` are these (1, 3, h, w) in [0, 1], float32."""

    def draw(self, params: Params) -> Picture:
        density, view = float(self.canvas.height), Motion(params["view"].numpy())
        picture = Picture(self.pixels(params), (density, density), Motion.identity())
        if "backward_map" in params:
            picture = picture.warped(params["backward_map"], self.canvas)
        return replace(picture, view=view)

    def encode(self, image: Tensor) -> Params:
        """Params that draw ``image``; the plane around it is filled by mirroring."""
        size = (self.canvas.height, self.canvas.width)
        if image.shape[-2:] != size:
            image = torch.nn.functional.interpolate(image, size, mode="bicubic", antialias=True)
        places = apply_border_mode(self._places(), self.canvas.half, "mirror")
        return self._laid(spline_sample(_numpy(image), places, self.canvas.height), Motion.identity())

    def warp(self, params: Params, motion: Motion, border: str, rng: Generator) -> Params:
        """See ``Drawer.warp``. A view at rest is rebased first: what lies around it is nobody's drawing yet."""
        if motion.is_identity:
            return params
        before = Motion(params["view"].numpy())
        after = motion @ before
        if (before.is_identity and "backward_map" not in params) or not self._shows(after):
            view = Motion.identity() if "backward_map" in params else self._shifted(after)
            return self._rebased(params, motion.inverse().apply, view, border, rng)
        return params | {"view": torch.from_numpy(after.matrix)}

    def remap(self, params: Params, bend: CoordinateMap, border: str, rng: Generator) -> Params:
        """See ``Drawer.remap``. The plane stays as it is while it has all that is seen, and is seen sharply."""
        view = Motion(params["view"].numpy())
        if view.is_identity and "backward_map" not in params:
            params = self._rebased(params, lambda points: points, view, border, rng)
        backward_map = self._on_plane(params, bend.apply_inverse(self._places()))
        if self._shows_bent(backward_map):
            fields = {"backward_map": backward_map, "forward_map": bend.apply(self._on_screen(params))}
            laid = {name: torch.from_numpy(field).float() for name, field in fields.items()}
            return params | laid | {"view": torch.from_numpy(Motion.identity().matrix)}
        view = Motion.identity() if "backward_map" in params else self._shifted(view)
        return self._rebased(params, bend.apply_inverse, view, border, rng)

    def apply_update(self, params: Params, change: Tensor) -> Params:
        """See ``Drawer.apply_update``."""
        return params | self.learn((self.pixels(params) + self._laid_out(params, change)).clamp(0, 1))

    def _laid_out(self, params: Params, change: Tensor) -> Tensor:
        """(1, 3, h, w) of the plane: a ``change`` of what is seen."""
        points = torch.from_numpy(self._on_screen(params) / np.array(self.canvas.half)).float()[None]
        return torch.nn.functional.grid_sample(
            change, points, mode="bicubic", padding_mode="border", align_corners=False
        )

    def _rebased(self, params: Params, source: Source, view: Motion, border: str, rng: Generator) -> Params:
        """A new plane around what is seen after a movement; beyond what was seen, it follows the border mode.

        ``source``: where on the screen something came from. If the old plane, shifted by whole pixels, will do as
        ``view`` has it, then its pixels are kept exactly.
        """
        if not self._shows(view):
            view = Motion.identity()
        seen = source(view.apply(self._places()))
        inside = apply_border_mode(seen, self.canvas.half, border)
        pixels = spline_sample(
            _numpy(self.pixels(params)), self._on_plane(params, inside), self.canvas.height, self.order
        )
        if border == "noise":
            pixels = fill_with_noise(pixels, seen, self.canvas.half, rng)
        return self._laid(pixels, view)

    def _on_plane(self, params: Params, points: Points) -> Points:
        """Where on the plane is what is seen at (..., 2) points of the screen."""
        points = Motion(params["view"].numpy()).inverse().apply(points)
        if "backward_map" not in params:
            return points
        return field_sample(
            params["backward_map"].double().numpy(), self._places(), self.canvas.height, points
        )

    def _on_screen(self, params: Params) -> Points:
        """(h, w, 2): where on the screen each of the plane's pixels is."""
        places = params["forward_map"].double().numpy() if "forward_map" in params else self._places()
        return Motion(params["view"].numpy()).apply(places)

    def _shows_bent(self, backward_map: Points) -> bool:
        """Whether all that the screen shows lies on the plane, and most of it hardly stretched or squeezed."""
        top, left = (
            (self.plane.height - self.canvas.height) // 2,
            (self.plane.width - self.canvas.width) // 2,
        )
        shown = backward_map[top : top + self.canvas.height, left : left + self.canvas.width]
        if (np.abs(shown) > self._reach).any():
            return False
        down, across = np.gradient(shown, 1 / self.canvas.height, axis=(0, 1))
        stretches = np.linalg.svd(np.stack([across, down], -1), compute_uv=False)
        bad = (stretches[..., 1] < 1 / STRETCH) | (stretches[..., 0] > STRETCH)
        return bool(bad.mean() <= BADLY)

    def _shifted(self, view: Motion) -> Motion:
        """The view after shifting the plane by whole pixels, so that its middle is near the screen's."""
        height = self.canvas.height
        x, y = np.round(view.inverse().apply(np.zeros(2)) * height) / height
        return view @ Motion.shift(x, y)

    def _shows(self, view: Motion) -> bool:
        """Whether the plane reaches all of the screen's corners and is fine enough."""
        corners = view.inverse().apply(self.canvas.corners())
        return bool((np.abs(corners) <= self._reach).all()) and view.area <= CLOSER**2

    def _places(self) -> Points:
        """(h, w, 2): the plane's pixel centres in canvas units."""
        return self.plane.centres() * (self.plane.height / self.canvas.height)

    def _laid(self, pixels: Points, view: Motion) -> Params:
        image = torch.from_numpy(pixels)[None].float().clamp(0, 1)
        return self.learn(image) | {"view": torch.from_numpy(view.matrix)}


def _numpy(image: Tensor) -> Points:
    array: Points = image.detach()[0].double().cpu().numpy()
    return array


def _plane_length(length: int) -> int:
    """At least ``MARGIN`` times as long, of the same parity (so that pixels coincide) and quick to transform."""
    longer = length + 2 * math.ceil(length * (MARGIN - 1) / 2)
    while not _is_smooth(longer):
        longer += 2
    return longer


def _is_smooth(length: int) -> bool:
    for factor in (2, 3, 5, 7):
        while length % factor == 0:
            length //= factor
    return length == 1
