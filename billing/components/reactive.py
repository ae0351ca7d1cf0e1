"""`[[reactive]]`: a price of reactive energy above a free share of the active energy.

No law sets the free share: each network operator's price sheet does, usually 50 % of the active energy, which the sheets call
"cos phi < 0.9". Exactly, cos phi 0.9 is tan(arccos 0.9) = 0.4843 kvarh per kWh.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import ClassVar, Literal, Self, cast

import numpy as np

from billing.component import Basis, Component, no_reactive, priced, read_common
from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT, Lack
from billing.lines import BillLine
from billing.load import LoadProfile
from billing.measured import Measured
from billing.money import Price
from billing.reading import MISSING, Table
from billing.sheet import Sheet
from billing.sums import Flags, exact_sum, square_root
from domain.errors import Fault

_UNITS = {"ct/kvarh": Fraction(1, 100), "EUR/kvarh": Fraction(1)}
"""EUR per kvarh in one of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactiveCharge(Component):
    """A charge on reactive energy above a free share of the active energy.

    Attributes
    ----------
    inductive
        Which sign counts, interval by interval; else capacitive.
    free_kvarh_per_kwh
        The free share.
    settle
        ``month``: what the month's sums exceed it by; ``interval``: the sum of what each interval exceeds it by.
    price
        Of each kvarh above it.
    """

    kind: ClassVar[str] = "reactive"
    bill_order: ClassVar[int] = 30

    inductive: bool
    free_kvarh_per_kwh: Fraction
    settle: Literal["month", "interval"]
    price: Price

    @classmethod
    def read(cls, table: Table, sheet: Sheet) -> Self | None:
        common = read_common(table, sheet)
        direction = table.choice("direction", ("inductive", "capacitive"), required=True)
        settle = table.choice("settle", ("month", "interval"), required=True, default="month")
        price = table.price("price", _UNITS, required=True)
        free = _free_kvarh_per_kwh(table)
        table.finish()
        if price is None:
            return None
        by = cast(Literal["month", "interval"], settle)
        return cls(**common, inductive=direction == "inductive", free_kvarh_per_kwh=free, settle=by, price=price)

    def load_faults(self, load: LoadProfile, file: str) -> Iterator[Fault]:
        yield from no_reactive(file, f"reactive {self.id!r}", load)

    def inductive_terms(self, local: datetime) -> tuple[Fraction, Fraction] | None:
        """As `Component.inductive_terms` says."""
        return (self.free_kvarh_per_kwh, self.price.eur) if self.inductive and self.holds_at(local) else None

    def lines(self, on: Basis) -> Iterator[BillLine]:
        """One line a month."""
        mask = self.mask(on.frame)
        for month in self.months(on.frame):
            excess = on.rounding.energy(self._excess_kvarh(on.measured, month, mask))
            yield priced(self, "reactive", excess, "kvarh", self.price.eur, on.frame.month_label(month), on.rounding)

    def _excess_kvarh(self, measured: Measured, month: int, mask: Flags | None) -> Fraction:
        assert measured.reactive is not None
        assert measured.reactive_there is not None
        span, free = measured.frame.span(month), self.free_kvarh_per_kwh
        signed = measured.reactive[span] if self.inductive else -measured.reactive[span]
        reactive, active = np.maximum(signed, 0), measured.imported[span]
        chosen = np.ones(len(active), dtype=np.bool_) if mask is None else mask[span]
        if self.settle == "interval":
            both = measured.there[span] & measured.reactive_there[span]
            # Where the two are equal to a float's precision the excess is nothing that could be billed.
            chosen = chosen & both & (reactive.astype(np.float64) > float(free) * active.astype(np.float64))
        total: Fraction = exact_sum(reactive[chosen]) - free * exact_sum(active[chosen])
        excess: Fraction = total / measured.per_kwh
        return max(Fraction(0), excess)

    @property
    def needs_reactive(self) -> bool:
        return True

    def lack(self, channels: frozenset[str]) -> Lack | None:
        channel, lack = (REACTIVE_IMPORT, Lack.INDUCTIVE) if self.inductive else (REACTIVE_EXPORT, Lack.CAPACITIVE)
        return None if channel in channels else lack


def _free_kvarh_per_kwh(table: Table) -> Fraction:
    """The free share: as it is given, or as the tangent of the angle whose cosine is given."""
    inner = table.table("free")
    if inner is None:
        table.wrong("free", MISSING, '{ kind = "share", value = 0.5 } or { kind = "cos_phi", value = 0.9 }: the key is required')
        return Fraction(0)
    kind = inner.choice("kind", ("share", "cos_phi"), required=True)
    value = inner.number("value", required=True, low=0)
    inner.finish()
    if value is None or kind == "share":
        return value or Fraction(0)
    if not 0 < value <= 1:
        inner.wrong("value", float(value), "a cos phi above 0, at most 1")
        return Fraction(0)
    return square_root(1 - value**2) / value
