"""What the moved jobs were worth: the bill of the year without them minus the bill of the year with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.runs import saving_of_runs
from billing.tariff import load_tariff
from domain.channels import IMPORT
from domain.plant import Plant
from lastgang.demo.settings import DemoSettings
from quarters.profiles.grid import QUARTER_HOURS
from quarters.profiles.load import read_series
from quarters.profiles.table import open_table


def saving_eur_per_year(
    settings: DemoSettings, plant: Plant, with_kw: Mapping[datetime, float], without_kw: Mapping[datetime, float]
) -> float | None:
    """``bill(without) - bill(with)`` [EUR] of the local calendar year of the run (`billing.runs`).

    None where there is no tariff, it does not hold for the whole run, or no charge for power can be priced.
    """
    if plant.tariff is None:
        return None
    if not with_kw:
        return 0.0
    tariff = load_tariff(settings.plant_dir / plant.tariff.file)
    return saving_of_runs(plant, tariff, _history_kw(settings, plant), without_kw, with_kw)


def _history_kw(settings: DemoSettings, plant: Plant) -> dict[datetime, float]:
    """Import [kW] of the billing meter in the weeks before the run."""
    billing = plant.billing_meter()
    series = read_series(open_table(settings.history), QUARTER_HOURS)
    found = [one for one in series if billing is not None and (one.meter, one.channel) == (billing.id, IMPORT)]
    return {start: float(kw) for one in found for start, kw in zip(one.starts, one.power_kw(), strict=True) if kw is not None}
