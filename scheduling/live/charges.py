"""Prices of the slots of one horizon: energy by its marginal price, and what a peak costs over the rest of its billing period.

A charge is due for the highest load of a month, a season or a year. A peak of the horizon costs something only as far as it passes both what
is billed already and what the rest of the period will reach anyway. That is not known; in each of a few equally likely cases it is a
number, and the planner gets one charge a case: a fifth of the price above that case's peak. Together they are the expected charge:
``price * E[max(F, peak)]`` is the mean over the cases of ``price * max(F, peak)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from billing.component import Component
from billing.energy_prices import energy_price_eur_per_kwh
from billing.tariff import Tariff
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc
from quarters.series import QuarterSeries
from scheduling.live.horizon import Horizon, Slots
from scheduling.live.known import SlotPrices
from scheduling.live.rest import SLOTS_PER_DAY, RestPeak
from scheduling.odds import CASES
from scheduling.planner.problem import DemandCharge


def slot_prices(tariff: Tariff, rest: Sequence[RestPeak], known: QuarterSeries, sunk_kw: float, horizon: Horizon) -> SlotPrices:
    """What load costs in the slots of `horizon`.

    Parameters
    ----------
    tariff
        With the day-ahead prices that have come.
    rest
        The peaks of the rest of each charge's period.
    known
        Imported energy of the billing meter.
    sunk_kw
        The peak billed already from before the first known quarter hour.
    """
    charges = [
        charge
        for peak in rest
        if (windows := _windows(peak.component, tariff, horizon)) is not None
        for charge in _charges(peak, _billed_kw(peak, tariff, known, sunk_kw, horizon), windows)
    ]
    return SlotPrices(energy_prices(tariff, horizon), tuple(charges))


def _charges(peak: RestPeak, billed_kw: float, windows: tuple[Slots, ...]) -> list[DemandCharge]:
    floor_kw = max(billed_kw, peak.price.floor_kw)
    price = peak.price.eur_per_kw / len(CASES)
    levels = [max(floor_kw, kw) for kw in peak.cases_kw]
    found: list[DemandCharge] = []
    for kw, same in groupby(sorted(levels)):
        found.append(
            DemandCharge(id=f"{peak.component.id} {len(found) + 1}", price_eur_per_kw=price * len(list(same)), incumbent_peak_kw=kw, windows=windows)
        )  # fmt: skip
    return found


def _billed_kw(peak: RestPeak, tariff: Tariff, known: QuarterSeries, sunk_kw: float, horizon: Horizon) -> float:
    """The highest quarter hour of the period so far in which the charge counts."""
    begin = slot_of(midnight_utc(peak.price.from_day, tariff.zone))
    loads = known.loads_kw(begin, horizon.first_slot)
    if peak.component.calendar is None:
        return max(float(np.nanmax(loads, initial=0.0)), sunk_kw)
    order = np.argsort(np.where(np.isnan(loads), -1.0, loads))[::-1]
    for place in order.tolist():
        if np.isnan(loads[place]):
            break
        if peak.component.holds_at(tariff.local(slot_start(begin + place))):
            return float(loads[place])
    return 0.0


def _windows(component: Component, tariff: Tariff, horizon: Horizon) -> tuple[Slots, ...] | None:
    """The slots in which a charge counts, as spans; None where there are none."""
    counts = [component.holds_at(tariff.local(horizon.instant(slot))) for slot in range(horizon.count)]
    spans, at = [], 0
    for holds, run in groupby(counts):
        length = len(list(run))
        spans += [(at, at + length)] if holds else []
        at += length
    return tuple(spans) or None


def energy_prices(tariff: Tariff, horizon: Horizon) -> tuple[float, ...]:
    """The price of each slot [EUR/kWh]; one that is not known yet is taken to be that of the day before, else the mean of the others.

    Where none is known all are 0: energy then says nothing for or against a slot.
    """
    prices = list(energy_price_eur_per_kwh(tariff, None, range(horizon.first_slot, horizon.first_slot + horizon.count)).eur_per_kwh)
    known = [price for price in prices if price is not None]
    mean = sum(known) / len(known) if known else 0.0
    for slot, price in enumerate(prices):
        if price is None:
            before = prices[slot - SLOTS_PER_DAY] if slot >= SLOTS_PER_DAY else None
            prices[slot] = mean if before is None else before
    return tuple(price for price in prices if price is not None)
