"""What was made, by local day: of the ledger's counts and orders, of the calendar, of files beside the plant file.

A day that is not known is not in a series. A day without a count is zero only where the machine was counted before and after it and no shift was
worked; orders are the whole plan, so between the first and the last that is done a day without one made none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from billing.tariff import Tariff, load_tariff
from domain.calendars import shift_instances
from domain.errors import Fault, InputFaults
from domain.intervals import QUARTERS_PER_HOUR
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.quality import QualityEvent, newest_events
from quarters.numbers import slot_of, slot_start
from quarters.profiles.beside import ByDay, read_amounts, read_temperature
from scrap.blocks import blocks_of

PIECES, PARTS, HOURS = "pieces", "parts", "hours_worked"
"""Names of series: counted pieces, parts of orders that are done, hours in which a shift was worked."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Series from files."""

    temperature_c: ByDay | None = None
    """Mean outdoor temperature by local day [°C]."""
    amounts: Mapping[str, ByDay] = field(default_factory=dict)
    """By column, what the site made."""
    faults: tuple[Fault, ...] = ()
    """Why a file that is named gives nothing."""


def read_beside(plant: Plant, folder: Path) -> Beside:
    """The series that the plant file names; a file that cannot be read gives none, and its faults.

    Parameters
    ----------
    folder
        Of the plant file.
    """
    named, zone = plant.key_figures, plant.site.zone
    faults: list[Fault] = []
    temperature: ByDay | None = None
    amounts: Mapping[str, ByDay] = {}
    try:
        temperature = None if named.temperature is None else read_temperature(folder / named.temperature, zone)
    except InputFaults as error:
        faults += error.faults
    try:
        amounts = {} if named.production is None else read_amounts(folder / named.production, zone)
    except InputFaults as error:
        faults += error.faults
    return Beside(temperature, amounts, tuple(faults))


def tariff_beside(plant: Plant, folder: Path) -> Tariff | None:
    """The tariff beside the plant file; one that cannot be read prices nothing (the section of costs says what is wrong with it)."""
    if plant.tariff is None:
        return None
    try:
        return load_tariff(folder / plant.tariff.file)
    except InputFaults:
        return None


def hours_worked(plant: Plant, from_utc: datetime, to_utc: datetime) -> dict[date, float]:
    """Hours of each local day of ``[from_utc, to_utc)`` in which at least one shift was worked [h].

    Parameters
    ----------
    plant
        With the changes of its shifts (`domain.plant.plant_with_changes`); one without shifts has no such hours.
    """
    if not plant.shifts:
        return {}
    found = dict.fromkeys(_days(plant, from_utc, to_utc), 0.0)
    slots: set[int] = set()
    for shift in shift_instances(plant.shifts, plant, from_utc, to_utc):
        slots.update(
            range(slot_of(max(shift.start_utc, from_utc)), slot_of(min(shift.end_utc, to_utc) - timedelta(microseconds=1)) + 1)
        )
    for slot in slots:
        found[_day(plant, slot)] += 1 / QUARTERS_PER_HOUR
    return found


def pieces_made(plant: Plant, events: Iterable[QualityEvent], worked: Mapping[date, float]) -> dict[str, dict[date, float]]:
    """By machine, the pieces of each local day, good or not.

    Parameters
    ----------
    events
        Revisions in any order; of each event the newest counts.
    worked
        Hours of each day, of `hours_worked`; days that are not in it are taken as worked.
    """
    mine = (event for event in newest_events(events) if event.site == plant.site.id)
    made: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for block in blocks_of(mine):
        for slot in range(block.first_slot, block.end_slot):
            made[block.machine][_day(plant, slot)] += block.pieces / (block.end_slot - block.first_slot)
    found = {}
    for machine, by_day in made.items():
        between = _between(by_day)
        found[machine] = {day: by_day.get(day, 0.0) for day in between if day in by_day or worked.get(day, 1.0) == 0.0}
    return found


def parts_made(plant: Plant, orders: Iterable[Order]) -> dict[str, dict[date, float]]:
    """By machine, the parts of orders that are done, shared out over the time that each ran. An order without a quantity says nothing of its days.

    Parameters
    ----------
    orders
        The newest revision of each job.
    """
    made: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    unknown: dict[str, set[date]] = defaultdict(set)
    for order in orders:
        if order.site != plant.site.id or order.status is not OrderStatus.DONE or not order.duration_quarters:
            continue
        first = slot_of(order.start_utc)
        for slot in range(first, first + order.duration_quarters):
            day = _day(plant, slot)
            if order.quantity is None:
                unknown[order.machine].add(day)
            else:
                made[order.machine][day] += order.quantity / order.duration_quarters
    return {
        machine: {day: by_day.get(day, 0.0) for day in _between(by_day) if day not in unknown[machine]}
        for machine, by_day in made.items()
    }


def _between(by_day: Mapping[date, float]) -> list[date]:
    first, last = min(by_day), max(by_day)
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]


def _day(plant: Plant, slot: int) -> date:
    return slot_start(slot).astimezone(plant.site.zone).date()


def _days(plant: Plant, from_utc: datetime, to_utc: datetime) -> list[date]:
    first = from_utc.astimezone(plant.site.zone).date()
    last = (to_utc - timedelta(microseconds=1)).astimezone(plant.site.zone).date()
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]
