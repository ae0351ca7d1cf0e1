"""Bills of one site with a load that is measured in some quarter hours and supposed in others.

In: a plant, a tariff, the measured quarter hours.  Out: EUR of the billed years, and which quarter hours are billed together.

The year is measured where it is known, the peak that was billed before stands in an unknown quarter hour of its time, and what is not known is the
mean of what is: the same in every bill that is compared (`quarters.what_if`). Charges for reactive energy are in none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from billing.bill import Bill, bill
from billing.demand.price import DemandPrice
from billing.demand_prices import demand_components
from billing.load import LoadProfile
from billing.site import Priced, SitePrices
from billing.span import billed_since, known_maxima_kw
from billing.tariff import Tariff
from domain.plant import Plant
from effects.series import Floats, Ints, Powers
from effects.sharing import Peaks
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw, midnight_utc, month_after
from quarters.what_if import BilledPeak, WhatIfYear


@dataclass(frozen=True, slots=True)
class Bills:
    """What loads of a span cost."""

    priced: Priced
    days: tuple[date, date]
    year: WhatIfYear
    load: Powers
    """As measured."""
    otherwise_kw: float

    @staticmethod
    def of(plant: Plant, tariff: Tariff | None, load: Powers, slots: Sequence[int]) -> Bills | None:
        """What changes of the quarter hours `slots` are priced by; None where there is no tariff, or it does not hold for them, or prices no power."""
        if tariff is None or not len(slots) or np.isnan(load.kw).all():
            return None
        priced = SitePrices(tariff, frozenset()).of([slot_start(slot) for slot in slots])
        if priced is None or not priced.demand_known:
            return None
        zone = priced.tariff.zone
        first, last = (slot_start(slot).astimezone(zone).date() for slot in (min(slots), max(slots)))
        begin_day = max(
            min(date(first.year, 1, 1), _known_month(billed_since(priced.tariff, first), load, priced.tariff)), tariff.valid_from
        )
        days = begin_day, min(date(last.year + 1, 1, 1), tariff.valid_to)
        begin, end = (slot_of(midnight_utc(day, zone)) for day in days)
        return Bills(
            priced, days, WhatIfYear.of(begin, load.between(begin, end).kw, _billed(plant, priced.tariff, load, slots)), load,
            float(np.nanmean(load.kw)),
        )  # fmt: skip

    def eur(self, load_kw: Floats) -> Fraction:
        """What the span costs with `load_kw` [kW] in place of the measured load; shape as `load.kw`, NaN where it is missing."""
        return self._bill(load_kw).total_eur

    def demand_eur(self, load_kw: Floats) -> Fraction:
        """What of it is paid for power, before VAT."""
        return self._bill(load_kw).demand_eur

    def _bill(self, load_kw: Floats) -> Bill:
        loads = self.year.loads_kw(self.load.first_slot, load_kw, self.otherwise_kw)
        return bill(self.priced.tariff, LoadProfile.of_quarter_hours(slot_start(self.year.first_slot), loads), self.days)

    def peaks(self, places: Ints) -> list[Peaks]:
        """Which of the quarter hours at `places` of the load are billed together, and the highest load beside them."""
        loads = self.year.loads_kw(self.load.first_slot, self.load.kw, self.otherwise_kw)
        first = self.year.first_slot
        touched = places + (self.load.first_slot - first)
        found = []
        for price in demand_components(self.priced.tariff, range(first, first + len(loads))):
            inside = np.zeros(len(loads), np.bool_)
            for begin, end in price.windows:
                inside[begin - first : end - first] = True
            within = np.array([0 <= place < len(loads) and inside[place] for place in touched.tolist()], np.bool_)
            inside[touched[(touched >= 0) & (touched < len(loads))]] = False
            beside_kw = float(loads[inside].max()) if inside.any() else 0.0
            if within.any():
                found.append(Peaks(within, max(price.floor_kw, beside_kw), _by_highest(price)))
        return found


def _by_highest(price: DemandPrice) -> bool:
    return price.highest == 1 and price.interval_min == 15 and price.ratchet is None and price.atypical is None


def _known_month(since: date, load: Powers, tariff: Tariff) -> date:
    """First day of the first month from `since` on that was measured whole, as far as it lies before `since`'s year has ended."""
    month = since.replace(day=1)
    while slot_of(midnight_utc(month, tariff.zone)) < load.first_slot and month.year == since.year and month.month < 12:
        month = month_after(month)
    return month


def _billed(plant: Plant, tariff: Tariff, load: Powers, slots: Sequence[int]) -> list[BilledPeak]:
    """Peaks that were billed before the first quarter hour that is known."""
    there = np.flatnonzero(np.isfinite(load.kw))
    known_from = load.first_slot + int(there[0])
    at_utc = slot_start(min(slots))
    found = [BilledPeak(slot_of(billing_period(plant.site, at_utc).start_utc), known_from, known_peak_kw(plant.site, at_utc))]
    for month, kw in known_maxima_kw(tariff):
        begin, end = (slot_of(midnight_utc(day, tariff.zone)) for day in (month, month_after(month)))
        found.append(BilledPeak(begin, min(end, known_from), float(kw)))
    return [peak for peak in found if peak.first_slot < peak.end_slot]
