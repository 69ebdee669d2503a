"""What all contracts share: the part that is tested, and values of its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from pixray_motion.lazy import torch
from pixray_motion.registry import Entry, Parameter, Registry
from pixray_motion.units import Count, Flag, Grid, OneOf, Real, Unit
from pixray_motion.wording import InvalidValue

if TYPE_CHECKING:
    from torch import Generator

REACH = 0.5  # of random values around their default
GROWTH = 1.0  # the same of geometric ones, as a logarithm


class Contract:
    """``name`` is the part's, as it is registered; ``values`` are its parameters, as it gets them, by their names."""

    registry: ClassVar[Registry[Any]]
    name: ClassVar[str]
    values: ClassVar[Mapping[str, Any]] = {}
    needs_defaults: ClassVar[bool] = True

    @property
    def entry(self) -> Entry[Any]:
        entry = self.registry.get(self.name)
        if entry is None:
            pytest.fail(
                f"no {self.registry.kind} is registered as '{self.name}': import the module that registers it "
                "before this "
                f"test, or install the plug-in; registered: {', '.join(self.registry.names())}"
            )
        return entry

    @property
    def traits(self) -> Mapping[str, Any]:
        return self.entry.traits

    def test_it_says_what_it_is(self) -> None:
        summary = self.entry.summary
        assert summary.endswith("."), (
            f"the docstring's first line is what 'pixray-motion list' shows, so it is one sentence with a full stop; "
            f"got '{summary}'"
        )

    def test_its_defaults_are_allowed(self) -> None:
        for parameter in self.entry.parameters:
            if parameter.required:
                assert not self.needs_defaults, (
                    f"the parameter '{parameter.name}' needs a default, since a story may name the "
                    f"{self.registry.kind} "
                    "alone"
                )
            else:
                _check_default(parameter)

    def sampled_values(self, count: int = 8, seed: int = 0) -> list[dict[str, Any]]:
        """``count`` random choices of all parameters around their defaults, within their ranges; ``values`` stay."""
        rng = np.random.default_rng(seed)
        return [
            {
                parameter.name: _sample_value(parameter, rng)
                for parameter in self.entry.parameters
                if parameter.name not in self.values and not _is_open(parameter)
            }
            | dict(self.values)
            for _ in range(count)
        ]

    def extreme_values(self) -> list[dict[str, Any]]:
        """For each number among the parameters: its lowest and its highest value, with the others' defaults."""
        found = []
        for parameter in self.entry.parameters:
            kind = parameter.kind
            if isinstance(kind, (Unit, Real, Count)) and parameter.name not in self.values:
                found += [dict(self.values) | {parameter.name: value} for value in (kind.low, kind.high)]
        return found


def make_rng(seed: int = 0) -> Generator:
    """A generator that depends on the seed alone."""
    return torch.Generator().manual_seed(seed)


@contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Torch's and numpy's global generators begin at ``seed`` within, and are as before afterwards."""
    before = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed)
        yield
    np.random.set_state(before)


def _check_default(parameter: Parameter) -> None:
    kind, default = parameter.kind, parameter.default
    if default is None:
        return
    for (label, unit), number in zip(kind.parts, np.atleast_1d(default) if kind.parts else (), strict=True):
        assert unit.low <= number <= unit.high, (
            f"the default of '{parameter.name}'{f' ({label})' if label else ''} lies beyond its range "
            f"{unit.low:g}..{unit.high:g}, so no story could write it; got {number:g}"
        )
    if not kind.parts:
        shown = kind.show(default)
        try:
            read = kind.parse(shown, parameter.name)
        except InvalidValue as error:
            pytest.fail(f"the default of '{parameter.name}' is a value that no story could write: {error}")
        assert read == default, (
            f"the default of '{parameter.name}', written as '{shown}', is read as another value, so a list would "
            f"mislead; got {read!r}"
        )


def _is_open(parameter: Parameter) -> bool:
    """Whether a random value would have nothing to begin with."""
    return parameter.required and not isinstance(parameter.kind, (Unit, Count, Real, Flag, OneOf, Grid))


def _sample_value(parameter: Parameter, rng: np.random.Generator) -> Any:
    kind, default = parameter.kind, parameter.default
    if kind.parts:
        middles: Any = (
            [None] * len(kind.parts) if parameter.required or default is None else np.atleast_1d(default)
        )
        numbers = tuple(
            _sample_unit(unit, middle, rng) for (_, unit), middle in zip(kind.parts, middles, strict=True)
        )
        return numbers[0] if isinstance(kind, Unit) else numbers
    if isinstance(kind, OneOf):
        return kind.words[int(rng.integers(len(kind.words)))]
    if isinstance(kind, Flag):
        return bool(rng.integers(2))
    if parameter.required and isinstance(kind, (Count, Real)):
        return kind.low
    return default


def _sample_unit(unit: Unit, middle: float | None, rng: np.random.Generator) -> float:
    if middle is None:
        middle = min(max(1.0 if unit.geometric else 0.0, unit.low), unit.high)
    step = rng.uniform(-1, 1)
    if unit.geometric:
        return float(np.clip(middle * np.exp(GROWTH * step), unit.low, unit.high))
    reach = 90.0 if "degrees" in unit.name else REACH
    return float(np.clip(middle + reach * step, unit.low, unit.high))
