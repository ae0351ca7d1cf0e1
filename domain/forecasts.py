"""What a site will draw, with odds."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.instants import UtcInstant


@dataclass(frozen=True, slots=True)
class DayPeak:
    """Distribution of one local day's highest quarter hour [kW] and its likely start."""

    day_local: str
    """ISO date in the site's zone."""
    q10_kw: float
    q50_kw: float
    q90_kw: float
    start_utc: UtcInstant
    above_target: float
    """P(peak > target), 0..1."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles of a site's load for the quarter hours from `first_start_utc` on; arrays of equal length (192 for 48 h)."""

    site: str
    issued_utc: UtcInstant
    first_start_utc: UtcInstant
    q10_kw: tuple[float, ...]
    q50_kw: tuple[float, ...]
    q90_kw: tuple[float, ...]
    peaks: tuple[DayPeak, ...]
    model: str
    trained_until_utc: UtcInstant
    trained_on: int
    """Quarter hours of history used."""
    score: float | None
    """Mean absolute error over that of last week's same quarter hour, over what has been scored; below 1 is better."""
    cpu_ms: float = 0.0
    notes: tuple[str, ...] = field(default=())
    """What the reader must know, e.g. ``too little history: standard profile``."""
