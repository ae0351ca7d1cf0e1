"""Billing periods of the charge for power that a governor works for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing.demand.price import DemandPrice
from billing.tariff import Tariff
from domain.errors import InputFaults, fault
from governor.flexibility import MINUTES
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc


@dataclass(frozen=True, slots=True)
class Period:
    """Quarter hours ``[first_slot, end_slot)`` whose highest is billed once, at `eur_per_kw`."""

    first_slot: int
    end_slot: int
    eur_per_kw: float


def period_of(tariff: Tariff, slot: int) -> Period:
    """The billing period that a quarter hour lies in, of the dearest charge for power.

    Raises
    ------
    InputFaults
        If the tariff has no charge that bills the highest of all quarter hours in kW then.
    """
    day = tariff.local(slot_start(slot)).date()
    prices = [component.demand_price(day, ()) for component in tariff.components if component.holds_on(day)]
    fitting = [price for price in prices if price is not None and _fits(price)]
    if not fitting:
        expected = f"a charge in EUR/kW on the highest of all {MINUTES}-minute means, without a calendar, that holds on {day}"
        found = "none" if not any(prices) else "others only: " + ", ".join(price.name for price in prices if price is not None)
        raise InputFaults([fault(tariff.path, "demand", found, expected)])
    price = max(fitting, key=lambda one: one.eur_per_kw)
    first, end = (slot_of(midnight_utc(of, tariff.zone)) for of in (price.from_day, price.to_day))
    return Period(first, end, price.eur_per_kw)


def _fits(price: DemandPrice) -> bool:
    return price.all_day and price.quantity == "kW" and price.interval_min == MINUTES and price.highest == 1


def periods(tariff: Tariff, first_slot: int, end_slot: int) -> Iterator[Period]:
    """The billing periods that quarter hours ``[first_slot, end_slot)`` touch, in order.

    Raises
    ------
    InputFaults
        As `period_of`.
    """
    slot = first_slot
    while slot < end_slot:
        period = period_of(tariff, slot)
        yield period
        slot = period.end_slot
