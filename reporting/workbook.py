"""The report as an Excel workbook: real numbers and dates, units in the headings, the same bytes for the same report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import chain, islice
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from domain.texts import LINE_BREAKS
from reporting.cover import CoverRow
from reporting.periods import Period
from reporting.sections import SECTIONS
from reporting.sections.section import Content, Sheet, SheetPart
from reporting.sheet_rows import with_rows
from reporting.tables import Cell, LocalTime, cells, headings, text_cell
from words.speech import Words

_HEADING = Font(bold=True, color="FFFFFF")
_FILL = PatternFill("solid", fgColor="1F4E5F")
_TITLE = Font(bold=True, size=16)
_BOLD = Font(bold=True)
_WRAP = Alignment(wrap_text=True, vertical="top")
_LOCAL = "dd.mm.yyyy hh:mm"
_UTC = 'yyyy-mm-dd"T"hh:mm"Z"'
_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_FIRST_YEAR = 1900
_MOST_ROWS = 1_048_576
"""Of a sheet, its heading among them: Excel opens no more."""


def workbook(content: Content, cover: Sequence[CoverRow], words: Words, made_utc: datetime) -> bytes:
    """The workbook's bytes: the cover, then the sheets on which sections have rows."""
    report = content.month
    book = Workbook(write_only=True)
    book.properties.creator = "Lastgang"
    book.properties.title = f"{words['title']} {report.plant.site.id} {report.period.label}"
    book.properties.created = made_utc.replace(tzinfo=None)
    _cover(book, cover, words)
    below: dict[str, Iterable[Sequence[Cell]]] = {}
    for sheet, parts in _sheets(report.period):
        columns = sheet.columns(words)
        rows = cells(columns, chain.from_iterable(part.rows(content, words) for part in parts))
        if sheet.is_long:
            below[words[sheet.title]] = _at_most(rows, _MOST_ROWS - 2)
            rows = islice(rows, 1)
        _sheet(book, words[sheet.title], headings(columns), rows, sheet.widths)
    return _bytes(
        book, made_utc, {f"xl/worksheets/sheet{book.sheetnames.index(title) + 1}.xml": rows for title, rows in below.items()}
    )


def _sheets(period: Period) -> list[tuple[Sheet[Any], list[SheetPart[Any]]]]:
    """The sheets of a period in their order, each with its parts in theirs."""
    all_parts = (part for section in SECTIONS for part in section.sheets if part.sheet.fits(period))
    parts = sorted(all_parts, key=lambda part: part.place)
    by_sheet: dict[str, tuple[Sheet[Any], list[SheetPart[Any]]]] = {}
    for part in parts:
        by_sheet.setdefault(part.sheet.title, (part.sheet, []))[1].append(part)
    return sorted(by_sheet.values(), key=lambda found: found[0].place)


def _bytes(book: Workbook, made_utc: datetime, below: Mapping[str, Iterable[Sequence[Cell]]]) -> bytes:
    """The saved book with the rows of long sheets put below what they have, and the clock times of saving taken out."""
    saved, clean = io.BytesIO(), io.BytesIO()
    book.properties.modified = made_utc.replace(tzinfo=None)
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_STORED) as archive:
        ExcelWriter(book, archive).save()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(clean, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = with_rows(source.read(name), below[name]) if name in below else source.read(name)
            target.writestr(zipfile.ZipInfo(name, _EPOCH_OF_ZIP), content, zipfile.ZIP_DEFLATED)
    return clean.getvalue()


def _sheet(book: Any, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int] = ()) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number in range(len(header)):
        width = widths[number] if number < len(widths) else min(40, max(12, len(header[number]) + 2))
        sheet.column_dimensions[get_column_letter(number + 1)].width = width
    sheet.append([_styled(sheet, heading, _HEADING, _FILL) for heading in header])
    for row in _at_most(rows, _MOST_ROWS - 1):
        sheet.append([_cell(sheet, value) for value in row])
    return sheet


def _at_most(rows: Iterable[Sequence[Cell]], most: int) -> Iterable[Sequence[Cell]]:
    """`rows`, or as many as a sheet takes and one that says so."""
    left = iter(rows)
    yield from islice(left, most - 1)
    last = next(left, None)
    if last is not None:
        yield ("… → *.csv",) if next(left, None) is not None else last


def _styled(sheet: Any, value: str, font: Font, fill: PatternFill | None = None) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    cell.font = font
    if fill is not None:
        cell.fill = fill
        cell.alignment = _WRAP
    return cell


def _cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, str):
        return text_cell(value, LINE_BREAKS)
    if isinstance(value, LocalTime):
        return _dated(sheet, value.local, _LOCAL)
    if isinstance(value, datetime):
        return _dated(sheet, value.replace(tzinfo=None), _UTC)
    if isinstance(value, Fraction):
        return _twelfths(sheet, value)
    return float(value) if isinstance(value, Decimal) else value


def _twelfths(sheet: Any, value: Fraction) -> Any:
    """A number that Excel shows as the fraction that it is."""
    cell = WriteOnlyCell(sheet, value=float(value))
    cell.number_format = "# ??/??"
    return cell


def _dated(sheet: Any, value: datetime, form: str) -> Any:
    if value.year < _FIRST_YEAR:
        return value.isoformat()  # the calendar of workbooks begins then
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = form
    return cell


def _cover(book: Any, rows: Sequence[CoverRow], words: Words) -> None:
    sheet = book.create_sheet(words["cover"])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 90
    sheet.append([_styled(sheet, words["title"], _TITLE)])
    sheet.append([])
    for row in rows:
        sheet.append([_styled(sheet, row.name, _BOLD), _cell(sheet, row.value)])
    sheet.append([])
    sheet.append([_styled(sheet, words["statements"], _BOLD)])
    for text in words.each("statement"):
        cell = WriteOnlyCell(sheet, value=text)
        cell.alignment = _WRAP
        sheet.append([None, cell])
