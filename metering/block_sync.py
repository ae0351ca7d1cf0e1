"""Where the billing meter's quarter hours begin on the clock that dates its readings. Pure.

A billing meter counts its quarter hours by its own clock, and the bill follows that.  Two of its signals show when one begins: its demand register of the
running block falls back to the beginning, or its pulse comes.  Each sign bounds the beginning by the readings before and after it; signs of
many quarter hours together bound it more closely than one reading's distance.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from domain.intervals import QUARTER_MS

BlockSign = Literal["demand_block", "sync_pulse"]
"""Channel of the billing meter: the demand of the running block, which falls when a new one begins; or a pulse or count of pulses, which rises."""
FALL = 0.5
"""A block's demand falls by more than half where a new block begins; within one it only wavers."""
APART_MS = 60_000
"""Readings farther apart do not bound a beginning."""
MOST_OFFSET_MS = 120_000
"""A reset farther from a quarter hour was made by hand."""
DRIFT_MS = 20
"""By how much the two clocks may part in a quarter hour."""
GOOD_FOR_MS = 2 * QUARTER_MS + APART_MS
"""Without a sign for so long the beginnings are no longer known to agree."""


class Sign(NamedTuple):
    """A reading of the sign's channel."""

    time_ms: int
    value: float


class Bounds(NamedTuple):
    """How much later than ours the meter's quarter hours begin: between `low_ms` and `high_ms`, as of `seen_ms`."""

    low_ms: int
    high_ms: int
    seen_ms: int

    @property
    def offset_ms(self) -> int:
        """The middle between the bounds."""
        return (self.low_ms + self.high_ms) // 2

    def holds_at(self, now_ms: int) -> bool:
        """Whether a sign was seen so short a time ago that this is known."""
        return 0 <= now_ms - self.seen_ms <= GOOD_FOR_MS


def bounds_by(sign: BlockSign, before: Sign | None, now: Sign, known: Bounds | None) -> Bounds | None:
    """The bounds after the reading `now`; those that were known if it is no sign of a beginning."""
    if before is None or not 0 < now.time_ms - before.time_ms <= APART_MS or not _begins(sign, before.value, now.value):
        return known
    boundary_ms = round((before.time_ms + now.time_ms) / 2 / QUARTER_MS) * QUARTER_MS
    low_ms, high_ms = before.time_ms - boundary_ms, now.time_ms - boundary_ms
    if abs(low_ms + high_ms) > 2 * MOST_OFFSET_MS:
        return known
    if known is not None:
        closer = max(low_ms, known.low_ms - DRIFT_MS), min(high_ms, known.high_ms + DRIFT_MS)
        if closer[0] <= closer[1]:
            low_ms, high_ms = closer
        # Else one of the clocks was set: only the newest sign counts.
    return Bounds(low_ms, high_ms, now.time_ms)


def _begins(sign: BlockSign, before: float, now: float) -> bool:
    return now > before if sign == "sync_pulse" else now < FALL * before
