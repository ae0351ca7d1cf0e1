"""What every decision about a counter starts from: its readings in use, the breaks between them, and the rules of its register."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from metering.cases import Break
from metering.points import Points
from metering.rules import CounterRules


class Counted(NamedTuple):
    """The readings of one counter that are in use, as they are now.

    The functions of `stillness`, `hindsight`, `plain_runs`, `counter_quarter` and `counter_needs` decide from it and change nothing.
    """

    points: Points
    breaks: Mapping[int, Break]
    """By the time [ms] of the reading that a break leads to."""
    rules: CounterRules

    @property
    def known(self) -> int:
        """How many readings count: the first one after an impossible step waits for the second to confirm it."""
        times = self.points.times
        held = self.breaks.get(times[-1]) if times else None
        return len(times) - (held is not None and held.is_impossible)

    def is_gap(self, t0: int, t1: int) -> bool:
        """Whether the time between two neighbouring readings [ms] was not seen."""
        return t1 - t0 > self.rules.gap_ms and t0 not in self.points.whole

    def is_open(self, index: int) -> bool:
        """Whether readings may still come between the one at `index` and the one before it."""
        return 0 < index < len(self.points) and self.points.may_lack(index, self.rules.dense_ms)
