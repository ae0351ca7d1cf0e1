"""What a section of the report is: its data, its tables and its page.

A section is one module of this folder with a `SECTION`, and one row in `reporting.sections.SECTIONS`; nothing else names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from reporting.cost import MonthCost
from reporting.month import Change, MonthReport, SeriesMonth
from reporting.own_use import OwnSum
from reporting.periods import Period
from reporting.sections.blocks import Block
from reporting.tables import Column, Row
from words.speech import Words

NAME, SENTENCES = 120, 600
"""Characters of a free text that a cell on paper has room for; report.json and report.xlsx have all of them."""
ADVICE_ROWS = 12
"""Anomalies or recommendations that are printed; report.xlsx has all."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that a report is made from."""

    month: MonthReport
    cost: MonthCost
    changes: Sequence[Change] | None
    """What differs from the replaced version; None if this is the first, or the replaced one cannot be read."""
    replaced: str
    """Name of the replaced version; empty if this is the first."""
    own: OwnSum | None = None
    """What the platform itself used in the month; None where that was not recorded."""


def _any(_: Period) -> bool:
    return True


@dataclass(frozen=True)
class DataFile(Generic[Row]):
    """A table as ``NAME.csv`` for machines and ``NAME-excel.csv`` for people."""

    name: str
    rows: Callable[[MonthReport], Iterable[Row]]
    for_machines: Sequence[Column[Row]]
    for_people: Callable[[Words], Sequence[Column[Row]]]
    fits: Callable[[Period], bool] = _any
    """Which periods have this file."""


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """A sheet of the workbook; several sections may have rows on one."""

    title: str
    """Key of the word."""
    columns: Callable[[Words], Sequence[Column[Row]]]
    widths: Sequence[int] = ()
    """Of the first columns [characters]; the others are as wide as their headings."""
    place: int = 100
    """Order among the sheets."""
    is_long: bool = False
    """Tens of thousands of rows: written as XML."""
    fits: Callable[[Period], bool] = _any
    """Which periods have this sheet."""


@dataclass(frozen=True)
class SheetPart(Generic[Row]):
    """A section's rows on a sheet."""

    sheet: Sheet[Row]
    rows: Callable[[Content, Words], Iterable[Row]]
    place: int = 0
    """Order among the parts of one sheet; equal ones follow in the order of the sections."""


def _no_data(_: Any) -> dict[str, Any]:
    return {}


def _no_page(_: Content, __: Words) -> list[Block]:
    return []


@dataclass(frozen=True)
class Section:
    """One section; every face may be missing."""

    data: Callable[[Content], dict[str, Any]] = _no_data
    """Its keys of ``report.json``."""
    series_data: Callable[[SeriesMonth], dict[str, Any]] = _no_data
    """Its keys of each meter's channel in ``report.json``."""
    files: tuple[DataFile[Any], ...] = field(default=())
    sheets: tuple[SheetPart[Any], ...] = field(default=())
    page: Callable[[Content, Words], list[Block]] = _no_page
    """Its part of the PDF."""
