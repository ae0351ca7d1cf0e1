"""Rows of a table as stamps and cells of values, whatever lies along the table: intervals, days, or days beside one another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from quarters.profiles.sniff.columns import Axis, Columns
from quarters.profiles.sniff.spelling import clock_of, kind_of, range_of, spelled, split_date
from quarters.profiles.sniff.tables import SUM, Table
from quarters.profiles.stamps import StampFault

_NUMBERED = re.compile(r"^(?:[A-Za-zäöüÄÖÜ/ ._-]*)(\d{1,3})$")
_AGAIN = re.compile(r" \(\d+\)$")
DAYS = {24: 60, 48: 30, 96: 15}
"""Columns of a day -> minutes of each."""


@dataclass(slots=True)
class Rows:
    """One entry an interval, in the order of the file."""

    lines: list[int] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    """As the strict rules know them."""
    values: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    """Empty where the table has no column of status words."""

    def add(self, line: int, stamp: str, value: str, status: str | None = None) -> None:
        """One more."""
        self.lines.append(line)
        self.stamps.append(stamp)
        self.values.append(value)
        if status is not None:
            self.statuses.append(status)


@dataclass(frozen=True, slots=True)
class Days:
    """A table with a row a day: where the date stands, and the time of each column of values."""

    date_place: int
    clocks: dict[int, str]
    """Place of a column -> ``HH:MM:SS``."""
    again: frozenset[int]
    """Columns of the hour that comes twice, empty on all other days."""
    is_begin: bool
    """The headings say begin and end of each, or number them."""
    minutes: int


def days_in(table: Table) -> Days | None:
    """Whether a table has a row a day: a date in front and at least 24 columns named by times or numbers."""
    dates = [place for place in range(min(6, len(table.header))) if _column_of(table, place, "date")]
    if not dates:
        return None
    named = {place: _AGAIN.sub("", name) for place, name in enumerate(table.header)}
    ranges = {place: found for place, name in named.items() if (found := range_of(name))}
    clocks = {place: clock for place, name in named.items() if kind_of(name) == "clock" and (clock := clock_of(name)[0])}
    if len(ranges) >= 24:
        clocks = {place: f"{begin.zfill(5)}:00" for place, (begin, _) in ranges.items()}
    is_begin = len(ranges) >= 24
    if len(clocks) < 24:
        clocks, is_begin = _numbered(named, dates[0]), True
    if len(clocks) < 24:
        return None
    places = sorted(clocks)
    if clocks[places[-1]] == "00:00:00" and clocks[places[0]] != "00:00:00":
        clocks[places[-1]] = "24:00:00"
    again = frozenset(place for place in places if any(clocks[other] == clocks[place] for other in places if other < place))
    minutes = DAYS.get(len(clocks) - len(again), 0)
    return Days(dates[0], clocks, again, is_begin, minutes) if minutes else None


def _column_of(table: Table, place: int, kind: str) -> bool:
    rows = table.body[:: max(1, len(table.body) // 50)]
    return all(place < len(row.cells) and kind_of(row.cells[place]) in (kind, "stamp") for row in rows)


def _numbered(named: dict[int, str], date_place: int) -> dict[int, str]:
    """Times of columns that are numbered from 1 (or from 0) to as many as a day has."""
    found = {place: int(one[1]) for place, name in named.items() if place > date_place and (one := _NUMBERED.match(name))}
    for count, minutes in sorted(DAYS.items(), reverse=True):
        for first in (1, 0):
            numbers = list(found.values())
            if numbers[:count] == list(range(first, first + count)) and numbers[count : count + 1] != [first + count]:
                return {
                    place: f"{(number - first) * minutes // 60:02}:{(number - first) * minutes % 60:02}:00"
                    for place, number in list(found.items())[:count]
                }
    return {}


def rows_of_days(table: Table, days: Days) -> Rows:
    """An entry an interval; columns of the hour that comes twice count where they have a value."""
    rows = Rows()
    places = sorted(days.clocks)
    for row in table.body:
        day = split_date(row.cells[days.date_place])[0]
        for place in places:
            value = row.cells[place] if place < len(row.cells) else ""
            if place not in days.again or kind_of(value) != "none":
                rows.add(row.line, f"{day} {days.clocks[place]}", value)
    return rows


def dates_beside(table: Table) -> dict[int, str]:
    """Place -> date of the columns of a table with a column a day and a row a time of day."""
    found = {
        place: split_date(_AGAIN.sub("", name))[0]
        for place, name in enumerate(table.header)
        if kind_of(_AGAIN.sub("", name)) == "date"
    }
    is_clocked = all(row.cells and kind_of(row.cells[0]) in ("clock", "range") for row in table.body[:200])
    return found if is_clocked else {}


def rows_beside(table: Table, dates: dict[int, str]) -> tuple[Rows, bool]:
    """An entry an interval, day by day; and whether the times say begin and end."""
    rows, clocks, is_range = Rows(), [], False
    for row in table.body:
        found = range_of(row.cells[0])
        is_range |= found is not None
        clocks.append(f"{found[0].zfill(5)}:00" if found else clock_of(row.cells[0])[0] or row.cells[0])
    if len(clocks) > 1 and clocks[-1] == "00:00:00" != clocks[0]:
        clocks[-1] = "24:00:00"
    for place, day in dates.items():
        for row, clock in zip(table.body, clocks, strict=True):
            rows.add(row.line, f"{day} {clock}", row.cells[place] if place < len(row.cells) else "")
    return rows, is_range


def rows_of(table: Table, columns: Columns) -> Rows:
    """An entry a row of the meter that was chosen."""
    rows = Rows()
    needed = max(*columns.axis.places, columns.value)
    day = ""
    for row in table.body:
        cells = row.cells
        if columns.key_place is not None and (columns.key_place >= len(cells) or cells[columns.key_place] != columns.key):
            continue
        if len(cells) <= needed:
            expected = f"at least {needed + 1} cells: {', '.join(table.header)[:200]}"
            raise RowFault(row.line, f"{len(cells)} cells", expected)
        stamp, day = _stamp(cells, columns.axis, day)
        status = None if columns.status is None else cells[columns.status] if columns.status < len(cells) else ""
        rows.add(row.line, stamp, cells[columns.value], status)
    return rows


class RowFault(StampFault):
    """A row that has not the cells of the others: `row` is its line."""


def _stamp(cells: Sequence[str], axis: Axis, day: str) -> tuple[str, str]:
    """The stamp of a row, and its date for rows below that leave it out."""
    first = cells[axis.places[0]]
    if axis.kind == "epoch":
        return _of_epoch(first), ""
    if axis.kind == "stamp":
        return spelled(first), ""
    day = split_date(first)[0] or (first or day)
    second = cells[axis.places[1]]
    if axis.kind == "date+range":
        found = range_of(second)
        second = found[0] if found else second
    clock, zone = clock_of(second) if second else (None, "")
    return (f"{day} {clock}{zone}" if clock else f"{day} {second}"), day


def _of_epoch(text: str) -> str:
    try:
        seconds = float(text)
    except ValueError:
        return text
    return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC).replace(microsecond=0).isoformat(sep=" ")


def sums_in(table: Table, place: int) -> Iterator[tuple[str, str]]:
    """Of each sum below the table: its cell in a column, and the whole row as text."""
    for row in table.footers:
        if SUM.match(next((cell for cell in row.cells if cell), "")):
            inside = row.cells[place] if place < len(row.cells) else ""
            numbers = [inside] if kind_of(inside) == "number" else [cell for cell in row.cells if kind_of(cell) == "number"]
            yield from ((cell, " ".join(row.cells)) for cell in numbers[:1])
