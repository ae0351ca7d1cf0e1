"""Sheets and objects into rows of counts: which column is which field. Knows no machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.headed_rows import HeadedRow, Headings

COUNTS = ("good", "scrap", "rework")
ScrapSheetRow = HeadedRow
"""One row of counts as it was handed in."""


def _is_enough(places: Mapping[str, int]) -> bool:
    return "machine" in places and bool({"from", "day"} & places.keys()) and bool(set(COUNTS) & places.keys())


HEADINGS = Headings(
    Path(__file__).with_name("headings.toml"),
    "scrap.column",
    is_header=_is_enough,
    is_nearly=_is_enough,
    expected="a row of headings with a machine, a time (From, or Day and Shift) and a count, such as 'Maschine', 'Tag', 'Schicht' and 'Ausschuss'",
)
FIELDS = HEADINGS.fields
"""Field of a scrap sheet -> headings that mean it."""
rows_of_sheets, rows_of_objects = HEADINGS.rows_of_sheets, HEADINGS.rows_of_objects
