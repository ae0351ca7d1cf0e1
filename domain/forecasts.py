"""What a site will draw, with odds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.facts import Facts
from domain.instants import LocalDay, QuarterStart, UtcInstant
from domain.intervals import QUARTER
from domain.texts import Key, Name
from domain.units import Amount, Count, Power, Share

Quantile = Annotated[tuple[Power, ...], Field(max_length=4 * 24 * 28)]
"""One quantile of the load [kW], a value a quarter hour; at most four weeks."""


@dataclass(frozen=True, slots=True)
class DayPeak:
    """Distribution of one local day's highest quarter hour [kW] and its likely start."""

    day_local: LocalDay
    """ISO date in the site's zone."""
    q10_kw: Power
    q50_kw: Power
    q90_kw: Power
    start_utc: UtcInstant
    above_target: Share
    """P(peak > target), 0..1."""


@dataclass(frozen=True, slots=True)
class PeriodPeak:
    """Distribution of the highest quarter hour [kW] of the billing period ``[starts_utc, ends_utc)``, what was drawn so far included."""

    starts_utc: UtcInstant
    ends_utc: UtcInstant
    so_far_kw: Power
    """Highest quarter hour of the period until the forecast was issued; 0 where none is known."""
    q10_kw: Power
    q50_kw: Power
    q90_kw: Power
    above_target: Share
    """P(peak of the period > target), 0..1; 1 once it has been passed."""


@dataclass(frozen=True, slots=True)
class ForecastQuarter:
    """What is forecast of one quarter hour: quantiles of its mean load [kW]."""

    start_utc: datetime
    q10_kw: float
    q50_kw: float
    q90_kw: float


@dataclass(frozen=True, slots=True)
class RungUse:
    """What one rung of the models is worth beside its electricity; figures of money and electricity are of 30 days.

    Attributes
    ----------
    served
        Whether it is part of the forecast.
    since_utc
        When it was switched on or off; None: never.
    joules
        Of one question to it [J], a published figure.
    days
        Past days that it was judged by; older ones count less.
    error_kw
        Mean quantile loss of the day's quarter hours by this rung alone [kW]; None where it was not judged yet.
    mixed_error_kw
        That of the mixture with it on the same days [kW].
    gain_eur, gain_within_eur
        What it takes off the expected error of the peak by the tariff's price of a kW, and the standard error of that [EUR];
        None where no price says, or too few days are known.
    cost_eur
        Of its electricity while it is served [EUR]; None where no price says.
    """

    rung: Key
    served: bool
    since_utc: UtcInstant | None
    joules: Amount
    kwh: Amount
    days: Amount = 0.0
    error_kw: Amount | None = None
    mixed_error_kw: Amount | None = None
    gain_eur: Amount | None = None
    gain_within_eur: Amount | None = None
    cost_eur: Amount | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles of a load for the quarter hours from `first_start_utc` on; arrays of equal length (192 for 48 h)."""

    site: Key
    issued_utc: UtcInstant
    first_start_utc: QuarterStart
    q10_kw: Quantile
    q50_kw: Quantile
    q90_kw: Quantile
    peaks: Annotated[tuple[DayPeak, ...], Field(max_length=100)]
    model: Name
    trained_until_utc: UtcInstant
    """End of the newest quarter hour that was known; days before `first_start_utc` where history was imported and nothing live follows it."""
    trained_on: Count
    """Quarter hours of history used."""
    score: Amount | None
    """Mean absolute error over that of last week's same quarter hour, over the last 28 days; below 1 is better."""
    cpu_ms: Amount = 0.0
    notes: Facts = field(default=())
    """What the reader must know, such as ``forecast.standard_profile``; `words.sentences` makes text of it."""
    meter: Name = ""
    """Whose load it is: a meter below the grid connection; empty: the site's."""
    period_peak: PeriodPeak | None = None
    """Of the billing period that holds `first_start_utc`; None where it is not known."""
    coverage: Share | None = None
    """Share of the last 28 days' quarter hours that fell within q10 .. q90; 0.8 is meant."""
    replayed: bool = False
    """Made afterwards, of what was known when it would have been issued: for looking back, not for acting."""
    rungs: Annotated[tuple[RungUse, ...], Field(max_length=100)] = ()
    """What each rung that can be switched is worth; empty where no tariff says what an error costs, and for meters below the grid connection."""

    def __post_init__(self) -> None:
        if not len(self.q10_kw) == len(self.q50_kw) == len(self.q90_kw):
            msg = f"quantiles of one length; q10_kw, q50_kw and q90_kw have {len(self.q10_kw)}, {len(self.q50_kw)} and {len(self.q90_kw)}"
            raise ValueError(msg)

    def quarters(self) -> tuple[ForecastQuarter, ...]:
        """Its quarter hours, in order of time."""
        quantiles = zip(self.q10_kw, self.q50_kw, self.q90_kw, strict=True)
        return tuple(ForecastQuarter(self.first_start_utc + n * QUARTER, *three) for n, three in enumerate(quantiles))

    @property
    def end_utc(self) -> datetime:
        """End of its last quarter hour."""
        return self.first_start_utc + len(self.q50_kw) * QUARTER
