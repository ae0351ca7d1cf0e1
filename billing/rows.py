"""Rows of a time series in CSV, every fault with its line; values stay the texts that they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from domain.clock import EPOCH
from domain.errors import Fault, InputFaults, first_faults
from domain.files import read_text_input
from quarters.resolution import coarser_stretch

if TYPE_CHECKING:
    import _csv

_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$")
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$")
RESOLUTIONS_MIN = (1, 5, 10, 15, 30, 60)
LONGEST = timedelta(days=50 * 365)
_MOST_DIGITS = 40
"""Of a number: more are no measurement's, and arithmetic with them takes for ever."""
_MOST = 1e12
"""Of a kilowatt or a price, up or down: as `domain.units.Amount`."""


@dataclass(frozen=True, slots=True)
class Table:
    """Starts in rising order with their lines, and per column the number's text or None where there is none."""

    path: Path
    starts: list[datetime]
    lines: list[int]
    columns: dict[str, list[str | None]]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table whose rows have one resolution."""

    path: Path
    resolution_min: int
    starts: list[datetime]
    columns: dict[str, list[str | None]]


def read_rows(path: Path, headers: Sequence[tuple[str, ...]], resolutions_min: Sequence[int] = RESOLUTIONS_MIN) -> Rows:
    """The rows of `path`, whose header must be one of `headers`; their resolution is the smallest distance of two of them.

    Raises
    ------
    InputFaults
        With every fault, also where a stretch of rows has another resolution.
    """
    table = read_table(path, headers)
    minutes = smallest_distance_min(table, resolutions_min)
    check_grid(table, range(len(table.starts)), minutes)
    check_span(table)
    if stretch := coarser_stretch(table.starts, timedelta(minutes=minutes)):
        found = f"rows {stretch.step / timedelta(minutes=1):g} minutes apart from here on, {minutes} minutes elsewhere"
        expected = f"one resolution, or a row every {minutes} minutes, its value empty where it is missing"
        raise InputFaults([Fault(str(path), table.lines[stretch.first], "start_utc", found, expected)])
    return Rows(path, minutes, table.starts, table.columns)


def read_table(path: Path, headers: Sequence[tuple[str, ...]]) -> Table:
    """The rows of `path`, whose header must be one of `headers`, whatever their distances.

    Raises
    ------
    InputFaults
        With every fault.
    """
    reader = csv.reader(read_text_input(path).splitlines())
    expected = " or ".join(",".join(header) for header in headers)
    try:
        header = tuple(next(reader, ()))
        if header not in headers:
            raise InputFaults([Fault(str(path), 1, "header", repr(",".join(header)), expected)])
        return _Reading(path, header).table(reader)
    except csv.Error as error:
        raise InputFaults([Fault(str(path), reader.line_num, "row", str(error), "cells of less than 128 KiB")]) from error


def smallest_distance_min(table: Table, resolutions_min: Sequence[int]) -> int:
    """The smallest distance of two rows [min], one of `resolutions_min`; anything else is a fault."""
    if len(table.starts) < 2:
        found = f"{len(table.starts)} rows"
        raise InputFaults([Fault(str(table.path), None, "start_utc", found, "at least two rows, to tell the resolution")])
    smallest = min(after - before for before, after in zip(table.starts[:-1], table.starts[1:], strict=True))
    minutes = smallest / timedelta(minutes=1)
    if minutes not in resolutions_min:
        found = f"{minutes:g} minutes as the smallest distance of two rows"
        expected = f"one of {', '.join(map(str, resolutions_min))} minutes"
        raise InputFaults([Fault(str(table.path), None, "start_utc", found, expected)])
    return int(minutes)


def check_grid(table: Table, places: Sequence[int], minutes: int) -> None:
    """Whether the rows at `places` start on the grid of `minutes`; raises `InputFaults` with those that do not."""
    step = timedelta(minutes=minutes)
    faults = [
        Fault(
            str(table.path), table.lines[place], "start_utc", f"{table.starts[place]:%Y-%m-%dT%H:%M:%SZ}",
            f"a start on the grid of {minutes} minutes",
        )
        for place in places
        if (table.starts[place] - EPOCH) % step
    ]  # fmt: skip
    if faults:
        raise InputFaults(first_faults(faults, table.path, f"starts on the grid of {minutes} minutes"))


def check_span(table: Table) -> None:
    """A mistyped year would otherwise be thousands of years of missing values."""
    if table.starts[-1] - table.starts[0] <= LONGEST:
        return
    before = max(range(len(table.starts) - 1), key=lambda place: table.starts[place + 1] - table.starts[place])
    found = f"{table.starts[before + 1]:%Y-%m-%dT%H:%M:%SZ} after {table.starts[before]:%Y-%m-%dT%H:%M:%SZ}"
    expected = f"rows of at most {LONGEST.days // 365} years"
    raise InputFaults([Fault(str(table.path), table.lines[before + 1], "start_utc", found, expected)])


class _Reading:
    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self.path, self.header = path, header
        self.faults: list[Fault] = []
        self.starts: list[datetime] = []
        self.lines: list[int] = []
        self.columns: dict[str, list[str | None]] = {name: [] for name in header[1:]}

    def wrong(self, line: int | None, field: str, found: str, expected: str) -> None:
        self.faults.append(Fault(str(self.path), line, field, found, expected))

    def table(self, reader: _csv.Reader) -> Table:
        seen: set[datetime] = set()
        for cells in reader:
            number = reader.line_num
            if not cells:
                continue
            if len(cells) != len(self.header):
                self.wrong(number, "row", f"{len(cells)} values", f"{len(self.header)} values: {','.join(self.header)}")
                continue
            self._values(number, cells)
            start = self._instant(number, cells[0])
            if start is None:
                continue
            if start in seen:
                self.wrong(number, self.header[0], f"{cells[0]!r}, a duplicate", "each start once, in rising order")
            elif self.starts and start < self.starts[-1]:
                self.wrong(number, self.header[0], f"{cells[0]!r} after {self.starts[-1]:%Y-%m-%dT%H:%M:%SZ}", "rising order")
            seen.add(start)
            self.starts.append(start)
            self.lines.append(number)
        if self.faults:
            raise InputFaults(first_faults(self.faults, self.path, f"rows of {','.join(self.header)}"))
        return Table(self.path, self.starts, self.lines, self.columns)

    def _instant(self, number: int, text: str) -> datetime | None:
        if _INSTANT.match(text):
            try:
                start = datetime.fromisoformat(text)
            except ValueError:
                pass
            else:
                # Years that zones and days can be counted in without leaving the calendar.
                if 1000 <= start.year < 9000:
                    return start
        self.wrong(number, self.header[0], repr(text), "an instant in UTC with Z such as 2026-03-04T00:00:00Z")
        return None

    def _values(self, number: int, cells: list[str]) -> None:
        for name, cell in zip(self.header[1:], cells[1:], strict=True):
            cell = cell.strip()
            if cell and (len(cell) > _MOST_DIGITS or not _NUMBER.match(cell)):
                self.wrong(number, name, repr(cell), "a finite number, or nothing where the value is missing")
            elif cell and abs(float(cell)) > _MOST:
                self.wrong(number, name, repr(cell), f"a number up to {_MOST:g}")
            self.columns[name].append(cell or None)
