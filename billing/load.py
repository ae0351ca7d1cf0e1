"""A load profile on its own grid: whole numbers of 10**-decimals kW, and which of them are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from billing.sums import Flags, Ints, Numbers
from domain.intervals import IntervalQuality
from quarters.profiles.cells import EXACT
from quarters.profiles.grid import RESOLUTIONS_MIN
from quarters.profiles.load import LoadSeries
from quarters.profiles.sniff.read import read_any
from quarters.profiles.sniff.reading import ReadOptions


@dataclass(frozen=True, slots=True)
class Series:
    """One column: `values` are 0 where `there` is False, and never counted."""

    values: Numbers
    there: Flags


@dataclass(frozen=True, eq=False)
class LoadProfile:
    """Means over intervals ``[start_utc + i x resolution, ...)``; missing ones stay missing."""

    start_utc: datetime
    resolution: timedelta
    decimals: int
    power: Series
    reactive: Series | None = None
    path: Path | None = None
    no_maximum: Flags | None = None
    """Intervals whose energy counts and whose power never makes a maximum: what a faulty register delivered."""

    @property
    def end_utc(self) -> datetime:
        """First instant after the last interval."""
        return self.start_utc + len(self.power.values) * self.resolution

    def local_days(self, zone: ZoneInfo) -> tuple[date, date]:
        """The local days ``[first, end)`` that it touches."""
        last = (self.end_utc - self.resolution).astimezone(zone).date()
        return self.start_utc.astimezone(zone).date(), last + timedelta(days=1)

    @staticmethod
    def of_quarter_hours(start_utc: datetime, power_kw: npt.NDArray[np.float64], decimals: int = 6) -> LoadProfile:
        """A profile of quarter hours from powers [kW]; NaN where missing. Rounded to `decimals` places of a kW."""
        there = ~np.isnan(power_kw)
        values = np.rint(np.where(there, power_kw, 0.0) * 10**decimals).astype(np.int64)
        return LoadProfile(start_utc, timedelta(minutes=15), decimals, Series(values, there))

    @staticmethod
    def of_energies(start_utc: datetime, energies_uwh: Sequence[int | None]) -> LoadProfile:
        """A profile of quarter hours from exact energies [uWh]; None where missing."""
        there = np.array([energy is not None for energy in energies_uwh], dtype=np.bool_)
        values = _numbers([0 if energy is None else 4 * energy for energy in energies_uwh])
        return LoadProfile(start_utc, timedelta(minutes=15), 9, Series(values, there))


def read_load(path: Path, options: ReadOptions | None = None) -> LoadProfile:
    """The profile in `path`, of any resolution that a bill can be made of: see `quarters.profiles.sniff.read.read_any`.

    Raises
    ------
    InputFaults
        With every fault of the file; `Unclear` where a person must say how it is to be read.
    """
    return profile_of(read_any(path, options, RESOLUTIONS_MIN).series)


def profile_of(series: LoadSeries) -> LoadProfile:
    """The series on its grid; energies whose status word says that they are faulty count and make no maximum."""
    places = np.array([(instant - series.start_utc) // series.resolution for instant in series.starts])
    power_kw, reactive_kvar = series.power_kw(), series.reactive_kvar
    decimals = max((_decimals(value) for value in (*power_kw, *(reactive_kvar or ())) if value is not None), default=0)
    reactive = None if reactive_kvar is None else _series(reactive_kvar, places, decimals)
    power = _series(power_kw, places, decimals)
    return LoadProfile(
        series.start_utc, series.resolution, decimals, power, reactive, series.path, _faulty(series, places, len(power.values))
    )


def _faulty(series: LoadSeries, places: Ints, size: int) -> Flags | None:
    if series.qualities is None or IntervalQuality.FAULTY not in series.qualities:
        return None
    found = np.zeros(size, dtype=np.bool_)
    found[places] = [quality is IntervalQuality.FAULTY for quality in series.qualities]
    return found


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _series(column: Sequence[Decimal | None], places: Ints, decimals: int) -> Series:
    size = int(places[-1]) + 1
    whole = _numbers([0 if value is None else int(EXACT.scaleb(value, Decimal(decimals))) for value in column])
    values: Numbers = np.zeros(size, dtype=whole.dtype)
    there = np.zeros(size, dtype=np.bool_)
    values[places] = whole
    there[places] = [value is not None for value in column]
    return Series(values, there)


def _numbers(whole: Sequence[int]) -> Numbers:
    """Whole numbers of which sums of 60, and twice that, still fit into what holds them."""
    largest = max(map(abs, whole), default=0)
    return np.array(whole, dtype=np.int64 if largest < 2**55 else object)
