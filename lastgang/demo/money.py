"""What the moved jobs were worth: the bill of the year without them minus the bill of the year with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np

from billing.bill import bill
from billing.load import LoadProfile
from billing.site import SitePrices
from billing.tariff import load_tariff
from domain.channels import IMPORT
from domain.plant import Plant
from lastgang.demo.settings import DemoSettings
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw, midnight_utc
from quarters.profiles.grid import QUARTER_HOURS
from quarters.profiles.load import read_series
from quarters.profiles.table import open_table
from quarters.what_if import BilledPeak, Loads, WhatIfYear


def saving_eur_per_year(
    settings: DemoSettings, plant: Plant, with_kw: Mapping[datetime, float], without_kw: Mapping[datetime, float]
) -> float | None:
    """``bill(without) - bill(with)`` [EUR] of the local calendar year of the run, of the charges that the plant's active energy can price.

    None where there is no tariff, it does not hold for the whole run, or no charge for power can be priced.

    Quarter hours are those of the history and of the run in a `quarters.what_if.WhatIfYear`, with the peak that was billed before the run.
    What was billed already is sunk: moves that stay below it are worth nothing.
    """
    if plant.tariff is None:
        return None
    if not with_kw:
        return 0.0
    priced = SitePrices(load_tariff(settings.plant_dir / plant.tariff.file), frozenset()).of(sorted(with_kw))
    if priced is None or not priced.demand_known:
        return None
    tariff = priced.tariff
    first_utc = min(with_kw)
    year = first_utc.astimezone(tariff.zone).year
    days = (max(date(year, 1, 1), tariff.valid_from), min(date(year + 1, 1, 1), tariff.valid_to))
    begin, end = (slot_of(midnight_utc(day, tariff.zone)) for day in days)
    first, until = slot_of(first_utc), slot_of(max(with_kw)) + 1
    billed = BilledPeak(slot_of(billing_period(plant.site, first_utc).start_utc), first, known_peak_kw(plant.site, first_utc))
    known = WhatIfYear.of(begin, _laid(_history_kw(settings, plant), begin, end), [billed])
    runs = [_laid(run, first, until) for run in (without_kw, with_kw)]
    otherwise_kw = float(np.nanmean(runs[0]))
    without, as_it_was = (
        bill(tariff, LoadProfile.of_quarter_hours(slot_start(begin), known.loads_kw(first, run, otherwise_kw)), days).total_eur
        for run in runs
    )
    return float(without - as_it_was)


def _laid(load_kw: Mapping[datetime, float], first_slot: int, end_slot: int) -> Loads:
    """The load [kW] of the quarter hours ``[first_slot, end_slot)``; NaN where it is not known."""
    found = np.full(end_slot - first_slot, np.nan)
    for at, power_kw in load_kw.items():
        if first_slot <= slot_of(at) < end_slot:
            found[slot_of(at) - first_slot] = power_kw
    return found


def _history_kw(settings: DemoSettings, plant: Plant) -> dict[datetime, float]:
    """Import [kW] of the billing meter in the weeks before the run."""
    billing = plant.billing_meter()
    series = read_series(open_table(settings.history), QUARTER_HOURS)
    found = [one for one in series if billing is not None and (one.meter, one.channel) == (billing.id, IMPORT)]
    return {start: float(kw) for one in found for start, kw in zip(one.starts, one.power_kw(), strict=True) if kw is not None}
