"""The standard load profiles beside the published profiles, and what a load type is worth to a measured steel plant."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import UTC, date, datetime

import numpy as np
import pytest
from exam_folder import exam_file

from domain.plant import Plant, Sector
from forecasting.days import SiteDays
from forecasting.first_day import profile_of
from forecasting.grid import Grid, lay_out
from forecasting.jobs import job_loads
from forecasting.regression import NAME, known_inputs
from forecasting.slots import SLOTS_PER_DAY, Floats
from forecasting.table import bare_plant
from forecasting.two_step import two_step
from quarters.numbers import slot_of

BY_CODE = {
    "g0": Sector.BUSINESS, "g1": Sector.OFFICE, "g2": Sector.EVENING, "g3": Sector.CONTINUOUS, "g4": Sector.SHOP,
    "g5": Sector.BAKERY, "g6": Sector.WEEKEND, "h0": Sector.HOUSEHOLD, "l0": Sector.FARM,
}  # fmt: skip


@pytest.mark.parametrize("code", BY_CODE)
def test_the_standard_load_profiles_are_those_of_the_sectors(code: str) -> None:
    """Correlation over the quarter hours of a mean working day, Saturday and Sunday of the published profile."""
    sums: dict[tuple[int, int], list[float]] = defaultdict(list)
    with exam_file("data/bdew_and_try/selp_series.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row[""] if "" in row else next(iter(row.values())))
            sums[max(at.weekday() - 4, 0), at.hour * 4 + at.minute // 15].append(float(row[code]))
    published = np.array([[np.mean(sums[kind, quarter]) for quarter in range(96)] for kind in range(3)])
    own = {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "holiday_region": "DE-BW"}
    plant = Plant.model_validate({"site": {**own, "sector": BY_CODE[code]}})
    days = SiteDays(plant)
    ours = np.array(
        [profile_of(plant, days.day(day)).sum(axis=1) for day in (date(2026, 4, 22), date(2026, 4, 25), date(2026, 4, 26))]
    )
    assert np.corrcoef(ours[0], published[0])[0, 1] > 0.93
    assert np.corrcoef(ours.ravel(), published.ravel())[0, 1] > 0.93
    assert ours[0].max() == pytest.approx(1.0, abs=0.1)


def steel_with_load_type() -> Grid:
    """The steel plant's loads by Korean local days, and its load type as what was planned."""
    with gzip.open(exam_file("data/steel_industry/steel_industry_jan_sep_2018.csv.gz"), "rt", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    load_kw = np.array([float(row["Usage_kWh"]) * 4 for row in rows])
    levels = {"Light_Load": 0.0, "Medium_Load": 1.0, "Maximum_Load": 2.0}
    planned = np.array([levels[row["Load_Type"]] for row in rows])
    first = slot_of(datetime(2017, 12, 31, 15, tzinfo=UTC))  # stamps are interval ends: the first is 0:15 on 1 January in Seoul
    days = SiteDays(bare_plant("Asia/Seoul", "KR"))
    known = len(load_kw) - 2 * SLOTS_PER_DAY
    return lay_out(
        days, first, load_kw[:known], np.ones(known), first + known, job_loads([]), {"planned_load_type": planned}
    )  # fmt: skip


def day_ahead_error(grid: Grid, forecasts: dict[int, Floats]) -> float:
    return float(np.mean([np.abs(grid.load_kw[at:][:SLOTS_PER_DAY] - kw[:SLOTS_PER_DAY]).mean() for at, kw in forecasts.items()]))


def test_the_steel_plants_load_type_is_worth_a_tenth_to_a_regression() -> None:
    """Day-ahead from the midnights of 16 weeks, against the load profiles by kind of day that know the calendar only."""
    grid = steel_with_load_type()
    origins = [grid.origin - SLOTS_PER_DAY * n for n in range(1, 113)]
    knowing = {at: found[NAME][1] for at, found in known_inputs(grid, origins).items()}
    without = two_step(grid, origins)
    assert len(knowing) == len(without) == 112
    assert day_ahead_error(grid, knowing) < 0.9 * day_ahead_error(grid, without)
