"""`[[levy]]`: a levy or tax on each kilowatt-hour, flat or in tiers of the calendar year (electricity tax, Sec. 3 StromStG; concession fee, KAV)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import ClassVar, Self

from billing.component import Basis, Component, priced, read_common
from billing.lines import BillLine
from billing.money import ENERGY_UNITS, Price
from billing.reading import Table
from billing.sheet import Sheet

_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Price of kWh below `up_to_kwh` of the year; None: of all others."""

    up_to_kwh: Fraction | None
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Levy(Component):
    """A levy on each kWh: one of `price` and `tiers`."""

    kind: ClassVar[str] = "levy"
    bill_order: ClassVar[int] = 50
    is_surcharge: ClassVar[bool] = True

    price: Price | None = None
    tiers: tuple[Tier, ...] = ()

    @classmethod
    def read(cls, table: Table, sheet: Sheet) -> Self | None:
        common = read_common(table, sheet)
        rows = table.rows("tiers", f"{table.name} tier") if table.has("tiers") else []
        price = table.price("price", ENERGY_UNITS, required=not table.has("tiers"))
        if table.has("tiers") and table.has("price"):
            table.wrong("tiers", "price and tiers", "one of the two")
        tiers = _read_tiers(rows)
        if table.has("tiers") and not rows:
            table.wrong("tiers", [], "at least one tier")
        table.finish()
        return cls(**common, price=price, tiers=tiers)

    @classmethod
    def lines_of(cls, components: Sequence[Self], on: Basis) -> Iterator[BillLine]:
        """Version after version, as tiers count from the start of the calendar year (or of the bill in it) over all versions of a levy."""
        so_far_kwh: dict[tuple[str, int], Fraction] = {}
        for levy in sorted(components, key=lambda levy: levy.valid_from):
            mask = levy.mask(on.frame)
            for month in levy.months(on.frame):
                kwh = on.rounding.energy(on.measured.kwh(month, mask))
                key = (levy.id, on.frame.months[month][0])
                before_kwh = so_far_kwh.get(key, _ZERO)
                so_far_kwh[key] = before_kwh + kwh
                yield levy._line(on, month, kwh, before_kwh)

    def lines(self, on: Basis) -> Iterator[BillLine]:
        """One line a month, as if no other version had come before."""
        return self.lines_of([self], on)

    def _line(self, on: Basis, month: int, kwh: Fraction, before_kwh: Fraction) -> BillLine:
        label = on.frame.month_label(month)
        if self.price is not None:
            return priced(self, "levy", kwh, "kWh", self.price.eur, label, on.rounding)
        amount = on.rounding.amount(self.tiered_eur(before_kwh + kwh) - self.tiered_eur(before_kwh))
        return BillLine(self.id, "levy", kwh, "kWh", None, amount, label)

    def tiered_eur(self, kwh: Fraction) -> Fraction:
        """What the first `kwh` of a year cost [EUR]."""
        total, below = _ZERO, _ZERO
        for tier in self.tiers:
            top = kwh if tier.up_to_kwh is None else min(kwh, tier.up_to_kwh)
            total += max(_ZERO, top - below) * tier.price.eur
            below = below if tier.up_to_kwh is None else tier.up_to_kwh
        return total

    def marginal_prices(self, local: datetime) -> tuple[Fraction | None, ...]:
        """Of tiers the last: a site that pays by tiers is in it for most of the year."""
        if not self.holds_at(local):
            return ()
        return (self.price.eur if self.price is not None else self.tiers[-1].price.eur,)


def _read_tiers(rows: Sequence[Table]) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    for index, row in enumerate(rows):
        last = index == len(rows) - 1
        limit = row.number("up_to_kwh", required=not last, low=0)
        price = row.price("price", ENERGY_UNITS, required=True)
        row.finish()
        if last and limit is not None:
            row.wrong("up_to_kwh", limit, "a last tier without a limit")
        if limit is not None and tiers and tiers[-1].up_to_kwh is not None and limit <= tiers[-1].up_to_kwh:
            row.wrong("up_to_kwh", limit, "rising limits")
        if price is not None:
            tiers.append(Tier(up_to_kwh=limit, price=price))
    return tuple(tiers)
