"""What the columns of a sheet mean: by their headings, or by a mapping file where an ERP system has its own."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from connectors.orders.table import Cell, CellValue, Note, OrderRow, Place, Sheet, SheetRow
from domain.errors import Fault, InputFaults
from domain.texts import Key
from domain.toml_files import Settings, load_toml
from words.catalogue import languages, texts

FIELDS: Mapping[str, Sequence[str]] = tomllib.loads(Path(__file__).with_name("headings.toml").read_text(encoding="utf-8"))
"""Field of the order sheet -> headings that mean it."""
NEEDED = ("job", "machine")
"""Without these a row is no order."""
DurationUnit = Literal["s", "min", "h", "d"]
MOST_ROWS_ABOVE = 30
"""Rows above the headings: titles, dates of export, filters."""


def _several(found: object) -> object:
    return (found,) if isinstance(found, str) else tuple(found) if isinstance(found, list) else found


Headings = Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1, max_length=4)]


class OrderMapping(Settings):
    """A mapping file: what the columns of one program's order sheets mean. Everything may be left out."""

    sheet: str = ""
    """Name of the sheet; empty: the first one that has the headings."""
    header_row: int | None = Field(default=None, ge=1)
    """Row with the headings; None: the first one that has them."""
    columns: dict[str, Headings] = Field(default_factory=dict)
    """Field -> heading of its column, or of several whose cells are put together (date and time)."""
    ignore_other_columns: bool = False
    """Whether only `columns` count, and no heading is recognised beside them."""
    decimal: Literal[",", "."] | None = None
    """Decimal mark of numbers in text cells; None: as each number can only be meant."""
    date_order: Literal["day-first", "month-first"] | None = None
    """Of dates with slashes."""
    duration_unit: DurationUnit | None = None
    """Of durations without a unit, in their cell and heading."""
    skill: Key = "operator"
    """Skill of people of whom only the number is named."""
    machines: dict[str, str] = Field(default_factory=dict)
    """Name of a machine or group in the sheet -> id in the plant file."""


NO_MAPPING = OrderMapping()


def load_mapping(path: Path) -> OrderMapping:
    """The mapping in `path`.

    Raises
    ------
    InputFaults
        Naming every fault.
    """
    mapping = load_toml(path, OrderMapping)
    faults = [
        Fault(str(path), None, f"columns.{name}", repr(name), f"one of the fields {', '.join(FIELDS)}")
        for name in mapping.columns
        if name not in FIELDS
    ]
    if faults:
        raise InputFaults(faults)
    return mapping


def plain(heading: str) -> str:
    """A heading without its unit, case, punctuation and umlauts."""
    text = unicodedata.normalize("NFC", re.sub(r"[\[(][^\])]*[\])]", "", heading)).casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, letters)
    return re.sub(r"[\W_]+", "", text)


_UNIT = re.compile(r"[\[(]\s*([^\])]*?)\s*[\])]")


def unit_in(heading: str) -> str:
    """What a heading has in brackets, as ``min`` in ``Dauer [min]``."""
    found = _UNIT.search(heading)
    return found.group(1).strip() if found else ""


@cache
def known_headings() -> Mapping[str, str]:
    """Plain heading -> field, in every language."""
    found = {plain(heading): name for name, headings in FIELDS.items() for heading in headings}
    for code in languages():
        found |= {plain(texts(code)[f"orders.column.{name}"]): name for name in FIELDS}
    return {**found, **{plain(name): name for name in FIELDS}}


def field_of(heading: str) -> str | None:
    """The field that a heading means; None if it is not recognised."""
    return known_headings().get(plain(heading))


@dataclass(frozen=True, slots=True)
class Column:
    """Which columns of a sheet hold a field."""

    field: str
    places: tuple[int, ...]
    label: str
    """As people find it: ``C (Maschine)``."""
    unit: str


def rows_of(sheets: Sequence[Sheet], mapping: OrderMapping) -> tuple[list[OrderRow], list[Note]]:
    """The orders of the sheet that has the headings, and what a person should know of its columns.

    Raises
    ------
    InputFaults
        If no sheet has the headings that are needed, or two columns mean the same.
    """
    wanted = [sheet for sheet in sheets if not mapping.sheet or sheet.name == mapping.sheet]
    source = sheets[0].source if sheets else ""
    if not wanted:
        names = ", ".join(repr(sheet.name) for sheet in sheets)
        raise InputFaults([Fault(source, None, "sheet", repr(mapping.sheet), f"one of the sheets {names}")])
    for sheet in wanted:
        header = _header_of(sheet, mapping)
        if header is not None:
            columns, unused = _columns(sheet, header, mapping)
            rows = [row for one in sheet.rows if one.number > header.number and (row := _order_row(sheet, one, columns))]
            notes = [Note("column_unused", {"columns": ", ".join(unused)})] if unused else []
            return rows, notes
    raise InputFaults([_no_header(wanted[0], mapping)])


def _header_of(sheet: Sheet, mapping: OrderMapping) -> SheetRow | None:
    if mapping.header_row is not None:
        return next((row for row in sheet.rows if row.number == mapping.header_row), None)
    for row in sheet.rows[:MOST_ROWS_ABOVE]:
        found = {name for value in row.values if (name := _meaning(value, mapping))}
        if found.issuperset(NEEDED):
            return row
    return None


def _meaning(value: CellValue, mapping: OrderMapping) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    for name in mapping.columns:
        if _is_mapped(value, name, mapping):
            return name
    return None if mapping.ignore_other_columns else field_of(value)


def _columns(sheet: Sheet, header: SheetRow, mapping: OrderMapping) -> tuple[list[Column], list[str]]:
    by_field: dict[str, list[int]] = {}
    unused = []
    for place, value in enumerate(header.values):
        name = _meaning(value, mapping)
        if name is not None and not (name in mapping.columns and not _is_mapped(value, name, mapping)):
            by_field.setdefault(name, []).append(place)
        elif isinstance(value, str) and value.strip():
            unused.append(value.strip())
    faults = [
        Fault(sheet.source, header.number, name, " and ".join(repr(str(header.values[p])) for p in places),
              f"one column for {name}: name it in the mapping file under [columns]")
        for name, places in by_field.items()
        if len(places) > 1 and name not in mapping.columns
    ]  # fmt: skip
    faults += [
        Fault(sheet.source, header.number, f"columns.{name}", "no such heading", f"a heading such as {headings[0]!r}")
        for name, headings in mapping.columns.items()
        if name not in by_field
    ]
    faults += [
        Fault(sheet.source, header.number, name, "no column", f"a column for it, such as {FIELDS[name][1]!r} (or name it in the mapping file)")
        for name in NEEDED
        if name not in by_field and name not in mapping.columns
    ]  # fmt: skip
    if faults:
        raise InputFaults(faults)
    return [_column(name, places, header, mapping) for name, places in by_field.items()], unused


def _is_mapped(value: CellValue, name: str, mapping: OrderMapping) -> bool:
    return plain(str(value)) in map(plain, mapping.columns[name])


def _column(name: str, places: list[int], header: SheetRow, mapping: OrderMapping) -> Column:
    if name in mapping.columns:  # in the order of the mapping: the date before the time
        order = [plain(heading) for heading in mapping.columns[name]]
        places = sorted(places, key=lambda place: order.index(plain(str(header.values[place]))))
    headings = [str(header.values[place]).strip() for place in places]
    return Column(name, tuple(places), f"{letters(places[0])} ({' + '.join(headings)})", unit_in(headings[0]))


def _order_row(sheet: Sheet, row: SheetRow, columns: Sequence[Column]) -> OrderRow | None:
    cells = {}
    for column in columns:
        values = [row.values[place] if place < len(row.values) else None for place in column.places]
        place = Place(sheet.source, row.number, sheet.name, column.label)
        cells[column.field] = Cell(joined(values), place)
    if all(is_empty(cell.value) for cell in cells.values()):
        return None
    units = {column.field: column.unit for column in columns if column.unit}
    return OrderRow(Place(sheet.source, row.number, sheet.name), cells, units)


def joined(values: Sequence[CellValue]) -> CellValue:
    """One cell of several: a date and a time are an instant, texts stand one after another."""
    present = [value for value in values if not is_empty(value)]
    if len(present) < 2:
        return present[0] if present else None
    first, second = present[:2]
    if isinstance(first, datetime | date) and isinstance(second, time) and len(present) == 2:
        return datetime.combine(first.date() if isinstance(first, datetime) else first, second)
    return " ".join(_as_text(value) for value in present)


def _as_text(value: CellValue) -> str:
    # Of a date `str` writes the day, of an instant the clock too.
    return str(value.replace(microsecond=0) if isinstance(value, datetime) else value).strip()


def is_empty(value: CellValue) -> bool:
    """Whether a cell has nothing in it."""
    return value is None or (isinstance(value, str) and not value.strip())


def letters(place: int) -> str:
    """A column as spreadsheets call it: 0 is A, 26 is AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _no_header(sheet: Sheet, mapping: OrderMapping) -> Fault:
    first = next((row for row in sheet.rows if any(not is_empty(value) for value in row.values)), None)
    found = "an empty sheet" if first is None else ", ".join(str(value) for value in first.values if not is_empty(value))[:200]
    expected = "a row of headings with at least a job and a machine, such as 'Auftrag' and 'Maschine' (other names: a mapping file)"
    return Fault(sheet.source, None if first is None else first.number, "headings", found, expected)
