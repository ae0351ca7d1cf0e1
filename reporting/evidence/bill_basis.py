"""What each line of a bill rests on, in words that a verifier without our tariff engine can compute: `docs/evidence-format.md`, section 8.

A basis is written down only where it gives the very amount of the line; what no basis gives, such as a ratchet or tiers, rests on the tariff.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from billing.bill import Bill
from billing.component import Component
from billing.frame import Frame, frame
from billing.lines import BillLine
from billing.money import rounded
from billing.rounding import Rounding
from billing.sums import Flags
from billing.tariff import Tariff
from domain.clock import epoch_ms
from domain.intervals import QUARTER
from domain.units import UWH_PER_KWH
from quarters.quality import makes_maximum
from reporting.cost import MonthCost
from reporting.month import MonthReport, SeriesMonth

BasisData = dict[str, Any]
_TWELFTH = Fraction(1, 12)


def bills_data(report: MonthReport, cost: MonthCost, plant_folder: Path) -> list[dict[str, Any]]:
    """What ``evidence/bill.json`` holds: an entry for each bill, of a longer period for each month that has one."""
    connection, whole = report.billing, report.period
    if connection is None or report.plant.tariff is None:
        return []
    if cost.bill is not None:
        return [_bill_data(report, connection, cost.bill, plant_folder / report.plant.tariff.file)]
    found = []
    for one in (one for one in cost.months if one.cost.bill is not None):
        series = connection.within(whole, one.period)
        month = replace(report, period=one.period, series=(series,))
        found.append(_bill_data(month, series, one.cost.bill, plant_folder / report.plant.tariff.file))
    return found


def _bill_data(month: MonthReport, series: SeriesMonth, bill: Bill, tariff_file: Path) -> dict[str, Any]:
    from billing.published import published
    from billing.tariff import load_tariff

    tariff = load_tariff(tariff_file).with_published(published(month.prices))
    found = _Bases(tariff, series, frame(tariff.zone, month.period.first_day, month.period.end_day, QUARTER))
    lines, before_eur = [], Fraction(0)
    for line in bill.lines:
        lines.append({
            "id": line.id, "kind": line.kind, "period": line.period, "amount_eur": str(line.amount_eur), "basis": found.of(line, before_eur),
        })  # fmt: skip
        before_eur += line.amount_eur
    return {
        "month": month.period.label, "meter": series.meter.id, "channel": series.channel, "amount_decimals": tariff.rounding.amount_decimals,
        "total_eur": str(bill.total_eur), "lines": lines,
    }  # fmt: skip


class _Bases:
    """Looks for the basis of each line of one bill."""

    def __init__(self, tariff: Tariff, series: SeriesMonth, on: Frame) -> None:
        self._tariff, self._frame = tariff, on
        self._quarters = {i.start_utc: i for i in series.slots if i is not None and i.energy_uwh is not None}

    def of(self, line: BillLine, before_eur: Fraction) -> BasisData:
        """The first basis that gives the line's amount."""
        for basis in self._candidates(line):
            if _amount(basis, self._quantity(basis, before_eur), self._tariff.rounding) == line.amount_eur:
                return basis
        return {"of": "tariff"}

    def _candidates(self, line: BillLine) -> Iterator[BasisData]:
        price = None if line.price_eur is None else str(line.price_eur)
        rounding = self._tariff.rounding
        if line.kind == "vat":
            yield {"of": "lines", "price_eur": price}
        elif line.kind == "fixed":
            yield {"of": "agreed", "quantity": str(line.quantity), "price_eur": price}
        for component in (one for one in self._tariff.components if one.id == line.id):
            chosen = self._chosen(component, line.period)
            if price is not None and line.kind in ("energy", "levy"):
                yield {"of": "energy", "spans": self._spans(chosen), "decimals": rounding.energy_decimals, "price_eur": price}
            if price is not None and line.kind == "demand" and rounding.power_mode == "half_up":
                for parts in (Fraction(1), _TWELFTH):
                    yield {"of": "peak", "spans": self._spans(chosen), "decimals": rounding.power_decimals, "price_eur": price, "parts": str(parts)}  # fmt: skip
            spot = getattr(component, "spot", None)  # prices of each quarter hour, which only some kinds of charge have
            if spot is not None:
                yield {"of": "priced_energy", "spans": self._priced(chosen, spot)}

    def _chosen(self, component: Component, label: str) -> Flags:
        """Quarter hours of the frame that a component's line of a period holds for, shape ``(n,)``."""
        mask = component.mask(self._frame)
        chosen: Flags = np.ones(self._frame.size, dtype=np.bool_) if mask is None else mask.copy()
        for month in range(len(self._frame.months)):
            if len(label) == len("2026-10") and self._frame.month_label(month) != label:
                chosen[self._frame.span(month)] = False
        return chosen

    def _spans(self, chosen: Flags) -> list[list[Any]]:
        from billing.sums import runs

        return [[self._second(first), self._second(end)] for first, end in runs(chosen)]

    def _priced(self, chosen: Flags, spot: Any) -> list[list[Any]]:
        """Runs of one price; quarter hours without a price are in none."""
        prices = [spot.eur_per_kwh(self._frame.start_utc(n)) if chosen[n] else None for n in range(self._frame.size)]
        spans = []
        for price, places in groupby(range(self._frame.size), key=lambda n: prices[n]):
            run = list(places)
            if price is not None:
                spans.append([self._second(run[0]), self._second(run[-1] + 1), str(price)])
        return spans

    def _second(self, place: int) -> int:
        return epoch_ms(self._frame.start_utc(place)) // 1000

    def _quantity(self, basis: BasisData, before_eur: Fraction) -> Fraction:
        if basis["of"] == "lines":
            return before_eur
        if basis["of"] == "agreed":
            return Fraction(basis["quantity"])
        begin, peak, total = self._frame.from_utc, 0, Fraction(0)
        for first_s, end_s, *price in basis["spans"]:
            offset = epoch_ms(begin) // 1000
            for place in range((first_s - offset) // 900, (end_s - offset) // 900):
                quarter = self._quarters.get(self._frame.start_utc(place))
                energy_uwh = 0 if quarter is None else max(quarter.energy_uwh or 0, 0)
                total += Fraction(energy_uwh, UWH_PER_KWH) * (Fraction(price[0]) if price else 1)
                if quarter is not None and makes_maximum(quarter.quality):
                    peak = max(peak, energy_uwh)
        return Fraction(4 * peak, UWH_PER_KWH) if basis["of"] == "peak" else total


def _amount(basis: BasisData, quantity: Fraction, rounding: Rounding) -> Fraction:
    if basis.get("decimals") is not None:
        quantity = rounded(quantity, basis["decimals"])
    return rounding.amount(quantity * Fraction(basis.get("price_eur") or 1) * Fraction(basis.get("parts", 1)))
