"""A series and its verdicts as files. In: CSV of numbers over time, CSV of a shift calendar.  Out: CSV of verdicts.

A series is read row by row and never held whole: a machine by the second is a million rows a week.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf, isfinite, nan
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from detection.streams.choose import Choice
from detection.streams.row import Row, Verdict
from domain.errors import MOST_FAULTS, Fault, InputFaults, fault
from domain.files import open_input
from domain.instants import FIRST_YEAR, LAST_YEAR, instant_text
from quarters.profiles.cells import NO_VALUE, Faults
from quarters.profiles.table import START

HEADER = ("timestamp", "score", "alarm", "reason", "excess_kwh")
STAFFED = "staffed"
POWER_SUFFIX = "_kw"
_HOUR_S = 3600
_MISSING = NO_VALUE | {"nan"}
_A_STAMP = "an instant such as 2026-10-23T09:00:00Z, not before the row above"
_A_NUMBER = "a finite number with a point, or nothing where it is missing"
_UTF_8 = "UTF-8 text"


@dataclass(slots=True)
class Series:
    """A file of numbers over time: its `columns`, and its rows as they are asked for.

    Attributes
    ----------
    ignored
        Columns that hold text.
    naive
        Whether a stamp without zone was read, as UTC.
    faults
        Of the rows read so far; raised when the file has ended, or with the twentieth.
    """

    path: Path
    time_place: int
    columns: tuple[str, ...]
    places: tuple[int, ...]
    width: int
    ignored: tuple[str, ...]
    body: Iterator[tuple[int, list[str]]]
    faults: Faults
    naive: bool = False

    def rows(self) -> Iterator[tuple[str, float, tuple[float, ...]]]:
        """Stamp as it is written, seconds since 1970 and values of each row without fault.

        Raises
        ------
        InputFaults
            After the last row, with every fault.
        """
        before_s = -inf
        for line, cells in self.body:
            if len(self.faults) >= MOST_FAULTS:
                break
            if len(cells) != self.width:
                self.faults.wrong(line, "row", f"{len(cells)} cells", f"{self.width} cells, one for each column of the header")
                continue
            at_s = self._instant(line, cells[self.time_place], before_s)
            values = tuple(self._number(line, name, cells[place]) for name, place in zip(self.columns, self.places, strict=True))
            if at_s is not None:
                before_s = at_s
                yield cells[self.time_place], at_s, values
        self.faults.raise_if_any()

    def _instant(self, line: int, cell: str, before_s: float) -> float | None:
        at_s = _seconds(cell)
        if at_s is None or at_s[0] < before_s:
            self.faults.wrong(line, "time", repr(cell), _A_STAMP)
            return None
        self.naive |= at_s[1]
        return at_s[0]

    def _number(self, line: int, name: str, cell: str) -> float:
        try:
            value = float(cell)
            if isfinite(value) and "_" not in cell:
                return value
        except ValueError:
            pass
        if cell.strip().lower() not in _MISSING:
            self.faults.wrong(line, name, repr(cell), _A_NUMBER)
        return nan


def _seconds(cell: str) -> tuple[float, bool] | None:
    """Seconds since 1970 and whether no zone was written; None where it is no instant."""
    try:
        instant = datetime.fromisoformat(cell.strip())
        if not FIRST_YEAR < instant.year < LAST_YEAR:
            return None
        naive = instant.tzinfo is None
        return (instant.replace(tzinfo=UTC) if naive else instant).timestamp(), naive
    except ValueError:
        return None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.strip().lower() in _MISSING
    return True


def open_series(path: Path, time_column: str, wanted: Sequence[str] = (), read: Callable[[int], None] | None = None) -> Series:
    """The series in a CSV file.

    Parameters
    ----------
    wanted
        Its columns to judge; without any, all that hold numbers in the first row.
    read
        Called with the number of bytes that were read more.

    Raises
    ------
    InputFaults
        If it cannot be read, has no row or not these columns.
    """
    faults = Faults(path)
    body = _lines(path, faults, read)
    _, header = next(body, (0, []))
    first = next(body, None)
    names = [cell.strip() for cell in header]
    if time_column not in names:
        faults.wrong(1, "header", repr(",".join(names)), f"a column {time_column!r}, as --time-column says")
    for name in wanted:
        if name not in names:
            faults.wrong(1, "header", repr(",".join(names)), f"a column {name!r}, as --column says")
    if len(set(names)) < len(names):
        faults.wrong(1, "header", repr(",".join(names)), "each column once")
    if first is None:
        faults.wrong(None, "file", "no rows", "a header, and a row for each time")
    faults.raise_if_any()
    assert first is not None
    others = [place for place, name in enumerate(names) if name != time_column and (not wanted or name in wanted)]
    places = [place for place in others if wanted or (place < len(first[1]) and _is_number(first[1][place]))]
    if not places:
        faults.wrong(first[0], "row", repr(",".join(first[1])), "a number in one column or more")
        faults.raise_if_any()
    columns = tuple(names[place] for place in places)
    ignored = tuple(names[place] for place in others if place not in places)
    return Series(path, names.index(time_column), columns, tuple(places), len(names), ignored, _again(first, body), faults)


def _again(first: tuple[int, list[str]], body: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from body


def _lines(path: Path, faults: Faults, read: Callable[[int], None] | None) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each line that has any."""
    with open_input(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(_counted(text, read))
        try:
            for cells in reader:
                if cells and any(map(str.strip, cells)):
                    yield reader.line_num, cells
        except UnicodeDecodeError as error:
            faults.wrong(reader.line_num + 1, "file", f"{error.reason} at byte {error.start} of its block", _UTF_8)
            faults.raise_if_any()
        except csv.Error as error:
            faults.wrong(reader.line_num, "row", str(error), "cells of less than 128 KiB, quotes that end")
            faults.raise_if_any()


def _counted(text: Iterable[str], read: Callable[[int], None] | None) -> Iterator[str]:
    for line in text:
        if read is not None:
            read(len(line))
        yield line


@dataclass(frozen=True, slots=True)
class ShiftCalendar:
    """Whether people work, from each start on until the next one."""

    path: Path
    starts_s: list[float]
    staffed: list[bool]
    end_s: float

    def at(self, at_s: float) -> bool:
        """Whether people work at this time.

        Raises
        ------
        InputFaults
            If the calendar does not reach there.
        """
        place = bisect_right(self.starts_s, at_s) - 1
        if place < 0 or at_s >= self.end_s:
            reach = " to ".join(instant_text(datetime.fromtimestamp(edge, UTC)) for edge in (self.starts_s[0], self.end_s))
            found = f"nothing for {instant_text(datetime.fromtimestamp(at_s, UTC))}; it reaches from {reach}"
            raise InputFaults([Fault(str(self.path), None, STAFFED, found, "whether people work at each time of the series")])
        return self.staffed[place]


def read_calendar(path: Path) -> ShiftCalendar:
    """A shift calendar: CSV of ``start_utc,staffed`` with 1 where people work; a row holds until the next one, the last as long as the one before.

    Raises
    ------
    InputFaults
        With every fault.
    """
    series = open_series(path, START, [STAFFED])
    starts_s: list[float] = []
    staffed: list[bool] = []
    for stamp, at_s, (value,) in series.rows():
        if value not in (0.0, 1.0) or (starts_s and at_s == starts_s[-1]):
            series.faults.append(fault(path, f"row of {stamp}", value, "staffed 0 or 1, and each start once"))
        starts_s.append(at_s)
        staffed.append(value == 1.0)
    series.faults.raise_if_any()
    last_s = starts_s[-1] - starts_s[-2] if len(starts_s) > 1 else timedelta(minutes=15).total_seconds()
    return ShiftCalendar(path, starts_s, staffed, starts_s[-1] + last_s)


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name.

    Raises
    ------
    InputFaults
        If there is none.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise InputFaults([Fault("command line", None, "--timezone", repr(name), "an IANA name such as Europe/Berlin")]) from error


class LocalHours:
    """Hours since 1970 on the wall clock of a zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone, self._quarter, self._offset_s = zone, -1, 0.0

    def of(self, at_s: float) -> int:
        """The local hour of an instant; clocks change on quarter hours only."""
        quarter = int(at_s // 900)
        if quarter != self._quarter:
            offset = datetime.fromtimestamp(at_s, self._zone).utcoffset() or timedelta()
            self._quarter, self._offset_s = quarter, offset.total_seconds()
        return int((at_s + self._offset_s) // _HOUR_S)


def judged(series: Series, zone: ZoneInfo, calendar: ShiftCalendar | None, choice: Choice) -> Iterator[tuple[str, Verdict]]:
    """Stamp and verdict of each row; the detector of `choice` is given the rows in their order.

    Raises
    ------
    InputFaults
        As `Series.rows`, and where the calendar does not reach.
    """
    local, update, places = LocalHours(zone), choice.update, choice.places
    for stamp, at_s, values in series.rows():
        staffed = None if calendar is None else calendar.at(at_s)
        yield stamp, update(Row(at_s, local.of(at_s), tuple(values[place] for place in places), staffed))


def write_verdicts(path: Path, verdicts: Iterable[tuple[str, Verdict]]) -> tuple[int, int]:
    """Write verdicts as CSV; rows, and incidents (runs of alarms)."""
    count = incidents = 0
    before = False
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for stamp, verdict in verdicts:
            count += 1
            incidents += verdict.alarm and not before
            before = verdict.alarm
            rows.writerow((stamp, f"{verdict.score:.6f}", int(verdict.alarm), verdict.reason, f"{verdict.excess_kwh:.3f}"))
    return count, incidents
