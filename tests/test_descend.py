"""Gradient descent, step by step: on quadratics its way can be reckoned by hand."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from learning import Sheets
from numpy.typing import NDArray

from pixray_motion.descend import Evaluate, descend
from pixray_motion.drawers.base import LearningRate, Params
from pixray_motion.objective import Evaluation
from pixray_motion.picture import Picture

Array = NDArray[np.float64]
TARGET = torch.linspace(-3, 4, 24).view(1, 3, 2, 4)
START = {
    "left": torch.linspace(0, 1, 12).view(1, 3, 2, 2),
    "right": torch.linspace(0.8, -0.4, 12).view(1, 3, 2, 2),
    "note": torch.tensor(7.0),
}
BOTH = {"left": LearningRate(2.0), "right": LearningRate(0.5)}


def nearer(picture: Picture, progress: float) -> Evaluation:  # noqa: ARG001
    """Half the squared distance to the target, in two terms."""
    away = (picture.pixels - TARGET).square() / 2
    return Evaluation({"upper": away[..., 0, :].sum(), "lower": away[..., 1, :].sum()}, {})


def way(
    start: torch.Tensor,
    target: torch.Tensor,
    rate: LearningRate,
    steps: int,
    updates: Mapping[int, Array] | None = None,
) -> list[Array]:
    """Where one tensor is after each step, by the law. ``updates``: directions that are mixed in, half each."""
    x, velocity, places = start.double().numpy(), 0.0, []
    goal = target.double().numpy()
    for index in range(steps):
        direction = (x - goal) / np.linalg.norm(x - goal)
        if updates and index in updates:
            direction = direction / 2 + updates[index] / 2
        velocity = 0.8 * velocity + 0.2 * direction
        height = min(1.0, steps / 120) ** 0.75
        length = height * (0.1 + 0.9 * (1 + math.cos(math.pi * index / steps)) / 2)
        x = np.clip(x - rate.lr * length * velocity, rate.low, rate.high)
        places.append(x)
    return places


@pytest.mark.parametrize("steps", [1, 2, 5, 30, 120, 200])
def test_every_tensor_goes_its_own_way(steps: int) -> None:
    """Each by its own rate, whatever the length of its gradient: one is far from its target, the other near."""
    found, evaluation = descend(START, BOTH, Sheets(BOTH), nearer, steps)
    for name, target in (("left", TARGET[..., :2]), ("right", TARGET[..., 2:])):
        wanted = way(START[name], target, BOTH[name], steps)[-1]
        assert found[name].numpy() == pytest.approx(wanted, abs=2e-4)
    assert evaluation is not None
    assert found["note"] is START["note"]
    assert not found["left"].requires_grad


def test_the_first_step_and_the_last() -> None:
    """Far from the target all steps go the same way: the sum of their lengths is known."""
    rate = {"left": LearningRate(1.0)}
    far = torch.full_like(TARGET, 1e6)

    def evaluate(picture: Picture, progress: float) -> Evaluation:  # noqa: ARG001
        return Evaluation({"far": (picture.pixels - far).square().sum()}, {})

    def gone(steps: int) -> float:
        found, _ = descend(START, rate, Sheets(rate), evaluate, steps)
        moved = found["left"].double() - START["left"].double()
        return float(moved.norm()) * float(torch.sign(moved).mean())

    assert gone(1) == pytest.approx(0.2 * (1 / 120) ** 0.75, rel=1e-3)
    # full speed at the first step; at the second, 0.2 + 0.8 * 0.2 of the velocity and 0.55 of the rate
    assert gone(2) == pytest.approx((1 / 60) ** 0.75 * (0.2 + 0.36 * 0.55), rel=1e-3)
    assert gone(480) == pytest.approx(480 * 0.55, rel=0.02)  # once it has speed, the mean of the schedule


def test_the_last_evaluation_comes_back_and_progress_is_told() -> None:
    told: list[float] = []

    def evaluate(picture: Picture, progress: float) -> Evaluation:
        told.append(progress)
        return Evaluation({"first": picture.pixels.sum() * 0 + len(told)}, {})

    _, evaluation = descend(START, BOTH, Sheets(BOTH), evaluate, 4)
    assert told == [0, 0.25, 0.5, 0.75]
    assert evaluation is not None
    assert float(evaluation.terms["first"].detach()) == 4


def test_values_keep_to_their_bounds() -> None:
    rates = {"left": LearningRate(40.0, 0.0, 1.0), "right": LearningRate(40.0, low=-0.25)}
    found, _ = descend(START, rates, Sheets(rates), nearer, 9)
    for name, target in (("left", TARGET[..., :2]), ("right", TARGET[..., 2:])):
        wanted = way(START[name], target, rates[name], 9)[-1]
        assert found[name].numpy() == pytest.approx(wanted, abs=1e-4)
    assert (found["left"].min(), found["left"].max()) == (0, 1)
    assert found["right"].min() == -0.25
    assert found["right"].max() > 1


@pytest.mark.parametrize("bounds", [{}, {"low": 0.0}, {"high": 1.0}])
def test_one_bound_is_a_bound(bounds: dict[str, float]) -> None:
    rates = {"left": LearningRate(90.0, **bounds)}
    found, _ = descend(START, rates, Sheets(rates), nearer, 3)
    assert (float(found["left"].min()) < 0) == ("low" not in bounds)
    assert (float(found["left"].max()) > 1) == ("high" not in bounds)


def test_what_is_given_is_not_changed() -> None:
    before = {name: tensor.clone() for name, tensor in START.items()}
    descend(START, BOTH, Sheets(BOTH, takes_updates=True), nearer, 3, Steady(0.1))
    assert all(torch.equal(START[name], tensor) for name, tensor in before.items())


def test_without_steps_there_is_no_evaluation() -> None:
    found, evaluation = descend(START, BOTH, Sheets(BOTH), nearer, 0, Steady(0.1))
    assert evaluation is None
    assert all(torch.equal(found[name], START[name]) for name in START)


def test_without_terms_nothing_changes() -> None:
    def nothing(picture: Picture, progress: float) -> Evaluation:  # noqa: ARG001
        return Evaluation({}, {})

    found, evaluation = descend(START, BOTH, Sheets(BOTH), nothing, 5)
    assert evaluation == Evaluation({}, {})
    assert all(torch.equal(found[name], START[name]) for name in START)


def test_a_gradient_of_nothing_moves_nothing() -> None:
    def flat(picture: Picture, progress: float) -> Evaluation:  # noqa: ARG001
        return Evaluation({"flat": 0 * picture.pixels.sum()}, {})

    found, _ = descend(START, BOTH, Sheets(BOTH), flat, 5)
    assert all(torch.equal(found[name], START[name]) for name in START)


class Steady:
    """In a denoiser's place: wants the same change each time, and keeps when it was asked and what it saw."""

    def __init__(self, change: float) -> None:
        self.update = torch.full((1, 3, 2, 4), change)
        self.asked: list[float] = []
        self.saw: list[torch.Tensor] = []

    def distillation_update(self, draw, progress: float) -> torch.Tensor:  # type: ignore[no-untyped-def]
        self.asked.append(progress)
        self.saw.append(draw().pixels.clone())
        return self.update


def listen(evaluate: Evaluate, heard: list[torch.Tensor]) -> Evaluate:
    def heard_too(picture: Picture, progress: float) -> Evaluation:
        heard.append(picture.pixels.detach().clone())
        return evaluate(picture, progress)

    return heard_too


def nothing(picture: Picture, progress: float) -> Evaluation:  # noqa: ARG001
    return Evaluation({}, {})


def test_updates_are_applied_before_every_second_step() -> None:
    guidance, heard = Steady(0.125), list[torch.Tensor]()
    found, _ = descend(START, BOTH, Sheets(BOTH, takes_updates=True), listen(nothing, heard), 5, guidance)
    start = torch.cat([START["left"], START["right"]], -1)
    assert guidance.asked == [0, 0.4, 0.8]
    for saw, before in zip(guidance.saw, (0, 0.125, 0.25), strict=True):
        assert torch.allclose(saw, start + before)
    for seen, moved in zip(heard, (0.125, 0.125, 0.25, 0.25, 0.375), strict=True):
        assert torch.allclose(seen, start + moved)
    assert torch.allclose(found["right"], START["right"] + 0.375)
    assert found["note"] is START["note"]  # an update changes only what is learned


def test_an_update_as_a_whole_is_no_part_of_the_velocity() -> None:
    with_it, _ = descend(START, BOTH, Sheets(BOTH, takes_updates=True), nearer, 1, Steady(0.25))
    moved = way(START["left"] + 0.25, TARGET[..., :2], BOTH["left"], 1)[-1]
    assert with_it["left"].numpy() == pytest.approx(moved, abs=1e-5)


def test_where_updates_take_a_gradient_they_are_half_of_the_direction() -> None:
    guidance = Steady(0.0)
    guidance.update = torch.linspace(1, -2, 24).view(1, 3, 2, 4)
    found, _ = descend(START, BOTH, Sheets(BOTH), nearer, 5, guidance)
    assert guidance.asked == [0, 0.4, 0.8]
    for name, columns in (("left", slice(0, 2)), ("right", slice(2, 4))):
        wanted = -guidance.update[..., columns].double().numpy()
        directions = {index: wanted / np.linalg.norm(wanted) for index in (0, 2, 4)}
        goal = way(START[name], TARGET[..., columns], BOTH[name], 5, directions)[-1]
        assert found[name].numpy() == pytest.approx(goal, abs=1e-5)


def test_an_update_alone_draws_where_nothing_else_does() -> None:
    found, _ = descend(START, BOTH, Sheets(BOTH), nothing, 1, Steady(0.5))
    moved = (found["left"] - START["left"]).numpy()
    assert moved == pytest.approx(np.full_like(moved, 2 * 0.2 / 2 * (1 / 120) ** 0.75 / 12**0.5), rel=1e-3)


def test_what_is_refined_is_the_raw_picture() -> None:
    heard: list[torch.Tensor] = []
    params: Params = dict(START)
    descend(params, BOTH, Sheets(BOTH), listen(nothing, heard), 1)
    assert torch.equal(heard[0], torch.cat([params["left"], params["right"]], -1))
