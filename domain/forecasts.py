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
class PeriodPeak:
    """Distribution of the highest quarter hour [kW] of the billing period ``[starts_utc, ends_utc)``, what was drawn so far included."""

    starts_utc: UtcInstant
    ends_utc: UtcInstant
    so_far_kw: float
    """Highest quarter hour of the period until the forecast was issued; 0 where none is known."""
    q10_kw: float
    q50_kw: float
    q90_kw: float
    above_target: float
    """P(peak of the period > target), 0..1; 1 once it has been passed."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles of a load for the quarter hours from `first_start_utc` on; arrays of equal length (192 for 48 h)."""

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
    """Mean absolute error over that of last week's same quarter hour, over the last 28 days; below 1 is better."""
    cpu_ms: float = 0.0
    notes: tuple[str, ...] = field(default=())
    """What the reader must know, e.g. ``too little history: standard profile``."""
    meter: str = ""
    """Whose load it is: a meter below the grid connection; empty: the site's."""
    period_peak: PeriodPeak | None = None
    """Of the billing period that holds `first_start_utc`; None where it is not known."""
    coverage: float | None = None
    """Share of the last 28 days' quarter hours that fell within q10 .. q90; 0.8 is meant."""
    replayed: bool = False
    """Made afterwards, of what was known when it would have been issued: for looking back, not for acting."""
