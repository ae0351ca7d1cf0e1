"""Sheets and objects into rows of counts: which column is which field. Knows no machine."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connectors.orders.mapping import MOST_ROWS_ABOVE, is_empty, letters, plain
from connectors.orders.table import Cell, CellValue, Place, Sheet, SheetRow
from domain.errors import Fault, InputFaults
from words.catalogue import languages, texts

FIELDS: Mapping[str, Sequence[str]] = tomllib.loads(Path(__file__).with_name("headings.toml").read_text(encoding="utf-8"))
"""Field of a scrap sheet -> headings that mean it."""
COUNTS = ("good", "scrap", "rework")
UNREADABLE_KEYS = "?"
"""Begins the field of a key that means nothing; it is a fault of its row."""


@dataclass(frozen=True, slots=True)
class ScrapSheetRow:
    """One row as it was handed in: cells by field; a field without a column is not in it."""

    place: Place
    cells: Mapping[str, Cell]


@cache
def known_headings() -> Mapping[str, str]:
    """Plain heading -> field, in every language."""
    found = {plain(heading): name for name, headings in FIELDS.items() for heading in headings}
    for code in languages():
        found |= {plain(texts(code)[f"scrap.column.{name}"]): name for name in FIELDS}
    return {**found, **{plain(name): name for name in FIELDS}}


def field_of(heading: CellValue) -> str | None:
    """The field that a heading means; None if it is not recognised."""
    return known_headings().get(plain(heading)) if isinstance(heading, str) else None


def rows_of_sheets(sheets: Sequence[Sheet]) -> tuple[list[ScrapSheetRow], list[str]]:
    """The rows of the first sheet that has the headings, and headings that are not used.

    Raises
    ------
    InputFaults
        If no sheet has the headings that are needed, or two columns mean the same.
    """
    for sheet in sheets:
        for header in sheet.rows[:MOST_ROWS_ABOVE]:
            places = _places(sheet, header)
            if _is_enough(places):
                rows = [row for one in sheet.rows if one.number > header.number and (row := _row(sheet, one, header, places))]
                return rows, [str(v).strip() for v in header.values if not is_empty(v) and field_of(v) is None]
    first = next((row for sheet in sheets for row in sheet.rows if any(not is_empty(value) for value in row.values)), None)
    found = "an empty sheet" if first is None else ", ".join(str(value) for value in first.values if not is_empty(value))[:200]
    expected = "a row of headings with a machine, a time (From, or Day and Shift) and a count, such as 'Maschine', 'Tag', 'Schicht' and 'Ausschuss'"
    raise InputFaults(
        [Fault(sheets[0].source if sheets else "", None if first is None else first.number, "headings", found, expected)]
    )


def _is_enough(places: Mapping[str, int]) -> bool:
    return "machine" in places and bool({"from", "day"} & places.keys()) and bool(set(COUNTS) & places.keys())


def _places(sheet: Sheet, header: SheetRow) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, value in enumerate(header.values):
        name = field_of(value)
        if name in found and _is_enough(found):
            both = f"{header.values[found[name]]!r} and {value!r}"
            raise InputFaults(
                [Fault(sheet.source, header.number, name, both, f"one column for {name}: delete or rename the other")]
            )
        if name is not None:
            found.setdefault(name, place)
    return found


def _row(sheet: Sheet, row: SheetRow, header: SheetRow, places: Mapping[str, int]) -> ScrapSheetRow | None:
    cells = {
        name: Cell(
            row.values[place] if place < len(row.values) else None,
            Place(sheet.source, row.number, sheet.name, f"{letters(place)} ({str(header.values[place]).strip()})"),
        )
        for name, place in places.items()
    }
    if all(is_empty(cell.value) for cell in cells.values()):
        return None
    return ScrapSheetRow(Place(sheet.source, row.number, sheet.name), cells)


def rows_of_objects(objects: Iterable[Mapping[str, Any]], source: str) -> list[ScrapSheetRow]:
    """One row an object; its keys are fields, or headings that a sheet may have."""
    return [_row_of(one, Place(source, number)) for number, one in enumerate(objects, start=1)]


def _row_of(one: Mapping[str, Any], place: Place) -> ScrapSheetRow:
    cells: dict[str, Cell] = {}
    for key, value in one.items():
        name = field_of(key)
        known = name is not None and name not in cells
        cells[name if known and name is not None else f"{UNREADABLE_KEYS}{key}"] = Cell(
            value, Place(place.source, place.row, column=key)
        )
    return ScrapSheetRow(place, cells)
