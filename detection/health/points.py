"""What is kept of a channel for its trend: means of the last quarter hours, and of the last days, in one operating state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from detection.health.trend import Points, Trend, trend

QUARTERS_A_DAY = 96
KEPT_QUARTERS, FEWEST_QUARTERS, QUARTERS_Z = 24, 8, 4.0
"""Quarter hours in which the machine was in the state: kept, needed, and how sure their trend must be. They follow one another, so that z must be high."""
QUARTERS_WITHIN = 2 * QUARTERS_A_DAY
"""Quarter hours that the newest points may span; a trend of minutes says nothing of weeks."""
KEPT_DAYS, FEWEST_DAYS, DAYS_Z = 42, 7, 3.0
NEWEST_Z = 2.0
FEWEST_MINUTES = 5
"""Of a quarter hour in the state, that make a point."""


class Going(NamedTuple):
    """A trend that is one, and how far ahead it may be followed [days]."""

    trend: Trend
    horizon_days: float


@dataclass(slots=True)
class ChannelPoints:
    """One channel in one state."""

    quarters: Points = field(default_factory=list)
    days: Points = field(default_factory=list)
    today: int = 0
    """Local day (ordinal) that is being summed."""
    total: float = 0.0
    count: int = 0

    QUARTERS_AHEAD_DAYS, DAYS_AHEAD_DAYS = 14.0, 60.0

    def add(self, quarter: int, value: float, zone: ZoneInfo) -> None:
        """Take the mean of a quarter hour, by its number since 1970."""
        day = datetime.fromtimestamp(quarter * 900, zone).toordinal()
        if day != self.today:
            if self.count:
                self.days = [*self.days[-KEPT_DAYS + 1 :], (self.today, _short(self.total / self.count))]
            self.today, self.total, self.count = day, 0.0, 0
        self.total, self.count = self.total + value, self.count + 1
        kept = [point for point in self.quarters if quarter - QUARTERS_WITHIN < point[0] < quarter]
        self.quarters = [*kept[-KEPT_QUARTERS + 1 :], (quarter, _short(value))]

    def goings(self) -> list[Going]:
        """What of the last hours and of the last weeks is a trend upwards."""
        found = []
        hours, weeks = self._of_quarters(), self._of_days()
        if hours is not None and len(self.quarters) >= FEWEST_QUARTERS and hours.z >= QUARTERS_Z:
            found.append(Going(_newest(hours, self.quarters, QUARTERS_A_DAY), self.QUARTERS_AHEAD_DAYS))
        if weeks is not None and len(self.days) >= FEWEST_DAYS and weeks.z >= DAYS_Z:
            found.append(Going(_newest(weeks, self.days, 1.0), self.DAYS_AHEAD_DAYS))
        return found

    def shown(self) -> Trend | None:
        """The trend to show: of the weeks once there are enough days, else of the hours."""
        return self._of_days() if len(self.days) >= FEWEST_DAYS else self._of_quarters()

    def _of_quarters(self) -> Trend | None:
        return trend(self.quarters, QUARTERS_A_DAY)

    def _of_days(self) -> Trend | None:
        return trend(self.days, 1.0)


def _newest(whole: Trend, points: Points, a_day: float) -> Trend:
    """The trend with the slope of its newest points where these rise, too: what has just begun is steeper than all that is kept."""
    newest = trend(points[-FEWEST_QUARTERS:], a_day)
    return whole if newest is None or newest.z < NEWEST_Z else replace(newest, z=whole.z, rise=whole.rise)


def _short(value: float) -> float:
    return float(f"{value:.6g}")
