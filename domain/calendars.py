"""Local days, day types and shifts: the only room, beside tariffs and reports, that knows local time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays as holiday_library

from domain.plant import Machine, Plant, Shift, Site

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DayType(StrEnum):
    """Days that are alike: what is compared with what."""

    WORKDAY = "workday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    """Also holidays."""


class DayKind(StrEnum):
    """What sort of day people see coming; finer than `DayType`, which alone decides what is billed and compared."""

    WORKDAY = "workday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
    """Of the region or of the plant file, on any day but a Sunday."""
    BRIDGE = "bridge"
    """The only working day between a holiday and another day of rest."""
    YEAR_END = "year-end"
    """24 December to 1 January, where it would be a working day: many plants run half, and which ones is not written down."""
    SHUTDOWN = "shutdown"
    """A `[[shutdown]]` of the plant file."""


@dataclass(frozen=True, slots=True)
class ShiftInstance:
    """One shift on one day, ``[start_utc, end_utc)``; a night shift has 7 or 9 h on clock-change days."""

    shift: str
    day_local: date
    start_utc: datetime
    end_utc: datetime


@cache
def _region_holidays(region: str, year: int) -> frozenset[date]:
    country, _, subdivision = region.partition("-")
    return frozenset(holiday_library.country_holidays(country, subdiv=subdivision or None, years=year))


def is_holiday(day: date, site: Site) -> bool:
    """Whether the plant rests on `day` as on a Sunday: listed in the plant file or a holiday of its region."""
    return day in site.holidays or (site.holiday_region is not None and day in _region_holidays(site.holiday_region, day.year))


def day_type(day: date, site: Site) -> DayType:
    """Working day, Saturday, or Sunday and holiday."""
    if day.weekday() == 6 or is_holiday(day, site):
        return DayType.SUNDAY
    return DayType.SATURDAY if day.weekday() == 5 else DayType.WORKDAY


def is_shutdown(day: date, plant: Plant) -> bool:
    """Whether `day` lies in a shutdown of the plant file; its last day belongs to it."""
    return any(shutdown.from_ <= day <= shutdown.to for shutdown in plant.shutdowns)


def day_kind(day: date, plant: Plant) -> DayKind:
    """What sort of day `day` is; a shutdown goes before everything, a holiday on a Sunday is a Sunday.

    A bridge day is one working day whose neighbours on both sides rest (weekend, holiday, shutdown): never the two days between a
    holiday and a weekend, which plants work as often as not.
    """
    if is_shutdown(day, plant):
        return DayKind.SHUTDOWN
    if day.weekday() == 6:
        return DayKind.SUNDAY
    if is_holiday(day, plant.site):
        return DayKind.HOLIDAY
    if day.weekday() == 5:
        return DayKind.SATURDAY
    if (day.month, day.day) >= (12, 24):
        return DayKind.YEAR_END
    both_rest = all(_rests(day + timedelta(days=step), plant) for step in (-1, 1))
    return DayKind.BRIDGE if both_rest else DayKind.WORKDAY


def _rests(day: date, plant: Plant) -> bool:
    return day_type(day, plant.site) is not DayType.WORKDAY or is_shutdown(day, plant)


def at_local(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """UTC instant of the wall clock `clock` (``HH:MM``, up to ``24:00``) on the local `day`."""
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def shift_instances(shifts: Iterable[Shift], plant: Plant, from_utc: datetime, to_utc: datetime) -> Iterator[ShiftInstance]:
    """All instances that overlap ``[from_utc, to_utc)``, in order of their start; holidays and shutdowns have none but those meant for them."""
    zone = plant.site.zone
    found = []
    day = from_utc.astimezone(zone).date() - timedelta(days=1)
    last = to_utc.astimezone(zone).date()
    while day <= last:
        for shift in shifts:
            if _is_worked(shift, day, plant):
                start = at_local(day, shift.from_, zone)
                end_day = day if shift.to > shift.from_ else day + timedelta(days=1)
                end = at_local(end_day, shift.to, zone)
                if start < to_utc and end > from_utc:
                    found.append(ShiftInstance(shift.id, day, start, end))
        day += timedelta(days=1)
    yield from sorted(found, key=lambda instance: instance.start_utc)


def _is_worked(shift: Shift, day: date, plant: Plant) -> bool:
    on_holiday = shift.on_holidays or not is_holiday(day, plant.site)
    in_shutdown = shift.on_shutdowns or not is_shutdown(day, plant)
    return _WEEKDAYS[day.weekday()] in shift.days and on_holiday and in_shutdown


Span = tuple[datetime, datetime]
"""``[start_utc, end_utc)``."""


def breaks_of(instance: ShiftInstance, plant: Plant) -> list[Span]:
    """The breaks of one shift, by the local clock; those of a night shift may lie on the day after the one it belongs to."""
    shift = next(shift for shift in plant.shifts if shift.id == instance.shift)
    found = []
    for pause in shift.breaks:
        begin_day = instance.day_local + timedelta(days=pause.from_ < shift.from_)
        end_day = begin_day + timedelta(days=pause.to <= pause.from_)
        found.append((at_local(begin_day, pause.from_, plant.site.zone), at_local(end_day, pause.to, plant.site.zone)))
    return found


def staffed_spans(machine: Machine, plant: Plant, from_utc: datetime, to_utc: datetime) -> list[Span]:
    """When `machine` is meant to run within ``[from_utc, to_utc)``: its shifts, merged.

    A machine that names no shift may run at any time but in a shutdown.
    """
    if not machine.shifts:
        return list(_open_spans(plant, from_utc, to_utc))
    mine = [shift for shift in plant.shifts if shift.id in machine.shifts]
    spans: list[Span] = []
    for instance in shift_instances(mine, plant, from_utc, to_utc):
        start, end = max(instance.start_utc, from_utc), min(instance.end_utc, to_utc)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _open_spans(plant: Plant, from_utc: datetime, to_utc: datetime) -> Iterator[Span]:
    """``[from_utc, to_utc)`` without the days of shutdowns."""
    zone, open_from = plant.site.zone, from_utc
    for shutdown in sorted(plant.shutdowns, key=lambda one: one.from_):
        begin, end = at_local(shutdown.from_, "00:00", zone), at_local(shutdown.to, "24:00", zone)
        if open_from < min(begin, to_utc):
            yield open_from, min(begin, to_utc)
        open_from = max(open_from, end)
    if open_from < to_utc:
        yield open_from, to_utc
