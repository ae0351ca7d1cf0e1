"""Measured and standard load profiles, each by the rules of its source, as quarter hours.

Nothing of them is kept: they are read where they lie. What is coarser than a quarter hour is taken as even within it; what is finer is
averaged; a gap stays a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.slots import Floats

QUARTER = pd.Timedelta(minutes=15)
SMALLEST_KW = 50.0
"""Profiles of a household's size are scaled up: forecasts are rounded to whole watts."""
TARGET_QUANTILE = 0.8
"""The target whose odds are judged is passed by one day's peak in five."""


@dataclass(frozen=True)
class Profile:
    """A load [kW] in quarter hours from `start_utc` on; nan where missing."""

    name: str
    says: str
    start_utc: pd.Timestamp
    power_kw: Floats
    timezone: str
    region: str | None
    is_plant: bool = False


def target_kw(profile: Profile) -> float:
    """The `TARGET_QUANTILE` of all days' peaks [kW]."""
    whole = profile.power_kw[: len(profile.power_kw) // 96 * 96].reshape(-1, 96)
    known = np.isfinite(whole).all(axis=1)
    return max(float(np.quantile(whole[known].max(axis=1), TARGET_QUANTILE)), 1e-3)


def profiles(data: Path) -> Iterator[Profile]:
    """Every profile under `data`; a folder that is not there is passed over."""
    steel = data / "steel_industry" / "steel_industry_jan_sep_2018.csv.gz"
    if steel.is_file():
        yield _steel(steel)
    german = data / "german_plant_2020" / "site_load_kw_15min_jan_jun.csv.gz"
    if german.is_file():
        power = pd.read_csv(german)["P_el"].to_numpy(float)
        start = pd.Timestamp("2020-01-01 00:00+01:00").tz_convert("UTC")
        yield Profile(
            "german plant", "German plant 2020, lockdown in spring", start, power, "Europe/Berlin", "DE-BW", is_plant=True
        )
    for path in sorted((data / "vdi4657_profiles" / "electrical_loadprofiles").glob("LP_*.csv.gz")):
        yield _vdi(path)
    for path in sorted((data / "opendsm_samples").glob("*-hourly.csv.gz")):
        yield _hourly(path)
    machines = data / "sme_machines" / "company_A_until_14_sep.csv.gz"
    if machines.is_file():
        yield from _machines(machines)


_PLANTS = {"LP_G_MV": "metal processing", "LP_G_G": "electroplating", "LP_G_MH": "furniture shop"}


def _steel(path: Path) -> Profile:
    """Stamps mark the end of each quarter hour, day first; ``0:00`` closes the day it is dated with."""
    raw = pd.read_csv(path, encoding="utf-8-sig")
    parts = raw["date"].str.split(" ", expand=True)
    day = pd.to_datetime(parts[0], format="%d/%m/%Y").dt.tz_localize("+09:00")
    clock = pd.to_timedelta(parts[1] + ":00")
    ends = day + clock.mask(clock == pd.Timedelta(0), pd.Timedelta(days=1))
    return _gridded(
        "steel", "steel plant, South Korea 2018", ends - QUARTER, raw["Usage_kWh"] * 4, "Asia/Seoul", "KR", is_plant=True
    )


def _vdi(path: Path) -> Profile:
    raw = pd.read_csv(path)
    key = path.name.removesuffix(".csv.gz")
    name = _PLANTS.get(key, key.removeprefix("LP_"))
    # The electroplating year is spliced: its weekend moves, and Christmas does not happen.
    region = None if key == "LP_G_G" else "DE-BW"
    return _gridded(
        name, f"VDI 4657 {key}", pd.to_datetime(raw["datetime"], utc=True), raw.iloc[:, 1], "Europe/Berlin", region, key in _PLANTS
    )


def _hourly(path: Path) -> Profile:
    raw = pd.read_csv(path)
    starts = pd.to_datetime(raw["start"], utc=True)
    repeated = pd.concat([starts + n * QUARTER for n in range(4)])
    name = "house " + ("with heating" if "hdd" in path.name else "with cooling")
    return _gridded(name, "simulated building, hourly", repeated, pd.concat([raw["value"]] * 4), "America/Chicago", "US-IL")


def _machines(path: Path) -> Iterator[Profile]:
    raw = pd.read_csv(path, parse_dates=["ts"])
    for asset, rows in raw.groupby("asset"):
        starts = rows["ts"].dt.floor("15min")
        yield _gridded(
            f"machine {asset}", "a machine of a small manufacturer, two weeks", starts, rows["power_avg"], "Europe/Rome", "IT"
        )


def _gridded(
    name: str, says: str, start: pd.Series, power_kw: pd.Series, timezone: str, region: str | None, is_plant: bool = False
) -> Profile:
    values = pd.Series(power_kw.to_numpy(float), index=pd.DatetimeIndex(start).tz_convert("UTC")).groupby(level=0).mean()
    grid = pd.date_range(values.index[0], values.index[-1], freq=QUARTER)
    kw = values.reindex(grid).to_numpy(float)
    largest = float(np.nanmax(kw))
    return Profile(name, says, grid[0], kw * (SMALLEST_KW / largest if largest < SMALLEST_KW else 1.0), timezone, region, is_plant)
