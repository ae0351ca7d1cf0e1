"""Local days, day types and shifts: the only room, beside tariffs and reports, that knows local time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays as holiday_library

from domain.orders import Workers
from domain.plant import Machine, Plant, Site
from domain.shifts import Break, Crew, PlannedShiftChange, Shift

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
    """Of the region or of the plant file, on any day but a Sunday; also a day whose shifts were all dropped."""
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
    is_changed: bool = False
    """Whether a shift change opened it or gave it other times."""


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
    holiday and a weekend, which plants work as often as not. Shift changes that open a day make it a working day, and those that drop
    all its shifts a holiday.
    """
    if is_opened(day, plant):
        return DayKind.WORKDAY
    if is_dropped(day, plant):
        return DayKind.HOLIDAY
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


Span = tuple[datetime, datetime]
"""``[start_utc, end_utc)``."""


def clock_span(from_: str, to: str, day: date, zone: ZoneInfo) -> Span:
    """From one time of the clock on the local `day` to the next time that the clock shows `to`: on the day after, if that is not later."""
    return at_local(day, from_, zone), at_local(day if to > from_ else day + timedelta(days=1), to, zone)


def shift_instances(shifts: Iterable[Shift], plant: Plant, from_utc: datetime, to_utc: datetime) -> Iterator[ShiftInstance]:
    """All instances that overlap ``[from_utc, to_utc)``, in order of their start.

    Holidays and shutdowns have none but those meant for them and those that a shift change opens. An optional shift is worked on the days
    alone on which a change opens it.
    """
    zone = plant.site.zone
    found = []
    day = from_utc.astimezone(zone).date() - timedelta(days=1)
    last = to_utc.astimezone(zone).date()
    while day <= last:
        for shift in shifts:
            change = change_of(shift.id, day, plant)
            if _is_worked(shift, day, plant) if change is None else change.worked:
                start, end = clock_span(*_clock_times(shift, change), day, zone)
                if start < to_utc and end > from_utc:
                    found.append(ShiftInstance(shift.id, day, start, end, change is not None))
        day += timedelta(days=1)
    yield from sorted(found, key=lambda instance: instance.start_utc)


def _is_worked(shift: Shift, day: date, plant: Plant) -> bool:
    on_holiday = shift.on_holidays or not is_holiday(day, plant.site)
    in_shutdown = shift.on_shutdowns or not is_shutdown(day, plant)
    return not shift.optional and _WEEKDAYS[day.weekday()] in shift.days and on_holiday and in_shutdown


def change_of(shift: str, day: date, plant: Plant) -> PlannedShiftChange | None:
    """What differs from the weekly pattern of `shift` on `day`; None: nothing."""
    return plant.changes_by_day.get(day, {}).get(shift)


def _clock_times(shift: Shift, change: PlannedShiftChange | None) -> tuple[str, str]:
    if change is None:
        return shift.from_, shift.to
    return change.from_ or shift.from_, change.to or shift.to


def is_opened(day: date, plant: Plant) -> bool:
    """Whether shift changes alone make `day` a day of work: no shift of the weekly pattern begins on it."""
    changes = plant.changes_by_day.get(day)
    if not changes or not any(change.worked for change in changes.values()):
        return False
    return not any(_is_worked(shift, day, plant) for shift in plant.shifts)


def is_dropped(day: date, plant: Plant) -> bool:
    """Whether shift changes alone make `day` a day of rest: all shifts of the weekly pattern that would begin on it are dropped."""
    changes = plant.changes_by_day.get(day)
    if not changes or any(change.worked for change in changes.values()):
        return False
    usual = [shift.id for shift in plant.shifts if _is_worked(shift, day, plant)]
    return bool(usual) and all(shift in changes for shift in usual)


def crews_of(instance: ShiftInstance, plant: Plant) -> tuple[str, ...]:
    """The crews that work a shift: as a change names one, else as their rotation has it that week, else those that the shift names."""
    change = change_of(instance.shift, instance.day_local, plant)
    if change is not None and change.crew is not None:
        return (change.crew,)
    turns = tuple(crew.id for crew in plant.crews if crew.rotation and _turn(crew, instance.day_local) == instance.shift)
    shift = shift_of(instance, plant)
    turns = tuple(crew for crew in turns if not shift.crews or crew in shift.crews)
    return turns or (shift.crews if len(shift.crews) == 1 else ())


def _turn(crew: Crew, day: date) -> str:
    """The shift that `crew` works in the week of `day`; empty: its week off."""
    if crew.rotation_from is None:
        return ""
    weeks = (day - crew.rotation_from).days // 7
    return crew.rotation[weeks % len(crew.rotation)]


def workers_of(instance: ShiftInstance, plant: Plant) -> tuple[Workers, ...]:
    """Who is there in a shift, by skill: as a change has it, else as the shift, else as its crews have together; empty: not known."""
    change = change_of(instance.shift, instance.day_local, plant)
    if change is not None and change.workers:
        return change.people()
    shift = shift_of(instance, plant)
    people: Counter[str] = Counter(shift.workers)
    if not people:
        sizes = {crew.id: crew.workers for crew in plant.crews}
        for crew in crews_of(instance, plant):
            people.update(sizes.get(crew, {}))  # a record may name a crew that the plant file does not have
    return tuple(Workers(skill, count) for skill, count in sorted(people.items()))


def shift_of(instance: ShiftInstance, plant: Plant) -> Shift:
    """The shift of the plant file that it is an instance of."""
    return next(shift for shift in plant.shifts if shift.id == instance.shift)


def breaks_of(instance: ShiftInstance, plant: Plant) -> list[Span]:
    """The breaks of one shift, by the local clock; those of a night shift may lie on the day after the one it belongs to.

    A shift that a change gave other times keeps those that lie within it.
    """
    return [span for _, span in each_break(instance, plant)]


def each_break(instance: ShiftInstance, plant: Plant) -> Iterator[tuple[Break, Span]]:
    """The same, each with what the plant file says of it."""
    shift = shift_of(instance, plant)
    begins, _ = _clock_times(shift, change_of(shift.id, instance.day_local, plant))
    for pause in shift.breaks:
        begin_day = instance.day_local + timedelta(days=pause.from_ < begins)
        begin, end = clock_span(pause.from_, pause.to, begin_day, plant.site.zone)
        if not instance.is_changed or (instance.start_utc <= begin and end <= instance.end_utc):
            yield pause, (begin, end)


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
