"""The key figures of a report's period."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reporting.key_figures import Span, key_figures, read_beside, tariff_beside
from reporting.ledger import LedgerReader
from reporting.month import MonthReport


def with_key_figures(ledger: LedgerReader, month: MonthReport, folder: Path) -> MonthReport:
    """`month` with the key figures of its whole days up to where its data are cut off.

    Parameters
    ----------
    folder
        Of the plant file, the tariff and the series that it names.
    """
    period = month.period
    known = month.data_cut_off_utc.astimezone(period.zone).date()
    span = Span(period.first_day, max(min(period.end_day, known), period.first_day))
    found = key_figures(
        ledger, month.plant, span, tariff_beside(month.plant, folder), read_beside(month.plant, folder), month.data_cut_off_utc
    )
    return replace(month, key_figures=found)
