"""Quarter hours as integers, and the ring of loads that the forecast remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.intervals import Interval, IntervalQuality
from quarters.numbers import slot_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SLOTS_PER_DAY = 96
SLOTS_PER_WEEK = 7 * SLOTS_PER_DAY
LEADS = 192
"""48 h of quarter hours."""
KEPT_SLOTS = 26 * SLOTS_PER_WEEK
"""Half a year: seasons, holidays and rare days need more past to be like than weekdays do; 100 kB a series."""

TRUST_PERCENT = {
    IntervalQuality.MEASURED: 100,
    IntervalQuality.CALCULATED: 100,
    IntervalQuality.CORRECTED: 90,
    IntervalQuality.ESTIMATED: 50,
    IntervalQuality.SUBSTITUTED: 40,
    IntervalQuality.FAULTY: 10,
    IntervalQuality.MISSING: 0,
}
"""How much a quarter hour counts among its like, by how it is known. A choice of ours; missing is absent, never zero."""
NO_REVISION, MOST_REVISION = -1, 32_000
"""What stands for no record, and for all revisions from there on."""
SCORED_FROM_PERCENT = 90
"""Errors are counted only against values that were measured: a substitute agrees with whatever made it."""


@dataclass(slots=True)
class LoadRing:
    """The newest `KEPT_SLOTS` quarter hours: load [kW] (nan where missing), trust [%] and revision; `newest` is None when empty."""

    newest: int | None = None
    load_kw: NDArray[np.float32] = field(default_factory=lambda: np.full(KEPT_SLOTS, np.nan, np.float32))
    trust: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(KEPT_SLOTS, np.uint8))
    revision: NDArray[np.int16] = field(default_factory=lambda: np.full(KEPT_SLOTS, NO_REVISION, np.int16))

    def put(self, interval: Interval) -> bool:
        """Note one interval; a lower revision never replaces a higher one. True if it is newer than all before."""
        slot = slot_of(interval.start_utc)
        newest = self.newest
        advanced = newest is None or slot > newest
        if advanced:
            self._clear(slot if newest is None else max(newest + 1, slot - KEPT_SLOTS + 1), slot)
            self.newest = slot
        elif self.is_beyond(slot):
            return False
        place = slot % KEPT_SLOTS
        revision = min(max(interval.revision, NO_REVISION), MOST_REVISION)
        if revision >= self.revision[place]:
            power_kw = interval.power_kw
            self.load_kw[place] = np.nan if power_kw is None else power_kw
            self.trust[place] = 0 if power_kw is None else TRUST_PERCENT[interval.quality]
            self.revision[place] = revision
        return advanced

    def leaving(self, slot: int) -> list[tuple[int, float]]:
        """Quarter hours with a load that counts for a bill, and the load [kW], for which there is no room once `slot` comes."""
        if self.newest is None or slot <= self.newest:
            return []
        last = min(slot - KEPT_SLOTS, self.newest)
        slots = np.arange(self.newest - KEPT_SLOTS + 1, last + 1)
        places = slots % KEPT_SLOTS
        counts = self.trust[places] > TRUST_PERCENT[IntervalQuality.FAULTY]
        return list(zip(slots[counts].tolist(), self.load_kw[places][counts].tolist(), strict=True))

    def is_beyond(self, slot: int) -> bool:
        """Whether `slot` is older than what is kept."""
        return self.newest is not None and slot <= self.newest - KEPT_SLOTS

    def cut(self, newest: int) -> None:
        """Take `newest` for the newest quarter hour; what was noted beyond it is void."""
        if self.newest is not None and newest < self.newest:
            self._clear(max(newest + 1, self.newest - KEPT_SLOTS + 1), self.newest)
            self.newest = newest

    def _clear(self, first: int, last: int) -> None:
        places = np.arange(first, last + 1) % KEPT_SLOTS
        self.load_kw[places] = np.nan
        self.trust[places] = 0
        self.revision[places] = NO_REVISION

    def unrolled(self, next_slot: int | None = None) -> tuple[int, Floats, Floats]:
        """First slot with a value, and loads [kW] and trust [0..1] of all slots from it on; empty when none is known.

        Parameters
        ----------
        next_slot
            They end before this one; None: with the newest. What lies beyond the newest is not known, and trusted with 0.
        """
        if self.newest is None:
            return 0, np.empty(0), np.empty(0)
        slots = np.arange(self.newest - KEPT_SLOTS + 1, self.newest + 1)
        load_kw = self.load_kw[slots % KEPT_SLOTS].astype(np.float64)
        known = np.flatnonzero(np.isfinite(load_kw))
        if known.size == 0:
            return 0, np.empty(0), np.empty(0)
        trust = self.trust[slots % KEPT_SLOTS] / 100.0
        ahead = 0 if next_slot is None else min(next_slot - 1 - self.newest, KEPT_SLOTS)
        if ahead > 0:
            load_kw, trust = np.append(load_kw, np.full(ahead, np.nan)), np.append(trust, np.zeros(ahead))
        return int(slots[known[0]]), load_kw[known[0] :], trust[known[0] :]
