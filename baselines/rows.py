"""Local days of one meter as a regression reads them: energy, kind of day, temperature, production.

In: a load profile of an hour or finer, series beside it.  Out: `Rows`. A day counts where nine tenths of it were measured; its energy is
then scaled to the whole day. A day of 23 or 25 hours is compared by its mean power. Missing is never zero: a day whose temperature or
production is not known is not used by a model that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from billing.load import LoadProfile
from domain.calendars import DayType
from quarters.periods import day_span

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
KINDS = tuple(DayType)
"""By the code that stands in `Rows.kind`."""
WHOLE = 0.9
"""Share of a day that must have been measured."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Successive local days.

    Attributes
    ----------
    days
        Local dates, rising, shape ``(n,)``.
    hours
        Length of each day: 23, 24 or 25 [h].
    kw
        Mean power of each day [kW]; NaN where it does not count.
    kind
        Place in `KINDS`.
    temperature_c
        Mean outdoor temperature [°C]; NaN where not known, None without a series.
    drivers
        What else is known of each day, by name: pieces, tonnes, worked hours. NaN where not known.
    """

    days: tuple[date, ...]
    hours: Floats
    kw: Floats
    kind: Ints
    temperature_c: Floats | None = None
    drivers: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.days)

    @property
    def weekday(self) -> Ints:
        """0: Monday; a holiday is a Sunday, shape ``(n,)``."""
        found = np.array([day.weekday() for day in self.days], dtype=np.int64)
        found[self.kind == KINDS.index(DayType.SUNDAY)] = 6
        return found

    @property
    def energy_kwh(self) -> Floats:
        """Energy of each day [kWh]."""
        return self.kw * self.hours

    @property
    def usable(self) -> Flags:
        """Days of which everything is known."""
        known = np.isfinite(self.kw) & self.explained
        return np.asarray(known, dtype=np.bool_)

    @property
    def explained(self) -> Flags:
        """Days of which everything but the energy is known."""
        known = np.ones(len(self), dtype=np.bool_)
        for values in (*([] if self.temperature_c is None else [self.temperature_c]), *self.drivers.values()):
            known &= np.isfinite(values)
        return known

    def where(self, chosen: Flags) -> Rows:
        """The days that are chosen, in their order."""
        return Rows(
            tuple(day for day, is_chosen in zip(self.days, chosen, strict=True) if is_chosen), self.hours[chosen], self.kw[chosen],
            self.kind[chosen], None if self.temperature_c is None else self.temperature_c[chosen],
            {name: values[chosen] for name, values in self.drivers.items()},
        )  # fmt: skip

    def between(self, first: date | None, end: date | None) -> Flags:
        """Which days lie in ``[first, end)``; None: no bound."""
        return np.array([(first is None or day >= first) and (end is None or day < end) for day in self.days], dtype=np.bool_)

    def with_kw(self, kw: Floats) -> Rows:
        """The same days with other powers."""
        return replace(self, kw=kw)


def days_of(
    load: LoadProfile, zone: ZoneInfo, rests: Callable[[date], bool] = lambda day: False,
    temperature_c: Mapping[date, float] | None = None, drivers: Mapping[str, Mapping[date, float]] | None = None,
) -> Rows:  # fmt: skip
    """The local days of a load profile.

    Parameters
    ----------
    load
        Mean powers of an hour or finer.
    zone
        Whose days are counted.
    rests
        Whether a day is a holiday.
    temperature_c
        Mean temperature by local day [°C].
    drivers
        By name, what is known of each local day.
    """
    stamps = pd.date_range(load.start_utc, periods=len(load.power.values), freq=pd.Timedelta(load.resolution))
    local = stamps.tz_convert(zone).tz_localize(None).normalize()
    number = ((local - local[0]).days).to_numpy(dtype=np.int64)
    there = load.power.there
    kw = load.power.values.astype(np.float64) / 10**load.decimals
    size = int(number[-1]) + 1
    sums = np.bincount(number[there], kw[there], size)
    counts = np.bincount(number[there], minlength=size)
    first: datetime = local[0]
    days = tuple(first.date() + timedelta(days=place) for place in range(size))
    hours = np.array([(end - begin) / timedelta(hours=1) for begin, end in (day_span(day, zone) for day in days)])
    covered = counts * (load.resolution / timedelta(hours=1)) / hours
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(covered >= WHOLE, sums / counts, np.nan)
    return Rows(
        days, hours, mean, np.array([KINDS.index(_type(day, rests)) for day in days], dtype=np.int64),
        None if temperature_c is None else _by_day(days, temperature_c),
        {name: _by_day(days, values) for name, values in (drivers or {}).items()},
    )  # fmt: skip


def _type(day: date, rests: Callable[[date], bool]) -> DayType:
    if day.weekday() == 6 or rests(day):
        return DayType.SUNDAY
    return DayType.SATURDAY if day.weekday() == 5 else DayType.WORKDAY


def _by_day(days: tuple[date, ...], values: Mapping[date, float]) -> Floats:
    return np.array([values.get(day, np.nan) for day in days], dtype=np.float64)
