"""What a measure saved: predicted less measured, with its interval, its money and CO2; claimed only where the data carry it.

In: a `Baseline` of the days before a measure, the days after it.  Out: a `Saving`. It is claimed where the baseline's fit and both periods'
coverage hold, the days after it are within what the baseline has seen, and twice the standard deviation is less than the saving: the rule of
ASHRAE Guideline 14-2014, 4.1.2 (uncertainty below half of the saving at 68 % confidence). Otherwise the figures stand beside the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from baselines.fitting import Baseline
from baselines.interval import Spread, spread_of
from baselines.model import Design
from baselines.rows import Flags, Floats, Rows
from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from domain.effects import Figure
from domain.emission_factors import EmissionFactor
from domain.facts import Fact, fact
from domain.measures import Event, Measure
from quarters.periods import day_span

FEWEST_REPORTED = 28
COVERED = 0.9
"""Share of the days of a period that must be known: CalTRACK 2.2.1.2."""
_BEYOND, _MARGIN = 0.1, 0.1
_DEVIATIONS = 2.0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a non-routine event changed: its days are left out, or what it added is taken off."""

    name: str
    first: date
    last: date
    days: int
    kwh: float | None
    """Taken off what was measured [kWh]; None: its days are left out."""


@dataclass(frozen=True, eq=False)
class Saving:
    """What became of one measure on one meter.

    Attributes
    ----------
    first, end
        Local days ``[first, end)`` of its reporting period.
    days
        Days of it that count.
    expected_kwh
        What the baseline predicts for them.
    measured_kwh
        What was drawn on them, less what events added.
    saved_kwh
        With the interval that holds the true saving in 80 % of cases; below zero: more was drawn.
    saved_eur
        At the price of one more kWh; None where a day has none. No demand charge is in it.
    saved_co2_kg
        None where no factor was given.
    refusals
        Why nothing is claimed; empty: it is.
    """

    measure: Measure
    first: date
    end: date
    days: int
    expected_kwh: float
    measured_kwh: float
    saved_kwh: Figure
    spread: Spread
    saved_eur: Figure | None
    saved_co2_kg: Figure | None
    factor: EmissionFactor | None
    adjustments: tuple[Adjustment, ...]
    refusals: tuple[Fact, ...]
    day_list: tuple[date, ...]
    """The days that count, shape ``(days,)``."""
    expected_day_kwh: Floats
    measured_day_kwh: Floats

    @property
    def claimed(self) -> bool:
        """Whether the data carry it."""
        return not self.refusals

    @property
    def share(self) -> Figure:
        """Of what was expected."""
        whole = self.expected_kwh
        return Figure(
            *(value / whole if whole else 0.0 for value in (self.saved_kwh.value, self.saved_kwh.low, self.saved_kwh.high))
        )

    @property
    def cusum_kwh(self) -> Floats:
        """Energy saved up to and with each day that counts [kWh], shape ``(days,)``."""
        return np.cumsum(self.expected_day_kwh - self.measured_day_kwh)


def saving_of(
    baseline: Baseline, rows: Rows, measure: Measure, end: date, events: Sequence[Event], zone: ZoneInfo,
    tariff: Tariff | None = None, factor: EmissionFactor | None = None,
) -> Saving | None:  # fmt: skip
    """What `measure` saved until `end`; None where not one day of its reporting period can be compared.

    Parameters
    ----------
    rows
        All days of the meter.
    end
        First local day that no longer counts: where the data end, or another measure begins.
    """
    period = rows.between(measure.acts_from, end)
    left_out, taken_off, adjustments = _adjusted(rows, period, events)
    counts = period & rows.usable & ~left_out
    if not counts.any():
        return None
    reported = rows.where(counts)
    design = Design(reported, baseline.trained.design)
    expected = baseline.model.predicted_kw(design) * reported.hours
    measured = reported.energy_kwh - taken_off[counts]
    spread = spread_of(baseline.trained, baseline.model, list(baseline.fits), reported, design)
    saved, half = float((expected - measured).sum()), spread.half_width_kwh()
    figure = Figure(saved, saved - half, saved + half)
    days = (end - measure.acts_from).days
    refusals = (*baseline.refusals, *_refusals(baseline, reported, days - int((period & left_out).sum())))
    return Saving(
        measure, measure.acts_from, end, len(reported), float(expected.sum()), float(measured.sum()), figure, spread,
        _money(tariff, reported, expected, figure, zone), None if factor is None else _times(figure, factor.g_per_kwh / 1000), factor,
        adjustments, (*refusals, *_uncertain(saved, spread)), reported.days, expected, measured,
    )  # fmt: skip


def _adjusted(rows: Rows, period: Flags, events: Sequence[Event]) -> tuple[Flags, Floats, tuple[Adjustment, ...]]:
    """Which days are left out, what is taken off each day [kWh], and the account of both."""
    left_out, taken_off, found = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows)), []
    for event in events:
        mine = rows.between(event.first, event.last + timedelta(days=1)) & period
        if not mine.any():
            continue
        if event.kwh_per_day is None:
            left_out |= mine
        else:
            taken_off[mine] += event.kwh_per_day
        counted = int((mine & rows.usable).sum())
        kwh = None if event.kwh_per_day is None else event.kwh_per_day * counted
        found.append(Adjustment(event.name, event.first, event.last, counted, kwh))
    return left_out, taken_off, tuple(found)


def _refusals(baseline: Baseline, reported: Rows, days: int) -> list[Fact]:
    found = []
    if len(reported) < FEWEST_REPORTED:
        found.append(fact("baseline.few_reported", days=float(len(reported)), needed=float(FEWEST_REPORTED)))
    elif len(reported) < COVERED * days:
        found.append(fact("baseline.reported_coverage", covered=len(reported) / days, needed=COVERED))
    learned = baseline.trained.rows
    for name, was, now in _conditions(baseline, learned, reported):
        low, high = float(was.min()), float(was.max())
        margin = _MARGIN * (high - low)
        beyond = float(((now < low - margin) | (now > high + margin)).mean())
        if beyond > _BEYOND:
            found.append(fact("baseline.beyond", series=name, beyond=beyond))
    return found


def _conditions(baseline: Baseline, learned: Rows, reported: Rows) -> list[tuple[str, Floats, Floats]]:
    found = []
    if learned.temperature_c is not None and reported.temperature_c is not None:
        found.append(("temperature", learned.temperature_c, reported.temperature_c))
    return found + [(name, learned.drivers[name], reported.drivers[name]) for name in baseline.model.form.drivers]


def _uncertain(saved_kwh: float, spread: Spread) -> list[Fact]:
    within = _DEVIATIONS * spread.deviation_kwh
    if saved_kwh < -within:
        return [fact("baseline.more", more_kwh=-saved_kwh)]
    return [] if saved_kwh > within else [fact("baseline.uncertain", saved_kwh=saved_kwh, within_kwh=within)]


def _times(figure: Figure, factor: float) -> Figure:
    return Figure(*sorted((figure.value * factor, figure.low * factor, figure.high * factor))) if factor < 0 else Figure(
        figure.value * factor, figure.low * factor, figure.high * factor
    )  # fmt: skip


def _money(tariff: Tariff | None, reported: Rows, expected_kwh: Floats, saved: Figure, zone: ZoneInfo) -> Figure | None:
    """The saving at the mean price of the days, each day's hours weighed alike and the days by what was expected of them."""
    if tariff is None:
        return None
    prices = [_price_eur_per_kwh(tariff, day, zone) for day in reported.days]
    known = [price for price in prices if price is not None]
    weight = float(expected_kwh.sum())
    if len(known) < len(prices) or weight == 0:
        return None
    return _times(saved, float(np.array(known) @ expected_kwh) / weight)


def _price_eur_per_kwh(tariff: Tariff, day: date, zone: ZoneInfo) -> float | None:
    start, end = day_span(day, zone)
    prices = []
    while start < end:
        price = marginal_energy_price_eur_per_kwh(tariff, start)
        if price is None:
            return None
        prices.append(price)
        start += timedelta(hours=1)
    return sum(prices) / len(prices)
