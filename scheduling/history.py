"""The billing meter's quarter hours of the running year, as whole watts with their revisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.intervals import Interval, IntervalQuality
from scheduling.problem import Load, slot_of, slot_start

UNKNOWN = np.iinfo(np.int32).min
UWH_PER_QUARTER_WATT = 250_000
"""Micro-watt-hours of one watt over a quarter hour."""
UNSOUND = frozenset({IntervalQuality.MISSING, IntervalQuality.FAULTY})


@dataclass(slots=True)
class History:
    """Mean power [W] from `first_slot` on; `UNKNOWN` where missing or faulty. Changed in place: history comes in bursts of rows."""

    first_slot: int = 0
    power_w: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    revision: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))

    @property
    def end_slot(self) -> int:
        """The quarter hour after the newest."""
        return self.first_slot + len(self.power_w)

    def put(self, interval: Interval) -> bool:
        """Take one interval; False where a newer revision is known."""
        slot = slot_of(interval.start_utc)
        self._reach(slot)
        place = slot - self.first_slot
        if self.revision[place] > interval.revision:
            return False
        unsound = interval.quality in UNSOUND or interval.energy_uwh is None
        watts = UNKNOWN if unsound else min(round((interval.energy_uwh or 0) / UWH_PER_QUARTER_WATT), 2**31 - 1)
        self.power_w[place] = watts
        self.revision[place] = min(interval.revision, 2**15 - 1)
        return True

    def _reach(self, slot: int) -> None:
        if not len(self.power_w):
            self.first_slot = slot
        before, after = max(0, self.first_slot - slot), max(0, slot + 1 - self.end_slot)
        if before or after:
            self.power_w = np.pad(self.power_w, (before, after), constant_values=UNKNOWN)
            self.revision = np.pad(self.revision, (before, after), constant_values=-1)
            self.first_slot -= before

    def forget_before(self, slot: int) -> None:
        """Drop what lies before `slot`."""
        drop = min(max(0, slot - self.first_slot), len(self.power_w))
        self.power_w, self.revision, self.first_slot = self.power_w[drop:], self.revision[drop:], self.first_slot + drop

    def power_kw(self, slot: int) -> float | None:
        """Mean power of one quarter hour; None where it is not known."""
        place = slot - self.first_slot
        if not 0 <= place < len(self.power_w) or self.power_w[place] == UNKNOWN:
            return None
        return float(self.power_w[place]) / 1000

    def loads_kw(self, first_slot: int, end_slot: int) -> Load:
        """Powers [kW] of ``[first_slot, end_slot)``; NaN where not known."""
        loads = np.full(end_slot - first_slot, np.nan)
        first, end = max(first_slot, self.first_slot), min(end_slot, self.end_slot)
        if first < end:
            watts = self.power_w[first - self.first_slot : end - self.first_slot]
            loads[first - first_slot : end - first_slot] = np.where(watts == UNKNOWN, np.nan, watts / 1000)
        return loads


def year_of(slot: int, zone: ZoneInfo) -> int:
    """Local calendar year of a quarter hour."""
    return slot_start(slot).astimezone(zone).year


def first_slot_of_year(year: int, zone: ZoneInfo) -> int:
    """The first quarter hour of a local calendar year."""
    return slot_of(datetime(year, 1, 1, tzinfo=zone).astimezone(UTC))
