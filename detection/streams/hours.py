"""Hours of a meter: what was drawn in each of the last weeks, and the levels between which the plant rests and works."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from typing import NamedTuple

from detection.streams.row import HOURS_OF_DAY, Row

WEEKS = 4
KEPT_HOURS = WEEKS * 7 * HOURS_OF_DAY
QUIET_QUANTILE, WORKING_QUANTILE = 0.05, 0.9
FEWEST_HOURS = 7 * HOURS_OF_DAY
SMALLEST_KW = 1.0
DECIMALS = 3
"""Of a kilowatt that are kept."""


class Hour(NamedTuple):
    """A local hour that has ended: mean power [kW], whether it was to be staffed, whether its data were right."""

    local_hour: int
    mean_kw: float
    staffed: bool
    good: bool

    @property
    def of_day(self) -> int:
        """0 to 23."""
        return self.local_hour % HOURS_OF_DAY

    @property
    def day(self) -> int:
        """Local days since 1970."""
        return self.local_hour // HOURS_OF_DAY


@dataclass(slots=True)
class HourSum:
    """Rows of the running hour."""

    local_hour: int = -1
    total_kw: float = 0.0
    count: int = 0
    staffed: int = 0
    wrong: int = 0

    def add(self, row: Row, good: bool) -> Hour | None:
        """Take a row; the hour before it, where the row begins another one."""
        ended = None
        if row.local_hour != self.local_hour:
            ended = self.ended()
            self.local_hour, self.total_kw, self.count, self.staffed, self.wrong = row.local_hour, 0.0, 0, 0, 0
        power_kw = row.values[0]
        if good and not isnan(power_kw):
            self.total_kw += power_kw
            self.count += 1
        else:
            self.wrong += 1
        self.staffed += 1 if row.staffed else -1
        return ended

    def ended(self) -> Hour | None:
        """The hour as far as it is known; None before the first row."""
        if self.local_hour < 0:
            return None
        mean_kw = self.total_kw / self.count if self.count else nan
        return Hour(self.local_hour, mean_kw, self.staffed >= 0, self.count > self.wrong)


@dataclass(slots=True)
class Hours:
    """The last four weeks by the hour: what they drew [kW] (NaN where not known), and which were staffed.

    `share` puts a power on the scale of the plant: 0 is the power of its quietest hours, 1 that of its work.
    """

    kw: list[float] = field(default_factory=lambda: [nan] * KEPT_HOURS)
    staffed: list[int] = field(default_factory=lambda: [0] * KEPT_HOURS)
    last_hour: int = -1
    known: int = 0
    quiet_kw: float = nan
    working_kw: float = nan
    mean_kw: float = nan
    rest_kw: float = nan
    work_kw: float = nan
    levels_of_day: int = -1

    def add(self, hour: Hour, normal: bool) -> None:
        """Take an hour that ended; one that is not `normal` is kept as unknown."""
        if self.last_hour >= 0:
            for missed in range(self.last_hour + 1, min(hour.local_hour, self.last_hour + KEPT_HOURS)):
                self.kw[missed % KEPT_HOURS] = nan
        place = hour.local_hour % KEPT_HOURS
        self.kw[place] = round(hour.mean_kw, DECIMALS) if normal and hour.good else nan
        self.staffed[place] = int(hour.staffed)
        self.last_hour = max(hour.local_hour, self.last_hour)
        self.known += int(hour.good)
        if hour.day != self.levels_of_day:
            self._set_levels(hour.day)

    def _set_levels(self, day: int) -> None:
        self.levels_of_day = day
        values = sorted(value for value in self.kw if value == value)
        if len(values) >= FEWEST_HOURS:
            self.quiet_kw = values[int(QUIET_QUANTILE * len(values))]
            self.working_kw = values[int(WORKING_QUANTILE * len(values))]
            self.mean_kw = sum(values) / len(values)
        rest = sorted(value for value, kind in zip(self.kw, self.staffed, strict=True) if value == value and not kind)
        work = sorted(value for value, kind in zip(self.kw, self.staffed, strict=True) if value == value and kind)
        if len(rest) >= 24 and len(work) >= 24:
            self.rest_kw, self.work_kw = rest[len(rest) // 2], work[int(0.7 * len(work))]

    @property
    def span_kw(self) -> float:
        """From quiet to working [kW]; NaN while too little is known."""
        return self.working_kw - self.quiet_kw

    def ready(self) -> bool:
        """Whether the levels are known and apart."""
        return self.span_kw > 0

    def share(self, power_kw: float) -> float:
        """0 at the quiet level, 1 at the working level."""
        return (power_kw - self.quiet_kw) / self.span_kw

    def works(self) -> bool:
        """Whether work stands out from rest: what is drawn then is clearly more."""
        return self.work_kw - self.rest_kw > max(SMALLEST_KW, 0.1 * self.work_kw)

    def same_hours(self, local_hour: int, staffed: bool) -> list[float]:
        """Known powers of the same hour and its neighbours on the days before, of the same kind by the calendar [kW], sorted."""
        found = []
        kw, kinds = self.kw, self.staffed
        for start in (local_hour - 1, local_hour, local_hour + 1):
            for day in range(1, WEEKS * 7):
                place = (start - day * HOURS_OF_DAY) % KEPT_HOURS
                value = kw[place]
                if value == value and kinds[place] == staffed:
                    found.append(value)
        found.sort()
        return found

    def like_day(self, local_hour: int, staffed: bool) -> int | None:
        """A day before, in local days since 1970, on which this hour is known and of the same kind by the calendar: a week before, else the last one; None without one."""
        for days in (7, *range(1, WEEKS * 7)):
            day: int = (local_hour - days * HOURS_OF_DAY) // HOURS_OF_DAY
            place = (local_hour - days * HOURS_OF_DAY) % KEPT_HOURS
            if self.kw[place] == self.kw[place] and bool(self.staffed[place]) == staffed:
                return day
        return None
