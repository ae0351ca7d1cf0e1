"""What a shift costs, and whether its crews rest: hours by the clock that really ran, times wage, times one and the surcharges.

In: the plant (shifts, crews, surcharges, working time), a shift instance.  Out: EUR, or None where people or wage are not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from domain.calendars import (
    ShiftInstance,
    Span,
    clock_span,
    crews_of,
    each_break,
    is_holiday,
    shift_instances,
    shift_of,
    workers_of,
)
from domain.plant import Plant
from domain.shifts import Surcharge, SurchargeKind

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ShiftCost:
    """What one shift costs."""

    eur: float
    surcharges_eur: float
    """Of `eur`, what is paid on top of the wage."""
    workers: int
    paid_hours: float
    """Of each of them: without unpaid breaks, by the time that really passes in a night of a clock change."""


def cost_of(instance: ShiftInstance, plant: Plant) -> ShiftCost | None:
    """What `instance` costs; None where its people or their wage are not known: unknown is not free."""
    people = workers_of(instance, plant)
    wage = _wage(instance, plant)
    if not people or wage is None:
        return None
    workers = sum(one.workers for one in people)
    hours = surcharged = 0.0
    for begin, end, percent in paid_parts(instance, plant):
        hours += (end - begin) / _HOUR
        surcharged += (end - begin) / _HOUR * percent / 100
    return ShiftCost(workers * wage * (hours + surcharged), workers * wage * surcharged, workers, hours)


def _wage(instance: ShiftInstance, plant: Plant) -> float | None:
    """EUR an hour; None where nobody says, or crews that work it together are paid differently."""
    shift = shift_of(instance, plant)
    if shift.wage_eur_per_hour is not None:
        return shift.wage_eur_per_hour
    mine = crews_of(instance, plant)
    wages = {crew.wage_eur_per_hour for crew in plant.crews if crew.id in mine}
    return wages.pop() if len(wages) == 1 else None


def paid_parts(instance: ShiftInstance, plant: Plant) -> Iterator[tuple[datetime, datetime, float]]:
    """The paid time of a shift in parts of one surcharge each: begin, end, percent on top of the wage."""
    unpaid = [span for pause, span in each_break(instance, plant) if not pause.paid]
    surcharged = [(surcharge, span) for surcharge in plant.surcharges for span in _spans(surcharge, instance, plant)]
    spans = [*unpaid, *(span for _, span in surcharged)]
    edges = {instance.start_utc, instance.end_utc}
    edges |= {edge for span in spans for edge in span if instance.start_utc < edge < instance.end_utc}
    for begin, end in pairwise(sorted(edges)):
        if not any(_holds(span, begin) for span in unpaid):
            yield begin, end, _percent([surcharge for surcharge, span in surcharged if _holds(span, begin)])


def _holds(span: Span, at_utc: datetime) -> bool:
    return span[0] <= at_utc < span[1]


def _percent(surcharges: Iterable[Surcharge]) -> float:
    added = [one.percent for one in surcharges if one.on_top]
    highest = max((one.percent for one in surcharges if not one.on_top), default=0.0)
    return sum(added) + highest


def _spans(surcharge: Surcharge, instance: ShiftInstance, plant: Plant) -> Iterator[Span]:
    """When `surcharge` is paid, as far as that may touch `instance`."""
    if surcharge.shifts and instance.shift not in surcharge.shifts:
        return
    zone = plant.site.zone
    day, last = instance.start_utc.astimezone(zone).date() - timedelta(days=1), instance.end_utc.astimezone(zone).date()
    while day <= last:
        if _is_valid(surcharge, day) and _is_its_day(surcharge, day, plant):
            yield clock_span(surcharge.from_, surcharge.to, day, zone)
        day += timedelta(days=1)


def _is_valid(surcharge: Surcharge, day: date) -> bool:
    return surcharge.valid_from <= day and (surcharge.valid_to is None or day < surcharge.valid_to)


def _is_its_day(surcharge: Surcharge, day: date, plant: Plant) -> bool:
    if surcharge.dates:
        return f"{day:%m-%d}" in surcharge.dates
    match surcharge.kind:
        case SurchargeKind.SATURDAY:
            return day.weekday() == 5
        case SurchargeKind.SUNDAY:
            return day.weekday() == 6
        case SurchargeKind.HOLIDAY:
            return is_holiday(day, plant.site)
        case SurchargeKind.ALWAYS | SurchargeKind.NIGHT:
            return True


@dataclass(frozen=True, slots=True)
class ShortRest:
    """A crew that would begin a shift too soon after its last."""

    crew: str
    before: ShiftInstance
    after: ShiftInstance
    rest_hours: float


def short_rests(plant: Plant, from_utc: datetime, to_utc: datetime) -> list[ShortRest]:
    """Where a crew has less rest between two shifts than `[working_time]` wants, in order of time."""
    by_crew: defaultdict[str, list[ShiftInstance]] = defaultdict(list)
    for instance in shift_instances(plant.shifts, plant, from_utc, to_utc):
        for crew in crews_of(instance, plant):
            by_crew[crew].append(instance)
    found = []
    for crew, instances in by_crew.items():
        for before, after in pairwise(instances):
            rest_hours = (after.start_utc - before.end_utc) / _HOUR
            if rest_hours < plant.working_time.rest_hours:
                found.append(ShortRest(crew, before, after, rest_hours))
    return sorted(found, key=lambda one: (one.after.start_utc, one.crew))
