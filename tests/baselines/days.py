"""Days of meters for the tests of baselines: drawn with a seed, with a known answer."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from baselines.rows import Rows
from domain.measures import Measure

FIRST = date(2023, 1, 2)


def heated(
    days: int = 730, seed: int = 1, noise: float = 0.03, share: float = 0.0, from_day: int = 365, known_weather: bool = True
) -> Rows:
    """100 kW on working days, 40 on others, 3 kW for each degree below 15 °C; from `from_day` on less by `share`."""
    rng = np.random.default_rng(seed)
    dates = tuple(FIRST + timedelta(days=place) for place in range(days))
    number = np.arange(days)
    weather = 10 - 10 * np.cos(2 * np.pi * number / 365.25) + rng.normal(0, 3, days)
    kind = np.array([{5: 1, 6: 2}.get(day.weekday(), 0) for day in dates], dtype=np.int64)
    kw = np.where(kind == 0, 100.0, 40.0) + 3 * np.maximum(15 - weather, 0)
    kw = kw * (1 + rng.normal(0, noise, days)) * np.where(number >= from_day, 1 - share, 1.0)
    return Rows(dates, np.full(days, 24.0), kw, kind, weather if known_weather else None)


def made(days: int = 500, seed: int = 1) -> Rows:
    """20 kW and 0.02 kW for each of some thousand pieces a day; nothing is made at weekends."""
    rng = np.random.default_rng(seed)
    dates = tuple(FIRST + timedelta(days=place) for place in range(days))
    kind = np.array([{5: 1, 6: 2}.get(day.weekday(), 0) for day in dates], dtype=np.int64)
    pieces = np.where(kind == 0, np.rint(rng.uniform(1000, 4000, days)), 0.0)
    return Rows(dates, np.full(days, 24.0), 20 + 0.02 * pieces + rng.normal(0, 1, days), kind, None, {"pieces": pieces})


def measure(day: int = 365, **changes: object) -> Measure:
    """A measure that begins on the day with that number."""
    return Measure.model_validate({"id": "led", "begins": FIRST + timedelta(days=day), **changes})
