"""Rows of cells with their places, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.order_rules import OrderFault

CellValue = object
"""A text, a number, a boolean, a date, a time, a duration, or None for an empty cell."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell or row is, as people look it up."""

    source: str
    """A file's name, ``api``, ``page``."""
    row: int
    """As the program that shows it counts: from 1, with the heading."""
    sheet: str = ""
    column: str = ""
    """Letter and heading, or a key."""

    def __str__(self) -> str:
        parts = [self.source, self.sheet and f"sheet {self.sheet}", f"row {self.row}", self.column and f"column {self.column}"]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with its place."""

    value: CellValue
    place: Place


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet, as it stands there."""

    number: int
    values: tuple[CellValue, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet before anybody knows what its columns mean."""

    source: str
    name: str
    rows: tuple[SheetRow, ...]
    epoch_1904: bool = False
    """Whether its bare day numbers count from 1904."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as it was handed in: cells by field of the order sheet; a field without a column is not in it."""

    place: Place
    cells: Mapping[str, Cell]
    units: Mapping[str, str] = field(default_factory=dict)
    """Field -> unit that its heading names."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Something wrong with one row."""

    place: Place
    job: str
    """Empty where the row names none."""
    fault: OrderFault


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know; key and values of ``order_note.<key>``."""

    key: str
    values: Mapping[str, str]
