"""Rows of a CSV file over time: columns by name, instants, exact numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from quarters.profiles.cells import NO_VALUE, Faults, Numbers, text_of
from quarters.profiles.grid import Stamps, check_order
from quarters.profiles.stamps import aware_stamp

START = "start_utc"
NO_ROWS = "a header only", "a row for each start"
"""Found and expected."""
Refusal = Callable[[str, Decimal], str | None]
"""Column and value -> what was expected instead, or None: what one command cannot use although it is a number."""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file that has a first row; the others are read as they are asked for."""

    path: Path
    header: list[str]
    line: int
    """Of the header."""
    delimiter: str
    numbers: Numbers
    """How numbers are written in it."""
    body: Iterator[tuple[int, list[str]]]
    """Line and cells of each row that has any."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns beside ``start_utc``: those that must be there, those that may be, and texts that say whose row it is."""

    values: tuple[str, ...]
    optional: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    optional_keys: tuple[str, ...] = ()

    def fits(self, header: Sequence[str]) -> bool:
        """Whether `header` has these columns and no other, each once."""
        needed = {START, *self.values, *self.keys}
        return len(set(header)) == len(header) and needed <= set(header) <= needed | {*self.optional, *self.optional_keys}

    def __str__(self) -> str:
        keys = "".join(f"[{name},]" for name in self.optional_keys) + "".join(f"{name}," for name in self.keys)
        return keys + ",".join((START, *self.values)) + "".join(f"[,{name}]" for name in self.optional)


Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of one series."""

    stamps: Stamps
    values: dict[str, list[Decimal | None]]
    """By column; None where the value is missing."""


def delimiter_of(first_line: str) -> str:
    """What parts the columns: semicolons, tabs or commas, the first of them that the line has."""
    return ";" if ";" in first_line else "\t" if "\t" in first_line else ","


def decimal_of(delimiter: str) -> str:
    """The decimal mark of programs that part columns by `delimiter`."""
    return "," if delimiter == ";" else "."


def open_table(path: Path, skip_lines: int = 0, decimal: str | None = None) -> CsvTable:
    """The CSV file `path`.

    Parameters
    ----------
    skip_lines
        Lines before its header.
    decimal
        The decimal mark, if a person named it.

    Raises
    ------
    InputFaults
        If it cannot be read or has no row.
    """
    stream = io.StringIO(text_of(path).replace("\r\n", "\n").replace("\r", "\n"))
    for _ in range(skip_lines):
        stream.readline()
    begin = stream.tell()
    delimiter = delimiter_of(stream.readline())
    stream.seek(begin)
    faults = Faults(path)
    body = _rows(stream, delimiter, skip_lines, faults)
    line, cells = next(body, (None, []))
    if line is None:
        faults.wrong(None, "file", "no rows", "a header, and a row for each start")
        faults.raise_if_any()
        raise AssertionError
    numbers = Numbers(decimal or decimal_of(delimiter), confirmed=decimal is not None)
    return CsvTable(path, [cell.strip().strip("\ufeff") for cell in cells], line, delimiter, numbers, body)


def _rows(stream: io.StringIO, delimiter: str, skipped: int, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row that has any, one at a time: a file of many meters has a million."""
    reader = csv.reader(stream, delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield skipped + reader.line_num, cells
    except csv.Error as error:
        faults.wrong(skipped + reader.line_num, "row", str(error), "cells of less than 128 KiB, quotes that end")
        faults.raise_if_any()


def layout_of(table: CsvTable, layouts: Sequence[Layout], advice: str = "") -> Layout:
    """The one of `layouts` that the header fits.

    Raises
    ------
    InputFaults
        If it fits none; `advice` says what else can be done.
    """
    for layout in layouts:
        if layout.fits(table.header):
            return layout
    faults = Faults(table.path)
    faults.wrong(table.line, "header", repr(table.delimiter.join(table.header)), " or ".join(map(str, layouts)) + advice)
    faults.raise_if_any()
    raise AssertionError


def read_columns(table: CsvTable, layout: Layout, faults: Faults, refuse: Refusal | None = None) -> dict[Key, Columns]:
    """The rows of `table`, by series; rows that are at fault are left out, each with its fault.

    A cell without a value is missing. ``nan`` is a fault in a file of ours: who wrote it
    failed to compute a number.
    """
    faults.form = f"rows of {layout}"
    names = [name for name in table.header if name in layout.values or name in layout.optional]
    keys = (*layout.keys, *layout.optional_keys)
    found: dict[Key, Columns] = {}
    for line, cells in table.body:
        if len(cells) != len(table.header):
            faults.wrong(line, "row", f"{len(cells)} cells", f"{len(table.header)} cells: {','.join(table.header)}")
            continue
        row = dict(zip(table.header, (cell.strip() for cell in cells), strict=True))
        values = [_number(row[name], name, line, table.numbers, faults, refuse) for name in names]
        start = _instant(row[START], line, faults)
        if start is None:
            continue
        key = tuple(row.get(name) for name in keys)
        if key not in found:
            found[key] = Columns(Stamps(START, [], []), {name: [] for name in names})
        _append(found[key], start, line, values)
    return found


def read_rows(table: CsvTable, layout: Layout) -> Columns:
    """The rows of a file of one series, which rise; their resolution is not looked at.

    Raises
    ------
    InputFaults
        With every fault of a row, or if there is none.
    """
    faults = Faults(table.path)
    found = list(read_columns(table, layout, faults).values())
    if found:
        check_order(found[0].stamps, faults)
    elif not faults:
        faults.wrong(None, "file", *NO_ROWS)
    faults.raise_if_any()
    return found[0]


def _append(columns: Columns, start: datetime, line: int, values: list[Decimal | None]) -> None:
    assert isinstance(columns.stamps.starts, list)
    assert isinstance(columns.stamps.lines, list)
    columns.stamps.starts.append(start)
    columns.stamps.lines.append(line)
    for column, value in zip(columns.values.values(), values, strict=True):
        column.append(value)


def _instant(text: str, line: int, faults: Faults) -> datetime | None:
    start = aware_stamp(text)
    if start is None:
        faults.wrong(line, START, repr(text), "an instant with Z or offset, such as 2026-10-23T04:00:00Z")
    return start


def _number(text: str, column: str, line: int, numbers: Numbers, faults: Faults, refuse: Refusal | None) -> Decimal | None:
    if text.lower() in NO_VALUE:
        return None
    number = numbers.read(text)
    expected = number if isinstance(number, str) else refuse(column, number) if refuse is not None else None
    if expected is not None:
        faults.wrong(line, column, repr(text), expected)
    return None if isinstance(number, str) else number
