"""Work at other times than the calendar says."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.streams.hours import Hour, Hours
from detection.streams.row import HOURS_OF_DAY, NOTHING, Judgement

WRONG_SHIFT = "wrong_shift"


@dataclass(slots=True)
class Shifts:
    """Hours of the last day that were worked and not planned, or planned and not worked.

    An hour counts as worked above `WORKED_ABOVE` of the way from quiet to working load. Overtime and early ends are in no calendar, so a few hours say nothing; both
    together are a shift at the wrong time, and many hours without people are a day that nobody planned.
    """

    extra: list[float] = field(default_factory=list)
    missing: list[float] = field(default_factory=list)

    WORKED_ABOVE = 0.4
    EXTRA_HOURS = 5.0
    EACH_HOURS = 2.0
    BOTH_HOURS = 5.0

    def update(self, hour: Hour, hours: Hours) -> Judgement:
        """Of an hour that ended."""
        span_kw = hours.work_kw - hours.rest_kw
        if not hour.good or not span_kw > 0:
            self.extra.append(0.0)
            self.missing.append(0.0)
        else:
            share = (hour.mean_kw - hours.rest_kw) / span_kw
            worked = share > self.WORKED_ABOVE
            self.extra.append(float(worked and not hour.staffed))
            self.missing.append(float(hour.staffed and not worked))
        del self.extra[:-HOURS_OF_DAY], self.missing[:-HOURS_OF_DAY]
        extra, missing = sum(self.extra), sum(self.missing)
        unplanned = extra / self.EXTRA_HOURS
        moved = min(extra / self.EACH_HOURS, missing / self.EACH_HOURS, (extra + missing) / self.BOTH_HOURS)
        strength = max(unplanned, moved)
        if strength <= 0:
            return NOTHING
        return Judgement(strength, f"{WRONG_SHIFT} worked_unplanned_h={extra:.0f} planned_not_worked_h={missing:.0f}")
