"""The one list of questions to a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from domain.clock import instant
from reporting.ledger.intervals import IntervalQuestions
from reporting.ledger.memory import Memory
from reporting.ledger.records import RecordQuestions
from reporting.ledger.set_aside import SetAsideQuestions

_CONTENT = {
    "interval JOIN series USING (series)":
        "site, meter, channel, start_s, revision, energy_uwh, coverage, quality, method, readings, origin",
    "entry": "topic, subject, revision, at_ms, payload",
    "rejection": "source, meter, reason, at_ms, payload",
    "demand": "site, start_s, payload",
    "running_demand": "site, payload",
    "conflict": "topic, subject, revision, payload",
    "unreadable": "topic, partition, offset, reason, original",
    "kafka_offset": "topic, partition, next_offset",
}  # fmt: skip


class LedgerReader(IntervalQuestions, RecordQuestions, SetAsideQuestions):
    """Questions to a ledger: the latest revisions, or with `as_of_utc` what was known then. Nothing here changes anything."""

    def remembering(self, memory: Memory | None = None) -> LedgerReader:
        """The same ledger, read through a memory: call `refresh` on it before each round of questions."""
        return LedgerReader(self._database, memory or Memory())

    def refresh(self) -> None:
        """Forget the remembered answers of topics that have new records."""
        if self._memory is not None:
            self._memory.refresh(self._offsets_now())

    def recorded_until_utc(self) -> datetime | None:
        """When the newest row was written: the natural data cut-off of a report."""
        tables = ("interval", "entry", "rejection", "demand", "conflict")
        found = [self._database.execute(f"SELECT max(recorded_ms) FROM {table}").fetchone()[0] for table in tables]
        return max((instant(ms) for ms in found if ms is not None), default=None)

    def content(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Every row of data but for when and in which order it was recorded: equal for ledgers that say the same."""
        for table, columns in _CONTENT.items():
            for row in self._database.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}"):
                yield table.split()[0], row
