"""The billed period cut into intervals, each with its local clock: what depends on the calendar, but not on the load.

Frames are cached, so that many what-if bills of one period pay for the calendar once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays as holiday_library
import numpy as np
import numpy.typing as npt

from billing.load import Flags, LoadProfile, Series
from billing.tariff import Calendar, Component, Demand, Tariff
from domain.clock import EPOCH

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DemandGrid:
    """Demand intervals of one method: first part, number of parts, month and local day of each; `fits` whole ones."""

    first: Ints
    parts: int
    month: Ints
    day: Ints


class Frame:
    """Intervals of ``[from_utc, to_utc)`` with local time in the tariff's zone."""

    def __init__(self, tariff: Tariff, from_day: date, to_day: date, resolution: timedelta) -> None:
        zone = tariff.zone
        self.tariff = tariff
        self.resolution = resolution
        self.resolution_min = resolution // timedelta(minutes=1)
        self.from_day, self.to_day = from_day, to_day
        self.from_utc, self.to_utc = midnight_utc(from_day, zone), midnight_utc(to_day, zone)
        self.size = (self.to_utc - self.from_utc) // resolution
        local_min = self._local_minutes(zone)
        self.minute: Ints = local_min % 1440
        self.day: Ints = local_min // 1440
        days = self.day.astype("datetime64[D]")
        month_number = days.astype("datetime64[M]").astype(np.int64)
        self.first_month = int(month_number[0])
        self.month: Ints = month_number - self.first_month
        self.months = [_year_month(self.first_month + offset) for offset in range(int(self.month[-1]) + 1)]
        """(year, month) of each touched month."""
        self.bounds = np.searchsorted(self.month, np.arange(len(self.months) + 1))
        """Months are runs of intervals: month m is ``[bounds[m], bounds[m + 1])``."""
        self._masks: dict[tuple[str, bool], Flags] = {}
        self._grids: dict[tuple[int, int | None], DemandGrid] = {}

    def _local_minutes(self, zone: ZoneInfo) -> Ints:
        step = self.resolution_min
        utc_min = (self.from_utc - EPOCH) // timedelta(minutes=1) + step * np.arange(self.size, dtype=np.int64)
        offsets = np.empty(self.size, dtype=np.int64)
        per_day = 1440 // step
        for first in range(0, self.size, per_day):
            last = min(first + per_day, self.size)
            begin, end = (_offset_min(int(utc_min[i]), zone) for i in (first, last - 1))
            if begin == end:
                offsets[first:last] = begin
            else:
                offsets[first:last] = [_offset_min(int(minute), zone) for minute in utc_min[first:last]]
        return utc_min + offsets

    def start_utc(self, index: int) -> datetime:
        """Start of an interval."""
        return self.from_utc + int(index) * self.resolution

    def month_label(self, month: int) -> str:
        """``2026-03`` of a month's number."""
        return "{}-{:02d}".format(*self.months[month])

    @cached_property
    def billed_days(self) -> list[int]:
        """Billed local days of each month."""
        first = np.datetime64(self.from_day)
        days = first + np.arange((self.to_day - self.from_day).days)
        numbers = days.astype("datetime64[M]").astype(np.int64) - self.first_month
        return [int((numbers == month).sum()) for month in range(len(self.months))]

    def mask(self, component: Component) -> Flags | None:
        """Intervals inside (or outside) the component's calendar, by their start; None where it has none."""
        name = component.inside or component.outside
        if name is None:
            return None
        key = (name, component.inside is not None)
        if key not in self._masks:
            inside = self._inside(self.tariff.calendar(name))
            self._masks[key] = inside if component.inside else ~inside
        return self._masks[key]

    def _inside(self, calendar: Calendar) -> Flags:
        first_day = int(self.day[0])
        numbers = np.arange(first_day, int(self.day[-1]) + 1)
        days = [EPOCH.date() + timedelta(days=int(number)) for number in numbers]
        free = holidays_of(calendar, days[0].year, days[-1].year)
        classes = np.array([day_class(day, free) for day in days])[self.day - first_day]
        months = np.array([month for _, month in self.months])[self.month]
        inside = np.zeros(self.size, dtype=np.bool_)
        for band in calendar.bands:
            clock = (self.minute >= band.from_min) & (self.minute < band.to_min)
            inside |= clock & np.isin(classes, band.days) & np.isin(months, band.months)
        return inside

    def valid_months(self, component: Component) -> list[int]:
        """Numbers of the months for which this version of a component holds."""
        months = []
        for number, (year, month) in enumerate(self.months):
            first = max(date(year, month, 1), self.from_day)
            if component.valid_from <= first < component.valid_to:
                months.append(number)
        return months

    def demand_grid(self, demand: Demand) -> DemandGrid:
        """Demand intervals that lie wholly within the billed period."""
        key = (demand.interval_min, demand.sliding_step_min)
        if key not in self._grids:
            parts = demand.interval_min // self.resolution_min
            grid = demand.sliding_step_min or demand.interval_min
            first = np.flatnonzero(self.minute % grid == 0)
            first = first[first + parts <= self.size]
            if demand.sliding_step_min is None and parts > 1:
                # Where the clock's offset is not a whole multiple of the interval a change cuts a block short.
                nexts = np.append(first[1:], self.size)
                first = first[nexts - first >= parts]
            self._grids[key] = DemandGrid(first, parts, self.month[first], self.day[first])
        return self._grids[key]

    def cut(self, series: Series, load: LoadProfile) -> Series:
        """A column of `load` on this frame's intervals; missing where the load has nothing."""
        shift = (load.start_utc - self.from_utc) // self.resolution
        values: npt.NDArray[Any] = np.zeros(self.size, dtype=series.values.dtype)
        there = np.zeros(self.size, dtype=np.bool_)
        first, end = max(0, shift), min(self.size, shift + len(series.values))
        if first < end:
            values[first:end] = series.values[first - shift : end - shift]
            there[first:end] = series.there[first - shift : end - shift]
        return Series(values, there)


@lru_cache(maxsize=8)
def frame(tariff: Tariff, from_day: date, to_day: date, resolution: timedelta) -> Frame:
    """The frame of a billed period, ``[from_day, to_day)`` in local days."""
    return Frame(tariff, from_day, to_day, resolution)


def midnight_utc(day: date, zone: ZoneInfo) -> datetime:
    """Start of a local day."""
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def day_class(day: date, free: frozenset[date]) -> str:
    """A day is of one class; a holiday is nothing else."""
    if day in free:
        return "holiday"
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "workday")


def holidays_of(calendar: Calendar, first_year: int, last_year: int) -> frozenset[date]:
    """Holidays and extra holidays of a calendar."""
    if calendar.holidays is None:
        return calendar.extra_holidays
    return calendar.extra_holidays | _holidays(calendar.holidays, first_year, last_year)


@lru_cache(maxsize=64)
def _holidays(code: str, first_year: int, last_year: int) -> frozenset[date]:
    country, _, subdivision = code.partition("-")
    years = range(first_year, last_year + 1)
    return frozenset(holiday_library.country_holidays(country, subdiv=subdivision or None, years=years))


def _offset_min(utc_minute: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(minutes=utc_minute)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(minutes=1)


def _year_month(number: int) -> tuple[int, int]:
    return 1970 + number // 12, number % 12 + 1
