"""What the moved jobs were worth: the bill of the year without them minus the bill of the year with them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime

import numpy as np

from billing.bill import bill
from billing.load import LoadProfile
from billing.site import SitePrices
from billing.tariff import load_tariff
from domain.channels import IMPORT
from domain.intervals import QUARTER, QUARTERS_PER_HOUR
from domain.plant import Plant
from lastgang.demo.settings import DemoSettings
from quarters.periods import known_peak_kw


def saving_eur_per_year(
    settings: DemoSettings, plant: Plant, with_kw: Mapping[datetime, float], without_kw: Mapping[datetime, float]
) -> float | None:
    """``bill(without) - bill(with)`` [EUR] of the local calendar year of the run, of the charges that the plant's active energy can price.

    None where there is no tariff, it does not hold for the whole run, or no charge for power can be priced.

    Quarter hours are those of the history and of the run; all others of the year stand at the mean of the history, the same in both
    bills, and one of them at the peak that was billed before the history began. What was billed already is sunk: moves that stay
    below it are worth nothing.
    """
    if plant.tariff is None:
        return None
    if not with_kw:
        return 0.0
    priced = SitePrices(load_tariff(settings.plant_dir / plant.tariff.file), frozenset()).of(sorted(with_kw))
    if priced is None or not priced.demand_known:
        return None
    tariff = priced.tariff
    year = min(with_kw).astimezone(tariff.zone).year
    period = (max(date(year, 1, 1), tariff.valid_from), min(date(year + 1, 1, 1), tariff.valid_to))
    start, end = (datetime(day.year, day.month, day.day, tzinfo=tariff.zone).astimezone(UTC) for day in period)
    history = {at: power for at, power in _history_kw(settings, plant).items() if start <= at < end}
    totals = []
    for run in (without_kw, with_kw):
        powers = np.full((end - start) // QUARTER, np.nan)
        for at, power in {**history, **run}.items():
            if start <= at < end:
                powers[(at - start) // QUARTER] = power
        unknown = np.flatnonzero(np.isnan(powers))
        powers[unknown] = float(np.mean(list(history.values()))) if history else 0.0
        if len(unknown):
            powers[unknown[0]] = max(known_peak_kw(plant.site, min(with_kw)), powers[unknown[0]])
        totals.append(bill(tariff, LoadProfile.of_quarter_hours(start, powers), period).total_eur)
    return float(totals[0] - totals[1])


def _history_kw(settings: DemoSettings, plant: Plant) -> dict[datetime, float]:
    """Import [kW] of the billing meter in the weeks before the run."""
    billing = plant.billing_meter()
    with settings.history.open(newline="", encoding="utf-8") as file:
        return {
            datetime.fromisoformat(row["start_utc"]): float(row["energy_kwh"]) * QUARTERS_PER_HOUR
            for row in csv.DictReader(file)
            if billing is not None and row["meter"] == billing.id and row["channel"] == IMPORT
        }
