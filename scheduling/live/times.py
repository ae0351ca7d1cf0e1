"""At which other times of its day a shift may be worked, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil

from domain.calendars import ShiftInstance, shift_of
from domain.plant import Plant
from domain.shift_cost import cost_of

TIMES_EACH_WAY = 4
"""Other times that a shift is offered at, earlier and later."""
LEAST_STEP_MIN = 30


@dataclass(frozen=True, slots=True)
class Time:
    """One time of a shift."""

    instance: ShiftInstance
    eur: float
    """What its people cost then."""
    effort_eur: float
    """What people find it worth that it is not moved: nobody is paid for it."""


def other_times(instance: ShiftInstance, plant: Plant) -> list[Time]:
    """The usual time of a shift, then each other on the same local day; those whose cost is not known are left out."""
    most_min = shift_of(instance, plant).may_move_min
    if not most_min:
        return []
    step_min = max(15 * ceil(most_min / 15 / TIMES_EACH_WAY), LEAST_STEP_MIN)
    steps_min = range(step_min, most_min + 1, step_min) or (most_min,)
    found = []
    for by_min in (0, *(sign * step for step in steps_min for sign in (-1, 1))):
        one = _moved(instance, by_min)
        cost = cost_of(one, plant)
        if cost is not None and one.start_utc.astimezone(plant.site.zone).date() == instance.day_local:
            found.append(Time(one, cost.eur, plant.planning.eur_per_moved_shift_hour * abs(by_min) / 60))
    return found


def _moved(instance: ShiftInstance, by_min: int) -> ShiftInstance:
    if not by_min:
        return instance
    by = timedelta(minutes=by_min)
    return replace(instance, start_utc=instance.start_utc + by, end_utc=instance.end_utc + by, is_changed=True)
