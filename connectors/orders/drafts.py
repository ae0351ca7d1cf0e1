"""One row into what it states of an order, or into what is wrong with it. Knows nothing of other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from connectors.orders.keyed import UNREADABLE_KEYS
from connectors.orders.mapping import FIELDS, OrderMapping, is_empty
from connectors.orders.table import Cell, OrderRow, Place, RowFault
from connectors.orders.values import (
    MOST_SECONDS,
    DayOnly,
    Reading,
    jobs_in,
    moment_in,
    per_hour_in,
    quantity_in,
    quarters_of,
    read_cell,
    seconds_in,
    status_in,
    text_in,
    workers_in,
    yes_in,
)
from domain.calendars import at_local
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER
from domain.order_rules import OrderFault, names_of_machines, unknown_machine
from domain.plant import Plant
from domain.texts import KEY_LENGTH
from quarters.numbers import quarter_start
from quarters.periods import midnight_utc

Value = TypeVar("Value")
TIMES = ("duration", "processing", "setup", "per_piece", "rate")


@dataclass(frozen=True, slots=True)
class Draft:
    """What one row states of an order; what it has no column for is not in it."""

    row: OrderRow
    job: str
    stated: Mapping[str, Any]
    """Field of `domain.orders.Order` -> value."""
    machines: tuple[str, ...] = ()
    """The machine, or the machines of a group; empty where the row names none."""
    is_group: bool = False
    quarters: int | None = None
    start_from_utc: datetime | None = None
    """First instant of the day on which it is to start, where the hour is not stated."""

    def place_of(self, name: str) -> Place:
        """Where a field of the order sheet is; the row where it has no cell."""
        cell = self.row.cells.get(name)
        return self.row.place if cell is None else cell.place


@dataclass
class _RowReader:
    """Reads the cells of one row and collects what is wrong."""

    row: OrderRow
    reading: Reading
    job: str = ""
    faults: list[RowFault] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether there is a column for it."""
        return name in self.row.cells

    def is_filled(self, name: str) -> bool:
        """Whether its cell has something in it."""
        return name in self.row.cells and not is_empty(self.row.cells[name].value)

    def is_faulty(self, name: str) -> bool:
        """Whether something was wrong with it."""
        return any(fault.fault.field == name for fault in self.faults)

    def cell(self, name: str) -> Cell:
        """Its cell; an empty one where there is no column."""
        return self.row.cells.get(name, Cell(None, self.row.place))

    def read(self, name: str, how: Callable[[Any], Value], otherwise: Value) -> Value:
        """The value of a filled cell; `otherwise` where it is empty or wrong."""
        if not self.is_filled(name):
            return otherwise
        return read_cell(self.cell(name).value, how, otherwise, partial(self.wrong, name))

    def wrong(self, name: str, key: str, **values: str) -> None:
        """Keep one fault."""
        value = self.cell(name).value
        self.add(OrderFault(name, key, "" if is_empty(value) else str(value).strip(), values))

    def add(self, fault: OrderFault) -> None:
        """Keep one fault at its cell."""
        self.faults.append(RowFault(self.cell(fault.field).place, self.job, fault))


def draft_of(row: OrderRow, plant: Plant, mapping: OrderMapping, reading: Reading) -> tuple[Draft | None, list[RowFault]]:
    """What the row states, or every fault in it."""
    reader = _RowReader(row, reading)
    job, order = _job(reader)
    for name in row.cells:
        if name.startswith(UNREADABLE_KEYS):
            reader.add(OrderFault(name, "column_unknown", name.removeprefix(UNREADABLE_KEYS), {"choices": ", ".join(FIELDS)}))
    stated: dict[str, Any] = {} if order is None else {"order": order}
    _texts(reader, stated)
    machines, is_group = _machines(reader, plant, mapping)
    start_from = _instants(reader, stated)
    if reader.has("predecessors"):
        stated["predecessors"] = reader.read("predecessors", jobs_in, None) or ()
    if reader.has("workers") or reader.has("skill"):
        # Two cells make one value; what is wrong with it is at the first that has something in it.
        name = "workers" if reader.is_filled("workers") else "skill"
        count, skill = reader.cell("workers").value, reader.cell("skill").value
        stated["workers"] = reader.read(name, lambda _: workers_in(count, skill, reading), None) or ()
    if reader.has("locked"):
        stated["movable"] = not reader.read("locked", yes_in, False)
    if reader.is_filled("status"):
        stated["status"] = reader.read("status", status_in, None)
    quarters = _quarters(reader, stated.get("quantity"))
    if reader.faults:
        return None, reader.faults
    return Draft(row, job, stated, machines, is_group, quarters, start_from), []


def _job(reader: _RowReader) -> tuple[str, str | None]:
    """Id of the job, and the order's number for people: an operation of an order is a job of its own."""
    job = reader.read("job", text_in, "")
    reader.job = job
    operation = reader.read("operation", text_in, "")
    if not job:
        if not reader.faults:
            reader.wrong("job", "job_missing")
        return "", None
    whole = f"{job}/{operation}" if operation else job
    if len(whole) > KEY_LENGTH:
        reader.wrong("operation", "too_long", most=str(KEY_LENGTH))
    reader.job = whole
    if reader.has("customer_order"):
        return whole, reader.read("customer_order", text_in, "")
    return whole, job if operation else None


def _texts(reader: _RowReader, stated: dict[str, Any]) -> None:
    for name in ("product", "family"):
        if reader.has(name):
            stated[name] = reader.read(name, text_in, "")
    if reader.has("quantity"):
        quantity = reader.read("quantity", lambda value: quantity_in(value, reader.reading), None)
        stated["quantity"] = None if quantity is None else float(quantity)


def _machines(reader: _RowReader, plant: Plant, mapping: OrderMapping) -> tuple[tuple[str, ...], bool]:
    if not reader.has("machine"):
        return (), False
    text = reader.read("machine", text_in, "")
    if not text:
        if not reader.is_faulty("machine"):
            reader.add(replace(unknown_machine("", plant), key="machine_missing"))
        return (), False
    named = mapping.machines.get(text, text)
    ids = names_of_machines(plant)
    folded: dict[str, set[str]] = {}
    for name, one in ids.items():
        folded.setdefault(" ".join(name.casefold().split()), set()).add(one)
    close = folded.get(" ".join(named.casefold().split()), set())
    found = named if named in ids.values() else next(iter(close)) if len(close) == 1 else None
    if found is None:
        reader.add(unknown_machine(named, plant))
        return (), False
    group = next((group for group in plant.machine_groups if group.id == found), None)
    return ((found,), False) if group is None else (tuple(dict.fromkeys(group.machines)), True)


def _instants(reader: _RowReader, stated: dict[str, Any]) -> datetime | None:
    """Reads the dates; the first instant of the day on which it starts, where the hour is not stated."""
    zone = reader.reading.zone
    for name, clock, nothing in (("earliest", "00:00", None), ("due", "24:00", NEVER_UTC), ("deadline", "24:00", NEVER_UTC)):
        if reader.has(name):
            # "Due on the 23rd" is over when the 23rd is over.
            found = reader.read(name, lambda value: moment_in(value, reader.reading), None)
            instant = at_local(found.day, clock, zone) if isinstance(found, DayOnly) else found or nothing
            if instant is not None:
                stated[f"{name}_utc"] = instant
    if not reader.is_filled("start"):
        return None
    start = reader.read("start", lambda value: moment_in(value, reader.reading), None)
    if isinstance(start, DayOnly):
        return midnight_utc(start.day, zone)
    if start is not None and start != quarter_start(start):
        before = quarter_start(start)
        reader.wrong("start", "not_a_quarter", before=_clock(before, reader), after=_clock(before + QUARTER, reader))
    elif start is not None:
        stated["start_utc"] = start
    return None


def _clock(instant: datetime, reader: _RowReader) -> str:
    return f"{instant.astimezone(reader.reading.zone):%H:%M}"


def _quarters(reader: _RowReader, quantity: float | None) -> int | None:
    """How long the job takes: the whole duration, or setting up and working; None where the row states neither."""
    times: dict[str, Fraction | None] = {}
    for name in TIMES:
        unit = reader.row.units.get(name, "")
        how = per_hour_in if name == "rate" else seconds_in
        times[name] = reader.read(name, lambda value, how=how, unit=unit: how(value, reader.reading, unit), None)  # type: ignore[misc]
    if times["duration"] is not None:
        return _fitting(reader, "duration", times["duration"])
    working = times["processing"]
    basis = "processing" if working is not None else "per_piece" if times["per_piece"] is not None else "rate"
    if working is None and times[basis] is not None:
        if quantity is None:
            if not reader.is_faulty("quantity"):
                reader.add(OrderFault("quantity", "quantity_missing", ""))
            return None
        value = times[basis]
        assert value is not None
        working = Fraction(str(quantity)) * value if basis == "per_piece" else Fraction(str(quantity)) * 3600 / value
    if working is None:
        return None
    return _fitting(reader, basis, working + (times["setup"] or 0))


def _fitting(reader: _RowReader, name: str, seconds: Fraction) -> int | None:
    if not 0 < seconds <= MOST_SECONDS:
        reader.wrong(name, "duration_range")
        return None
    return quarters_of(seconds)


def repeated(drafts: Sequence[Draft]) -> Iterable[RowFault]:
    """Every row whose job another row has too: which of them counts would be a guess."""
    rows: dict[str, list[Draft]] = {}
    for draft in drafts:
        rows.setdefault(draft.job, []).append(draft)
    for job, several in rows.items():
        if len(several) > 1:
            numbers = ", ".join(str(one.row.place.row) for one in several)
            for one in several:
                yield RowFault(one.place_of("job"), job, OrderFault("job", "job_twice", job, {"rows": numbers}))
