"""`[[calendar]]`: when something holds, by season, class of day and local clock.

One kind of calendar serves high and low tariff times, high-load windows (Sec. 19(2) sentence 1 StromNEV: published by the network operator
by season, to the quarter hour, on working days) and on-peak hours of other countries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import combinations
from zoneinfo import ZoneInfo

import holidays as holiday_library

from billing.periods import MONTHS
from billing.reading import MISSING, Table
from billing.seasons import Season
from domain.regions import region_fault

DAY_CLASSES = ("workday", "saturday", "sunday", "holiday")


@dataclass(frozen=True, slots=True)
class Band:
    """Local clock ``[from_min, to_min)`` [min since midnight] on days of some classes, in some months."""

    days: tuple[str, ...]
    from_min: int
    to_min: int
    months: tuple[int, ...] = MONTHS

    @property
    def edges_min(self) -> tuple[int, int]:
        """Both ends [min since local midnight]."""
        return self.from_min, self.to_min


@dataclass(frozen=True, slots=True)
class Calendar:
    """When something holds: bands that do not overlap.

    Attributes
    ----------
    holidays
        Country, or country-subdivision, whose holidays it keeps; None: there are none.
    extra_holidays
        Further days that count as holidays: bridge days, 24 December.
    """

    id: str
    bands: tuple[Band, ...]
    holidays: str | None
    extra_holidays: frozenset[date] = frozenset()

    def free_days(self, first_year: int, last_year: int) -> frozenset[date]:
        """Holidays and extra holidays of some years, both included."""
        if self.holidays is None:
            return self.extra_holidays
        return self.extra_holidays | _holidays(self.holidays, first_year, last_year)

    def holds_at(self, local: datetime) -> bool:
        """Whether a moment of the tariff's local clock lies in one of its bands."""
        day, minute = local.date(), local.hour * 60 + local.minute
        of_day = day_class(day, self.free_days(day.year, day.year))
        return any(
            of_day in band.days and day.month in band.months and band.from_min <= minute < band.to_min for band in self.bands
        )


def day_class(day: date, free: frozenset[date]) -> str:
    """A day is of one class; a holiday is nothing else."""
    if day in free:
        return "holiday"
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "workday")


@lru_cache(maxsize=64)
def _holidays(code: str, first_year: int, last_year: int) -> frozenset[date]:
    country, _, subdivision = code.partition("-")
    years = range(first_year, last_year + 1)
    return frozenset(holiday_library.country_holidays(country, subdiv=subdivision or None, years=years))


def clock(minutes: int) -> str:
    """``HH:MM`` of minutes since midnight."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True, slots=True)
class Holidays:
    """Whose holidays a tariff file keeps where a calendar names no others."""

    zone: ZoneInfo
    abroad: bool
    """The file confirms that another country's holidays are meant than those of its time zone."""
    code: str | None = None

    def read(self, table: Table) -> str | None:
        """The code in `table`; the file's own where it has none, or one that cannot be meant."""
        code = table.text("holidays")
        if not code:
            return self.code
        expected = region_fault(code, self.zone.key, self.abroad, confirmed_by="holidays_abroad")
        if expected is not None:
            table.wrong("holidays", code, expected)
            return self.code
        return code


def read_calendars(top: Table, holidays: Holidays, seasons: Mapping[str, Season]) -> dict[str, Calendar]:
    """The calendars of a tariff file by their id."""
    calendars: dict[str, Calendar] = {}
    for table in top.rows("calendar", "calendar"):
        name = table.text("id", required=True)
        code = holidays.read(table)
        extra = _extra_holidays(table)
        bands = _bands(table, name, seasons)
        if name in calendars:
            table.wrong("id", name, "an id that no other calendar has")
        calendars[name] = Calendar(name, bands, code, extra)
    return calendars


def _extra_holidays(table: Table) -> frozenset[date]:
    days = table.raw("extra_holidays", False, "a list of dates")
    days = [] if days is MISSING else days
    if not isinstance(days, list) or not all(type(day) is date for day in days):
        table.wrong("extra_holidays", days, "a list of dates such as [2026-12-24]")
        return frozenset()
    return frozenset(days)


def _bands(table: Table, calendar: str, seasons: Mapping[str, Season]) -> tuple[Band, ...]:
    rows = table.rows("band", f"calendar {calendar!r} band")
    if not rows:
        table.wrong("band", MISSING, "at least one [[calendar.band]]")
    bands = tuple(band for row in rows if (band := _band(row, seasons)) is not None)
    table.finish()
    _check_overlaps(table, calendar, bands)
    return bands


def _band(table: Table, seasons: Mapping[str, Season]) -> Band | None:
    expected = f"a list of {', '.join(DAY_CLASSES)}, or all"
    days = table.raw("days", True, expected)
    good = isinstance(days, list) and days and all(day in (*DAY_CLASSES, "all") for day in days)
    if days is not MISSING and not good:
        table.wrong("days", days, expected)
    first, end = table.clock("from"), table.clock("to")
    season = read_season(table, seasons)
    table.finish()
    if not good or first is None or end is None:
        return None
    if end <= first:
        found = f"{table.data['from']} to {table.data['to']}"
        table.wrong("to", found, "from before to: a band does not cross midnight, write two bands")
        return None
    classes = DAY_CLASSES if "all" in days else tuple(dict.fromkeys(days))
    return Band(classes, first, end, MONTHS if season is None else season.months)


def read_season(table: Table, seasons: Mapping[str, Season]) -> Season | None:
    """The season that `table` names, if it names one; a name that no season has is a fault."""
    name = table.text("season")
    if not name:
        return None
    if name not in seasons:
        table.wrong("season", name, f"one of the seasons {', '.join(seasons) or '(there are none)'}")
    return seasons.get(name)


def _check_overlaps(table: Table, calendar: str, bands: Sequence[Band]) -> None:
    for one, other in combinations(bands, 2):
        first, second = sorted((one, other), key=lambda band: band.edges_min)
        days, months = set(one.days) & set(other.days), set(one.months) & set(other.months)
        if days and months and second.from_min < first.to_min:
            found = (
                f"overlap of {clock(first.from_min)}-{clock(first.to_min)} and {clock(second.from_min)}-{clock(second.to_min)}"
                f" on {', '.join(sorted(days))}"
            )
            table.source.wrong((*table.where, "band"), f"calendar {calendar!r}: band", found, "bands that do not overlap")
