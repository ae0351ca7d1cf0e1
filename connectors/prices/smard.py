"""Exports of SMARD, in German and English, with one or two columns of time, and its chart data.

Time is German legal time and labels the start. ``-`` is a price that is not known; a zone without any price in the file is not in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.prices.local_time import row_minutes, starts
from connectors.prices.series import ZonePrices, one_series
from connectors.prices.zones import zone_of_column
from domain.clock import instant
from domain.errors import Fault, InputFaults
from quarters.profiles.cells import NO_VALUE, Faults, Numbers
from quarters.profiles.day_prices import DayPrice, Rows, minutes_of
from quarters.profiles.stamps import StampFault, wall_clock
from quarters.profiles.table import CsvTable

ZONE = "Europe/Berlin"
_COLUMN = re.compile(r"^(.+?)\s*\[€/MWh\]")
_ENGLISH = re.compile(r"^([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) (\d{1,2}):(\d{2}) (AM|PM)$")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIRST_MS, _END_MS = -30_610_224_000_000, 221_845_392_000_000


@dataclass(frozen=True, slots=True)
class _Form:
    """The time columns of one form: which cells make the start and the end, joined by a blank."""

    first: tuple[str, ...]
    end: tuple[str, ...]
    english: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first, *self.end)))


_FORMS = (
    _Form(("Datum von",), ("Datum bis",), english=False),
    _Form(("Start date",), ("End date",), english=True),
    _Form(("Datum", "Anfang"), ("Datum", "Ende"), english=False),
    _Form(("Date", "Start"), ("Date", "End"), english=True),
    _Form(("Datum", "Uhrzeit"), (), english=False),
    _Form(("Date", "Time of day"), (), english=True),
)


def is_smard(header: Sequence[str]) -> bool:
    """Whether a file with this header is such an export."""
    return _form_of(header) is not None and any(_COLUMN.match(name) for name in header)


def _form_of(header: Sequence[str]) -> _Form | None:
    return next((form for form in _FORMS if tuple(header[: len(form.columns)]) == form.columns), None)


def read_export(table: CsvTable) -> list[ZonePrices]:
    """The prices of each zone. Raises `InputFaults`."""
    form, faults = _form_of(table.header), Faults(table.path, "rows of a SMARD export")
    assert form is not None
    columns = {place: found.group(1) for place, name in enumerate(table.header) if (found := _COLUMN.match(name))}
    numbers = Numbers("." if form.english else ",", confirmed=True)
    labels: list[datetime] = []
    ends: list[datetime] = []
    lines: list[int] = []
    values: dict[int, list[Decimal | None]] = {place: [] for place in columns}
    for line, cells in table.body:
        if len(cells) != len(table.header):
            faults.wrong(line, "row", f"{len(cells)} cells", f"{len(table.header)} cells")
            continue
        row = dict(zip(table.header, (cell.strip() for cell in cells), strict=True))
        try:
            label = _wall(row, form.first, form)
            end = _wall(row, form.end, form) if form.end else label
        except StampFault as fault:
            faults.wrong(line, form.first[0], fault.found, fault.expected)
            continue
        labels.append(label)
        ends.append(end)
        lines.append(line)
        for place, known in values.items():
            known.append(_price(cells[place].strip(), table.header[place], line, numbers, faults))
    faults.raise_if_any()
    begin = starts(labels, lines, ZONE, form.first[0], faults)
    if form.end:
        minutes = row_minutes(begin, labels, ends, lines, ZONE, form.end[-1], faults)
    else:
        minutes = minutes_of(Rows(table.path, begin, lines, form.first[0]), ZoneInfo(ZONE))
    faults.raise_if_any()
    return [
        one_series(str(table.path), table.header[place], zone_of_column(name), map(DayPrice, begin, minutes, values[place], lines))
        for place, name in columns.items()
    ]


def _price(text: str, column: str, line: int, numbers: Numbers, faults: Faults) -> Decimal | None:
    found = None if text.lower() in NO_VALUE else numbers.read(text)
    if isinstance(found, str):
        faults.wrong(line, column, repr(text), found)
        return None
    return found


def _wall(row: dict[str, str], names: Sequence[str], form: _Form) -> datetime:
    text = " ".join(row[name] for name in names)
    if not form.english:
        return wall_clock(text, 0)
    found = _ENGLISH.match(text)
    if found is None or found.group(1) not in _MONTHS:
        raise StampFault(0, repr(text), "a date and a time such as Oct 23, 2026 2:15 PM")
    month, day, year, hour, minute, half = found.groups()
    clock = int(hour) % 12 + (12 if half == "PM" else 0)
    return wall_clock(f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d} {clock:02d}:{minute}", 0)


def read_chart(name: str, text: str, zone: str) -> list[ZonePrices]:
    """The prices in chart data, ``{"series": [[milliseconds since 1970, price or null], ...]}``. Raises `InputFaults`."""
    series = _json_list(name, text, "series", _is_pair, "pairs of milliseconds since 1970 and a price or null")
    begin = [instant(int(pair[0])) for pair in series]
    lines = list(range(1, len(series) + 1))
    faults = Faults(Path(name), "chart data of SMARD")
    rising = all(before < after for before, after in pairwise(begin))
    if not rising or not begin:
        faults.wrong(None, "series", "nothing" if not begin else "times that do not rise", "pairs in rising order")
        faults.raise_if_any()
    values = [None if pair[1] is None else Decimal(str(pair[1])) for pair in series]
    minutes = minutes_of(Rows(Path(name), begin, lines, "series"), ZoneInfo(ZONE))
    return [one_series(name, "series", zone, map(DayPrice, begin, minutes, values, lines))]


def chart_weeks(name: str, text: str) -> list[int]:
    """The starts of all files of chart data [ms since 1970], from its index ``{"timestamps": [...]}``, rising. Raises `InputFaults`."""
    return sorted(_json_list(name, text, "timestamps", _is_ms, "starts of weeks in milliseconds since 1970"))


def _is_ms(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _FIRST_MS <= value < _END_MS


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and _is_ms(value[0])
        and (value[1] is None or (isinstance(value[1], (int, float)) and not isinstance(value[1], bool) and abs(value[1]) < 1e12))
    )  # fmt: skip


def _json_list(name: str, text: str, key: str, fits: Callable[[Any], bool], expected: str) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputFaults([Fault(name, None, "document", str(error)[:200], f"JSON with {key}: {expected}")]) from error
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise InputFaults([Fault(name, None, key, "nothing", expected)])
    wrong = next((place for place, value in enumerate(found) if not fits(value)), None)
    if wrong is not None:
        raise InputFaults([Fault(name, None, f"{key}[{wrong}]", repr(found[wrong])[:100], expected)])
    return found
