"""Series that stand beside a load: outdoor temperature, what was made, hours worked. By local day.

In: a CSV file whose first column is ``day`` (a local date) or ``start_utc`` (an instant with its offset), the others numbers.  Out: by column, a
value for each local day: of temperatures the mean, of amounts the sum. A day on which nothing was made is written with 0; a day that is not
there is not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from quarters.profiles.cells import NO_VALUE, Faults
from quarters.profiles.stamps import aware_stamp
from quarters.profiles.table import CsvTable, open_table

DAY, START = "day", "start_utc"
CELSIUS, FAHRENHEIT = "temperature_c", "temperature_f"
_FEW = 0.5
"""A day with less than this share of the values that the fullest days have has no mean."""
_RANGE_C = (-60.0, 60.0)

ByDay = Mapping[date, float]


def read_amounts(path: Path, zone: ZoneInfo) -> dict[str, ByDay]:
    """Amounts by column and local day: pieces, kilograms, hours worked.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    found = _read(path, zone)
    return {name: {day: sum(values) for day, values in by_day.items()} for name, by_day in found.items()}


def read_temperature(path: Path, zone: ZoneInfo) -> ByDay:
    """Mean outdoor temperature by local day [°C], of one column ``temperature_c`` or ``temperature_f``.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    found = _read(path, zone)
    if len(found) != 1 or not {CELSIUS, FAHRENHEIT} & found.keys():
        faults = Faults(path)
        faults.wrong(1, "header", ", ".join(found), f"one column {CELSIUS}, or {FAHRENHEIT}, beside {DAY} or {START}")
        faults.raise_if_any()
    ((name, by_day),) = found.items()
    most = max((len(values) for values in by_day.values()), default=0)
    means = {day: sum(values) / len(values) for day, values in by_day.items() if len(values) >= _FEW * most}
    if name == FAHRENHEIT:
        means = {day: (value - 32) / 1.8 for day, value in means.items()}
    low, high = _RANGE_C
    faults = Faults(path)
    for day, value in means.items():
        if not low <= value <= high:
            faults.wrong(
                None, name, f"{value:.1f} °C on {day}", f"{low:g} to {high:g} °C outdoors, and no value where there is none"
            )
    faults.raise_if_any()
    return means


def _read(path: Path, zone: ZoneInfo) -> dict[str, dict[date, list[float]]]:
    table, faults = open_table(path), Faults(path, f"rows of {DAY} or {START} and numbers")
    names = table.header[1:]
    if table.header[0] not in (DAY, START) or not names or len(set(names)) < len(names) or "" in names:
        expected = f"{DAY} or {START}, then a column for each series, each with its own name"
        faults.wrong(table.line, "header", repr(table.delimiter.join(table.header)), expected)
        faults.raise_if_any()
    found: dict[str, dict[date, list[float]]] = {name: defaultdict(list) for name in names}
    seen: dict[str, int] = {}
    for line, cells in table.body:
        if len(cells) != len(table.header):
            faults.wrong(line, "row", f"{len(cells)} cells", f"{len(table.header)} cells: {','.join(table.header)}")
            continue
        stamp, *values = (cell.strip() for cell in cells)
        day = _day(stamp, table.header[0], line, zone, faults)
        if stamp in seen:
            faults.wrong(line, table.header[0], f"{stamp}, a duplicate of line {seen[stamp]}", "each once")
        seen[stamp] = line
        for name, text in zip(names, values, strict=True):
            number = _number(table, text, name, line, faults)
            if number is not None and day is not None:
                found[name][day].append(number)
    if not seen and not faults:
        faults.wrong(None, "file", "a header only", "a row for each day or instant")
    faults.raise_if_any()
    return found


def _day(stamp: str, column: str, line: int, zone: ZoneInfo, faults: Faults) -> date | None:
    if column == DAY:
        try:
            return date.fromisoformat(stamp)
        except ValueError:
            faults.wrong(line, column, repr(stamp), "a date such as 2026-10-23")
            return None
    start = aware_stamp(stamp)
    if start is None:
        faults.wrong(line, column, repr(stamp), "an instant with Z or offset, such as 2026-10-23T04:00:00Z")
        return None
    return start.astimezone(zone).date()


def _number(table: CsvTable, text: str, name: str, line: int, faults: Faults) -> float | None:
    if text.lower() in NO_VALUE:
        return None
    number = table.numbers.read(text)
    if isinstance(number, str):
        faults.wrong(line, name, repr(text), number)
        return None
    return float(number)
