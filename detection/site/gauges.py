"""What the channels of set points show: quarter hour by quarter hour of the last hours, and day by day of the last weeks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import fmean, median
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.clock import instant
from domain.readings import Reading, ReadingQuality
from domain.set_points import MachineSetPoint
from domain.units import Int64
from quarters.numbers import slot_of

EVERY = timedelta(minutes=5)
"""One value of this time is kept."""
ENOUGH_VALUES = 96
"""Values that make a day count: eight hours."""
KEPT_DAYS, KEPT_QUARTERS = 14, 12
STEPS = 50
"""Into how many steps the span between least and most is cut."""
LOW, HIGH = 0.05, 0.95
BEYOND = 3.0
"""Values further away from the span than this many times its width are no values of this set point."""


@dataclass(frozen=True, slots=True)
class GaugeDay:
    """One local day of a channel."""

    values: Int64
    low: float
    """One in twenty values is below."""
    middle: float
    high: float
    """One in twenty values is above."""


@dataclass(slots=True)
class Gauge:
    """One channel. Changed in place."""

    taken_ms: Int64 = 0
    quarters: dict[int, tuple[float, Annotated[int, Field(ge=0)]]] = field(default_factory=dict)
    """Quarter hour -> sum and number of its values."""
    counting_day: Int64 = 0
    counts: dict[int, Int64] = field(default_factory=dict)
    """Step -> how many values of the day that is counted lay in it."""
    days: dict[int, GaugeDay] = field(default_factory=dict)
    """Local day (ordinal) -> what it showed, of whole days."""

    def take(self, reading: Reading, point: MachineSetPoint, zone: ZoneInfo, counts: Callable[[int], bool]) -> bool:
        """Note a value; whether it was kept.

        Parameters
        ----------
        counts
            Whether a quarter hour's values count for its day.
        """
        value, width = reading.value, point.most - point.least
        if reading.quality is not ReadingQuality.GOOD or value is None or not math.isfinite(value):
            return False
        if reading.observed_ms - self.taken_ms < EVERY / timedelta(milliseconds=1):
            return False
        if not point.least - BEYOND * width <= value <= point.most + BEYOND * width:
            return False
        self.taken_ms = reading.observed_ms
        at_utc = instant(reading.observed_ms)
        slot, day = slot_of(at_utc), at_utc.astimezone(zone).date().toordinal()
        total, number = self.quarters.get(slot, (0.0, 0))
        self.quarters[slot] = (round(total + value, 4), number + 1)
        while len(self.quarters) > KEPT_QUARTERS:
            del self.quarters[min(self.quarters)]
        if day > self.counting_day:
            self._end_day(point)
            self.counting_day = day
        if day == self.counting_day and counts(slot):
            step = round((value - point.least) / width * STEPS)
            self.counts[step] = self.counts.get(step, 0) + 1
        return True

    def mean(self, first_slot: int, end_slot: int, fewest: int) -> float | None:
        """Mean of ``[first_slot, end_slot)``; None where fewer than `fewest` of its quarter hours have a value."""
        found = [total / number for slot, (total, number) in self.quarters.items() if first_slot <= slot < end_slot]
        return fmean(found) if len(found) >= fewest else None

    def usual(self, point: MachineSetPoint, fewest_days: int) -> GaugeDay | None:
        """The median of the last days, value by value, the one that runs included; None where there are fewer than `fewest_days`."""
        running = self._counted(point)
        days = [*self.days.values(), *(() if running is None else (running,))]
        if len(days) < fewest_days:
            return None
        return GaugeDay(
            sum(one.values for one in days), median(one.low for one in days), median(one.middle for one in days),
            median(one.high for one in days),
        )  # fmt: skip

    def _end_day(self, point: MachineSetPoint) -> None:
        counted = self._counted(point)
        if counted is not None:
            self.days[self.counting_day] = counted
            while len(self.days) > KEPT_DAYS:
                del self.days[min(self.days)]
        self.counts = {}

    def _counted(self, point: MachineSetPoint) -> GaugeDay | None:
        """The day that is counted so far; None where it has too few values."""
        values = sum(self.counts.values())
        if values < ENOUGH_VALUES:
            return None
        low, middle, high = (self._quantile(share, values, point) for share in (LOW, 0.5, HIGH))
        return GaugeDay(values, low, middle, high)

    def _quantile(self, share: float, values: int, point: MachineSetPoint) -> float:
        passed = 0
        for step in sorted(self.counts):
            passed += self.counts[step]
            if passed >= share * values:
                return round(point.least + step * (point.most - point.least) / STEPS, 4)
        return point.most
