"""What every perceptor and every denoiser must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pixray_motion.denoisers.base import alpha_sigma, denoiser
from pixray_motion.geometry import Canvas
from pixray_motion.lazy import torch
from pixray_motion.perceptors.base import perceptor
from pixray_motion.registry import Registry
from pixray_motion.story.reading.story import parse
from pixray_motion.testing.base import Contract, global_seed, make_rng
from pixray_motion.testing.pictures import all_pictures, photograph_tensor

if TYPE_CHECKING:
    from torch import Tensor

TEXTS = ("", " ", "a dog", "🐶", "zxqv blorp", "日本", "\x00\n", "dog " * 500, "a" * 5000)
WIDE = Canvas(64, 36)
PICTURES = ("black", "grey", "white", "photograph")


class ModelContract(Contract):
    """``others``: settings that load other weights, whose fingerprints must therefore be others."""

    others: ClassVar[Sequence[Mapping[str, Any]]] = ()

    @property
    def model(self) -> Any:
        """The model, made once for a class of tests."""
        if "_model" not in vars(type(self)):
            setattr(type(self), "_model", self.make())  # noqa: B010 - mypy knows no such attribute
        return vars(type(self))["_model"]

    def make(self, **values: Any) -> Any:
        return self.entry.make(**(dict(self.values) | values))

    def test_a_story_may_name_it(self) -> None:
        key = self.registry.kind
        parse(f"{{story: 1, {key}: {self.name}, scenes: [{{length: 1s, prompts: a dog}}]}}").plan(0).digest()

    def test_its_fingerprint_names_its_weights(self) -> None:
        fingerprint = self.model.fingerprint()
        assert isinstance(fingerprint, str), "a fingerprint is a text"
        assert fingerprint, "a fingerprint is not empty, since it tells a saved film's weights from others"
        assert fingerprint.isprintable(), f"a fingerprint is one printable line; got {fingerprint!r}"
        assert self.make().fingerprint() == fingerprint, (
            "a fingerprint is the same whenever the same weights are loaded, or no film could be resumed; got "
            f"'{fingerprint}' and then '{self.make().fingerprint()}'"
        )
        seen = [fingerprint]
        for values in self.others:
            other = self.make(**values).fingerprint()
            assert other not in seen, (
                f"a fingerprint tells other weights apart; with {dict(values)} it is '{other}' again"
            )
            seen.append(other)

    @pytest.mark.parametrize(
        "text", TEXTS, ids=lambda text: f"{text[:8]!r}".encode("ascii", "replace").decode()
    )
    def test_any_text_has_an_embedding(self, text: str) -> None:
        vectors = self.model.embed_text([text])
        assert vectors.ndim == 2, f"embed_text of N texts gives (N, D); got {tuple(vectors.shape)}"
        assert len(vectors) == 1, f"embed_text of 1 text gives (1, D); got {tuple(vectors.shape)}"
        assert vectors.is_floating_point(), f"embeddings are of floating point; got {vectors.dtype}"
        assert torch.isfinite(vectors).all(), (
            f"any text has an embedding, even an empty, long or odd one; not so {text[:20]!r}"
        )
        assert not vectors.requires_grad, (
            "embeddings of texts hold no graph: compute them under torch.no_grad()"
        )

    def test_texts_do_not_depend_on_their_company(self) -> None:
        texts = ["a dog", "a very long description of a city at night in the rain", ""]
        together = self.model.embed_text(texts)
        for text, vector in zip(texts, together, strict=True):
            assert torch.allclose(vector, self.model.embed_text([text])[0], atol=1e-5), (
                "a text has the same embedding whatever texts it comes with, since a film is planned as a "
                f"whole; not so {text!r}"
            )


class PerceptorContract(ModelContract):
    registry: ClassVar[Registry[Any]] = perceptor

    def images(self) -> dict[str, Tensor]:
        return all_pictures(self.model.size, self.model.size)

    def test_it_says_what_it_sees(self) -> None:
        for name in ("size", "cuts"):
            value = getattr(self.model, name, None)
            assert isinstance(value, int), f"a perceptor has the whole number '{name}'; got {value!r}"
            assert value > 0, f"'{name}' is at least 1; got {value}"

    @pytest.mark.parametrize("text", ["", "a dog", "🐶", "dog " * 500])
    def test_embeddings_of_texts_are_unit_vectors(self, text: str) -> None:
        norm = float(self.model.embed_text([text]).norm())
        assert norm == pytest.approx(1, abs=1e-4), (
            f"embeddings are unit vectors, since prompts are measured by angles; that of {text[:20]!r} has the "
            f"length {norm:.4f}"
        )

    @pytest.mark.parametrize("picture", PICTURES)
    def test_embeddings_of_pictures_are_unit_vectors_with_gradients(self, picture: str) -> None:
        images = self.images()[picture].requires_grad_()
        vectors = self.model.embed_images(images)
        length = self.model.embed_text(["a dog"]).shape[1]
        assert vectors.shape == (1, length), (
            f"embed_images of N pictures gives (N, D), in the space of the texts, (1, {length}); got "
            f"{tuple(vectors.shape)}"
        )
        norm = float(vectors.detach().norm())
        assert norm == pytest.approx(1, abs=1e-4), (
            f"embeddings are unit vectors, those of a {picture} picture too; its length is {norm:.4f}"
        )
        assert vectors.requires_grad, (
            "embed_images computes by torch, without no_grad, so that prompts change the picture"
        )
        wish = self.model.embed_text(["a dog"])[0].to(vectors)
        (gradient,) = torch.autograd.grad((vectors @ wish).sum(), images)
        assert torch.isfinite(gradient).all(), (
            f"gradients of embeddings are finite; not so for a {picture} picture"
        )
        assert picture != "photograph" or gradient.abs().max() > 0, (
            "embeddings of pictures have a gradient, or no prompt acts"
        )

    def test_pictures_do_not_depend_on_their_company(self) -> None:
        images = torch.cat(list(self.images().values()))
        before = images.clone()
        with torch.no_grad():
            together = self.model.embed_images(images)
            for image, vector in zip(images, together, strict=True):
                alone = self.model.embed_images(image[None])[0]
                assert torch.allclose(vector, alone, atol=1e-4), (
                    "a picture has the same embedding whatever pictures it comes with: no statistics over the batch"
                )
        assert torch.equal(images, before), "embed_images does not change the pictures that it is given"

    def test_it_depends_on_its_arguments_alone(self) -> None:
        image = self.images()["photograph"]
        found = []
        for seed in (7, 8):
            with global_seed(seed), torch.no_grad():
                model = self.make()
                found.append(torch.cat([model.embed_text(["a dog"]), model.embed_images(image)]))
        assert torch.equal(*found), (
            "a perceptor loaded again sees the same: its weights come from a file or a seed, not from chance"
        )

    def test_it_tells_things_apart(self) -> None:
        with torch.no_grad():
            dog, sea = self.model.embed_text(["a dog", "the blue sea"])
            black, photograph = (
                self.model.embed_images(self.images()[name])[0] for name in ("black", "photograph")
            )
        assert not torch.allclose(dog, sea, atol=1e-4), "different texts have different embeddings"
        assert not torch.allclose(black, photograph, atol=1e-4), (
            "different pictures have different embeddings"
        )


class DenoiserContract(ModelContract):
    registry: ClassVar[Registry[Any]] = denoiser

    def noisy(self, noise_level: float = 0.5, canvas: Canvas = WIDE) -> Tensor:
        size = self.model.native(canvas)
        alpha, sigma = alpha_sigma(noise_level)
        image = photograph_tensor(size.width, size.height) * 2 - 1
        return alpha * image + sigma * torch.randn(image.shape, generator=make_rng())

    @pytest.mark.parametrize(
        "canvas", [Canvas(192, 108), Canvas(108, 192), Canvas(64, 64), Canvas(300, 16)], ids=str
    )
    def test_its_native_size_has_the_canvas_shape(self, canvas: Canvas) -> None:
        for name in ("side", "multiple"):
            value = getattr(self.model, name, None)
            assert isinstance(value, int), f"a denoiser has the whole number '{name}'; got {value!r}"
            assert value > 0, f"'{name}' is at least 1; got {value}"
        size = self.model.native(canvas)
        shorter, longer = sorted((size.width, size.height))
        assert shorter == self.model.side, (
            f"the shorter side of native(canvas) is 'side', {self.model.side}; got {size}"
        )
        assert longer % self.model.multiple == 0, (
            f"the longer side of native(canvas) is a multiple of 'multiple'; got {size}"
        )
        assert (size.width >= size.height) == (canvas.width >= canvas.height), (
            f"native(canvas) lies as the canvas does; got {size}"
        )

    @pytest.mark.parametrize("canvas", [Canvas(64, 36), Canvas(36, 64), Canvas(64, 64)], ids=str)
    def test_it_predicts_a_picture_without_text_and_one_with_each(self, canvas: Canvas) -> None:
        noisy = self.noisy(canvas=canvas)
        for texts in (["a dog"], ["a dog", "", "the sea"]):
            predicted = self.model.predict_x0(noisy, 0.5, self.model.embed_text(texts))
            wanted = (1 + len(texts), *noisy.shape[1:])
            assert predicted.shape == wanted, (
                f"predict_x0 with {len(texts)} texts gives {wanted}, first without any text; got "
                f"{tuple(predicted.shape)}"
            )
            assert not predicted.requires_grad, (
                "what is predicted holds no graph: compute it under torch.no_grad()"
            )

    @pytest.mark.parametrize("noise_level", [0.0, 0.03, 0.5, 0.99])
    def test_predicted_pictures_are_in_range(self, noise_level: float) -> None:
        noisy = self.noisy(noise_level)
        before = noisy.clone()
        predicted = self.model.predict_x0(noisy, noise_level, self.model.embed_text(["a dog"]))
        assert torch.isfinite(predicted).all(), (
            f"predicted pictures are finite at the noise level {noise_level}"
        )
        assert predicted.abs().mean() <= 1.2, (
            f"predicted pictures lie about -1..1; at the noise level {noise_level} the mean size of colours is "
            f"{float(predicted.abs().mean()):.2f}"
        )
        assert torch.equal(noisy, before), "predict_x0 does not change the picture that it is given"

    def test_the_first_row_knows_no_text(self) -> None:
        noisy = self.noisy(0.9)
        dog, sea = (
            self.model.predict_x0(noisy, 0.9, self.model.embed_text([text])) for text in ("a dog", "the sea")
        )
        assert torch.allclose(dog[0], sea[0], atol=1e-5), (
            "the first predicted picture is that without any text, which guidance leads away from; it differs "
            "from text to text"
        )

    def test_texts_do_not_change_each_others_pictures(self) -> None:
        noisy = self.noisy(0.9)
        dog, sea = self.model.embed_text(["a dog", "the sea"])
        together = self.model.predict_x0(noisy, 0.9, torch.stack([dog, sea]))
        alone = self.model.predict_x0(noisy, 0.9, torch.stack([sea]))
        assert torch.allclose(together[2], alone[1], atol=1e-4), (
            "the picture of a text is the same whatever texts it comes with"
        )

    def test_it_depends_on_its_arguments_alone(self) -> None:
        noisy, found = self.noisy(), []
        for seed in (7, 8):
            with global_seed(seed):
                found.append(self.model.predict_x0(noisy, 0.5, self.model.embed_text(["a dog"])))
        assert torch.equal(*found), (
            "a denoiser predicts the same whenever it is asked: all noise is in the picture that it is given"
        )
