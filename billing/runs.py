"""What one run of a plant costs more than another: the bills of the year that both lie in, with the same load everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np

from billing.bill import bill
from billing.load import LoadProfile
from billing.site import SitePrices
from billing.tariff import Tariff
from domain.plant import Plant
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw, midnight_utc
from quarters.what_if import BilledPeak, Loads, WhatIfYear

LoadByStart = Mapping[datetime, float]
"""Mean power [kW] by start of the quarter hour."""


def saving_of_runs(
    plant: Plant, tariff: Tariff, before_kw: LoadByStart, without_kw: LoadByStart, with_kw: LoadByStart
) -> float | None:
    """``bill(without) - bill(with)`` [EUR] of the local calendar year of two runs, of the charges that active energy can price.

    None where the tariff does not hold for the whole run, or no charge for power can be priced. The run may not be empty.

    Quarter hours are those of `before_kw` and of the run in a `quarters.what_if.WhatIfYear`, with the peak that was billed before the run.
    Power is billed once for the whole run. What was billed already is sunk: what stays below it is worth nothing.
    """
    priced = SitePrices(tariff, frozenset()).of(sorted(with_kw))
    if priced is None or not priced.demand_known:
        return None
    first_utc, zone = min(with_kw), priced.tariff.zone
    year = first_utc.astimezone(zone).year
    days = max(date(year, 1, 1), priced.tariff.valid_from), min(date(year + 1, 1, 1), priced.tariff.valid_to)
    begin, end = (slot_of(midnight_utc(day, zone)) for day in days)
    first, until = slot_of(first_utc), slot_of(max(with_kw)) + 1
    billed = BilledPeak(slot_of(billing_period(plant.site, first_utc).start_utc), first, known_peak_kw(plant.site, first_utc))
    known = WhatIfYear.of(begin, _laid(before_kw, begin, end), [billed])
    runs = [_laid(run, first, until) for run in (without_kw, with_kw)]
    otherwise_kw = float(np.nanmean(runs[0]))
    without, as_it_was = (
        bill(
            priced.tariff, LoadProfile.of_quarter_hours(slot_start(begin), known.loads_kw(first, run, otherwise_kw)), days
        ).total_eur
        for run in runs
    )
    return float(without - as_it_was)


def _laid(load_kw: LoadByStart, first_slot: int, end_slot: int) -> Loads:
    """The load [kW] of the quarter hours ``[first_slot, end_slot)``; NaN where it is not known."""
    found = np.full(end_slot - first_slot, np.nan)
    for at, power_kw in load_kw.items():
        if first_slot <= slot_of(at) < end_slot:
            found[slot_of(at) - first_slot] = power_kw
    return found
