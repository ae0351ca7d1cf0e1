"""What a photovoltaic system would draw less from the grid: a smooth typical year, not the weather of the year of the load.

The sun's height follows from latitude and time (declination by Cooper 1969, doi:10.1016/0038-092X(69)90047-4), the clear sky from Haurwitz (1945,
doi:10.1175/1520-0469(1945)002<0154:IIRTCO>2.0.CO;2): ``GHI = 1098 cos z exp(-0.057 / cos z)`` W/m2. The curve is scaled to the yield of a year, so clouds are
spread evenly over all days. Peaks of the grid come on dark days, so they are hardly lowered in truth: what it says of energy is fair, and
of the peak nothing is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from analysis.local_load import Floats, LocalLoad

LATITUDE, LONGITUDE = 50.0, 10.0
"""The middle of Germany [degrees]."""
YIELD_KWH_PER_KWP = 950.0
"""A usual yield of a year in Germany."""
SLOTS_PER_YEAR = 35_040


@dataclass(frozen=True, slots=True)
class Sun:
    """A photovoltaic system beside the load."""

    peak_kwp: float
    generated_kwh: float
    used_kwh: float
    """What the load takes of it at once."""
    after: LocalLoad
    """What the grid still delivers. Quarter hours within 2 % of the highest keep their load: no peak is claimed to fall."""


def beside(load: LocalLoad, peak_kwp: float, year_kwh_per_kwp: float = YIELD_KWH_PER_KWP) -> Sun:
    """The load beside a system of `peak_kwp`."""
    sun = generation(load, peak_kwp, year_kwh_per_kwp)
    used = np.clip(np.minimum(sun, load.kw), 0.0, None)
    highest = float(np.nanmax(load.kw))
    used = np.where(load.kw >= 0.98 * highest, 0.0, np.nan_to_num(used))
    there = ~np.isnan(load.kw)
    return Sun(peak_kwp, float(sun[there].sum()) / 4, float(used.sum()) / 4, load.with_kw(load.kw - used))


def generation(load: LocalLoad, peak_kwp: float, year_kwh_per_kwp: float) -> Floats:
    """Mean power of each quarter hour of the load [kW], shape ``(n,)``."""
    shape = _clear_sky(load.start_utc(0), len(load.kw))
    whole = _clear_sky(datetime(load.start_utc(0).year, 1, 1, tzinfo=UTC), SLOTS_PER_YEAR)
    return shape * peak_kwp * year_kwh_per_kwp / (float(whole.sum()) / 4)


def _clear_sky(start_utc: datetime, count: int) -> Floats:
    stamps = pd.date_range(start_utc, periods=count, freq="15min") + pd.Timedelta(minutes=7.5)
    day = stamps.dayofyear.to_numpy(dtype=float)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    hour = stamps.hour.to_numpy(dtype=float) + stamps.minute.to_numpy(dtype=float) / 60 + LONGITUDE / 15
    angle = np.radians(15 * (hour - 12))
    latitude = np.radians(LATITUDE)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    cos_z = np.maximum(height, 1e-3)
    return np.where(height > 1e-3, 1.098 * cos_z * np.exp(-0.057 / cos_z), 0.0)
