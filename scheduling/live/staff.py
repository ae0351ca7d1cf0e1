"""Shifts and people of a horizon: given and optional shifts with their workers and their cost, crews with what they have worked.

A shift that may begin earlier or later is offered at each of its times, and one of them is worked: the crew cannot work two of them.

Machines that run in shifts, one of them optional, need that shift: it brings one worker a machine of a skill of its own (`staffing`), so that
opening it opens its machines too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from domain.calendars import ShiftInstance, at_local, change_of, crews_of, is_holiday, is_shutdown, shift_instances, workers_of
from domain.plant import Machine, Plant
from domain.recommendations import ShiftPlace
from domain.shift_cost import cost_of
from domain.shifts import PlannedShiftChange, Shift
from quarters.periods import midnight_utc
from scheduling.live.horizon import Horizon, Slots, gaps, slots_of
from scheduling.live.times import other_times
from scheduling.planner.problem import SLOTS_PER_DAY

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = timedelta(days=7)
NOBODY = "nobody"
"""Skill of a shift of which no workers are known."""


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A shift of the planner, and the one of the calendar that it stands for."""

    id: str
    instance: ShiftInstance
    workers: Mapping[str, int]
    """By skill."""
    crews_eur: Mapping[str, float]
    """What each crew that may work it costs; one crew at no cost where that is settled."""
    optional_eur: float | None
    """What opening it costs without a crew; None for a given one, or one that has crews."""
    is_optional: bool
    is_open: bool
    """Whether it is worked as planned now."""
    effort_eur: float = 0.0
    """What people find it worth that it is not moved: nobody is paid for it."""
    usual: str = ""
    """Of a given shift that may be moved: the id of the one at its usual time, also of itself. Empty: it may not."""

    @property
    def is_given(self) -> bool:
        """Whether it is worked at this time unless advice changes it."""
        return not self.is_optional or self.usual == self.id


def shift_key(instance: ShiftInstance, crew: str = "") -> str:
    """The id of a shift in a problem."""
    name = f"{instance.shift}@{instance.day_local.isoformat()}"
    return f"{name}@{crew}" if crew else name


def key_in(place: ShiftPlace, ids: Collection[str]) -> str:
    """The id of `place` among those of a problem: a shift at another than its usual time has the time in it."""
    usual = f"{place.shift}@{place.day_local}"
    moved = _moved_key(usual, place.start_utc)
    return moved if moved in ids else usual


def _moved_key(usual: str, start_utc: datetime) -> str:
    return f"{usual}@{start_utc:%H%M}Z"


def staffing(machine: Machine) -> str:
    """The skill that stands for a machine being staffed."""
    return f"machines of {'+'.join(machine.shifts)}"


@dataclass(frozen=True)
class Staff:
    """Who works when in a horizon.

    Parameters
    ----------
    shifts_from_utc
        The first instant at which a shift may begin that is still to be opened or dropped.
    """

    plant: Plant
    horizon: Horizon
    shifts_from_utc: datetime

    @cached_property
    def shifts(self) -> tuple[PlannedShift, ...]:
        """All shifts that touch the horizon: given ones, and optional ones that may still be opened or dropped."""
        horizon = self.horizon
        found = []
        for instance in shift_instances(self.plant.shifts, self.plant, horizon.start_utc, horizon.end_utc):
            optional = self._by_id[instance.shift].optional and self._in_time(instance) and self._is_inside(instance)
            offer = self._offer(instance, is_open=True) if optional else None
            found += [offer] if offer is not None else self._movable(instance) or self._given(instance)
        for shift, day in self._candidates():
            changed = _opened(self.plant, shift.id, day)
            begin = at_local(day, shift.from_, self.plant.site.zone)
            instances = shift_instances([shift], changed, begin, begin + timedelta(minutes=15))
            one = next((instance for instance in instances if instance.day_local == day), None)
            if one is not None and self._in_time(one) and self._is_inside(one):
                offer = self._offer(one, is_open=False)
                found += [] if offer is None else [offer]
        return tuple(sorted(found, key=lambda one: (one.instance.start_utc, one.id)))

    @property
    def has_workers(self) -> bool:
        """Whether the people of every given shift are known."""
        given = [one for one in self.shifts if one.is_given]
        return bool(given) and all(workers_of(one.instance, self.plant) for one in given)

    def _given(self, instance: ShiftInstance) -> list[PlannedShift]:
        people = {one.skill: one.workers for one in workers_of(instance, self.plant)}
        crews = [crew for crew in crews_of(instance, self.plant) if crew in self.sound_crews]
        if not crews:
            return [PlannedShift(shift_key(instance), instance, people, {}, None, is_optional=False, is_open=True)]
        parts = []
        for number, crew in enumerate(crews):
            name = shift_key(instance, crew if len(crews) > 1 else "")
            mine = people if number == 0 else {}  # together they bring what the shift has
            parts.append(PlannedShift(name, instance, mine, {crew: 0.0}, None, is_optional=False, is_open=True))
        return parts

    def _movable(self, instance: ShiftInstance) -> list[PlannedShift]:
        """A given shift at its usual time and at each other that it may have; empty where it may have none, or its crew or cost is not known."""
        crews = crews_of(instance, self.plant)
        if instance.is_changed or len(crews) != 1 or crews[0] not in self.sound_crews:
            return []
        times = [one for one in other_times(instance, self.plant) if self._in_time(one.instance) and self._is_inside(one.instance)]
        people = {one.skill: one.workers for one in workers_of(instance, self.plant) if one.workers}
        if len(times) < 2 or times[0].instance is not instance or not people:
            return []
        cheapest_eur, usual = min(one.eur for one in times), shift_key(instance)
        return [
            PlannedShift(
                usual if one is times[0] else _moved_key(usual, one.instance.start_utc), one.instance, people,
                {crews[0]: one.eur - cheapest_eur}, None, is_optional=True, is_open=one is times[0], effort_eur=one.effort_eur, usual=usual,
            )
            for one in times
        ]  # fmt: skip

    def _offer(self, instance: ShiftInstance, *, is_open: bool) -> PlannedShift | None:
        """An optional shift as the planner may open or drop it; None where its people or their cost are not known."""
        shift = self._by_id[instance.shift]
        settled = crews_of(instance, self.plant)
        names = [crew for crew in (settled or shift.crews) if crew in self.sound_crews]
        if (settled or shift.crews) and not names:
            return None
        priced: dict[str, float] = {}
        people: Mapping[str, int] = {}
        for crew in names or [""]:
            plant = _opened(self.plant, shift.id, instance.day_local, crew or None)
            cost = cost_of(instance, plant)
            workers = {one.skill: one.workers for one in workers_of(instance, plant) if one.workers}
            if cost is None or not workers or (people and workers != people):
                continue
            priced[crew], people = cost.eur, workers
        if not priced:
            return None
        plain = priced.pop("", None)
        return PlannedShift(shift_key(instance), instance, people, priced, plain, is_optional=True, is_open=is_open)

    def _candidates(self) -> Iterator[tuple[Shift, date]]:
        """Optional shifts on the days on which advice may open them and nobody has entered anything."""
        zone = self.plant.site.zone
        day, last = self.horizon.start_utc.astimezone(zone).date(), self.horizon.end_utc.astimezone(zone).date()
        while day <= last:
            for shift in self.plant.shifts:
                may = shift.optional and WEEKDAYS[day.weekday()] in shift.days and change_of(shift.id, day, self.plant) is None
                rests = (is_holiday(day, self.plant.site) and not shift.on_holidays) or (
                    is_shutdown(day, self.plant) and not shift.on_shutdowns
                )
                if may and not rests:
                    yield shift, day
            day += timedelta(days=1)

    def _in_time(self, instance: ShiftInstance) -> bool:
        return instance.start_utc >= self.shifts_from_utc

    def _is_inside(self, instance: ShiftInstance) -> bool:
        return instance.start_utc >= self.horizon.start_utc and instance.end_utc <= self.horizon.end_utc

    @cached_property
    def _by_id(self) -> dict[str, Shift]:
        return {shift.id: shift for shift in self.plant.shifts}

    # Machines.

    def open_slots(self, machine: Machine) -> list[Slots]:
        """When `machine` may run, optional shifts that may be opened included."""
        if not machine.shifts:
            return self.horizon_without_shutdowns
        return _merged(self.horizon.whole(span) for span in _joined(self._spans(machine)))

    def _spans(self, machine: Machine) -> list[tuple[datetime, datetime]]:
        mine = (one for one in self.shifts if one.instance.shift in machine.shifts)
        return [(one.instance.start_utc, one.instance.end_utc) for one in mine]

    @cached_property
    def horizon_without_shutdowns(self) -> list[Slots]:
        """The slots of no shutdown."""
        zone = self.plant.site.zone
        closed = []
        for shutdown in self.plant.shutdowns:
            span = midnight_utc(shutdown.from_, zone), midnight_utc(shutdown.to + timedelta(days=1), zone)
            first, end = self.horizon.touched(span)
            closed += [(first, end)] if first < end else []
        return gaps(closed, self.horizon.count)

    @cached_property
    def in_optional_shifts(self) -> tuple[Machine, ...]:
        """Machines that an optional shift staffs."""
        names = {one.instance.shift for one in self.shifts if one.is_optional}
        return tuple(machine for machine in self.plant.machines if names & set(machine.shifts))

    def staffed_by(self, shift: PlannedShift) -> Counter[str]:
        """Machines that a shift staffs, counted by the skill that stands for them (`staffing`)."""
        return Counter(staffing(machine) for machine in self.in_optional_shifts if shift.instance.shift in machine.shifts)

    # Crews.

    @cached_property
    def worked(self) -> Mapping[str, list[Slots]]:
        """What each crew works as planned now, from a week before the horizon on: slots of the horizon, below 0 before it."""
        spans: defaultdict[str, list[Slots]] = defaultdict(list)
        horizon = self.horizon
        for instance in shift_instances(self.plant.shifts, self.plant, horizon.start_utc - WEEK, horizon.end_utc):
            for crew in crews_of(instance, self.plant):
                first, end = horizon.slot(instance.start_utc), min(horizon.slot_from(instance.end_utc), horizon.count)
                if first < end:
                    spans[crew].append((first, end))
        return {crew: sorted(found) for crew, found in spans.items()}

    @cached_property
    def sound_crews(self) -> frozenset[str]:
        """Crews whose planned shifts keep rest and working time; nothing is advised for others."""
        rules, sound = self.plant.working_time, set()
        rest, most = slots_of(60 * rules.rest_hours), int(4 * rules.most_hours_per_day)
        for crew in self.plant.crews:
            spans = [span for span in self.worked.get(crew.id, []) if span[1] > -SLOTS_PER_DAY]
            pairs = list(pairwise(spans))
            rested = all(after[0] == before[1] or after[0] - before[1] >= rest for before, after in pairs if after[1] > 0)
            if rested and all(self._within_a_day(spans, begin) <= most for begin in self._day_starts(spans)):
                sound.add(crew.id)
        return frozenset(sound)

    @staticmethod
    def _day_starts(spans: Iterable[Slots]) -> set[int]:
        return {first for first, _ in spans} | {end - SLOTS_PER_DAY for _, end in spans}

    @staticmethod
    def _within_a_day(spans: Iterable[Slots], begin: int) -> int:
        return sum(max(0, min(begin + SLOTS_PER_DAY, end) - max(begin, first)) for first, end in spans)

    def crews(self) -> list[dict[str, Any]]:
        """The crews that are planned, in the form of a problem."""
        rules = self.plant.working_time
        found = []
        for crew in self.plant.crews:
            if crew.id not in self.sound_crews:
                continue
            spans = self.worked.get(crew.id, [])
            before = [(first, min(end, 0)) for first, end in spans if first < 0]
            planned = sum(end - max(first, 0) for first, end in spans if end > 0)
            week = slots_of(60 * (crew.most_hours_per_week or rules.most_hours_per_week))
            recent = sum(
                end - max(first, self.horizon.count - 7 * SLOTS_PER_DAY)
                for first, end in before
                if end > self.horizon.count - 7 * SLOTS_PER_DAY
            )
            found.append({"id": crew.id, "worked": tuple(before), "max_work_slots": max(week - recent, planned, 0)})
        return found


def _opened(plant: Plant, shift: str, day: date, crew: str | None = None) -> Plant:
    """`plant` with one shift worked on `day`, by `crew` where one is named."""
    known = plant.changes_by_day.get(day, {}).get(shift)
    change = PlannedShiftChange.model_construct(
        shift=shift, day=day, worked=True, from_=known.from_ if known else "", to=known.to if known else "",
        workers=known.workers if known else {}, crew=crew or (known.crew if known else None), reason="",
    )  # fmt: skip
    others = tuple(one for one in plant.shift_changes if (one.shift, one.day) != (shift, day))
    found = plant.model_copy(update={"shift_changes": (*others, change)})
    found.__dict__.pop("changes_by_day", None)
    return found


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans that overlap or adjoin as one, in order."""
    found: list[tuple[datetime, datetime]] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return found


def _merged(spans: Iterable[Slots]) -> list[Slots]:
    return [(first, end) for first, end in sorted(spans) if first < end]
