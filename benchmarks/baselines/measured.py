"""Measured loads, and simulated buildings on measured weather, from which blocks are held out. None of them is kept.

A block of eight weeks is the reporting period: a saving is put into it, the baseline learns from the other days, less a week on either side.
What the meter would have drawn is measured, so the true saving is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from baselines.rows import Flags, Floats, Rows, days_of
from benchmarks.forecast.profiles import Profile, profiles
from billing.load import LoadProfile
from domain.calendars import is_holiday
from domain.plant import Site
from quarters.profiles.beside import ByDay

BLOCK_DAYS, GAP_DAYS = 56, 7
FEWEST_DAYS = 112
"""Of the days that a baseline learns from."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """One block of one load."""

    name: str
    rows: Rows
    """All days, as measured."""
    block: Flags
    learned: Flags
    zone: ZoneInfo


def loads(data: Path) -> Iterator[tuple[str, Rows, ZoneInfo]]:
    """The loads under `data` by local day; the buildings with their weather, each twice: before and after its own change of level."""
    for profile in profiles(data):
        if profile.name.startswith("machine "):
            continue  # two weeks
        zone = ZoneInfo(profile.timezone)
        is_house = profile.name.startswith("house")
        weather = _weather(data / "opendsm_samples" / "il-tempF.csv.gz", zone) if is_house else None
        rows = _days(profile, zone, weather)
        if is_house:
            # The samples hold a measure of their own somewhere in the winter of 2016: its neighbourhood belongs to neither part.
            for part, first, end in (("a", None, date(2016, 11, 22)), ("b", date(2017, 2, 8), None)):
                yield f"{profile.name}, part {part}", rows.where(rows.between(first, end)), zone
        else:
            yield profile.name, rows, zone


def held_out(name: str, rows: Rows, zone: ZoneInfo) -> Iterator[HeldOut]:
    """Each whole block of eight weeks of a load that leaves enough days to learn from."""
    number = np.array([(day - rows.days[0]).days for day in rows.days])
    for first in range(0, int(number[-1]) + 2 - BLOCK_DAYS, BLOCK_DAYS):
        block = (number >= first) & (number < first + BLOCK_DAYS) & rows.usable
        learned = ((number < first - GAP_DAYS) | (number >= first + BLOCK_DAYS + GAP_DAYS)) & rows.usable
        if block.sum() >= BLOCK_DAYS // 2 and learned.sum() >= FEWEST_DAYS:
            yield HeldOut(name, rows, block, learned, zone)


def _days(profile: Profile, zone: ZoneInfo, weather: ByDay | None) -> Rows:
    load = LoadProfile.of_quarter_hours(profile.start_utc.to_pydatetime(), profile.power_kw)
    site = Site.model_validate(
        {"id": "s", "timezone": profile.timezone, "commissioned_utc": "2000-01-01T00:00:00Z", "holiday_region": profile.region}
    )
    return days_of(load, zone, lambda day: is_holiday(day, site), weather)


def _weather(path: Path, zone: ZoneInfo) -> ByDay:
    raw = pd.read_csv(path)
    local = pd.to_datetime(raw["dt"], utc=True).dt.tz_convert(zone)
    celsius = (raw["tempF"] - 32) / 1.8
    means = celsius.groupby(local.dt.date).mean()
    return {day: float(value) for day, value in zip(means.index, means, strict=True)}


def real_weather(data: Path) -> tuple[date, Floats] | None:
    """Two years of measured days of Illinois [°C] and the first of them; None where the file is not there."""
    path = data / "opendsm_samples" / "il-tempF.csv.gz"
    if not path.is_file():
        return None
    known = _weather(path, ZoneInfo("America/Chicago"))
    first = min(known) + timedelta(days=1)
    days = [first + timedelta(days=place) for place in range(730)]
    return first, np.array([known[day] for day in days])
