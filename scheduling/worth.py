"""What a plan costs: the bill of the whole billing period, so that a saving is ``bill(before) - bill(after)``.

The period is the local calendar year (two at the turn of the year), within the tariff's validity. Its quarter hours are measured where
they are known, expected (median) in the forecast, and the mean of the measured ones everywhere else: the same for both bills, so that usage hours and
tiers come out as for a whole year. A peak billed before the first known quarter hour stands in the first unknown one of its year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

import numpy as np

from billing.bill import Bill, bill
from billing.load import LoadProfile
from billing.tariff import Tariff
from scheduling.history import History, year_of
from scheduling.problem import Load, Outlook, slot_of, slot_start

Period = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Saving:
    """Two bills and their difference [EUR]."""

    before_eur: float
    after_eur: float
    demand_eur: float
    energy_eur: float

    @property
    def total_eur(self) -> float:
        """``bill(before) - bill(after)``."""
        return self.demand_eur + self.energy_eur


def mean_saving(savings: Sequence[Saving]) -> Saving:
    """The mean of equally likely savings."""
    count = len(savings)
    return Saving(
        sum(one.before_eur for one in savings) / count,
        sum(one.after_eur for one in savings) / count,
        sum(one.demand_eur for one in savings) / count,
        sum(one.energy_eur for one in savings) / count,
    )


@dataclass(frozen=True)
class Worth:
    """Bills of plans, given what is known at one moment.

    `known_peak_kw` is the peak billed so far in the calendar year in which the outlook begins.
    """

    tariff: Tariff
    history: History
    first_slot: int
    end_slot: int
    known_peak_kw: float

    @cached_property
    def period(self) -> Period | None:
        """Local days that are billed; None where the tariff does not hold for the whole outlook."""
        zone = self.tariff.zone
        first = max(date(year_of(self.first_slot, zone), 1, 1), self.tariff.valid_from)
        end = min(date(year_of(self.end_slot - 1, zone) + 1, 1, 1), self.tariff.valid_to)
        begins = datetime(first.year, first.month, first.day, tzinfo=zone)
        ends = datetime(end.year, end.month, end.day, tzinfo=zone)
        holds = begins <= slot_start(self.first_slot) and slot_start(self.end_slot) <= ends
        return (first, end) if holds else None

    @cached_property
    def _basis(self) -> tuple[int, Load, int | None]:
        """First slot of the period, measured loads, and the slot that stands for the peak known from before."""
        assert self.period is not None
        zone = self.tariff.zone
        begin, end = (slot_of(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)) for day in self.period)
        loads = self.history.loads_kw(begin, end)
        # What is expected replaces nothing that was measured.
        loads[max(self.first_slot - begin, 0) :] = np.nan
        unknown = np.flatnonzero(np.isnan(loads[: max(self.first_slot - begin, 0)]))
        return begin, loads, int(unknown[0]) if len(unknown) else None

    def bill(self, outlook: Outlook) -> Bill | None:
        """The period's bill if the load comes as in `outlook`; None without a tariff for it."""
        if self.period is None:
            return None
        begin, measured, place = self._basis
        loads = measured.copy()
        loads[outlook.first_slot - begin : outlook.end_slot - begin] = outlook.median_kw
        loads[np.isnan(loads)] = float(np.nanmean(outlook.median_kw if np.isnan(measured).all() else measured))
        if place is not None and self.known_peak_kw > np.nanmax(measured, initial=0.0):
            loads[place] = self.known_peak_kw
        return bill(self.tariff, LoadProfile.of_quarter_hours(slot_start(begin), loads), self.period)

    def saving(self, before: Bill | None, after: Bill | None) -> Saving:
        """The difference of two bills; nothing where there is no bill."""
        if before is None or after is None:
            return Saving(0.0, 0.0, 0.0, 0.0)
        demand = before.demand_eur - after.demand_eur
        energy = before.energy_eur - after.energy_eur
        return Saving(float(before.total_eur), float(after.total_eur), float(demand), float(energy))

    @cached_property
    def billed_kw(self) -> float:
        """The highest quarter hour of the period so far: sunk."""
        if self.period is None:
            return self.known_peak_kw
        _, measured, _ = self._basis
        highest = float(np.nanmax(measured)) if not np.isnan(measured).all() else 0.0
        return max(self.known_peak_kw, highest)
