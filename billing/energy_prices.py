"""What a kilowatt-hour more costs in each quarter hour of a horizon: for planning, where a whole bill for each idea would be too slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing.lacks import Lack
from billing.price import marginal_energy_price_eur_per_kwh
from billing.published import PublishedPrices
from billing.site import LeftOut, SitePrices
from billing.tariff import Tariff
from quarters.numbers import slot_start


@dataclass(frozen=True, slots=True)
class EnergyPrices:
    """Prices of one more kWh [EUR/kWh], one for each quarter hour of a horizon.

    Attributes
    ----------
    eur_per_kwh
        Supply, network and levies without VAT, in the windows in which each holds; None where it is not known.
    lacking
        Components whose price is not known in some of these quarter hours, and why.
    """

    eur_per_kwh: tuple[float | None, ...]
    lacking: tuple[LeftOut, ...] = ()

    @property
    def known(self) -> tuple[float, ...] | None:
        """The prices, where every quarter hour has one."""
        found = tuple(price for price in self.eur_per_kwh if price is not None)
        return found if len(found) == len(self.eur_per_kwh) else None


def energy_price_eur_per_kwh(tariff: Tariff | None, prices: PublishedPrices | None, slots: Sequence[int]) -> EnergyPrices:
    """Prices of one more kWh in the quarter hours with the numbers `slots` (`quarters.numbers`).

    Parameters
    ----------
    tariff
        As read from its file; None where the plant has none: then no price is known.
    prices
        Published day-ahead prices; None: what the tariff file holds is all there is.

    Notes
    -----
    Assumptions as in `billing.price`: of two usage-hour pairs the energy price from the threshold on, of tiers the last.
    """
    if tariff is not None and prices is not None:
        tariff = tariff.with_published(prices)
    starts = [slot_start(slot) for slot in slots]
    found = tuple(marginal_energy_price_eur_per_kwh(tariff, start) for start in starts)
    priced = None if tariff is None or None not in found else SitePrices(tariff, frozenset()).of(starts)
    lacking = () if priced is None else tuple(one for one in priced.lacking if one.lack is Lack.SPOT)
    return EnergyPrices(found, lacking)
