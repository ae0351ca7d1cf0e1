"""The one validation behind every door: rows of counts and what is known -> the records to send, and what is wrong with the others.

A row without an id is known again by machine, time, product, job and reason: handed in twice, it corrects and does not count twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b

from connectors.orders.table import CellValue, Place
from connectors.orders.values import DayOnly, Reading, Refused, moment_in, quantity_in, text_in
from connectors.row_reader import RowFault, RowReader, some_of
from connectors.scrap.rows import COUNTS, FIELDS, ScrapSheetRow
from domain.calendars import shift_instances
from domain.instants import NEVER_UTC, instant_text
from domain.order_rules import OrderFault
from domain.plant import Plant
from domain.quality import LONGEST_SPAN, QualityEvent
from quarters.periods import day_span

MOST_COUNT = 2**31 - 1
Known = Mapping[tuple[str, str], QualityEvent]
"""(machine, event) -> newest revision."""


class Outcome(StrEnum):
    """What became of one row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row."""

    place: Place
    outcome: Outcome
    event: QualityEvent | None = None
    """As it is known after the row was taken; None where it was refused."""
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from all rows."""

    results: tuple[Result, ...]

    @property
    def events(self) -> tuple[QualityEvent, ...]:
        """What is to be sent."""
        return tuple(r.event for r in self.results if r.event is not None and r.outcome in (Outcome.NEW, Outcome.CHANGED))

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """All that is wrong, in the order of the rows."""
        return tuple(fault for result in self.results for fault in result.faults)

    def count(self, outcome: Outcome) -> int:
        """Rows of which this became."""
        return sum(result.outcome is outcome for result in self.results)


@dataclass(frozen=True, slots=True)
class Handing:
    """Who hands in, and when."""

    plant: Plant
    now_utc: datetime
    source: str
    """Name of the file, ``api`` or ``page``."""
    by: str = ""
    """Who enters it, where a row does not say."""
    epoch_1904: bool = False


def known_events(records: Iterable[QualityEvent], plant: Plant) -> dict[tuple[str, str], QualityEvent]:
    """By machine and event the newest revision, those taken back too; of other sites nothing."""
    found: dict[tuple[str, str], QualityEvent] = {}
    for one in records:
        key = one.machine, one.event
        if one.site == plant.site.id and (key not in found or one.revision > found[key].revision):
            found[key] = one
    return found


def judge(rows: Sequence[ScrapSheetRow], handing: Handing, known: Known) -> Judgement:
    """What becomes of each row; a bad one stops no other."""
    read = [_read(row, handing) for row in rows]
    stated = Counter((event.machine, event.event) for event, _ in read if event is not None)
    results = []
    for row, (event, faults) in zip(rows, read, strict=True):
        if event is not None and stated[event.machine, event.event] > 1:
            place = row.cells["id"].place if "id" in row.cells else row.place
            faults = [RowFault(place, OrderFault("id", "row_twice", event.event, {}))]
        results.append(_result(row, event, faults, known))
    return Judgement(tuple(results))


def _result(row: ScrapSheetRow, event: QualityEvent | None, faults: Sequence[RowFault], known: Known) -> Result:
    if event is None or faults:
        return Result(row.place, Outcome.REFUSED, faults=tuple(faults))
    before = known.get((event.machine, event.event))
    if before is None:
        return Result(row.place, Outcome.NEW, event)
    same = replace(event, revision=before.revision, at_utc=before.at_utc, by=before.by, source=before.source)
    if same == before:
        return Result(row.place, Outcome.UNCHANGED, before)
    return Result(row.place, Outcome.CHANGED, replace(event, revision=before.revision + 1))


def taken_back(event: QualityEvent, now_utc: datetime, by: str) -> QualityEvent:
    """The revision after which it counts no more."""
    return replace(event, revision=event.revision + 1, withdrawn=True, at_utc=now_utc, by=by)


# -- one row -----------------------------------------------------------------------------------------------------------


def _read(row: ScrapSheetRow, handing: Handing) -> tuple[QualityEvent | None, list[RowFault]]:
    reader, plant = RowReader(row), handing.plant
    reader.refuse_unknown(FIELDS)
    reading = Reading(plant.site.zone, epoch_1904=handing.epoch_1904)
    machine = _one_of(reader, "machine", {one.id: one.name for one in plant.machines})
    span = _span(reader, plant, reading)
    counts = {name: reader.read(name, lambda value: _count_in(value, reading)) for name in COUNTS}
    if not any(reader.is_filled(name) for name in COUNTS):
        reader.wrong("scrap", "count_missing")
    texts = {name: reader.read(name, text_in) or "" for name in ("product", "job", "reason", "id", "by")}
    if span is not None and span[1] > handing.now_utc:
        reader.wrong("to" if reader.is_filled("to") else "from" if reader.is_filled("from") else "day", "in_future")
    if reader.faults or span is None or not machine:
        return None, reader.faults
    named = (machine, *map(instant_text, span), texts["product"], texts["job"], texts["reason"])
    event = texts["id"] or f"sheet/{blake2b('|'.join(named).encode(), digest_size=8).hexdigest()}"
    return QualityEvent(
        plant.site.id, machine, event, 0, span[0], span[1], handing.now_utc, texts["product"], texts["job"], counts["good"], counts["scrap"],
        counts["rework"], texts["reason"], handing.source, texts["by"] or handing.by,
    ), []  # fmt: skip


def _span(reader: RowReader, plant: Plant, reading: Reading) -> tuple[datetime, datetime] | None:
    """From and to; or the shift of a day; or the day."""
    if not reader.is_filled("from"):
        return _shift_span(reader, plant, reading)
    begins, ends = (reader.read(name, lambda value: _instant_in(value, reading)) for name in ("from", "to"))
    if begins is None or (ends is None and reader.is_filled("to")):
        return None
    ends = begins if ends is None else ends
    if ends < begins:
        reader.wrong("to", "ends_before")
    elif ends - begins > LONGEST_SPAN:
        reader.wrong("to", "too_long_span", days=str(LONGEST_SPAN.days))
    return begins, ends


def _shift_span(reader: RowReader, plant: Plant, reading: Reading) -> tuple[datetime, datetime] | None:
    day = reader.read("day", lambda value: _day_in(value, reading))
    if day is None:
        if not reader.is_filled("day"):
            reader.wrong("from", "time_missing")
        return None
    if not reader.is_filled("shift"):
        return day_span(day, plant.site.zone)
    shift = _one_of(reader, "shift", {one.id: one.name for one in plant.shifts})
    if not shift:
        return None
    whole = day_span(day, plant.site.zone)
    for one in shift_instances(plant.shifts, plant, *whole):
        if one.shift == shift and one.day_local == day:
            return one.start_utc, one.end_utc
    reader.wrong("day", "shift_not_worked", shift=shift)
    return None


def _one_of(reader: RowReader, name: str, names: Mapping[str, str]) -> str:
    """The id that a cell names; an empty one is a fault."""
    if not reader.is_filled(name):
        reader.wrong(name, f"{name}_missing", choices=some_of(names) or "-")
    return reader.one_of(name, names)


def _instant_in(value: CellValue, reading: Reading) -> datetime:
    found = moment_in(value, reading)
    if found is None or isinstance(found, DayOnly):
        raise Refused(rule="date")
    if found == NEVER_UTC:
        raise Refused(rule="no_date")
    return found


def _day_in(value: CellValue, reading: Reading) -> date:
    found = moment_in(value, reading)
    if isinstance(found, DayOnly):
        return found.day
    if found is None or found == NEVER_UTC:
        raise Refused(rule="no_date")
    return found.astimezone(reading.zone).date()


def _count_in(value: CellValue, reading: Reading) -> int:
    number = quantity_in(value, reading)
    if number.denominator != 1 or number > MOST_COUNT:
        raise Refused(rule="count")
    return int(number)
