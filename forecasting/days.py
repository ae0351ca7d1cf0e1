"""Which local day and which time of day a quarter hour is, and which days are alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from domain.calendars import (
    DayType,
    ShiftInstance,
    breaks_of,
    day_kind,
    day_type,
    is_holiday,
    is_shutdown,
    shift_instances,
)
from domain.intervals import QUARTER
from domain.plant import Plant, plant_without_changes
from forecasting.slots import SLOTS_PER_DAY, Bools, Floats, Ints
from quarters.numbers import slot_of, slot_start
from quarters.periods import day_span

Like = tuple[str, ...]
"""Days with the same value are alike."""


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One local day of 92, 96 or 100 quarter hours."""

    day: date
    first_slot: int
    clock: Ints
    """Of each of its slots: the quarter hour of the local clock, 0..95; the doubled hour has its numbers twice."""
    slot_at: Ints
    """Slot at each quarter hour of the local clock; a skipped hour points at the hour after it."""
    at_work: Bools
    """Of each of its slots: whether any shift runs; of a plant without shifts, whether the day is a working day."""
    by_weekday: Like
    by_shifts: Like
    by_type: Like
    weekday: int
    """0 (Monday) to 6; 6 also on a holiday and in a shutdown, which is expected to be at rest."""
    rests: bool
    """Whether no shift works; of a plant without shifts, whether it is no working day."""
    by_kind: Like
    """`DayKind`: bridge days, shutdowns and the days between the years are not quite like other days of their shifts."""
    on_break: Floats
    """Of each of its slots: the share of it in which all shifts that run have their break."""
    stand_ins: tuple[LocalDay, LocalDay] | None = None
    """Where shift changes give it other shifts than the weekly pattern has, ordinary days that it is like: one in the hours in which it works,
    one in those in which it rests. A Saturday with an early shift is like a Friday until two, and like a Saturday from then on."""

    @property
    def is_partly_ordinary(self) -> bool:
        """Whether no ordinary day has its hours of work."""
        return self.stand_ins is not None and bool((self.stand_ins[0].work_by_clock != self.work_by_clock).any())

    @property
    def work_by_clock(self) -> Bools:
        """`at_work` at each quarter hour of the local clock."""
        found: Bools = self.at_work[self.slot_at - self.first_slot]
        return found


ORDINARY_DAYS = 35
"""Days before a changed one among which there is one like it, even after three weeks of company holidays."""


class SiteDays:
    """The site's local days, each worked out once."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._known: dict[date, LocalDay] = {}
        self._usual: SiteDays | None = None
        """By the weekly pattern alone; None where that is all there is."""
        if plant.shift_changes:
            self._usual = SiteDays(plant_without_changes(plant))

    def under(self, plant: Plant, differ: Iterable[date]) -> SiteDays:
        """The days of `plant`, which differs in the shifts that begin on the days `differ` alone: the others are not worked out again."""
        other = SiteDays(plant)
        near = {day + timedelta(days=n) for day in differ for n in (0, 1)}
        other._known = {day: found for day, found in self._known.items() if day not in near}
        if other._usual is not None:
            other._usual._known = (self._usual or self)._known
        return other

    def date_of(self, slot: int) -> date:
        """The local date of `slot`."""
        return slot_start(slot).astimezone(self._plant.site.zone).date()

    def clock_of(self, slot: int) -> int:
        """Quarter hour of the local clock at `slot`, 0..95."""
        local = slot_start(slot).astimezone(self._plant.site.zone)
        return local.hour * 4 + local.minute // 15

    def day(self, day: date) -> LocalDay:
        """The local day `day`."""
        found = self._known.get(day)
        if found is None:
            if len(self._known) > 400:  # a year of operation: keep the process small
                self._known.clear()
            found = self._known[day] = self._with_stand_ins(self._work_out(day))
        return found

    def _with_stand_ins(self, found: LocalDay) -> LocalDay:
        if self._usual is None or not any(found.day - timedelta(days=n) in self._plant.changes_by_day for n in (0, 1)):
            return found
        work = found.work_by_clock
        if (work == self._usual.day(found.day).work_by_clock).all():
            return found
        ordinary = self._usual.from_day(found.day - timedelta(days=ORDINARY_DAYS), ORDINARY_DAYS)[::-1]
        apart = [(int((work & ~day.work_by_clock).sum()), int((~work & day.work_by_clock).sum())) for day in ordinary]
        # The Monday after a weekend is no Tuesday: of days as alike, the one whose day before is the most alike, then the newest.
        before = self._work_out(found.day - timedelta(days=1)).work_by_clock
        eve = [int((before != self._usual.day(day.day - timedelta(days=1)).work_by_clock).sum()) for day in ordinary]
        number_of = range(len(ordinary))
        at_work = min(number_of, key=lambda n: (apart[n][0], sum(apart[n]), eve[n], n))
        at_rest = min(number_of, key=lambda n: (apart[n][1], sum(apart[n]), eve[n], n))
        return replace(found, stand_ins=(ordinary[at_work], ordinary[at_rest]))

    def from_day(self, first: date, count: int) -> list[LocalDay]:
        """`count` local days from `first` on."""
        return [self.day(first + timedelta(days=n)) for n in range(count)]

    def between(self, first_slot: int, last_slot: int) -> list[LocalDay]:
        """All local days that hold a slot of ``first_slot .. last_slot``, in order."""
        first, last = self.date_of(first_slot), self.date_of(last_slot)
        return [self.day(first + timedelta(days=n)) for n in range((last - first).days + 1)]

    def _work_out(self, day: date) -> LocalDay:
        site, zone = self._plant.site, self._plant.site.zone
        start_utc, end_utc = day_span(day, zone)
        first, after = slot_of(start_utc), slot_of(end_utc)
        if after - first == SLOTS_PER_DAY:
            clock = np.arange(SLOTS_PER_DAY)
        else:
            local = [slot_start(slot).astimezone(zone).time() for slot in range(first, after)]
            clock = np.array([at.hour * 4 + at.minute // 15 for at in local])
        slot_at = first + np.array([int(np.argmax(clock >= quarter)) for quarter in range(SLOTS_PER_DAY)])
        closed = is_holiday(day, site) or is_shutdown(day, self._plant)
        kind = DayType.SUNDAY if closed else day_type(day, site)
        weekday = "sun" if closed else day.strftime("%a").lower()
        at_work = self._at_work(first, after, kind)
        return LocalDay(
            day,
            first,
            clock,
            slot_at,
            at_work,
            (weekday,),
            self._shift_pattern(day, kind) or (kind.value,),
            (kind.value,),
            6 if weekday == "sun" else day.weekday(),
            not at_work.any(),
            (day_kind(day, self._plant).value,),
            self._on_break(first, after),
        )

    def _at_work(self, first: int, after: int, kind: DayType) -> Bools:
        if not self._plant.shifts:
            return np.full(after - first, kind is DayType.WORKDAY)
        at_work = np.zeros(after - first, dtype=bool)
        for instance in self._shifts_that_run(slot_start(first), slot_start(after)):
            at_work[max(slot_of(instance.start_utc) - first, 0) : max(slot_of(instance.end_utc) - first, 0)] = True
        return at_work

    def _on_break(self, first: int, after: int) -> Floats:
        """The share of each slot in which nobody works although a shift runs; one crew's break is none while another works."""
        from_utc, to_utc = slot_start(first), slot_start(after)
        on_break = np.ones(after - first)
        runs = np.zeros(after - first, dtype=bool)
        for instance in self._shifts_that_run(from_utc, to_utc):
            begin, end = max(slot_of(instance.start_utc) - first, 0), max(slot_of(instance.end_utc) - first, 0)
            mine = np.zeros(after - first)
            for pause_from, pause_to in breaks_of(instance, self._plant):
                for slot in range(max(slot_of(pause_from), first), min(slot_of(pause_to) + 1, after)):
                    overlap = min(pause_to, slot_start(slot + 1)) - max(pause_from, slot_start(slot))
                    mine[slot - first] += max(overlap / QUARTER, 0.0)
            on_break[begin:end] = np.minimum(on_break, mine)[begin:end]
            runs[begin:end] = True
        return np.where(runs, on_break, 0.0)

    def _shifts_that_run(self, from_utc: datetime, to_utc: datetime) -> list[ShiftInstance]:
        """Those of all machines together."""
        return list(shift_instances(self._plant.shifts, self._plant, from_utc, to_utc))

    def _shift_pattern(self, day: date, kind: DayType) -> Like:
        """The day's shifts by local clock, with the night shift that runs into it: Mondays differ from Tuesdays by it."""
        if not self._plant.shifts:
            return ()
        zone = self._plant.site.zone
        start_utc, end_utc = day_span(day, zone)
        pattern = []
        for instance in self._shifts_that_run(start_utc, end_utc):
            begins = max(instance.start_utc, start_utc).astimezone(zone)
            ends = min(instance.end_utc, end_utc).astimezone(zone)
            pattern.append(f"{instance.shift} {begins:%H:%M}-{ends:%H:%M}")
        return tuple(pattern) or ("no shift", kind.value)
