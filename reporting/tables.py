"""Columns over typed rows, and CSV in two dialects: one that a German Excel opens by a double click, one for machines.

Excel: ``;``, decimal comma, byte-order mark, CRLF, local time beside ISO UTC; texts are quoted, and a text that Excel would take for a
formula begins with an apostrophe. Machines: ``,``, decimal point, ISO UTC, LF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from domain.instants import instant_text
from domain.texts import printable
from domain.units import UWH_PER_KWH

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
MOST_CHARACTERS = 32_000
"""Of a cell: Excel takes 32,767 and drops the rest."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall-clock time for people; the instant stands in a column of its own."""

    local: datetime


Cell = str | int | Decimal | Fraction | float | datetime | LocalTime | None


def local_time(instant_utc: datetime, zone: ZoneInfo) -> LocalTime:
    """An instant on the wall clock of `zone`."""
    return LocalTime(instant_utc.astimezone(zone).replace(tzinfo=None))


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A heading, and what stands under it in a row."""

    heading: str
    cell: Callable[[Row], Cell]


def field_columns(row_type: type[Row]) -> list[Column[Row]]:
    """A column for each field of a dataclass of cells, named as the field is: a table for machines."""
    return [Column(field.name, attrgetter(field.name)) for field in fields(row_type)]  # type: ignore[arg-type]


def headings(columns: Sequence[Column[Any]]) -> list[str]:
    """The headings."""
    return [column.heading for column in columns]


def cells(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> Iterator[tuple[Cell, ...]]:
    """The cells of each row."""
    under = [column.cell for column in columns]
    return (tuple(cell(row) for cell in under) for row in rows)


def guarded(text: str) -> str:
    """`text`, so that a spreadsheet takes it for text."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def text_cell(text: str, allowed: str = "") -> str:
    """`text` as a cell can hold it: guarded, cut to what Excel takes, with U+FFFD for controls, halves of pairs and reordering marks."""
    return guarded(printable(text, MOST_CHARACTERS, allowed))


def german_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A table as a German Excel opens it, line by line."""
    yield b"\xef\xbb\xbf"
    for row in chain((header,), rows):
        yield f"{';'.join(map(_german, row))}\r\n".encode()


def german_excel(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as a German Excel opens it."""
    return b"".join(german_lines(header, rows))


def plain_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A table for machines, line by line."""
    for row in chain((header,), rows):
        yield f"{','.join(map(_plain, row))}\n".encode()


def plain(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table for machines."""
    return b"".join(plain_lines(header, rows))


def _german(cell: Cell) -> str:
    if isinstance(cell, str):
        return '"' + text_cell(cell).replace('"', '""') + '"'
    if isinstance(cell, LocalTime):
        return f"{cell.local:%d.%m.%Y %H:%M}"
    if isinstance(cell, datetime):
        return instant_text(cell)
    return "" if cell is None else _number(cell).replace(".", ",")


def _plain(cell: Cell) -> str:
    if isinstance(cell, str):
        text = text_cell(cell)
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"') else text
    if isinstance(cell, LocalTime):
        return cell.local.isoformat()
    if isinstance(cell, datetime):
        return instant_text(cell)
    return "" if cell is None else _number(cell)


def _number(value: int | float | Decimal | Fraction) -> str:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int) else format(Decimal(repr(value)), "f")


def exact_kwh(uwh: int | None, parts: int = 1) -> Decimal | None:
    """Energy [kWh] with all its digits, three at least; times `parts` for a power [kW]."""
    if uwh is None:
        return None
    value = (Decimal(uwh * parts) / UWH_PER_KWH).normalize()
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal("0.001")) if isinstance(exponent, int) and exponent > -3 else value
