"""What a person should see before a load profile is trusted: days that are not whole, gaps, values that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.intervals import QUARTER, Interval
from domain.units import kwh
from quarters.periods import day_span


@dataclass(frozen=True, slots=True)
class DayCount:
    """A local day that has not as many quarter hours as it should: 96, or 92 and 100 where the clock changes."""

    day: date
    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Quarter hours without a row, ``[from_utc, to_utc)``."""

    from_utc: datetime
    to_utc: datetime

    @property
    def quarters(self) -> int:
        """How many."""
        return (self.to_utc - self.from_utc) // QUARTER


@dataclass(frozen=True, slots=True)
class SeriesCheck:
    """One meter's channel in a file."""

    meter: str
    channel: str
    first_utc: datetime
    last_utc: datetime
    rows: int
    without_value: int
    energy_kwh: float
    peak_kw: float | None
    peak_utc: datetime | None
    gaps: tuple[Gap, ...]
    days: tuple[DayCount, ...]
    """Days that are not whole; the first and the last one may be meant so."""
    change_days: tuple[DayCount, ...]
    """Days on which the clock changes, whole or not."""


def check(intervals: Sequence[Interval], zone: ZoneInfo) -> list[SeriesCheck]:
    """Each series of a file, held against the calendar of `zone`."""
    by_series: dict[tuple[str, str], list[Interval]] = {}
    for interval in intervals:
        by_series.setdefault((interval.meter, interval.channel), []).append(interval)
    return [_series(meter, channel, rows, zone) for (meter, channel), rows in sorted(by_series.items())]


def _series(meter: str, channel: str, rows: list[Interval], zone: ZoneInfo) -> SeriesCheck:
    counts: dict[date, int] = {}
    for row in rows:
        day = row.start_utc.astimezone(zone).date()
        counts[day] = counts.get(day, 0) + 1
    days = [DayCount(day, counts.get(day, 0), quarters_of(day, zone)) for day in _days(rows, zone)]
    known = [row for row in rows if row.energy_uwh is not None]
    peak = max(known, key=lambda row: row.energy_uwh or 0, default=None)
    return SeriesCheck(
        meter, channel, rows[0].start_utc, rows[-1].start_utc, len(rows), len(rows) - len(known),
        kwh(sum(row.energy_uwh or 0 for row in known)), None if peak is None else peak.power_kw, None if peak is None else peak.start_utc,
        tuple(_gaps(rows)), tuple(day for day in days if day.found != day.expected), tuple(day for day in days if day.expected != 96),
    )  # fmt: skip


def _days(rows: Sequence[Interval], zone: ZoneInfo) -> Iterable[date]:
    day, last = rows[0].start_utc.astimezone(zone).date(), rows[-1].start_utc.astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def quarters_of(day: date, zone: ZoneInfo) -> int:
    """How many quarter hours a local day has: 96, or 92 and 100 on the days on which the clock changes by an hour."""
    start, end = day_span(day, zone)
    return (end - start) // QUARTER


def _gaps(rows: Sequence[Interval]) -> Iterable[Gap]:
    for before, after in pairwise(rows):
        if after.start_utc - before.start_utc > QUARTER:
            yield Gap(before.end_utc, after.start_utc)
