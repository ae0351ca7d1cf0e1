"""How high the rest of a billing period will come: what a peak today must pass to cost anything in the end.

In: known quarter hours, a tariff's charges for power, how long their periods still last.  Out: of each charge a few equally likely peaks [kW] of
the quarter hours that lie beyond the horizon.

The weeks to come are taken to be as the known ones were: their highest quarter hours, the older ones counting less, smoothed, and raised to
the number of weeks left. Weeks are taken whole because the days of one are alike. With less than three of them days stand for weeks; with less
than three days nothing is expected of the rest of the period.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from billing.component import Component
from billing.demand.price import DemandPrice
from billing.tariff import Tariff
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc
from quarters.series import QuarterSeries
from scheduling.odds import CASES

Floats = npt.NDArray[np.float64]
FEWEST = 3
"""Weeks, or days, that say something of those to come."""
MOST_WEEKS = 12
WEEK_FADES = 0.93
"""What a week counts less than the one after it."""
SLOTS_PER_DAY, SLOTS_PER_WEEK = 96, 7 * 96
_KERNEL = np.array([NormalDist().inv_cdf((n + 0.5) / 9) for n in range(9)])


@dataclass(frozen=True, slots=True)
class RestPeak:
    """The peak of the quarter hours of one charge's period that lie beyond the horizon, in equally likely cases."""

    component: Component
    price: DemandPrice
    end_slot: int
    """First quarter hour after its period."""
    beyond_slot: int | None
    """A quarter hour beyond the horizon in which it counts; None where the period has none."""
    cases_kw: tuple[float, ...]
    """One for each of `scheduling.odds.CASES`; 0 where nothing is left of the period."""


def rest_peaks(tariff: Tariff, known: QuarterSeries, first_slot: int, beyond_slot: int) -> tuple[RestPeak, ...]:
    """Of each charge for power that holds when the horizon begins.

    Parameters
    ----------
    known
        Imported energy of the billing meter.
    first_slot, beyond_slot
        The first quarter hour that is planned, and the first one after the horizon.
    """
    day = tariff.local(slot_start(first_slot)).date()
    found = []
    for component in tariff.components:
        price = component.demand_price(day, ()) if component.holds_on(day) else None
        if price is not None and price.eur_per_kw > 0:
            found.append(_rest(component, price, tariff, known, first_slot, beyond_slot))
    return tuple(found)


def _rest(
    component: Component, price: DemandPrice, tariff: Tariff, known: QuarterSeries, first_slot: int, beyond_slot: int
) -> RestPeak:  # fmt: skip
    end_slot = slot_of(midnight_utc(price.to_day, tariff.zone))
    there = next(
        (slot for slot in range(beyond_slot, min(end_slot, beyond_slot + 60 * SLOTS_PER_DAY)) if _counts(component, tariff, slot)),
        None,
    )
    left = end_slot - beyond_slot
    if there is None or left <= 0:
        return RestPeak(component, price, end_slot, None, tuple(0.0 for _ in CASES))
    highest, weights, step = _past(component, tariff, known, first_slot)
    cases = () if not len(highest) else quantiles_of_highest(highest, weights, max(left / step, 1.0))
    return RestPeak(component, price, end_slot, there, cases or tuple(0.0 for _ in CASES))


def _counts(component: Component, tariff: Tariff, slot: int) -> bool:
    return component.calendar is None or component.holds_at(tariff.local(slot_start(slot)))


def _past(component: Component, tariff: Tariff, known: QuarterSeries, first_slot: int) -> tuple[Floats, Floats, int]:
    """Highest quarter hours of past weeks (or days) in which the charge counts, oldest first, their weights, and their length [quarter hours]."""
    loads = known.loads_kw(first_slot - MOST_WEEKS * SLOTS_PER_WEEK, first_slot)
    if component.calendar is not None:
        begin = first_slot - len(loads)
        counts = np.array(
            [_counts(component, tariff, begin + n) if known_kw == known_kw else False for n, known_kw in enumerate(loads)]
        )
        loads = np.where(counts, loads, np.nan)
        whole = counts
    else:
        whole = np.isfinite(loads)
    for step in (SLOTS_PER_WEEK, SLOTS_PER_DAY):
        parts, there = loads.reshape(-1, step), whole.reshape(-1, step).any(axis=1)
        if component.calendar is None:
            there &= np.isfinite(parts).mean(axis=1) > 0.5
        if there.sum() >= FEWEST:
            highest = np.nanmax(parts[there], axis=1)
            ages = (len(parts) - 1 - np.flatnonzero(there)) * step / SLOTS_PER_WEEK
            return highest, WEEK_FADES**ages, step
    return np.empty(0), np.empty(0), SLOTS_PER_DAY


def quantiles_of_highest(highest_kw: Floats, weights: Floats, length_factor: float) -> tuple[float, ...]:
    """The highest of `length_factor` draws from a few values, at the levels of `CASES`.

    Each value is smoothed by a normal kernel (Silverman's width), so that the highest may pass all of them.
    """
    weights = weights / weights.sum()
    middle = float((highest_kw * weights).sum())
    spread = float(np.sqrt((weights * (highest_kw - middle) ** 2).sum()))
    width = max(0.9 * spread * float((weights**2).sum()) ** 0.2, 0.002 * abs(middle))
    draws = np.maximum(highest_kw[:, None] + width * _KERNEL, 0.0).ravel()
    order = np.argsort(draws)
    share = np.cumsum(np.repeat(weights / len(_KERNEL), len(_KERNEL))[order])
    levels = np.array(CASES) ** (1.0 / length_factor)
    places = np.minimum(np.searchsorted(share, levels * share[-1] * (1 - 1e-9)), len(draws) - 1)
    return tuple(float(kw) for kw in draws[order][places])
