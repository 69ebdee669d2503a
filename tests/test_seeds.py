"""The random numbers of a film: other ones for each seed, frame and drawing, and always the same."""

import hashlib
from itertools import pairwise, product

import pytest
import torch
from learning import Eye, Painter, studio

from pixray_motion.engine import advance, frame_generator, render
from pixray_motion.state import State
from pixray_motion.story.reading.story import parse
from pixray_motion.studio import Studio


@pytest.mark.parametrize(
    ("seed", "frame", "drawing"),
    [(0, 0, ""), (3, 7, "0"), (2**63 - 1, 999_999, "20/sky"), (1, 2, "Strömung ☃")],
)
def test_a_seed_is_a_digest_of_what_it_is_for(seed: int, frame: int, drawing: str) -> None:
    digest = hashlib.sha256(f"{seed}:{frame}:{drawing}".encode()).hexdigest()
    assert frame_generator(seed, frame, drawing).initial_seed() == int(digest[:16], 16) // 2


def test_the_very_numbers_of_one_seed() -> None:
    """If they change, so does every film."""
    assert frame_generator(3, 7, "0").initial_seed() == 86801998529004013
    assert torch.rand(3, generator=frame_generator(3, 7, "0")).tolist() == pytest.approx(
        [0.0107771, 0.2876966, 0.6726119], abs=1e-6
    )


def test_seeds_frames_and_drawings_all_count() -> None:
    """Also where their digits run together."""
    several = product((0, 1, 11, 112), (0, 1, 2, 12, 1122), ("", "1", "2", "12", "1/2", "a"))
    seeds = [frame_generator(*one).initial_seed() for one in several]
    assert len(set(seeds)) == len(seeds) == 120


def shown(text: str, eye: Eye | None = None, painter: Painter | None = None) -> tuple[list[State], Studio]:
    story = parse(f"story: 1\ncanvas: 32x18\nrate: 10\n{text}")
    made = studio(story, eye, painter)
    return list(render(story, made)), made


QUIET = "perceptor: none\ndenoiser: none\n"


def test_two_layers_of_the_same_prompts_are_two_pictures() -> None:
    layers = "layers: [{prompts: 1 0 0}, {prompts: 1 0 0}]"
    [state], _ = shown(f"{QUIET}scenes: [{{length: 1f, {layers}}}]")
    one, other = (drawing.params["spectrum"] for drawing in state.drawings.values())
    assert one.shape == other.shape
    assert not torch.allclose(one, other)


def test_a_picture_after_a_cut_is_another_one() -> None:
    states, _ = shown(f"{QUIET}scenes: [{{length: 1f}}, {{length: 1f, cut: true}}]")
    one, other = (next(iter(state.drawings.values())).params["spectrum"] for state in states)
    assert not torch.allclose(one, other)


def test_seeds_of_films_make_other_pictures() -> None:
    one, again, other = (
        shown(f"{QUIET}seed: {seed}\nscenes: [{{length: 1f}}]")[0][0].params for seed in (1, 1, 2)
    )
    assert torch.equal(one["spectrum"], again["spectrum"])
    assert not torch.allclose(one["spectrum"], other["spectrum"])


def test_each_frame_of_a_still_film_is_seen_in_other_cutouts_and_through_other_noise() -> None:
    eye, painter = Eye(), Painter()
    shown("scenes: [{length: 4f, prompts: 1 0 0, steps: 1}]", eye, painter)
    assert len(eye.seen) == len(painter.noisy) == 4
    for one, other in pairwise(painter.noisy[1:]):
        assert not torch.allclose(one, other, atol=0.05)
    assert len({tuple(seen.flatten()[:9].tolist()) for seen in eye.seen}) == 4
    assert len(set(painter.levels[1:])) == 3


def test_two_layers_are_seen_in_other_cutouts() -> None:
    eye = Eye()
    layers = "[{prompts: 1 0 0, steps: 1}, {prompts: 1 0 0, steps: 1}]"
    shown(f"denoiser: none\nscenes: [{{length: 1f, layers: {layers}}}]", eye)
    one, other = (seen.std((2, 3)) for seen in eye.seen)
    assert not torch.allclose(one, other)


def test_numbers_come_from_nowhere_else() -> None:
    eye, painter = Eye(), Painter()
    states, made = shown("scenes: [{length: 3f, prompts: 1 0 0, steps: 2}]", eye, painter)
    torch.manual_seed(99)
    torch.rand(7)
    again = advance(states[1], made.story.plan(2), made)
    assert torch.equal(again.params["spectrum"], states[2].params["spectrum"])
