"""`[rounding]`: how many decimals amounts, powers and energies of a bill have."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from billing.money import PowerMode, rounded
from billing.reading import Table


@dataclass(frozen=True, slots=True)
class Rounding:
    """Amounts are always rounded; powers and energies where decimals are given, else they stay exact.

    Halves go away from zero, as DIN 1333 rounds; `power_mode` may change that for powers.
    """

    amount_decimals: int = 2
    power_decimals: int | None = None
    power_mode: PowerMode = "half_up"
    energy_decimals: int | None = None

    def amount(self, eur: Fraction) -> Fraction:
        """An amount of money [EUR] as a line shows it."""
        return rounded(eur, self.amount_decimals)

    def power(self, kw: Fraction) -> Fraction:
        """A billed power [kW or kVA]."""
        return kw if self.power_decimals is None else rounded(kw, self.power_decimals, self.power_mode)

    def energy(self, kwh: Fraction) -> Fraction:
        """A billed energy [kWh or kvarh]."""
        return kwh if self.energy_decimals is None else rounded(kwh, self.energy_decimals)


def read_rounding(top: Table) -> Rounding:
    """The table `[rounding]`, or what holds without it."""
    table = top.table("rounding")
    if table is None:
        return Rounding()
    amount = _decimals(table, "amount_decimals")
    mode = table.choice("power_mode", ("half_up", "up", "down"), default="half_up")
    rounding = Rounding(
        2 if amount is None else amount,
        _decimals(table, "power_decimals"),
        cast(PowerMode, mode),
        _decimals(table, "energy_decimals"),
    )
    table.finish()
    return rounding


def _decimals(table: Table, key: str) -> int | None:
    return table.whole(key, default=0) if table.has(key) else None
