"""A picture as a spectrum of decorrelated colours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pixray_motion.drawers.base import LearningRate, Params, drawer, unit_rate
from pixray_motion.drawers.bases import BASES
from pixray_motion.drawers.raster import RasterDrawer
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.lazy import torch
from pixray_motion.units import OneOf, Real

if TYPE_CHECKING:
    from torch import Generator, Tensor

# Columns are the directions in which the colours of natural pictures vary most, scaled by how much (Lucid, 2017).
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
CONTRAST = 17.3  # of the sigmoid that makes colours of the spectrum's sums
FAINTEST = 2e-3  # colours are kept this far from 0 and 1, where the sigmoid has no inverse
LARGEST = math.log(1 / FAINTEST - 1)  # what the sigmoid takes, then


@drawer("fft")
class FftDrawer(RasterDrawer):
    """A spectrum with decay: smooth, painterly pictures (after Lucid and Aphantasia).

    Params: ``spectrum``, the parts of a basis before the decay; of waves (1, 3, h, w//2+1, 2), real and imaginary.
    """

    def __init__(
        self,
        canvas: Canvas,
        basis: Annotated[str, OneOf(tuple(BASES))] = "fft",
        decay: Annotated[float, Real(0, 3)] = 0.8,
        learning_rate: Annotated[float, Real(0, 100)] = 0.4,
    ) -> None:
        """``basis``: what the picture is a sum of, waves, wavelets (dwt) or plain pixels (rgb); ``decay``: how fast
        fine detail falls off (power of the frequency), but for plain pixels; ``learning_rate``: how far a step goes."""
        super().__init__(canvas)
        self.basis = BASES[basis](self.plane.height, self.plane.width, decay)
        self.rate = learning_rate * self.basis.learning_rate_factor
        self._mix = torch.tensor(COLOURS) * CONTRAST
        self._unmix = torch.linalg.inv(self._mix.double()).float()

    def init_params(self, rng: Generator) -> Params:
        view = torch.from_numpy(Motion.identity().matrix)
        return {"spectrum": torch.randn(self.basis.shape, generator=rng) * 0.01, "view": view}

    def pixels(self, params: Params) -> Tensor:
        return torch.sigmoid(_mixed(self.basis.synthesise(params["spectrum"]), self._mix))

    def learn(self, pixels: Tensor) -> Params:
        return {"spectrum": self.basis.analyse(_mixed(torch.logit(pixels, FAINTEST), self._unmix))}

    def apply_update(self, params: Params, change: Tensor) -> Params:
        """See ``Drawer.apply_update``.

        Neighbours take the same step before the sigmoid, the one that changes their mean as wanted. Were each pixel
        changed as wanted, then nearly white ones would drift apart there, unseen, until they darken and show as grain.
        """
        sums = _mixed(self.basis.synthesise(params["spectrum"]), self._mix)
        means = _softened(torch.sigmoid(sums), math.ceil(self.canvas.height / change.shape[-2]))
        wanted = (means + self._laid_out(params, change)).clamp(0, 1)
        step = torch.logit(wanted, FAINTEST) - torch.logit(means, FAINTEST)
        after = (sums + step).clamp(-LARGEST, LARGEST)
        return params | {"spectrum": self.basis.analyse(_mixed(after, self._unmix))}

    def learning(self, params: Params) -> dict[str, LearningRate]:  # noqa: ARG002
        return {"spectrum": LearningRate(self.rate * unit_rate(self.plane.height * self.plane.width))}


def _mixed(planes: Tensor, mix: Tensor) -> Tensor:
    """Multiply the three planes of (1, 3, h, w), pixel by pixel, with a (3, 3) matrix."""
    return (mix @ planes.flatten(2)).view(planes.shape)


def _softened(image: Tensor, reach: int) -> Tensor:
    """(N, 3, h, w): the mean of the pixels up to ``reach`` away, along either axis."""
    size = 2 * reach + 1
    padded = torch.nn.functional.pad(image, [reach] * 4, mode="replicate")
    rows = torch.nn.functional.avg_pool2d(padded, (1, size), 1)
    return torch.nn.functional.avg_pool2d(rows, (size, 1), 1)
