"""Rows of a long sheet as XML: a month of 20 meters has 60,000, and the library takes a hundred times as long for a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from domain.texts import LINE_BREAKS
from reporting.tables import Cell, LocalTime, text_cell

_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  the day that workbooks count from has no zone
_CELL = re.compile(rb'<c r="([A-Z]+)2"([^>]*)>')
_STYLE = re.compile(rb'\bs="(\d+)"')


def with_rows(sheet: bytes, rows: Iterable[Sequence[Cell]]) -> bytes:
    """The XML of a sheet that ends with row 2, with `rows` below it in the styles of row 2.

    Raises
    ------
    ValueError
        If the sheet is not as this writes it.
    """
    head, end, tail = sheet.partition(b"</sheetData>")
    if not end or b'<row r="3"' in head:
        msg = "expected a sheet with a heading and one row"
        raise ValueError(msg)
    styles = {
        column.decode(): found.group(1).decode()
        for column, attributes in _CELL.findall(head)
        if (found := _STYLE.search(attributes))
    }
    return head + "".join(_rows(rows, styles)).encode() + end + tail


def _rows(rows: Iterable[Sequence[Cell]], styles: dict[str, str]) -> Iterable[str]:
    columns = [get_column_letter(number) for number in range(1, 50)]
    marks = {column: f' s="{styles[column]}"' if column in styles else "" for column in columns}
    for number, row in enumerate(rows, start=3):
        cells = "".join(
            _cell(f"{column}{number}", marks[column], value)
            for column, value in zip(columns, row, strict=False)
            if value is not None
        )
        yield f'<row r="{number}">{cells}</row>'


def _cell(place: str, mark: str, value: Cell) -> str:
    if isinstance(value, str):
        return f'<c r="{place}"{mark} t="inlineStr"><is><t>{escape(text_cell(value, LINE_BREAKS))}</t></is></c>'
    if isinstance(value, LocalTime):
        return f'<c r="{place}"{mark}><v>{_serial(value.local)}</v></c>'
    if isinstance(value, datetime):
        return f'<c r="{place}"{mark}><v>{_serial(value)}</v></c>'
    return f'<c r="{place}"{mark}><v>{float(value) if isinstance(value, Decimal) else value}</v></c>'


def _serial(moment: datetime) -> float:
    """Days since the workbook's day zero, of the wall clock."""
    return (moment.replace(tzinfo=None) - _DAY_ZERO).total_seconds() / 86_400
