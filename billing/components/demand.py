"""`[[demand]]`: a charge on the highest means of the load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import ClassVar, Self

from billing.component import Basis, Component, no_reactive, read_common, too_coarse
from billing.demand.bill import DemandBill
from billing.demand.instalments import instalment_lines
from billing.demand.price import DemandPrice, Window
from billing.demand.terms import DemandTerms, read_terms
from billing.lacks import QUARTER_MIN, REACTIVE_EXPORT, REACTIVE_IMPORT, Lack
from billing.lines import BillLine
from billing.load import LoadProfile
from billing.money import Price
from billing.periods import Reset
from billing.reading import Table
from billing.seasons import end_day, first_day
from billing.sheet import Sheet
from domain.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCharge(Component):
    """A charge on the highest means of the load, inside (or outside) its windows."""

    kind: ClassVar[str] = "demand"
    bill_order: ClassVar[int] = 20
    bills_power: ClassVar[bool] = True

    terms: DemandTerms

    @classmethod
    def read(cls, table: Table, sheet: Sheet) -> Self | None:
        common = read_common(table, sheet)
        terms = read_terms(table, sheet, common["inside"], common["outside"])
        return None if terms is None else cls(**common, terms=terms)

    @property
    def settled_by(self) -> Reset:
        return self.terms.reset

    def load_faults(self, load: LoadProfile, file: str) -> Iterator[Fault]:
        statistic, name = self.terms.statistic, f"demand {self.id!r}"
        yield from too_coarse(file, f"{name}: {statistic.grid_key} {statistic.grid_min}", load, statistic.grid_min)
        if self.needs_reactive:
            yield from no_reactive(file, f"{name}: quantity", load, ", as kVA are billed")

    def lines(self, on: Basis) -> Iterator[BillLine]:
        bill = DemandBill(self, self.terms, on)
        if self.terms.monthly_instalments:
            return instalment_lines(bill)
        return {"month": bill.month_lines, "season": bill.season_lines, "year": bill.year_lines}[self.terms.reset]()

    @property
    def needs_reactive(self) -> bool:
        return self.terms.quantity == "kVA"

    def lack(self, channels: frozenset[str]) -> Lack | None:
        if self.terms.statistic.grid_min % QUARTER_MIN:
            return Lack.TOO_FINE
        return Lack.INDUCTIVE if self.needs_reactive and REACTIVE_IMPORT not in channels else None

    def marginal_prices(self, local: datetime) -> tuple[Fraction | None, ...]:
        """With usage hours, all kWh at the energy price from the threshold on: a factory in shifts is above it."""
        usage = self.terms.usage_hours
        return (usage.from_threshold.energy.eur,) if usage is not None and self.holds_on(local.date()) else ()

    def demand_price(self, day: date, windows: tuple[Window, ...]) -> DemandPrice | None:
        """With usage hours, that from the threshold on: a factory in shifts is above it."""
        terms = self.terms
        first, end = (of(terms.reset, day, terms.seasons) for of in (first_day, end_day))
        first, end = max(first, self.valid_from), min(end, self.valid_to)
        usage, contracted = terms.usage_hours, terms.contracted
        price = terms.price if usage is None else usage.from_threshold.demand
        above = price if contracted is None else contracted.excess_price
        floors = (terms.minimum, None if contracted is None else contracted.capacity)
        return DemandPrice(
            id=self.id, quantity=terms.quantity, eur_per_kw=0.0 if above is None else float(above.eur * _parts(above, first, end)),
            reset=terms.reset, from_day=first, to_day=end, windows=windows, all_day=self.calendar is None,
            interval_min=terms.statistic.interval_min, highest=terms.statistic.highest,
            floor_kw=float(max(floor or Fraction(0) for floor in floors)), ratchet=terms.ratchet, atypical=terms.atypical,
        )  # fmt: skip

    def sunk_since(self, day: date) -> date | None:
        return first_day(self.terms.reset, day, self.terms.seasons)

    def billed_since(self, day: date) -> date:
        since = min(date(day.year, 1, 1), first_day(self.terms.reset, day, self.terms.seasons))
        return since if self.terms.ratchet is None else min(since, self.terms.ratchet.looks_back_to(day))

    def known_maxima_kw(self) -> Mapping[date, Fraction]:
        return {} if self.needs_reactive else self.terms.history.maxima

    def notes(self, channels: frozenset[str], now_utc: datetime) -> Iterator[str]:
        if self.needs_reactive and channels == {REACTIVE_IMPORT}:
            yield f"demand {self.id!r} is billed in kVA: without {REACTIVE_EXPORT} capacitive reactive energy is not in it"


def _parts(price: Price, first: date, end: date) -> Fraction:
    """How often a price of power is billed in the local days ``[first, end)`` of one period: a month that is touched counts whole."""
    last = end - timedelta(days=1)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return {"day": Fraction((end - first).days), "month": Fraction(months), "year": Fraction(months, 12), "season": Fraction(1)}[
        price.per
    ]
