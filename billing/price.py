"""What one more kilowatt-hour costs: for texts and for what is wasted, never for a saving of power."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from billing.tariff import Tariff


def marginal_energy_price_eur_per_kwh(tariff: Tariff | None, at_utc: datetime) -> float | None:
    """Price of one more kWh at `at_utc` [EUR/kWh], network, supply and levies, before VAT; None where it is not known.

    It is not known without a tariff, outside its validity, where none of its energy prices holds at that time, and where one is a spot
    price that is not known (yet).

    Assumptions: of two usage-hour pairs the energy price from the threshold on (a factory in shifts is above it); of tiers the last.
    """
    if tariff is None or not tariff.holds_on(tariff.local(at_utc).date()):
        return None
    prices = _prices(tariff, at_utc, surcharges=False)
    known = [price for price in (*prices, *_prices(tariff, at_utc, surcharges=True)) if price is not None]
    return float(sum(known)) if prices and None not in prices else None


def _prices(tariff: Tariff, at_utc: datetime, surcharges: bool) -> list[Fraction | None]:
    local = tariff.local(at_utc)
    return [price for one in tariff.components if one.is_surcharge == surcharges for price in one.marginal_prices(local)]
