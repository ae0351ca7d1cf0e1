"""Cells of a file, whatever holds them: text with any delimiter, or a sheet of a workbook."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from domain.errors import Fault, InputFaults
from domain.files import read_unpacked
from quarters.profiles.cells import UTF_16_MARKS
from quarters.profiles.sniff.spelling import looks_timed

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and ODS, and XLS begin."""
DELIMITERS = (";", "\t", "|", ",")
MOST_COLUMNS = 1000
_SAMPLE = 300
_NUMBER = re.compile(r"^[+-]?\d[\d.,']*$|^$|^-+$")


class Numeral(str):
    """A number of a workbook's cell: always with a point, whatever other cells look like."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Line (or row of a sheet), from 1, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a file that hold anything."""

    path: Path
    rows: list[Row]
    encoding: str
    delimiter: str = ""
    sheet: str = ""


def is_workbook(raw: bytes) -> bool:
    """Whether the first bytes are those of XLSX, ODS or XLS."""
    return raw.startswith(WORKBOOKS)


def grids_of(path: Path, skip_lines: int = 0) -> list[Grid]:
    """The tables that `path` may hold: one of text, or one a visible sheet.

    Raises
    ------
    InputFaults
        If it cannot be read whole, or holds nothing.
    """
    raw = read_unpacked(path)
    found = _sheets(path, raw, skip_lines) if is_workbook(raw) else [_text_grid(path, raw, skip_lines)]
    found = [grid for grid in found if grid.rows]
    if not found:
        raise InputFaults([Fault(str(path), None, "file", "no rows", "a header, and a row for each start")])
    return found


def decoded(path: Path, raw: bytes) -> tuple[str, str]:
    """Text and encoding: by its mark, UTF-16 without one by its zeros, UTF-8, else Windows'."""
    if raw.startswith(UTF_16_MARKS):
        return _utf_16(path, raw, "utf-16")
    sample = raw[:2000]
    if sample.count(0) > len(sample) // 4:
        return _utf_16(path, raw, "utf-16-le" if sample[1:2] == b"\0" else "utf-16-be")
    if b"\0" in sample or raw.startswith(b"%PDF"):
        raise InputFaults([Fault(str(path), None, "file", "bytes that are no text", "a CSV file or a workbook")])
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "cp1252"


def _utf_16(path: Path, raw: bytes, encoding: str) -> tuple[str, str]:
    try:
        return raw.decode(encoding), "utf-16"
    except UnicodeDecodeError as error:
        raise InputFaults([Fault(str(path), None, "file", f"byte {error.start} is no UTF-16", "UTF-8 or UTF-16")]) from error


def _text_grid(path: Path, raw: bytes, skip_lines: int) -> Grid:
    text, encoding = decoded(path, raw)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    begin = skip_lines
    stated = lines[begin].strip().casefold() if begin < len(lines) else ""
    if stated.startswith("sep=") and len(stated) == 5:
        delimiter, begin = stated[4], begin + 1
    else:
        delimiter = delimiter_in(lines[begin:])
    return Grid(path, list(_rows(path, lines, begin, delimiter)), encoding, delimiter)


def _rows(path: Path, lines: Sequence[str], begin: int, delimiter: str) -> Iterable[Row]:
    reader = csv.reader(io.StringIO("\n".join(lines[begin:])), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(begin + reader.line_num, [_clean(cell) for cell in cells[:MOST_COLUMNS]])
    except csv.Error as error:
        expected = "cells of less than 128 KiB, quotes that end"
        raise InputFaults([Fault(str(path), begin + reader.line_num, "row", str(error), expected)]) from error


def _clean(cell: str) -> str:
    return cell.replace("\u00a0", " ").replace("\ufeff", "").strip()


def delimiter_in(lines: Sequence[str]) -> str:
    """What parts the columns: the mark by which most sampled lines become a row of one width with a time and a number in it."""
    filled = [line for line in lines if line.strip()]
    sample = [*filled[: _SAMPLE // 2], *filled[len(filled) // 2 :][: _SAMPLE // 2]]

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            rows = [[_clean(cell) for cell in row] for row in csv.reader(sample, delimiter=delimiter)]
        except csv.Error:
            return 0, 0
        good = [len(row) for row in rows if len(row) > 1 and _is_data(row)]
        return Counter(good).most_common(1)[0][1] if good else 0, max(map(len, rows), default=0)

    best = max(DELIMITERS, key=lambda mark: (fit(mark)[0], -DELIMITERS.index(mark)))
    if fit(best)[0]:
        return best
    return max(DELIMITERS, key=lambda mark: (fit(mark)[1], -DELIMITERS.index(mark)))


def _is_data(cells: Sequence[str]) -> bool:
    timed = [cell for cell in cells if looks_timed(cell)]
    return bool(timed) and any(_NUMBER.match(cell) for cell in cells if not looks_timed(cell) or len(timed) > 1)


def _sheets(path: Path, raw: bytes, skip_lines: int) -> list[Grid]:
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        names = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        found = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names]
    except (CalamineError, ValueError, OSError) as error:
        expected = "an XLSX, XLS or ODS workbook: save it again, or save the sheet as CSV"
        raise InputFaults([Fault(str(path), None, "file", f"a workbook that cannot be read ({error})"[:200], expected)]) from error
    return [Grid(path, _sheet_rows(cells, skip_lines), "workbook", sheet=name) for name, cells in found]


def _sheet_rows(sheet: Sequence[Sequence[object]], skip_lines: int) -> list[Row]:
    rows = [Row(number, [_cell_text(value) for value in cells[:MOST_COLUMNS]]) for number, cells in enumerate(sheet, start=1)]
    return [row for row in rows[skip_lines:] if any(row.cells)]


def _cell_text(value: object) -> str:
    """A cell as a CSV file would have it: instants to the second (a spreadsheet keeps them as fractions of a day), numbers with a point."""
    match value:
        case bool() | None:
            return "" if value is None else str(value)
        case int() | float():
            whole = int(value) if value == value and abs(value) < 1e15 and value == int(value) else None
            return Numeral(repr(value) if whole is None else str(whole))
        case datetime():
            return (value + timedelta(milliseconds=500)).replace(microsecond=0).isoformat(sep=" ")
        case date():
            return value.isoformat()
        case time():
            rounded = datetime.combine(date(2000, 1, 1), value) + timedelta(milliseconds=500)
            return f"{rounded:%H:%M:%S}" if rounded.day == 1 else "24:00:00"
        case timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
        case _:
            return _clean(str(value))
