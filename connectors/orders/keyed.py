"""Orders as objects of keys and values, as the API and the page have them, into rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.orders.mapping import field_of, unit_in
from connectors.orders.table import Cell, CellValue, OrderRow, Place

UNREADABLE_KEYS = "?"
"""Begins the field of a key that means nothing; it is a fault of its row."""


def rows_of_objects(objects: Iterable[Mapping[str, Any]], source: str) -> list[OrderRow]:
    """One row an object; its keys are fields, or headings that an order sheet may have."""
    return [_row(one, Place(source, number)) for number, one in enumerate(objects, start=1)]


def _row(one: Mapping[str, Any], place: Place) -> OrderRow:
    cells: dict[str, Cell] = {}
    units: dict[str, str] = {}
    for key, value in one.items():
        name = field_of(key)
        cell = Cell(_flat(value), Place(place.source, place.row, column=key))
        if name is None or name in cells:
            cells[f"{UNREADABLE_KEYS}{key}"] = cell
        else:
            cells[name] = cell
            if unit := unit_in(key):
                units[name] = unit
    return OrderRow(place, cells, units)


def _flat(value: Any) -> CellValue:
    """Lists and objects as a cell would hold them: ``a, b`` and ``skill: 2``."""
    match value:
        case list():
            return ", ".join(str(one) for one in value)
        case dict():
            return ", ".join(f"{name}: {one}" for name, one in value.items())
        case _:
            return value
