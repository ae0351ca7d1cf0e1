"""Shifts of the coming weeks by day, as the weekly pattern and its changes make them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from console.views.scene import Scene
from domain.calendars import crews_of, is_holiday, is_shutdown, shift_instances
from domain.plant import plant_with_changes
from domain.shift_changes import ShiftChange

DAYS = 28


class CellState(StrEnum):
    """What a shift is on a day."""

    WORKED = "worked"
    RESTS = "rests"
    ADDED = "added"
    """Worked by a change alone."""
    DROPPED = "dropped"
    """Not worked by a change alone."""
    CHANGED = "changed"
    """Worked with other times, people or crew than usual."""


@dataclass(frozen=True, slots=True)
class ShiftDay:
    """One shift on one day."""

    shift: str
    day_local: date
    state: CellState
    start_utc: datetime | None
    """None where it is not worked."""
    end_utc: datetime | None
    crews: tuple[str, ...]
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ShiftCalendar:
    """Rows of shifts, columns of days."""

    days: tuple[date, ...]
    closed: frozenset[date]
    """Weekends, holidays and shutdowns."""
    cells: tuple[ShiftDay, ...]
    changes: tuple[ShiftChange, ...]
    """That hold, from today on."""

    def of(self, shift: str) -> tuple[ShiftDay, ...]:
        """The cells of a shift, by day."""
        return tuple(cell for cell in self.cells if cell.shift == shift)


def shift_calendar(scene: Scene) -> ShiftCalendar:
    """The four weeks from today on."""
    days = tuple(scene.day(n) for n in range(DAYS))
    plant = scene.plant
    closed = frozenset(day for day in days if day.weekday() > 4 or is_holiday(day, plant.site) or is_shutdown(day, plant))
    today = days[0].isoformat()
    standing = tuple(one for one in scene.shift_changes() if one.day_local >= today and not one.withdrawn)
    return ShiftCalendar(days, closed, tuple(shift_days(scene)), standing)


def shift_days(scene: Scene) -> list[ShiftDay]:
    """Each shift on each of the `DAYS` from today on, by shift and day."""
    changes = scene.shift_changes()
    usual, plant = plant_with_changes(scene.plant, [_taken_back(one) for one in changes]), plant_with_changes(scene.plant, changes)
    span = (scene.day_span(scene.day())[0], scene.day_span(scene.day(DAYS - 1))[1] + timedelta(hours=1))
    was, now = ({(one.shift, one.day_local): one for one in shift_instances(p.shifts, p, *span)} for p in (usual, plant))
    newest = {(one.shift, one.day_local): one for one in changes if not one.withdrawn}
    found = []
    for shift in plant.shifts:
        for day in (scene.day(n) for n in range(DAYS)):
            instance, change = now.get((shift.id, day)), newest.get((shift.id, day.isoformat()))
            found.append(
                ShiftDay(
                    shift.id, day, _state((shift.id, day) in was, instance is not None, change),
                    None if instance is None else instance.start_utc, None if instance is None else instance.end_utc,
                    () if instance is None else crews_of(instance, plant),
                    "" if change is None else change.reason, "" if change is None else change.by,
                )
            )  # fmt: skip
    return found


def _taken_back(change: ShiftChange) -> ShiftChange:
    return replace(change, revision=change.revision + 1, withdrawn=True)


def _state(was: bool, is_now: bool, change: ShiftChange | None) -> CellState:
    if is_now and not was:
        return CellState.ADDED
    if was and not is_now:
        return CellState.DROPPED
    if not is_now:
        return CellState.RESTS
    return CellState.WORKED if change is None else CellState.CHANGED
