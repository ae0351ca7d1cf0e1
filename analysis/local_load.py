"""A load profile as an analysis reads it: quarter hours in a row, and where each stands in the local calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from billing.load import LoadProfile
from domain.errors import Fault, InputFaults
from domain.intervals import QUARTER
from quarters.numbers import slot_of, slot_start

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
PER_DAY = 96
FINE_ENOUGH_MIN = (1, 5, 15)
"""Resolutions whose quarter hours are those that are billed [min]."""


@dataclass(frozen=True, eq=False)
class LocalLoad:
    """Mean power of quarter hours in a row.

    Attributes
    ----------
    kw
        Mean power [kW], shape ``(n,)``; NaN where it is missing.
    zone
        Whose calendar days, weekdays and nights are.
    """

    first_slot: int
    kw: Floats
    zone: ZoneInfo

    @staticmethod
    def of(load: LoadProfile, zone: ZoneInfo) -> LocalLoad:
        """The quarter hours of a profile of 15 minutes or finer; a quarter hour that lacks a part is missing.

        Raises
        ------
        InputFaults
            If the profile is coarser: its peaks are not those that are billed.
        """
        parts = QUARTER // load.resolution
        if parts < 1:
            minutes = load.resolution // timedelta(minutes=1)
            expected = "15 minutes or finer: the peak of a longer mean is not the one that is billed"
            raise InputFaults([Fault(str(load.path), None, "resolution", f"values of {minutes} minutes", expected)])
        kw = np.where(load.power.there, load.power.values.astype(np.float64) / 10**load.decimals, np.nan)
        before = (load.start_utc - slot_start(slot_of(load.start_utc))) // load.resolution
        kw = np.concatenate([np.full(before, np.nan), kw])
        kw = np.concatenate([kw, np.full(-len(kw) % parts, np.nan)])
        return LocalLoad(slot_of(load.start_utc), kw.reshape(-1, parts).mean(axis=1), zone)

    def with_kw(self, kw: Floats) -> LocalLoad:
        """The same quarter hours with other powers."""
        return LocalLoad(self.first_slot, kw, self.zone)

    def profile(self) -> LoadProfile:
        """What a bill is made of."""
        return LoadProfile.of_quarter_hours(slot_start(self.first_slot), self.kw)

    def start_utc(self, place: int) -> datetime:
        """Start of the quarter hour at `place`."""
        return slot_start(self.first_slot + place)

    @cached_property
    def _local(self) -> pd.DatetimeIndex:
        stamps = pd.date_range(slot_start(self.first_slot), periods=len(self.kw), freq="15min")
        return stamps.tz_convert(self.zone)

    @cached_property
    def quarter(self) -> Ints:
        """Quarter hour of the local day by its clock, 0 to 95, shape ``(n,)``."""
        return (self._local.hour * 4 + self._local.minute // 15).to_numpy(dtype=np.int64)

    @cached_property
    def weekday(self) -> Ints:
        """0: Monday, shape ``(n,)``."""
        return self._local.weekday.to_numpy(dtype=np.int64)

    @cached_property
    def day(self) -> Ints:
        """Number of the local day since the first one, shape ``(n,)``."""
        naive = self._local.tz_localize(None).normalize()
        return ((naive - naive[0]).days).to_numpy(dtype=np.int64)

    @cached_property
    def month(self) -> Ints:
        """Number of the calendar month, counted from year 0, shape ``(n,)``."""
        return (self._local.year * 12 + self._local.month - 1).to_numpy(dtype=np.int64)

    @property
    def first_day(self) -> date:
        """The first local day."""
        return self._local[0].date()

    def day_of(self, number: int) -> date:
        """The local day of a `day` number."""
        return self.first_day + timedelta(days=number)

    @cached_property
    def days_kw(self) -> Floats:
        """Powers by local day and quarter hour of its clock, shape ``(days, 96)``: of an hour that comes twice the mean, NaN where missing."""
        days = int(self.day[-1]) + 1
        cells = self.day * PER_DAY + self.quarter
        there = ~np.isnan(self.kw)
        sums = np.bincount(cells[there], self.kw[there], days * PER_DAY)
        counts = np.bincount(cells[there], minlength=days * PER_DAY)
        with np.errstate(invalid="ignore"):
            return np.where(counts > 0, sums / counts, np.nan).reshape(days, PER_DAY)

    @property
    def energy_kwh(self) -> float:
        """Energy of all quarter hours that are there."""
        return float(np.nansum(self.kw)) / 4

    @property
    def hours(self) -> float:
        """Hours that are there."""
        return int((~np.isnan(self.kw)).sum()) / 4
