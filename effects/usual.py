"""What a machine usually draws in a quarter hour: the median of the same quarter hour of days of the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from domain.calendars import is_holiday
from domain.plant import Site
from effects.series import Powers
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc

WEEKS = 5
FEWEST_DAYS = 3
"""Days of the same kind that it takes to know what is usual."""
SUNDAY, WORKDAY = 6, 5


@dataclass(frozen=True, slots=True)
class Usual:
    """Quarter hours that are like another one, the newest first."""

    slots: tuple[int, ...]

    def kw(self, powers: Powers) -> float | None:
        """The median of what was drawn in them [kW]; None where fewer than `FEWEST_DAYS` are sound."""
        known = [float(kw) for slot in self.slots if np.isfinite(kw := powers.between(slot, slot + 1).sound_kw[0])]
        return float(np.median(known)) if len(known) >= FEWEST_DAYS else None


def usual_of(slot: int, site: Site) -> Usual:
    """The quarter hours at the same local time of the days before, of the same kind: workdays, Saturdays, Sundays with holidays."""
    local = slot_start(slot).astimezone(site.zone)
    kind, minutes = day_kind(local.date(), site), slot - slot_of(midnight_utc(local.date(), site.zone))
    found = []
    for back in range(1, 7 * WEEKS + 1):
        day = date.fromordinal(local.date().toordinal() - back)
        if day_kind(day, site) == kind:
            found.append(slot_of(midnight_utc(day, site.zone)) + minutes)
    return Usual(tuple(found))


def day_kind(day: date, site: Site) -> int:
    """0 of a workday, 5 of a Saturday, 6 of a Sunday or holiday."""
    if is_holiday(day, site) or day.weekday() == SUNDAY:
        return SUNDAY
    return 0 if day.weekday() < WORKDAY else day.weekday()
