"""The account of scrap from the ledger: the one way by which report, page, API and command line come to it.

In: ledger, plant, tariff with its published prices, a span.  Out: a `scrap.account.ScrapAccount`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from billing.price import marginal_energy_price_eur_per_kwh
from billing.published import published
from billing.tariff import Tariff
from domain.plant import Plant
from domain.quality import QualityEvent, newest_events
from production.meters import machine_meters
from quarters.numbers import slot_of
from reporting.key_figures import tariff_beside
from reporting.ledger import LedgerReader
from reporting.month import MonthReport
from scrap.account import LoadsKw, ScrapAccount, scrap_account
from scrap.blocks import blocks_of


def ledger_scrap(
    ledger: LedgerReader,
    plant: Plant,
    tariff: Tariff | None,
    from_utc: datetime,
    to_utc: datetime,
    as_of_utc: datetime | None = None,
) -> ScrapAccount:
    """The account of ``[from_utc, to_utc)`` as the ledger knows it at `as_of_utc`.

    Parameters
    ----------
    tariff
        Without the prices of the topic; they are taken from the ledger. None: no money.
    """
    events = [
        event for event in newest_events(ledger.quality_events(as_of_utc)) if event.end_utc >= from_utc and event.start_utc < to_utc
    ]
    loads = _loads(ledger, plant, events, from_utc, to_utc, as_of_utc)
    priced = None if tariff is None else tariff.with_published(published(ledger.prices(as_of_utc)))
    return scrap_account(plant, events, loads, lambda at: marginal_energy_price_eur_per_kwh(priced, at), from_utc, to_utc)


def _loads(
    ledger: LedgerReader,
    plant: Plant,
    events: list[QualityEvent],
    from_utc: datetime,
    to_utc: datetime,
    as_of_utc: datetime | None,
) -> LoadsKw:
    """Of the machines that were counted and that a meter measures alone: their quarter hours, as far as a block reaches."""
    ends = max((block.end_utc for block in blocks_of(events)), default=to_utc)
    meters = machine_meters(plant)
    found: dict[str, dict[int, float]] = {}
    for machine in sorted({event.machine for event in events} & meters.own.keys()):
        meter = meters.own[machine]
        rows = ledger.intervals(meter, meters.channels[meter], from_utc, max(ends, to_utc), as_of_utc)
        found[machine] = {slot_of(row.start_utc): row.power_kw for row in rows if row.power_kw is not None}
    return found


def with_scrap(ledger: LedgerReader, month: MonthReport, folder: Path) -> MonthReport:
    """`month` with its account of scrap, priced by the tariff beside the plant file; a tariff that cannot be read prices nothing."""
    tariff = tariff_beside(month.plant, folder)
    period = month.period
    account = ledger_scrap(ledger, month.plant, tariff, period.from_utc, period.to_utc, month.data_cut_off_utc)
    return replace(month, scrap=account)
