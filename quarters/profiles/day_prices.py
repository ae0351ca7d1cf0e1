"""Rows of prices over time, for hours on some days and quarter hours on others: for how long each one holds.

The European market went from hours to quarter hours at a day's change (delivery of 1 October 2025), and whoever keeps a year of prices in one
file has both. A local day is of one resolution; where its own rows do not tell which, those of the days beside it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.errors import Fault, InputFaults
from quarters.profiles.cells import Faults
from quarters.profiles.grid import Stamps, check_grid, check_span, resolution
from quarters.profiles.table import CsvTable, Layout, layout_of, open_table, read_rows
from quarters.resolution import coarser_stretch

HOUR_MIN, QUARTER_MIN = 60, 15
PRICE = "price_eur_per_mwh"
LAYOUT = Layout((PRICE,))


class Rows(NamedTuple):
    """Where and when there are prices: rising starts, each with its line, in a column."""

    path: Path
    starts: Sequence[datetime]
    lines: Sequence[int]
    column: str = "start_utc"


class DayPrice(NamedTuple):
    """One row: the price [EUR/MWh] of the `minutes` from `start_utc` on; None where it is not known."""

    start_utc: datetime
    minutes: int
    eur_per_mwh: Decimal | None
    line: int


def read_day_prices(path: Path, zone: ZoneInfo, table: CsvTable | None = None) -> list[DayPrice]:
    """The rows of a CSV file ``start_utc,price_eur_per_mwh``; rows without a price are among them.

    Parameters
    ----------
    zone
        Whose midnight the market's days begin at.
    table
        The file, where it has been opened.

    Raises
    ------
    InputFaults
        With every fault of the file, also where nobody could tell whether a day's prices hold for hours or for quarter hours.
    """
    table = open_table(path) if table is None else table
    columns = read_rows(table, layout_of(table, [LAYOUT]))
    rows = Rows(path, columns.stamps.starts, columns.stamps.lines)
    found = zip(rows.starts, minutes_of(rows, zone), columns.values[PRICE], rows.lines, strict=True)
    return [DayPrice(*row) for row in found]


def minutes_of(rows: Rows, zone: ZoneInfo) -> list[int]:
    """For how many minutes the price of each row holds: 60 or 15; raises `InputFaults` where nobody could tell."""
    stamps, faults = Stamps(rows.column, rows.starts, rows.lines), Faults(rows.path)
    resolution(stamps, (QUARTER_MIN, HOUR_MIN), faults)
    check_span(stamps, faults)
    faults.raise_if_any()
    days = [list(places) for _, places in groupby(range(len(rows.starts)), key=lambda p: rows.starts[p].astimezone(zone).date())]
    minutes = _day_resolutions(rows, days)
    for places, day_min in zip(days, minutes, strict=True):
        check_grid(Stamps(rows.column, [rows.starts[p] for p in places], [rows.lines[p] for p in places]), day_min, faults)
    faults.raise_if_any()
    return [day_min for places, day_min in zip(days, minutes, strict=True) for _ in places]


def _day_resolutions(rows: Rows, days: Sequence[Sequence[int]]) -> list[int]:
    """Minutes between the prices of each day."""
    own = [_own_resolution(rows, places) for places in days]
    before, after = list(accumulate(own, _latest)), list(accumulate(reversed(own), _latest))[::-1]
    for places, *near in zip(days, before, after, strict=True):
        if len({minutes for minutes in near if minutes}) > 1:
            message = "prices that may hold for an hour or for 15 minutes, between days of 60 and days of 15 minutes"
            raise _unclear(rows, places[0], message)
    # With nothing to go by the prices of a whole file are hours apart at least.
    found = [one or other or HOUR_MIN for one, other in zip(before, after, strict=True)]
    _check_changes(rows, days, found)
    return found


def _check_changes(rows: Rows, days: Sequence[Sequence[int]], found: Sequence[int]) -> None:
    """Whether the resolution changes at midnight, where it does: an hour of quarter hours beside hours may be one of the other day's."""
    hour = timedelta(minutes=HOUR_MIN)
    for number in range(1, len(days)):
        first, last = days[number][0], days[number - 1][-1]
        if (found[number - 1], found[number]) == (HOUR_MIN, QUARTER_MIN):
            doubtful = rows.starts[first + 1] - rows.starts[first] == hour if len(days[number]) > 1 else False
        else:
            doubtful = found[number - 1] < found[number] and rows.starts[first] - rows.starts[last] == hour
        if doubtful:
            place = first if found[number] == QUARTER_MIN else last
            raise _unclear(rows, place, "a price that may hold for an hour or for 15 minutes, beside a day of hours")


def _latest(known: int | None, found: int | None) -> int | None:
    return found or known


def _own_resolution(rows: Rows, places: Sequence[int]) -> int | None:
    """Minutes between a day's prices by its own rows; None if they do not tell."""
    starts = [rows.starts[place] for place in places]
    following = rows.starts[places[-1] + 1 : places[-1] + 2]
    if following == [starts[-1] + timedelta(minutes=QUARTER_MIN)] or _has_quarters(starts):
        if stretch := coarser_stretch([*starts, *following], timedelta(minutes=QUARTER_MIN), least=2):
            apart = f"{stretch.step / timedelta(minutes=1):g}"
            raise _unclear(rows, places[stretch.first], f"prices {apart} minutes apart, 15 minutes elsewhere on this day")
        return QUARTER_MIN
    # Fewer hours than a stretch may be what gaps leave of quarter hours.
    stretch = coarser_stretch([*starts, *following], timedelta(minutes=QUARTER_MIN))
    return HOUR_MIN if stretch and stretch.step == timedelta(minutes=HOUR_MIN) else None


def _has_quarters(starts: Sequence[datetime]) -> bool:
    return any(start.minute for start in starts) or any(b - a == timedelta(minutes=QUARTER_MIN) for a, b in pairwise(starts))


def _unclear(rows: Rows, place: int, found: str) -> InputFaults:
    expected = "each local day whole in one resolution, 60 or 15 minutes, with an empty value where a price is not known"
    return InputFaults([Fault(str(rows.path), rows.lines[place], rows.column, found, expected)])
