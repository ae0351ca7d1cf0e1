"""`instalments = "monthly"`: a yearly demand charge that is billed by the month.

Each month pays a twelfth on the highest load so far; where that changes, or the pair of prices does, the months before are re-billed
(Sec. 17(2) StromNEV bills the highest load of the whole year).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from billing.demand.bill import DemandBill
from billing.demand.settlement import TWELFTH, Settlement
from billing.lines import BillLine
from billing.peaks import ZERO, Peak


def instalment_lines(bill: DemandBill) -> Iterator[BillLine]:
    """The lines of all months, year by year."""
    for months in bill.years().values():
        yield from _lines_of_year(bill, months)


def _lines_of_year(bill: DemandBill, months: Sequence[int]) -> Iterator[BillLine]:
    before: Settlement | None = None
    for billed in range(len(months)):
        so_far, month = months[: billed + 1], months[billed]
        if not bill.maxima.windows_occur(so_far):
            continue
        label, settled = bill.frame.month_label(month), bill.settled(so_far)
        kwh = bill.on.measured.kwh(month)
        yield bill.power_line("demand", settled.peak, settled.demand_price.eur * TWELFTH, label)
        if settled.pair is not None:
            yield bill.energy_line(kwh, settled.pair, label)
        # Months before the windows first occurred were not billed yet.
        if power := billed * (settled.monthly_eur - (before.monthly_eur if before else ZERO)):
            yield _correction(bill, "demand_rebilled", power, label, settled.peak)
        old_eur = before.energy_price_eur if before else ZERO
        if energy := (settled.kwh - kwh) * (settled.energy_price_eur - old_eur):
            yield _correction(bill, "energy_rebilled", energy, label)
        before = settled


def _correction(bill: DemandBill, kind: str, eur: Fraction, label: str, peak: Peak | None = None) -> BillLine:
    cause = () if peak is None else peak.cause
    amount = bill.on.rounding.amount(eur)
    return BillLine(bill.component.id, kind, None, None, None, amount, label, cause, for_power=peak is not None)
