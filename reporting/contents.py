"""All that a report reads, in one function: what is made again from the rows of its evidence is made by this very code.

In: ledger, plant folder, a period, the instant up to which data count.  Out: what `reporting.sections` show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from billing.tariff import load_tariff
from domain.plant import Plant
from reporting.cost import MonthCost, month_cost
from reporting.emissions import with_emissions
from reporting.groups import with_groups
from reporting.key_figures.month import with_key_figures
from reporting.ledger import LedgerReader
from reporting.month import MonthReport, month_report
from reporting.own_use import OwnSum, own_use_of
from reporting.periods import Period
from reporting.progress import Progress, Stage, Step, silent
from reporting.scrap import with_scrap
from reporting.year_before import with_year_before


@dataclass(frozen=True, slots=True)
class Read:
    """What does not depend on earlier versions of the report."""

    month: MonthReport
    cost: MonthCost
    own: OwnSum | None


def read_all(
    ledger: LedgerReader,
    plant: Plant,
    folder: Path,
    period: Period,
    as_of_utc: datetime | None = None,
    now_utc: datetime | None = None,
    progress: Progress = silent,
) -> Read:
    """Read everything that a report of `period` says; nothing that was recorded after its data cut-off is in it.

    Parameters
    ----------
    folder
        The plant's, or ``evidence/config`` of a report.

    Raises
    ------
    InputFaults
        If the ledger has nothing of the period.
    """
    month = with_scrap(ledger, month_report(ledger, plant, period, as_of_utc, now_utc, progress), folder)
    month = with_emissions(with_groups(with_year_before(ledger, month, progress)))
    with ledger.noting(None):  # years of quarter hours: a report holds these figures and not their rows
        month = with_key_figures(ledger, month, folder)
    progress(Step(Stage.BILL))
    return Read(month, month_cost(month, folder), _own_use(ledger, month, folder))


def _own_use(ledger: LedgerReader, month: MonthReport, folder: Path) -> OwnSum | None:
    plant, cut_off_utc = month.plant, month.data_cut_off_utc
    tariff = None if plant.tariff is None else load_tariff(folder / plant.tariff.file)
    until_utc = min(month.period.to_utc, cut_off_utc)
    return own_use_of(ledger, plant, tariff, month.period.from_utc, until_utc, as_of_utc=cut_off_utc)
