"""Sheets and objects into rows of named cells: which column is which field, by the headings that people use. Knows no field's meaning."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.orders.mapping import MOST_ROWS_ABOVE, is_empty, letters, plain
from connectors.orders.table import Cell, CellValue, Place, Sheet, SheetRow
from domain.errors import Fault, InputFaults
from words.catalogue import languages, texts

UNREADABLE_KEYS = "?"
"""Begins the field of a key that means nothing; it is a fault of its row."""


@dataclass(frozen=True, slots=True)
class HeadedRow:
    """One row as it was handed in: cells by field; a field without a column is not in it."""

    place: Place
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Headings:
    """The headings of one kind of sheet.

    Parameters
    ----------
    file
        TOML: field -> headings that mean it.
    columns
        Where `words` has the heading of each field: ``shifts.column``.
    is_header
        Whether the fields of a row's cells are enough for a row of headings.
    is_nearly
        Whether so many fields were found that a second column of one is a fault, and not a word in a title.
    expected
        What a sheet without headings lacks, for the message.
    cell
        What stands in a cell for a value of an object.
    """

    file: Path
    columns: str
    is_header: Callable[[Mapping[str, int]], bool]
    is_nearly: Callable[[Mapping[str, int]], bool]
    expected: str
    cell: Callable[[Any], CellValue] = lambda value: value

    @cached_property
    def fields(self) -> Mapping[str, Sequence[str]]:
        """Field -> headings that mean it."""
        return tomllib.loads(self.file.read_text(encoding="utf-8"))

    @cached_property
    def known(self) -> Mapping[str, str]:
        """Plain heading -> field, in every language."""
        found = {plain(heading): name for name, headings in self.fields.items() for heading in headings}
        for code in languages():
            found |= {plain(texts(code)[f"{self.columns}.{name}"]): name for name in self.fields}
        return {**found, **{plain(name): name for name in self.fields}}

    def field_of(self, heading: CellValue) -> str | None:
        """The field that a heading means; None if it is not recognised."""
        return self.known.get(plain(heading)) if isinstance(heading, str) else None

    def rows_of_sheets(self, sheets: Sequence[Sheet]) -> tuple[list[HeadedRow], list[str]]:
        """The rows of the first sheet that has the headings, and headings that are not used.

        Raises
        ------
        InputFaults
            If no sheet has the headings that are needed, or two columns mean the same.
        """
        for sheet in sheets:
            for header in sheet.rows[:MOST_ROWS_ABOVE]:
                places = self._places(sheet, header)
                if self.is_header(places):
                    rows = [row for one in sheet.rows if one.number > header.number and (row := _row(sheet, one, header, places))]
                    return rows, [str(v).strip() for v in header.values if not is_empty(v) and self.field_of(v) is None]
        first = next((row for sheet in sheets for row in sheet.rows if any(not is_empty(value) for value in row.values)), None)
        found = "an empty sheet" if first is None else ", ".join(str(value) for value in first.values if not is_empty(value))[:200]
        where = sheets[0].source if sheets else ""
        raise InputFaults([Fault(where, None if first is None else first.number, "headings", found, self.expected)])

    def _places(self, sheet: Sheet, header: SheetRow) -> dict[str, int]:
        found: dict[str, int] = {}
        for place, value in enumerate(header.values):
            name = self.field_of(value)
            if name in found and self.is_nearly(found):
                both = f"{header.values[found[name]]!r} and {value!r}"
                raise InputFaults(
                    [Fault(sheet.source, header.number, name, both, f"one column for {name}: delete or rename the other")]
                )
            if name is not None:
                found.setdefault(name, place)
        return found

    def rows_of_objects(self, objects: Iterable[Mapping[str, Any]], source: str) -> list[HeadedRow]:
        """One row an object; its keys are fields, or headings that a sheet may have."""
        return [self._row_of(one, Place(source, number)) for number, one in enumerate(objects, start=1)]

    def _row_of(self, one: Mapping[str, Any], place: Place) -> HeadedRow:
        cells: dict[str, Cell] = {}
        for key, value in one.items():
            name = self.field_of(key)
            known = name is not None and name not in cells
            cells[name if known and name is not None else f"{UNREADABLE_KEYS}{key}"] = Cell(
                self.cell(value), Place(place.source, place.row, column=key)
            )
        return HeadedRow(place, cells)


def _row(sheet: Sheet, row: SheetRow, header: SheetRow, places: Mapping[str, int]) -> HeadedRow | None:
    cells = {
        name: Cell(
            row.values[place] if place < len(row.values) else None,
            Place(sheet.source, row.number, sheet.name, f"{letters(place)} ({str(header.values[place]).strip()})"),
        )
        for name, place in places.items()
    }
    if all(is_empty(cell.value) for cell in cells.values()):
        return None
    return HeadedRow(Place(sheet.source, row.number, sheet.name), cells)
