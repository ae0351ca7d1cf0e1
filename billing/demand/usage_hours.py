"""`usage_hours`: two pairs of prices; which one holds depends on the hours of use (Benutzungsstunden), kWh of the year / billed kW.

German network charges are printed so (Sec. 17 StromNEV with Annex 4): below 2,500 h a low price of power and a high one of energy, from 2,500 h the
reverse. The two lines of the simultaneity function (Gleichzeitigkeitsgrad) meet there, so both pairs cost about the same at the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from billing.demand.units import Quantity, demand_units
from billing.money import ENERGY_UNITS, Price
from billing.periods import Reset
from billing.reading import MISSING, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePair:
    """A demand price with the energy price that belongs to it."""

    demand: Price
    energy: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageHours:
    """Two price pairs, and the hours of use [h] from which the second holds."""

    threshold_h: Fraction
    below: PricePair
    from_threshold: PricePair

    def pair(self, year_kwh: Fraction, billed_kw: Fraction) -> PricePair:
        """The pair that holds; that from the threshold on where no power is billed."""
        return self.from_threshold if year_kwh >= self.threshold_h * billed_kw else self.below


def read_usage_hours(table: Table, quantity: Quantity, reset: Reset) -> UsageHours | None:
    """The table `usage_hours`, ``{ threshold_h, below = { demand, energy }, from_threshold = { demand, energy } }``."""
    inner = table.table("usage_hours")
    if inner is None:
        return None
    threshold_h = inner.number("threshold_h", required=True, low=0)
    below, from_threshold = (_read_pair(inner, key, quantity) for key in ("below", "from_threshold"))
    inner.finish()
    if table.has("price"):
        table.wrong("usage_hours", "price and usage_hours", "one of the two")
    if threshold_h is None or below is None or from_threshold is None:
        return None
    if reset != "year":
        table.wrong("usage_hours", f"reset {reset}", 'reset = "year" with usage_hours')
    return UsageHours(threshold_h=threshold_h, below=below, from_threshold=from_threshold)


def _read_pair(inner: Table, key: str, quantity: Quantity) -> PricePair | None:
    table = inner.table(key)
    if table is None:
        inner.wrong(key, MISSING, "{ demand = ..., energy = ... }: the key is required")
        return None
    demand = table.price("demand", demand_units(quantity, "year"), required=True)
    energy = table.price("energy", ENERGY_UNITS, required=True)
    table.finish()
    return PricePair(demand=demand, energy=energy) if demand and energy else None
