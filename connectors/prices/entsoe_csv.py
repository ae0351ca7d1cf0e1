"""Exports of the table "Energy prices" of the ENTSO-E transparency platform, in both of its forms.

``MTU (CET/CEST)`` holds start and end of a row; since 2025 ``Area`` and ``Sequence`` are columns, before a column ``BZN|DE-LU`` named the zone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from connectors.prices.local_time import row_minutes, starts
from connectors.prices.series import ZonePrices, one_series
from connectors.prices.zones import zone_of_area
from quarters.profiles.cells import NO_VALUE, Faults, Numbers
from quarters.profiles.day_prices import DayPrice
from quarters.profiles.stamps import StampFault, wall_clock
from quarters.profiles.table import CsvTable

_MTU = re.compile(r"^MTU \((.+)\)$")
_ZONES = {"CET/CEST": "Europe/Brussels", "UTC": "UTC", "WET/WEST": "Europe/Lisbon", "EET/EEST": "Europe/Helsinki"}
_PRICE = re.compile(r"^Day-ahead Price [(\[](.+)[)\]]$", re.IGNORECASE)
_UNIT = "EUR/MWh"
_SUFFIX = re.compile(r"\s*\((?:[A-Z]{3,4})\)$")
_NOTHING = NO_VALUE | {"n/e"}


class _Row(NamedTuple):
    first: datetime
    end: datetime
    price: Decimal | None
    line: int


def is_entsoe(header: Sequence[str]) -> bool:
    """Whether a file with this header is such an export."""
    return any(_MTU.match(name) for name in header)


def read_export(table: CsvTable, sequence: int = 1) -> list[ZonePrices]:
    """The prices of each zone; of several auctions those of `sequence`. Raises `InputFaults`."""
    name, header, faults = str(table.path), table.header, Faults(table.path, "rows of the table of energy prices")
    mtu = next(place for place, column in enumerate(header) if _MTU.match(column))
    clock = _MTU.match(header[mtu])
    zone_name = _ZONES.get(clock.group(1) if clock else "")
    price = next(
        (place for place, column in enumerate(header) if (found := _PRICE.match(column)) and found.group(1) == _UNIT), None
    )
    if price is None or zone_name is None:
        clocks = ", ".join(f"MTU ({one})" for one in _ZONES)
        faults.wrong(table.line, "header", repr(",".join(header))[:300], f"a column Day-ahead Price ({_UNIT}), and one of {clocks}")
        faults.raise_if_any()
    assert price is not None
    assert zone_name is not None
    by_area = _rows_by_area(table, mtu, price, sequence, faults)
    faults.raise_if_any()
    series: list[ZonePrices] = []
    for area, rows in sorted(by_area.items()):
        lines = [row.line for row in rows]
        begin = starts([row.first for row in rows], lines, zone_name, header[mtu], faults)
        minutes = row_minutes(begin, [row.first for row in rows], [row.end for row in rows], lines, zone_name, header[mtu], faults)
        faults.raise_if_any()
        days = [DayPrice(*one) for one in zip(begin, minutes, [row.price for row in rows], lines, strict=True)]
        series.append(one_series(name, header[price], zone_of_area(area), days))
    return series


def _rows_by_area(table: CsvTable, mtu: int, price: int, sequence: int, faults: Faults) -> dict[str, list[_Row]]:
    header = table.header
    area_place = header.index("Area") if "Area" in header else None
    sequence_place = header.index("Sequence") if "Sequence" in header else None
    of_file = next((column for column in header if column.startswith("BZN|")), "")
    numbers = Numbers(".", confirmed=True)
    by_area: dict[str, list[_Row]] = defaultdict(list)
    for line, cells in table.body:
        if len(cells) != len(header):
            faults.wrong(line, "row", f"{len(cells)} cells", f"{len(header)} cells")
            continue
        stated = "" if sequence_place is None else cells[sequence_place].strip()
        if stated.replace("Sequence", "").strip() not in ("", "Without", str(sequence)):
            continue
        text = cells[price].strip()
        value = None if text.lower() in _NOTHING else numbers.read(text)
        if isinstance(value, str):
            faults.wrong(line, header[price], repr(text), value)
            continue
        try:
            first, end = (_wall(part) for part in _parts(cells[mtu]))
        except StampFault as fault:
            faults.wrong(line, header[mtu], fault.found, fault.expected)
            continue
        by_area[of_file if area_place is None else cells[area_place].strip()].append(_Row(first, end, value, line))
    return by_area


def _parts(text: str) -> tuple[str, str]:
    first, dash, end = text.partition(" - ")
    if not dash:
        raise StampFault(0, repr(text), "start and end such as 01/10/2025 00:00:00 - 01/10/2025 00:15:00")
    return first, end


def _wall(text: str) -> datetime:
    found = wall_clock(_SUFFIX.sub("", text), 0, "day-first")
    return found - timedelta(seconds=found.second, microseconds=found.microsecond)
