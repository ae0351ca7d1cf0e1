"""What one more kilowatt of the highest load costs, charge by charge, over a horizon: for planning.

In: a tariff and the quarter hours of a horizon. Out: each demand charge that counts in it, once for each billing period that the horizon
touches, with its price for that period and the quarter hours in which a load counts. Which peak is billed already is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from billing.component import Component
from billing.demand.price import DemandPrice, Window
from billing.tariff import Tariff
from quarters.numbers import slot_start


def demand_components(tariff: Tariff, slots: range) -> tuple[DemandPrice, ...]:
    """The demand charges of `tariff` that count in the quarter hours `slots`, in the order of the file, period after period.

    A charge whose windows do not occur in the horizon is not there: no load in it costs anything by that charge.

    Raises
    ------
    ValueError
        If `slots` has steps.
    """
    if slots.step != 1:
        msg = f"slots {slots} have steps of {slots.step}; a horizon is a range of quarter hours without steps"
        raise ValueError(msg)
    return tuple(price for component in tariff.components for price in _prices(component, tariff, slots))


def _prices(component: Component, tariff: Tariff, slots: range) -> Iterator[DemandPrice]:
    if not component.bills_power:
        return
    local = {slot: tariff.local(slot_start(slot)) for slot in slots}
    counting = [slot for slot in slots if component.holds_at(local[slot]) and tariff.holds_on(local[slot].date())]
    for _, of_period in groupby(counting, key=lambda slot: component.sunk_since(local[slot].date())):
        slots_of_period = list(of_period)
        price = component.demand_price(local[slots_of_period[0]].date(), tuple(_runs(slots_of_period)))
        if price is not None:
            yield price


def _runs(slots: list[int]) -> Iterator[Window]:
    for _, group in groupby(enumerate(slots), key=lambda place: place[1] - place[0]):
        run = [slot for _, slot in group]
        yield run[0], run[-1] + 1
