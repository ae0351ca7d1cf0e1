"""The one validation behind every door: rows of shift changes and what is known -> the revisions to send, and what is wrong with the others.

A row states a shift of a day whole: what it leaves out is as in the weekly pattern.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from connectors.orders.table import CellValue, Place
from connectors.orders.values import NO, YES, DayOnly, Reading, Refused, moment_in, text_in, workers_in
from connectors.row_reader import RowFault, RowReader, some_of
from connectors.shifts.rows import FIELDS, ChangeRow
from domain.instants import NEVER_UTC
from domain.order_rules import OrderFault
from domain.orders import Workers
from domain.plant import PLANT_FILE_REVISION, Plant, plant_with_changes, written_changes
from domain.shift_changes import ShiftChange, newest_changes
from domain.working_time import BrokenLimit, broken_limits
from quarters.periods import midnight_utc

USUAL = {"usual", "as usual", "üblich", "wie üblich", "normal", "zurückgezogen", "withdrawn"}
_WEEK = timedelta(days=7)


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
    change: ShiftChange | None = None
    """As it is known after the row was taken; None where it was refused."""
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from all rows."""

    results: tuple[Result, ...]
    broken: tuple[BrokenLimit, ...] = ()
    """Limits of working time that are kept without these rows and not with them: taken all the same, and reported."""
    past: tuple[ShiftChange, ...] = ()
    """Revisions of days that are over: nothing that was found then is taken back."""

    @property
    def revisions(self) -> tuple[ShiftChange, ...]:
        """What is to be sent."""
        return tuple(r.change for r in self.results if r.change is not None and r.outcome in (Outcome.NEW, Outcome.CHANGED))

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
    by: str = ""
    """Who enters it, where a row does not say."""
    epoch_1904: bool = False


def known_changes(records: Iterable[ShiftChange], plant: Plant) -> dict[tuple[str, str], ShiftChange]:
    """By shift and day the newest revision, of the topic and of the plant file, withdrawn ones too; of other sites nothing."""
    mine = (one for one in records if one.site == plant.site.id)
    return {(one.shift, one.day_local): one for one in newest_changes([*written_changes(plant), *mine])}


def judge(rows: Sequence[ChangeRow], handing: Handing, known: Mapping[tuple[str, str], ShiftChange]) -> Judgement:
    """What becomes of each row; a bad one stops no other."""
    read = [_read(row, handing) for row in rows]
    stated = Counter((change.shift, change.day_local) for change, _ in read if change is not None)
    results = []
    for row, (change, faults) in zip(rows, read, strict=True):
        if change is not None and stated[change.shift, change.day_local] > 1:
            place = row.cells["day"].place if "day" in row.cells else row.place
            faults = [RowFault(place, OrderFault("day", "row_twice", change.day_local, {"shift": change.shift}))]
        results.append(_result(row, change, faults, known))
    sent = [r.change for r in results if r.change is not None and r.outcome in (Outcome.NEW, Outcome.CHANGED)]
    today = handing.now_utc.astimezone(handing.plant.site.zone).date().isoformat()
    past = tuple(change for change in sent if change.day_local < today)
    return Judgement(tuple(results), _newly_broken(handing.plant, known.values(), sent), past)


def _result(
    row: ChangeRow, change: ShiftChange | None, faults: Sequence[RowFault], known: Mapping[tuple[str, str], ShiftChange]
) -> Result:
    if change is None or faults:
        return Result(row.place, Outcome.REFUSED, faults=tuple(faults))
    before = known.get((change.shift, change.day_local))
    if before is None:
        return Result(row.place, Outcome.UNCHANGED if change.withdrawn else Outcome.NEW, change)
    stated = replace(before, worked=change.worked, from_local=change.from_local, to_local=change.to_local, workers=change.workers,
                     crew=change.crew, reason=change.reason, withdrawn=change.withdrawn)  # fmt: skip
    if stated == before or (before.withdrawn and change.withdrawn):
        return Result(row.place, Outcome.UNCHANGED, before)
    return Result(row.place, Outcome.CHANGED, replace(change, revision=before.revision + 1))


def withdrawn(change: ShiftChange, now_utc: datetime, by: str) -> ShiftChange:
    """The revision after which the weekly pattern holds again."""
    return replace(change, revision=change.revision + 1, withdrawn=True, at_utc=now_utc, by=by)


def _newly_broken(plant: Plant, known: Iterable[ShiftChange], sent: Sequence[ShiftChange]) -> tuple[BrokenLimit, ...]:
    """Limits broken in the weeks of `sent` by them alone."""
    if not sent:
        return ()
    known = tuple(known)
    before, after = plant_with_changes(plant, known), plant_with_changes(plant, [*known, *sent])
    found: list[BrokenLimit] = []
    for monday in sorted({_monday(date.fromisoformat(change.day_local)) for change in sent}):
        # Two days to either side: the rest before the first shift of the week and after its last.
        span = (
            midnight_utc(monday, plant.site.zone) - timedelta(days=2),
            midnight_utc(monday + _WEEK, plant.site.zone) + timedelta(days=2),
        )
        was = set(broken_limits(before, *span))
        found += [one for one in broken_limits(after, *span) if one not in was and one not in found and _is_about(one, sent)]
    return tuple(found)


def _is_about(broken: BrokenLimit, sent: Sequence[ShiftChange]) -> bool:
    """Whether a limit may be broken by `sent`; weeks that the span cuts are not whole."""
    mondays = {_monday(date.fromisoformat(change.day_local)) for change in sent}
    return broken.limit != "week" or broken.day_local in mondays


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


# -- one row -----------------------------------------------------------------------------------------------------------


def _read(row: ChangeRow, handing: Handing) -> tuple[ShiftChange | None, list[RowFault]]:
    reader, plant = RowReader(row), handing.plant
    reader.refuse_unknown(FIELDS)
    shift = _one_of(reader, "shift", {one.id: one.name for one in plant.shifts})
    crew = _one_of(reader, "crew", {one.id: one.name for one in plant.crews}, needed=False)
    reading = Reading(plant.site.zone, epoch_1904=handing.epoch_1904)
    day = reader.read("day", lambda value: _day_in(value, reading))
    if day is None and not reader.is_filled("day"):
        reader.wrong("day", "day_missing")
    worked = reader.read("worked", _worked_in)
    if worked is None and not reader.is_filled("worked"):
        reader.wrong("worked", "worked")
    begins, ends = (reader.read(name, _clock_in) or "" for name in ("from", "to"))
    if begins == "24:00":
        reader.wrong("from", "clock")
    workers = reader.read("workers", lambda value: workers_in(value, None, reading)) or ()
    if worked is not None and worked != "yes":
        for name in ("from", "to", "workers", "crew"):
            if reader.is_filled(name):
                reader.wrong(name, "only_worked")
    reason = reader.read("reason", text_in) or ""
    by = reader.read("by", text_in) or handing.by
    if reader.faults or day is None or worked is None or not shift:
        return None, reader.faults
    return ShiftChange(
        plant.site.id, shift, day.isoformat(), PLANT_FILE_REVISION + 1, worked == "yes", handing.now_utc, begins, ends, workers,
        crew or None, by, reason, worked == "usual",
    ), []  # fmt: skip


def _one_of(reader: RowReader, name: str, names: Mapping[str, str], needed: bool = True) -> str:
    """The id that a cell names; an empty one that is needed is a fault where nothing else is."""
    found = reader.one_of(name, names)
    if not found and needed and not reader.faults:
        reader.wrong(name, f"{name}_missing", choices=some_of(names))
    return found


def _day_in(value: CellValue, reading: Reading) -> date:
    found = moment_in(value, reading)
    if isinstance(found, DayOnly):
        return found.day
    if found is None or found == NEVER_UTC:
        raise Refused(rule="no_date")
    local = found.astimezone(reading.zone)
    if found != midnight_utc(local.date(), reading.zone):
        raise Refused(rule="day")
    return local.date()


def _worked_in(value: CellValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    word = text_in(value).casefold()
    for found, words in (("usual", USUAL), ("yes", YES), ("no", NO)):
        if word in words:
            return found
    raise Refused(rule="worked")


def _clock_in(value: CellValue) -> str:
    """``HH:MM``; times of a spreadsheet too, whose 24:00 is a day."""
    if isinstance(value, datetime):
        value = (
            value.time()
            if value.year > 1900
            else timedelta(days=1)
            if not (value.hour or value.minute or value.second)
            else value.time()
        )
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if isinstance(value, float | Decimal) and 0 < value < 1:  # a cell without a time format holds the fraction of a day
        value = timedelta(minutes=round(float(value) * 24 * 60))
    if isinstance(value, timedelta):
        minutes, rest = divmod(value, timedelta(minutes=1))
        if rest or not 0 <= minutes <= 24 * 60:
            raise Refused(rule="clock")
        return f"{minutes // 60:02}:{minutes % 60:02}"
    text = text_in(value).removesuffix("Uhr").strip().replace(".", ":")
    hour, colon, minute = text.partition(":")
    if not hour.isdecimal() or len(hour) > 2 or (colon and (len(minute) != 2 or not minute.isdecimal())):
        raise Refused(rule="clock")
    hours, minutes = int(hour), int(minute or 0)
    if hours * 60 + minutes > 24 * 60 or minutes > 59:
        raise Refused(rule="clock")
    return f"{hours:02}:{minutes:02}"


def people_text(workers: Iterable[Workers]) -> str:
    """``4 operator, 1 setter``, as a sheet has it."""
    return ", ".join(f"{one.workers} {one.skill}" for one in workers)
