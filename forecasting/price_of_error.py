"""What a kilowatt of error costs by the tariff, and what the forecast's own electricity costs: the worth of `forecasting.rungs`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from billing.demand_prices import demand_components
from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from forecasting.rungs import Worth
from forecasting.slots import SLOTS_PER_WEEK
from quarters.numbers import slot_start

Price = Callable[[int], Worth | None]
"""Quarter hour -> what an error is worth then; None where no price says."""
MONTH = timedelta(days=30)


def worth_by(tariff: Tariff | None, slot: int) -> Worth | None:
    """What a kW of the billed peak costs, pro rata for 30 days, in the week after quarter hour `slot`, and one more kWh then.

    None without a tariff, where it does not hold, asks nothing for power, or its price of energy is not known (a spot price that is not known here).

    Assumptions: charges in windows count in full; a kVA counts as a kW; a floor, a ratchet and what is billed already are left out: the
    figure says what a kW that is billed costs, not how likely it is billed.
    """
    if tariff is None:
        return None
    energy = marginal_energy_price_eur_per_kwh(tariff, slot_start(slot))
    first = {one.id: one for one in reversed(demand_components(tariff, range(slot, slot + SLOTS_PER_WEEK)))}
    power = sum(one.eur_per_kw * (MONTH / (one.to_day - one.from_day)) for one in first.values())
    return Worth(power, energy) if power > 0 and energy is not None else None
