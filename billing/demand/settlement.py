"""What a period is billed for its highest load."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from billing.demand.usage_hours import PricePair
from billing.money import Price
from billing.peaks import ZERO, Peak
from billing.periods import hours_of_year

TWELFTH = Fraction(1, 12)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A power at its price and, with usage hours, the energy that is billed with it.

    Attributes
    ----------
    months
        How many months of the year it is for: each is a twelfth of the yearly price.
    pair
        The prices that the hours of use have chosen; None without usage hours.
    kwh
        Energy of those months [kWh].
    """

    peak: Peak
    demand_price: Price
    pair: PricePair | None
    kwh: Fraction
    months: int

    @property
    def monthly_eur(self) -> Fraction:
        """What a month is billed for power [EUR]."""
        return self.peak.value * self.demand_price.eur * TWELFTH

    @property
    def energy_price_eur(self) -> Fraction:
        """Of its energy [EUR/kWh]; 0 without usage hours."""
        return self.pair.energy.eur if self.pair else ZERO

    @property
    def amount_eur(self) -> Fraction:
        """What all its months are billed [EUR], not rounded."""
        return self.monthly_eur * self.months + self.energy_price_eur * self.kwh


def year_kwh(kwh: Fraction, covered_h: Fraction, year: int) -> Fraction:
    """Energy of a whole year [kWh] from that of the hours that are known: part of a year, or one with gaps, is scaled up."""
    return kwh * hours_of_year(year) / covered_h if covered_h else ZERO
