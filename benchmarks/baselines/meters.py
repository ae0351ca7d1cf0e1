"""Meters of our own whose true saving is known: two years of days, weather, production, noise that lasts.

A measure begins after the first year and saves the same share of every day. The true saving is what the meter would have drawn without it,
less what it drew; the baseline sees the second only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from baselines.rows import Rows

Floats = npt.NDArray[np.float64]
KINDS = (
    "heated hall",
    "cooled hall",
    "heated and cooled",
    "production",
    "production and weather",
    "calendar only",
    "hidden driver",
)
FIRST = date(2023, 1, 2)
YEAR = 365
NOISES = (0.03, 0.08, 0.15)
"""Standard deviation of a day's noise, as a share of the mean."""
PERSISTENCE = (0.2, 0.5, 0.8)
"""Correlation of a day's noise with that of the day before."""


@dataclass(frozen=True, eq=False)
class Known:
    """A meter, and what it would have drawn without the measure [kW], shape ``(n,)``."""

    kind: str
    rows: Rows
    without_kw: Floats
    share: float
    """Of every day's energy that the measure saves."""
    measure: date
    persistence: float
    """Correlation of a day's noise with that of the day before."""
    drifts: bool
    """Whether the level walks at random: about 1 % in a year."""


def meter(kind: str, seed: int, share: float, temperature_c: Floats | None = None, first: date = FIRST) -> Known:
    """One meter.

    Parameters
    ----------
    temperature_c
        Measured weather from `first` on; None: drawn.
    """
    rng = np.random.default_rng([KINDS.index(kind), seed])
    n = 2 * YEAR if temperature_c is None else len(temperature_c)
    days = tuple(first + timedelta(days=place) for place in range(n))
    weather = _weather(rng, days) if temperature_c is None else temperature_c
    code = np.array([{5: 1, 6: 2}.get(day.weekday(), 0) for day in days], dtype=np.int64)
    works = np.select([code == 0, code == 1], [1.0, rng.uniform(0.2, 0.7)], rng.uniform(0.0, 0.3))
    pieces = np.rint(rng.uniform(300, 3000) * works * np.exp(0.2 * _persistent(rng, n, 0.7)))
    size = rng.uniform(30, 400)
    load = size * (rng.uniform(0.3, 0.8) + rng.uniform(0.2, 0.7) * works)
    heats, cools = rng.uniform(0.01, 0.05), rng.uniform(0.01, 0.05)
    if kind in ("heated hall", "heated and cooled"):
        load = load + size * heats * np.maximum(rng.uniform(13, 18) - weather, 0) * (0.6 + 0.4 * works)
    if kind in ("cooled hall", "heated and cooled", "production and weather"):
        load = load + size * cools * np.maximum(weather - rng.uniform(15, 21), 0)
    if kind in ("production", "production and weather"):
        load = load + size * rng.uniform(0.3, 1.0) * pieces / 2000
    if kind == "hidden driver":
        load = load * np.exp(0.08 * _persistent(rng, n, 0.97))
    persistence, drifts = float(rng.choice(PERSISTENCE)), bool(rng.integers(2))
    noise = rng.choice(NOISES) * _persistent(rng, n, persistence)
    drift = np.cumsum(rng.normal(0, 0.0005, n)) * drifts
    load = load * np.maximum(1 + noise + drift, 0.1)
    place = YEAR
    drawn = load * np.where(np.arange(n) >= place, 1 - share, 1.0)
    has_weather = kind not in ("production", "calendar only", "hidden driver")
    drivers = {"pieces": pieces} if kind.startswith("production") else {}
    rows = Rows(days, np.full(n, 24.0), drawn, code, weather if has_weather else None, drivers)
    return Known(kind, rows, load, share, days[place], persistence, drifts)


def _weather(rng: np.random.Generator, days: tuple[date, ...]) -> Floats:
    """Days of a climate as in the middle of Europe, each year a little warmer or colder than the other."""
    of_year = np.array([day.timetuple().tm_yday for day in days])
    year = np.array([day.year - days[0].year for day in days])
    offset = rng.normal(0, 0.7, int(year[-1]) + 1)[year]
    found: Floats = 10 - 9 * np.cos(2 * np.pi * (of_year - 20) / 365.25) + offset + 4 * _persistent(rng, len(days), 0.75)
    return found


def _persistent(rng: np.random.Generator, n: int, rho: float) -> Floats:
    """Autoregressive noise of standard deviation 1, shape ``(n,)``."""
    found = np.empty(n)
    value = rng.normal()
    for place, step in enumerate(rng.normal(0, np.sqrt(1 - rho**2), n)):
        value = rho * value + step
        found[place] = value
    return found
