"""Files of orders: CSV in the encodings and with the marks that exports come in, and XLSX. Reads; decides nothing about orders."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from connectors.orders.mapping import is_empty
from connectors.orders.table import CellValue, Sheet, SheetRow
from connectors.orders.values import to_second
from domain.errors import Fault, InputFaults
from domain.files import MIB, read_input
from quarters.profiles.cells import text_of
from quarters.profiles.table import delimiter_of

MOST_BYTES = 16 * MIB
MOST_UNPACKED = 96 * MIB
"""Of all parts of a workbook: a zip can promise any size in a few bytes."""
MOST_ROWS, MOST_COLUMNS = 20_000, 200
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
"""In a format: text between quotes, languages and colours in brackets, single characters."""


def read_sheets(path: Path) -> list[Sheet]:
    """The sheets of a CSV or XLSX file; which it is, its first bytes tell.

    Raises
    ------
    InputFaults
        If it cannot be read, is too large or is neither.
    """
    content = read_input(path, MOST_BYTES)
    return _workbook(path, content) if content.startswith(b"PK\x03\x04") else [_csv_sheet(path)]


def _csv_sheet(path: Path) -> Sheet:
    text = text_of(path)
    line = next((line for line in text.splitlines() if line.strip(" ;,\t\r")), "")
    delimiter = _delimiter_stated(line) or _delimiter_in(text)
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=delimiter)
    rows: list[SheetRow] = []
    try:
        begins = 1
        for cells in reader:
            if not (len(rows) == 0 and _delimiter_stated(";".join(cells))):
                rows.append(SheetRow(begins, tuple(cells[:MOST_COLUMNS])))
            begins = reader.line_num + 1  # a cell may hold line breaks: a row is found where it begins
            _check_rows(path, len(rows))
    except csv.Error as error:
        raise InputFaults([Fault(str(path), reader.line_num, "file", str(error), "a CSV file")]) from error
    return Sheet(path.name, "", tuple(rows))


def _delimiter_stated(line: str) -> str:
    """What Excel's own first line ``sep=;`` states."""
    text = line.strip().casefold()
    return text[4] if text.startswith("sep=") and len(text) == 5 else ""


def _delimiter_in(text: str) -> str:
    """What parts the columns in the line that has most of them: titles above the headings have none."""
    lines = text.splitlines()[:50]
    return delimiter_of(max(lines, key=lambda line: max(line.count(mark) for mark in ";\t,"), default=""))


def _check_rows(path: Path, rows: int) -> None:
    if rows > MOST_ROWS:
        raise InputFaults(
            [
                Fault(
                    str(path),
                    None,
                    "file",
                    f"more than {MOST_ROWS:,} rows",
                    f"at most {MOST_ROWS:,}: the orders that are not done yet",
                )
            ]
        )


def _workbook(path: Path, content: bytes) -> list[Sheet]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > MOST_UNPACKED:
            raise InputFaults(
                [Fault(str(path), None, "file", f"{size / MIB:.0f} MiB unpacked", f"at most {MOST_UNPACKED // MIB} MiB")]
            )
        book = load_workbook(io.BytesIO(content), data_only=True)
        epoch_1904 = book.epoch.year == 1904
        found = [
            Sheet(path.name, sheet.title, tuple(_rows(path, sheet)), epoch_1904)
            for sheet in book.worksheets
            if sheet.sheet_state == "visible"
        ]
    except InputFaults:
        raise
    except Exception as error:  # whatever the library raises at a broken file
        found_text = f"a workbook that cannot be read ({type(error).__name__}: {error})"[:200]
        raise InputFaults(
            [Fault(str(path), None, "file", found_text, "an XLSX file: save it again, or save the sheet as CSV")]
        ) from error
    return found


def _rows(path: Path, sheet: Any) -> Iterator[SheetRow]:
    """Rows that hold something. A cell that is merged over several rows counts in each of them that has more than it."""
    merged = [(one.min_row, one.max_row, one.min_col - 1) for one in sheet.merged_cells.ranges if one.max_row > one.min_row]
    above: dict[int, CellValue] = {}
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        _check_rows(path, number)
        values = [_value(cell) for cell in row]
        if all(is_empty(value) for value in values):
            continue
        for first, last, column in merged:
            if number == first and column < len(values):
                above[column] = values[column]
            elif first < number <= last and column < len(values):
                values[column] = above.get(column)
        yield SheetRow(number, tuple(values))


def shows_clock(number_format: str) -> bool:
    """Whether a spreadsheet's format shows the time of day: what a person sees is what is meant, a day or an instant."""
    return "h" in _LITERAL.sub("", number_format).casefold()


def _value(cell: Any) -> CellValue:
    value = to_second(cell.value) if isinstance(cell.value, datetime) else cell.value
    if isinstance(value, str) and getattr(cell, "data_type", "") == "e":
        return f"{value} (an error of the spreadsheet)"
    if isinstance(value, datetime) and not shows_clock(cell.number_format) and not any(value.timetuple()[3:6]):
        return value.date()  # the library makes an instant of every date
    if value is None or isinstance(value, str | int | float | bool | datetime | date | time | timedelta):
        return value
    return str(value)
