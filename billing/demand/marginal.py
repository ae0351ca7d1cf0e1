"""What one more kW of a period's highest load costs by a demand charge: for planning ahead, never for a saving.

Left out: what a ratchet makes of it in the months after; of two usage-hour pairs the price from the threshold on counts (a factory in shifts
is above it); a kVA counts as a kW, which is a little too cheap.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction

from billing.component import PeakPrice
from billing.demand.terms import DemandTerms
from billing.money import Price
from billing.periods import months_before
from billing.seasons import first_day

TWELFTH = Fraction(1, 12)


def marginal_peak_price(terms: DemandTerms, day: date, valid_from: date, valid_to: date) -> PeakPrice | None:
    """The price for the period that holds `day`, of a charge that is valid on ``[valid_from, valid_to)``; None where more load costs nothing more."""
    price, free_kw = terms.price, terms.minimum or Fraction(0)
    if terms.usage_hours is not None:
        price = terms.usage_hours.from_threshold.demand
    if terms.contracted is not None:
        price, free_kw = terms.contracted.excess_price, max(terms.contracted.capacity, free_kw)
    if price is None:
        return None
    first = max(first_day(terms.reset, day, terms.seasons), valid_from)
    end = min(_end(terms, day), valid_to)
    return PeakPrice(first, end, price.eur * _part(terms, price, day, first, end), free_kw)


def _end(terms: DemandTerms, day: date) -> date:
    """First day of the next period."""
    begin = first_day(terms.reset, day, terms.seasons)
    month = months_before(day.replace(day=1), -1)
    while first_day(terms.reset, month, terms.seasons) == begin:
        month = months_before(month, -1)
    return month


def _part(terms: DemandTerms, price: Price, day: date, first: date, end: date) -> Fraction:
    """What part of its price a kW costs in the period."""
    if terms.reset == "season" or price.per == "month":
        return Fraction(1)
    if price.per == "day":
        return Fraction(monthrange(day.year, day.month)[1])
    if terms.reset == "month":
        return TWELFTH
    last = months_before(end, 0) if end.day == 1 else months_before(end, -1)
    return TWELFTH * ((last.year - first.year) * 12 + last.month - first.month)
