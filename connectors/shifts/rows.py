"""Sheets and objects into rows of shift changes: which column is which field. Knows no shift."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.headed_rows import HeadedRow, Headings
from connectors.orders.table import CellValue

NEEDED = ("shift", "day", "worked")
"""Without these a row says nothing."""
ChangeRow = HeadedRow
"""One change as it was handed in."""


def _flat(value: Any) -> CellValue:
    """Workers of an object, by skill, as a sheet has them."""
    found: CellValue = ", ".join(f"{skill}: {count}" for skill, count in value.items()) if isinstance(value, dict) else value
    return found


HEADINGS = Headings(
    Path(__file__).with_name("headings.toml"),
    "shifts.column",
    is_header=lambda places: places.keys() >= set(NEEDED),
    is_nearly=lambda places: len(places) >= len(NEEDED),
    expected="a row of headings with a shift, a day and whether it is worked, such as 'Schicht', 'Tag' and 'Gearbeitet'",
    cell=_flat,
)
FIELDS = HEADINGS.fields
"""Field of a shift sheet -> headings that mean it."""
rows_of_sheets, rows_of_objects = HEADINGS.rows_of_sheets, HEADINGS.rows_of_objects
