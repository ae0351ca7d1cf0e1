"""The billed period cut into intervals, each with its local clock: what depends on the calendar, but not on the load.

Frames are cached, so that many what-if bills of one period pay for the calendar once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from billing.calendars import Calendar, day_class
from billing.load import LoadProfile, Series
from billing.peaks import Grid, grid_of
from billing.periods import local_minutes, year_month
from billing.sums import Flags, Ints
from domain.clock import EPOCH
from quarters.periods import midnight_utc


class Frame:
    """Intervals of the local days ``[from_day, to_day)``.

    Parameters
    ----------
    zone
        Whose days, months and clock they are.
    resolution
        Length of an interval, a divisor of an hour.

    Attributes
    ----------
    size
        Number of intervals `n`.
    minute
        Local clock at the start of each interval [min since midnight], shape ``(n,)``.
    day
        Local day of each interval since 1970-01-01, shape ``(n,)``.
    month
        Number of the month of each interval within the frame, from 0; shape ``(n,)``.
    months
        (year, month) of each touched month.
    bounds
        Months are runs of intervals: month `m` is ``[bounds[m], bounds[m + 1])``; shape ``(months + 1,)``.
    """

    def __init__(self, zone: ZoneInfo, from_day: date, to_day: date, resolution: timedelta) -> None:
        self.resolution = resolution
        self.resolution_min = resolution // timedelta(minutes=1)
        self.from_day, self.to_day = from_day, to_day
        self.from_utc, self.to_utc = midnight_utc(from_day, zone), midnight_utc(to_day, zone)
        self.size = (self.to_utc - self.from_utc) // resolution
        local_min = local_minutes(self.from_utc, self.size, self.resolution_min, zone)
        self.minute: Ints = local_min % 1440
        self.day: Ints = local_min // 1440
        month_number = self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        self.first_month = int(month_number[0])
        self.month: Ints = month_number - self.first_month
        self.months = [year_month(self.first_month + offset) for offset in range(int(self.month[-1]) + 1)]
        self.bounds = np.searchsorted(self.month, np.arange(len(self.months) + 1))
        self._inside: dict[Calendar, Flags] = {}
        self._grids: dict[tuple[int, int | None], Grid] = {}

    def start_utc(self, index: int) -> datetime:
        """Start of an interval."""
        return self.from_utc + int(index) * self.resolution

    def span(self, month: int) -> slice:
        """Intervals of a month."""
        return slice(int(self.bounds[month]), int(self.bounds[month + 1]))

    def month_label(self, month: int) -> str:
        """``2026-03`` of a month's number."""
        return "{}-{:02d}".format(*self.months[month])

    @cached_property
    def billed_days(self) -> list[int]:
        """Number of billed local days of each month."""
        first = np.datetime64(self.from_day)
        days = first + np.arange((self.to_day - self.from_day).days)
        numbers = days.astype("datetime64[M]").astype(np.int64) - self.first_month
        return [int((numbers == month).sum()) for month in range(len(self.months))]

    def months_within(self, first: date, end: date) -> list[int]:
        """Numbers of the months whose first billed day lies in ``[first, end)``."""
        months = []
        for number, (year, month) in enumerate(self.months):
            if first <= max(date(year, month, 1), self.from_day) < end:
                months.append(number)
        return months

    def inside(self, calendar: Calendar) -> Flags:
        """Which intervals begin in a band of `calendar`, shape ``(n,)``."""
        if calendar not in self._inside:
            self._inside[calendar] = self._made_inside(calendar)
        return self._inside[calendar]

    def _made_inside(self, calendar: Calendar) -> Flags:
        first_day = int(self.day[0])
        numbers = np.arange(first_day, int(self.day[-1]) + 1)
        days = [EPOCH.date() + timedelta(days=int(number)) for number in numbers]
        free = calendar.free_days(days[0].year, days[-1].year)
        classes = np.array([day_class(day, free) for day in days])[self.day - first_day]
        months = np.array([month for _, month in self.months])[self.month]
        inside = np.zeros(self.size, dtype=np.bool_)
        for band in calendar.bands:
            within = (self.minute >= band.from_min) & (self.minute < band.to_min)
            inside |= within & np.isin(classes, band.days) & np.isin(months, band.months)
        return inside

    def grid(self, interval_min: int, step_min: int | None) -> Grid:
        """Averaging intervals of `interval_min` that lie wholly within the frame: blocks, or sliding ones every `step_min`."""
        key = (interval_min, step_min)
        if key not in self._grids:
            self._grids[key] = grid_of(self.minute, self.day, self.month, self.resolution_min, interval_min, step_min)
        return self._grids[key]

    def cut(self, series: Series, load: LoadProfile) -> Series:
        """A column of `load` on this frame's intervals, shape ``(n,)``; missing where the load has nothing."""
        shift = (load.start_utc - self.from_utc) // self.resolution
        values: npt.NDArray[Any] = np.zeros(self.size, dtype=series.values.dtype)
        there = np.zeros(self.size, dtype=np.bool_)
        first, end = max(0, shift), min(self.size, shift + len(series.values))
        if first < end:
            values[first:end] = series.values[first - shift : end - shift]
            there[first:end] = series.there[first - shift : end - shift]
        return Series(values, there)


@lru_cache(maxsize=8)
def frame(zone: ZoneInfo, from_day: date, to_day: date, resolution: timedelta) -> Frame:
    """The frame of a billed period, ``[from_day, to_day)`` in local days."""
    return Frame(zone, from_day, to_day, resolution)
