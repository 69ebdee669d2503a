"""What every easing must do."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pixray_motion.registry import Registry
from pixray_motion.story.reading.story import parse
from pixray_motion.testing.base import Contract
from pixray_motion.tracks.easing import easing


class EasingContract(Contract):
    """``values`` are needed where the easing's parameters have no defaults."""

    registry: ClassVar[Registry[Any]] = easing
    needs_defaults: ClassVar[bool] = False

    def test_it_leads_from_0_to_1(self) -> None:
        for values in [dict(self.values), *self.sampled_values(3)]:
            ends = self.entry.make(np.array([0.0, 1.0]), **values)
            assert np.allclose(ends, [0, 1], rtol=0, atol=1e-9), (
                f"an easing begins at 0 and ends at 1, so that keyframes are met; got {ends.tolist()} with {values}"
            )

    def test_shares_of_any_number_are_eased_one_by_one(self) -> None:
        share = np.linspace(0, 1, 41)
        before = share.copy()
        eased = self.entry.make(share, **self.values)
        assert isinstance(eased, np.ndarray), f"an easing returns an array; got a {type(eased).__name__}"
        assert eased.shape == share.shape, f"an easing of (N,) shares gives (N,) numbers; got {eased.shape}"
        assert np.isfinite(eased).all(), "an easing is finite for all shares in 0..1"
        assert np.array_equal(share, before), "an easing leaves its argument alone"
        alone = np.array(
            [self.entry.make(share[index : index + 1], **self.values)[0] for index in range(len(share))]
        )
        assert np.allclose(eased, alone, atol=1e-12), "an easing looks at each share by itself"
        assert len(self.entry.make(np.array([]), **self.values)) == 0, (
            "an easing of no shares gives no numbers"
        )

    def test_a_story_may_name_it(self) -> None:
        told = [
            parameter.kind.show(self.values[parameter.name])
            for parameter in self.entry.parameters
            if self.values
        ]
        text = f"{self.name}({', '.join(told)})" if told else self.name
        story = parse(
            f"{{story: 1, rate: 4, scenes: [{{length: 2s, move: [{{pan: {{x: {{0s: 0, 1s: '1 {text}'}}}}}}]}}]}}"
        )
        x = story.scenes[0].segments[0].moves[0].pose(4).apply(np.zeros(2))[0]
        assert abs(x - 1) < 1e-9, (
            f"a story may write '1 {text}' at a keyframe, and the value is met there; got {x}"
        )
