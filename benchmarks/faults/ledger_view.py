"""What the historian's ledger says while it is being written, killed and started again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.faults.undisturbed import Table, table_of
from domain.intervals import Interval
from domain.plant import Plant
from reporting.ledger import Ledger, LedgerError

_BEGIN_UTC = datetime(2026, 1, 1, tzinfo=UTC)
_END_UTC = datetime(2027, 1, 1, tzinfo=UTC)


class LedgerView:
    """Opens the file for each question, as a reader beside the historian does."""

    def __init__(self, file: Path, plant: Plant) -> None:
        self._file, self._plant = file, plant

    def query(self, question: Callable[[Ledger], Any]) -> Any:
        """What the ledger says now; None while there is none."""
        with suppress(LedgerError), Ledger.open(self._file, readonly=True) as ledger:
            return question(ledger)
        return None

    def rows(self) -> list[Interval]:
        """The latest revision of every quarter hour."""
        registers = [(meter.id, register.channel) for meter in self._plant.meters for register in meter.registers]

        def rows(ledger: Ledger) -> list[Interval]:
            return [row for register in registers for row in ledger.intervals(*register, _BEGIN_UTC, _END_UTC)]

        return self.query(rows) or []

    def table(self, until_utc: datetime) -> Table:
        """What counts of the quarter hours that end by `until_utc`."""
        return table_of(self.rows(), until_utc)
