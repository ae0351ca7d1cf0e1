"""Day-ahead prices beside a tariff: ``start_utc,price_eur_per_mwh``, 60 or 15 minutes apart, or hours on some days and quarter hours on others.

The European market went from hours to quarter hours at a day's change (delivery of 1 October 2025), and whoever keeps a year of prices in one
file has both. A local day is of one resolution; where its own rows do not tell which, those of the days beside it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from billing.rows import Table, check_grid, check_span, read_table, smallest_distance_min
from domain.errors import Fault, InputFaults
from quarters.resolution import coarser_stretch

HOUR_MIN, QUARTER_MIN = 60, 15


@dataclass(frozen=True, eq=False)
class SpotPrices:
    """Prices by the start of their interval; an interval without one is not known yet.

    Where a file has days of hours and days of quarter hours, an hour's price stands for each of its quarter hours.
    """

    path: Path
    resolution: timedelta
    eur_per_mwh: dict[datetime, Fraction]

    def at(self, instant_utc: datetime) -> Fraction | None:
        """The price [EUR/MWh] that holds at `instant_utc`."""
        minutes = int(self.resolution.total_seconds()) // 60
        start = instant_utc - timedelta(
            minutes=instant_utc.minute % minutes, seconds=instant_utc.second, microseconds=instant_utc.microsecond
        )
        return self.eur_per_mwh.get(start)


def read_spot(path: Path, zone: ZoneInfo) -> SpotPrices:
    """The prices in `path`.

    Parameters
    ----------
    zone
        Whose midnight the market's days begin at.

    Raises
    ------
    InputFaults
        With every fault of the file, also where nobody could tell whether a day's prices hold for hours or for quarter hours.
    """
    table = read_table(path, [("start_utc", "price_eur_per_mwh")])
    smallest_distance_min(table, (QUARTER_MIN, HOUR_MIN))
    check_span(table)
    days = [list(places) for _, places in groupby(range(len(table.starts)), key=lambda p: table.starts[p].astimezone(zone).date())]
    minutes = _day_resolutions(table, days)
    finest_min = min(minutes)
    prices: dict[datetime, Fraction] = {}
    for places, day_min in zip(days, minutes, strict=True):
        check_grid(table, places, day_min)
        for place in places:
            text = table.columns["price_eur_per_mwh"][place]
            for part in range(day_min // finest_min if text is not None else 0):
                prices[table.starts[place] + part * timedelta(minutes=finest_min)] = Fraction(text or "")
    return SpotPrices(path, timedelta(minutes=finest_min), prices)


def _day_resolutions(table: Table, days: Sequence[Sequence[int]]) -> list[int]:
    """Minutes between the prices of each day."""
    own = [_own_resolution(table, places) for places in days]
    before, after = list(accumulate(own, _latest)), list(accumulate(reversed(own), _latest))[::-1]
    for places, *near in zip(days, before, after, strict=True):
        if len({minutes for minutes in near if minutes}) > 1:
            message = "prices that may hold for an hour or for 15 minutes, between days of 60 and days of 15 minutes"
            raise _unclear(table, places[0], message)
    # With nothing to go by the prices of a whole file are hours apart at least.
    found = [one or other or HOUR_MIN for one, other in zip(before, after, strict=True)]
    _check_changes(table, days, found)
    return found


def _check_changes(table: Table, days: Sequence[Sequence[int]], found: Sequence[int]) -> None:
    """Whether the resolution changes at midnight, where it does: an hour of quarter hours beside hours may be one of the other day's."""
    hour = timedelta(minutes=HOUR_MIN)
    for number in range(1, len(days)):
        first, last = days[number][0], days[number - 1][-1]
        if (found[number - 1], found[number]) == (HOUR_MIN, QUARTER_MIN):
            doubtful = table.starts[first + 1] - table.starts[first] == hour if len(days[number]) > 1 else False
        else:
            doubtful = found[number - 1] < found[number] and table.starts[first] - table.starts[last] == hour
        if doubtful:
            place = first if found[number] == QUARTER_MIN else last
            raise _unclear(table, place, "a price that may hold for an hour or for 15 minutes, beside a day of hours")


def _latest(known: int | None, found: int | None) -> int | None:
    return found or known


def _own_resolution(table: Table, places: Sequence[int]) -> int | None:
    """Minutes between a day's prices by its own rows; None if they do not tell."""
    starts = [table.starts[place] for place in places]
    following = table.starts[places[-1] + 1 : places[-1] + 2]
    if following == [starts[-1] + timedelta(minutes=QUARTER_MIN)] or _has_quarters(starts):
        if stretch := coarser_stretch([*starts, *following], timedelta(minutes=QUARTER_MIN), least=2):
            apart = f"{stretch.step / timedelta(minutes=1):g}"
            raise _unclear(table, places[stretch.first], f"prices {apart} minutes apart, 15 minutes elsewhere on this day")
        return QUARTER_MIN
    # Fewer hours than a stretch may be what gaps leave of quarter hours.
    stretch = coarser_stretch([*starts, *following], timedelta(minutes=QUARTER_MIN))
    return HOUR_MIN if stretch and stretch.step == timedelta(minutes=HOUR_MIN) else None


def _has_quarters(starts: Sequence[datetime]) -> bool:
    return any(start.minute for start in starts) or any(b - a == timedelta(minutes=QUARTER_MIN) for a, b in pairwise(starts))


def _unclear(table: Table, place: int, found: str) -> InputFaults:
    expected = "each local day whole in one resolution, 60 or 15 minutes, with an empty value where a price is not known"
    return InputFaults([Fault(str(table.path), table.lines[place], "start_utc", found, expected)])
