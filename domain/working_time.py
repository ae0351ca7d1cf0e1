"""Which limits of working time a calendar breaks: rest between shifts, hours of a day, hours of a week.

In: a plant with its crews and `[working_time]`.  Out: each place where a limit is not kept, in order of time. Nothing is forbidden here: who
enters a shift is warned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.calendars import ShiftInstance, crews_of, each_break, shift_instances
from domain.plant import Plant
from domain.shift_cost import short_rests

_HOUR = timedelta(hours=1)


class Limit(StrEnum):
    """Which limit."""

    REST = "rest"
    """Between two shifts of one crew."""
    DAY = "day"
    """Hours of one crew on one day, or of a shift of which nobody says who works it."""
    WEEK = "week"
    """Hours of one crew in a week from Monday on."""


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """One place where a limit is not kept."""

    limit: Limit
    crew: str
    """Empty where nobody says who works."""
    day_local: date
    """The day on which the shift begins that breaks it; of a week its Monday."""
    shifts: tuple[str, ...]
    """The shifts together that break it, in order of time."""
    hours: float
    allowed_hours: float


def broken_limits(plant: Plant, from_utc: datetime, to_utc: datetime) -> list[BrokenLimit]:
    """Where the shifts that overlap ``[from_utc, to_utc)`` break `[working_time]`; the span should hold whole weeks."""
    instances = list(shift_instances(plant.shifts, plant, from_utc, to_utc))
    found = [*_rests(plant, from_utc, to_utc), *_days(instances, plant), *_weeks(instances, plant)]
    return sorted(found, key=lambda one: (one.day_local, one.limit, one.crew, one.shifts))


def _rests(plant: Plant, from_utc: datetime, to_utc: datetime) -> Iterator[BrokenLimit]:
    for short in short_rests(plant, from_utc, to_utc):
        shifts = (short.before.shift, short.after.shift)
        yield BrokenLimit(
            Limit.REST, short.crew, short.after.day_local, shifts, max(short.rest_hours, 0.0), plant.working_time.rest_hours
        )


def _days(instances: Iterable[ShiftInstance], plant: Plant) -> Iterator[BrokenLimit]:
    by_day: defaultdict[tuple[str, date, str], list[ShiftInstance]] = defaultdict(list)
    for one in instances:
        for crew in crews_of(one, plant) or ("",):
            by_day[crew, one.day_local, "" if crew else one.shift].append(one)
    most = plant.working_time.most_hours_per_day
    for (crew, day, _), mine in by_day.items():
        hours = sum(_hours_of(one, plant) for one in mine)
        if hours > most:
            yield BrokenLimit(Limit.DAY, crew, day, tuple(one.shift for one in mine), hours, most)


def _weeks(instances: Iterable[ShiftInstance], plant: Plant) -> Iterator[BrokenLimit]:
    by_week: defaultdict[tuple[str, date], list[ShiftInstance]] = defaultdict(list)
    for one in instances:
        for crew in crews_of(one, plant):
            by_week[crew, one.day_local - timedelta(days=one.day_local.weekday())].append(one)
    own = {crew.id: crew.most_hours_per_week for crew in plant.crews}
    for (crew, monday), mine in by_week.items():
        most = own.get(crew) or plant.working_time.most_hours_per_week
        hours = sum(_hours_of(one, plant) for one in mine)
        if hours > most:
            yield BrokenLimit(Limit.WEEK, crew, monday, tuple(one.shift for one in mine), hours, most)


def _hours_of(one: ShiftInstance, plant: Plant) -> float:
    """Working hours: without breaks, by the time that really passes."""
    return (one.end_utc - one.start_utc - sum((end - begin for _, (begin, end) in each_break(one, plant)), timedelta(0))) / _HOUR
