"""`[[fixed]]`: a standing charge by the month, year or day, such as metering point operation (Sec. 3 MsbG)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self

from billing.component import Basis, Component, priced, read_common
from billing.lines import BillLine
from billing.money import Price
from billing.reading import Table
from billing.sheet import Sheet

_UNITS = {"EUR/month": Fraction(1), "EUR/year": Fraction(1), "EUR/day": Fraction(1)}
"""EUR in one of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCharge(Component):
    """A standing charge."""

    kind: ClassVar[str] = "fixed"
    bill_order: ClassVar[int] = 40

    price: Price

    @classmethod
    def read(cls, table: Table, sheet: Sheet) -> Self | None:
        common = read_common(table, sheet, calendars=False)
        price = table.price("price", _UNITS, required=True)
        table.finish()
        return cls(**common, price=price) if price else None

    def lines(self, on: Basis) -> Iterator[BillLine]:
        """One line a month: each month that the bill touches counts whole, of days those that are billed."""
        per = self.price.per
        for month in self.months(on.frame):
            # A yearly price keeps the figure that the price sheet has: a twelfth of a year, not a month at a twelfth of it.
            quantity = {"day": Fraction(on.frame.billed_days[month]), "year": Fraction(1, 12)}.get(per, Fraction(1))
            yield priced(self, "fixed", quantity, per, self.price.eur, on.frame.month_label(month), on.rounding)
