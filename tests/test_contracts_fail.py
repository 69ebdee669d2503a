"""Contracts can fail: parts that break one promise each, and the sentence that tells their author why."""

import subprocess
import sys

import pytest

BROKEN = '''
import random
import time

import numpy as np
import torch

from pixray_motion.blends import blend
from pixray_motion.denoisers.base import Denoiser, denoiser
from pixray_motion.drawers.base import drawer, LearningRate
from pixray_motion.drawers.plane import PlaneDrawer
from pixray_motion.filters import image_filter
from pixray_motion.geometry import Canvas, Motion
from pixray_motion.losses import loss
from pixray_motion.masks import mask
from pixray_motion.movements import movement
from pixray_motion.output.base import Writer, writer
from pixray_motion.output.content import PIXELS
from pixray_motion.perceptors.base import Perceptor, perceptor
from pixray_motion.story.plan import Layer, Stack
from pixray_motion.story.transition import transition
from pixray_motion.testing import *
from pixray_motion.tracks.easing import easing
from pixray_motion.units import Amount, Extent, Length

torch.set_num_threads(1)


@movement("flat")
def flat(x: Length = 0.0):
    """Make everything flat."""
    return Motion.shear(1, 1)


class TestFlat(MovementContract):
    name = "flat"


class TestSlid(MovementContract):
    name = "slid"


@movement("drifting")
def drifting(x: Length = 0.0, seen=[]):
    """Go on from where it was."""
    seen.append(x)
    return Motion.shift(sum(np.mean(value) for value in seen), 0)


class TestDrifting(MovementContract):
    name = "drifting"


@image_filter("brighter")
def brighter(image, screen, amount: Amount = 0.1):
    """Brighten the left 30 pixels."""
    image = image.clone()
    image[..., :30] += amount
    return image


class TestBrighter(FilterContract):
    name = "brighter"
    values = {"amount": 0.5}


@image_filter("shade", pointwise=True)
def shade(image, amount: Amount = 0.0):
    """Darken the right side, pointwise as it says."""
    return (image - amount * torch.linspace(0, 1, image.shape[-1])).clamp(0, 1)


class TestShade(FilterContract):
    name = "shade"
    values = {"amount": 0.5}


@image_filter("grain")
def grain(image, screen, amount: Amount = 0.0):
    """Add grain."""
    return (image + amount * torch.randn(image.shape)).clamp(0, 1)


class TestGrain(FilterContract):
    name = "grain"
    values = {"amount": 0.5}


@loss("everywhere")
def everywhere(look):
    """How bright every pixel is."""
    return look.image.square()


class TestEverywhere(LossContract):
    name = "everywhere"


@loss("rough")
def rough(look):
    """How far colours are from grey, by a root of nothing."""
    return (look.image - look.image.mean(1, keepdim=True)).square().sum(1).sqrt().mean()


class TestRough(LossContract):
    name = "rough"


@loss("summed")
def summed(look):
    """How bright all pixels are together."""
    return look.picture.image(look.canvas).sum()


class TestSummed(LossContract):
    name = "summed"


@loss("silent")
def silent(look):
    """How much it changes."""
    return torch.zeros(()) if look.before is None else (look.image - look.before).square().mean()


class TestSilent(LossContract):
    name = "silent"


@drawer("rounding")
class Rounding(PlaneDrawer):
    """Moves by whole pixels only."""

    def warp(self, params, motion, border, rng):
        x, y = np.round(motion.matrix[:2, 2] * self.canvas.height) / self.canvas.height
        return super().warp(params, Motion.shift(x, y), border, rng)


class TestRounding(DrawerContract):
    name = "rounding"


@drawer("camera")
class Camera(PlaneDrawer):
    """Moves the camera and not the picture."""

    def warp(self, params, motion, border, rng):
        return super().warp(params, motion.inverse(), "mirror", rng)


class TestCamera(DrawerContract):
    name = "camera"


@drawer("careless")
class Careless(PlaneDrawer):
    """Draws by chance, changes what it is given, and blurs."""

    def init_params(self, rng):
        return self.encode(torch.rand(1, 3, 9, 16))

    def encode(self, image):
        return super().encode(image) | {"spare": torch.zeros(3)}

    def warp(self, params, motion, border, rng):
        params["plane"].mul_(0.999)
        return super().warp(params, motion, border, rng)

    def learning(self, params):
        return {"plane": LearningRate(1e-6), "spare": LearningRate(1.0)}


class TestCareless(DrawerContract):
    name = "careless"


@drawer("remembering")
class Remembering(PlaneDrawer):
    """Keeps the latest picture to itself."""

    def encode(self, image):
        params = super().encode(image)
        self.latest = params["plane"]
        return params

    def pixels(self, params):
        return 0.5 * params["plane"] + 0.5 * self.latest


class TestRemembering(DrawerContract):
    name = "remembering"


@perceptor("long")
class Long(Perceptor):
    """Gives vectors of any length, which depend on their company and on chance."""

    size, cuts = 8, 1

    def embed_text(self, texts):
        return torch.tensor([[len(text), len(texts), 1.0] for text in texts])

    def embed_images(self, images):
        return images.detach().mean((2, 3))

    def fingerprint(self):
        return f"{random.random()}"


class TestLong(PerceptorContract):
    name = "long"


@denoiser("wishful")
class Wishful(Denoiser):
    """Predicts what the first text says, whether or not it is asked to."""

    side, multiple = 16, 8

    def embed_text(self, texts):
        return torch.tensor([[float(len(text))] for text in texts])

    def predict_x0(self, noisy, noise_level, texts):
        return noisy + texts[0] * torch.ones(len(texts), 1, 1, 1)

    def fingerprint(self):
        return "wishful"


class TestWishful(DenoiserContract):
    name = "wishful"


@writer(".dated")
class Dated(Writer):
    """Writes when it was written, and not what."""

    needs = PIXELS

    def write(self, frames, target, about, on_frame):
        target.with_suffix(".log").write_text("done")
        target.write_text(str(time.perf_counter_ns()))

    def check_film(self, film, about):
        assert about.count


class TestDated(WriterContract):
    name = ".dated"


@mask("band", soft=True)
def band(screen, size: Extent = 0.5):
    """A band of so many pixels."""
    cover = torch.zeros(screen.canvas.height, screen.canvas.width)
    cover[: round(20 * size)] = 1.5
    return cover


class TestBand(MaskContract):
    name = "band"


@blend("divide")
def divide(below, above):
    """Divide."""
    return below / above


class TestDivide(BlendContract):
    name = "divide"


@transition("jump", starts_fresh=True)
def jump(outgoing, incoming, share, canvas):
    """Both scenes at once."""
    return Stack((Layer(outgoing), Layer(incoming, opacity=0.5)))


class TestJump(TransitionContract):
    name = "jump"


@easing("half")
def half(share):
    """Half the way."""
    share /= 2
    return share


class TestHalf(EasingContract):
    name = "half"
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "test_broken.py").write_text(BROKEN, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "test_broken.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "message",
    [
        "with its defaults a movement is at rest, the identity",
        "a pose can be undone, since frames carry out differences of poses",
        "no movement is registered as 'slid': import the module that registers it",
        "a movement returns absolute poses",
        "with its defaults a filter changes nothing",
        "a filter's colours lie in [0, 1]: clamp them",
        "a filter measures lengths in canvas heights",
        "pointwise=True is for filters that change each pixel by itself",
        "a filter makes of a frame of 'fft' what it makes of its pixels on the screen",
        "a filter has no randomness of its own",
        "a loss returns a scalar: take the mean",
        "a loss has a finite gradient",
        "a loss is about the same on a canvas twice as large",
        "even where it has nothing to say (0 * look.image.sum())",
        "a mark goes where the motion says",
        "with the border 'edge'",
        "with the border 'wrap' what leaves on the right comes in on the left",
        "warp by the identity changes no bit",
        "warp returns new params and leaves its argument alone",
        "init_params takes all its randomness from the generator",
        "40 steps lead to at most 0.75 of the squared distance",
        "the picture is computed from it by torch; no gradient reaches it",
        "a drawer keeps nothing from one call to the next",
        "embeddings are unit vectors",
        "a text has the same embedding whatever texts it comes with",
        "embed_images computes by torch, without no_grad",
        "a fingerprint is the same whenever the same weights are loaded",
        "predict_x0 with 1 texts gives",
        "the first predicted picture is that without any text",
        "on_frame is told, after each frame, how many are written",
        "the same frames make the same bytes",
        "write leaves nothing beside the film",
        "check_film finds out whether the film is there, and whole",
        "a mask has no trait 'soft'",
        "a mask returns (1, 1, H, W) of its screen",
        "a blend's colours are finite and lie in [0, 1]",
        "at the share 0 a transition shows the outgoing scene alone",
        "an easing begins at 0 and ends at 1",
        "an easing leaves its argument alone",
    ],
)
def test_a_broken_promise_is_told(told: str, message: str) -> None:
    assert message in told, told
