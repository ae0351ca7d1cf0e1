"""Who made a new highest quarter hour of the billing period, what was advised for it, and what it costs until the period's end.

In: the quarter hour, the loads of the site and of machines with a meter of their own, jobs, recommendations, a tariff.  Out: `domain.effects.Autopsy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np

from billing.tariff import Tariff
from domain.effects import Autopsy, PeakShare
from domain.intervals import IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.recommendations import Recommendation, RecommendationStatus
from effects.bills import Bills
from effects.series import Powers
from effects.usual import Usual, usual_of
from quarters.numbers import slot_start
from quarters.periods import billing_period

FOLLOWED = (RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)


def autopsy(
    plant: Plant, tariff: Tariff | None, slot: int, before_kw: float, load: Powers, machines: Mapping[str, Powers],
    orders: Iterable[Order], advice: Iterable[Recommendation], at_utc: datetime, quality: IntervalQuality = IntervalQuality.MEASURED,
) -> Autopsy:  # fmt: skip
    """The autopsy of quarter hour `slot`, revision 0.

    Parameters
    ----------
    before_kw
        The highest quarter hour of the billing period before it [kW].
    load
        The billing meter's import, with `slot` in it.
    machines
        Of those that have a meter of their own.
    """
    at = slot_start(slot)
    peak_kw = float(load.between(slot, slot + 1).kw[0])
    usual = usual_of(slot, plant.site)
    running = {order.machine: order.job for order in orders if _runs(order, at)}
    shares, unknown = [], []
    for name, powers in machines.items():
        kw = float(powers.between(slot, slot + 1).sound_kw[0])
        if np.isfinite(kw):
            shares.append(PeakShare(name, round(kw, 3), _rounded(usual.kw(powers)), running.get(name, "")))
        else:
            unknown.append(name)
    shares.sort(key=lambda one: (-(one.kw if one.above_usual_kw is None else one.above_usual_kw), one.machine))
    named = [one for one in advice if one.peak_start_utc == at or _for_day(one, at, plant)]
    rest = None if unknown else round(peak_kw - sum(one.kw for one in shares), 3)
    return Autopsy(
        plant.site.id, at, 0, at_utc, round(peak_kw, 3), round(before_kw, 3), quality, billing_period(plant.site, at).end_utc, tuple(shares), rest,
        rest_usual_kw=_rest_usual(usual, load, shares), unknown=tuple(unknown), advised=tuple(one.recommendation for one in named)[:100],
        followed=tuple(one.recommendation for one in named if one.status in FOLLOWED)[:100],
        cost_eur=_cost_eur(plant, tariff, slot, before_kw, load), usual_days=len(usual.slots),
        usual_share=sum(one.usual_kw is not None for one in shares) / len(machines) if machines else 0.0,
    )  # fmt: skip


def _runs(order: Order, at: datetime) -> bool:
    return order.status is not OrderStatus.CANCELLED and order.start_utc <= at < order.end_utc


def _for_day(one: Recommendation, at: datetime, plant: Plant) -> bool:
    """Whether advice was for the same local day, and moved a job out of this quarter hour."""
    zone = plant.site.zone
    same_day = one.peak_start_utc.astimezone(zone).date() == at.astimezone(zone).date()
    return same_day and any(place.start_utc <= at < place.end_utc for place in one.before.jobs)


def _rounded(kw: float | None) -> float | None:
    return None if kw is None else round(kw, 3)


def _rest_usual(usual: Usual, load: Powers, shares: list[PeakShare]) -> float | None:
    """What no machine's meter usually counts; None where what is usual of the site or of a machine is not known."""
    whole = usual.kw(load)
    parts = [one.usual_kw for one in shares]
    known = [kw for kw in parts if kw is not None]
    return None if whole is None or len(known) < len(parts) else round(whole - sum(known), 3)


def _cost_eur(plant: Plant, tariff: Tariff | None, slot: int, before_kw: float, load: Powers) -> float | None:
    """``bill(as it is) - bill(with this quarter hour at before_kw)`` [EUR], energy left out: the same energy would have been drawn at another time."""
    bills = Bills.of(plant, tariff, load, [slot])
    if bills is None:
        return None
    lower = load.kw.copy()
    lower[slot - load.first_slot] = min(before_kw, lower[slot - load.first_slot])
    return round(float(bills.demand_eur(load.kw) - bills.demand_eur(lower)), 2)
