"""Which rows of a ledger a reader was given: what a report has read is what it rests on, whatever its sections ask for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

RowKey = tuple[str, int, int | None, int | None, str | None]
"""Kind of a row and its key, as `link` names it: kind, a, b, c, name."""


@dataclass(slots=True)
class Reads:
    """Keys of rows, each once; filled by the questions of a `LedgerReader` that notes them here."""

    rows: set[RowKey] = field(default_factory=set)

    def quarters(self, series: int, rows: Iterable[tuple[int, int]]) -> None:
        """Quarter hours of a series: start [s] and revision of each."""
        self.rows.update(("interval", series, start_s, revision, None) for start_s, revision in rows)

    def numbered(self, kind: str, numbers: Iterable[int]) -> None:
        """Rows of a kind that has numbers, such as `entry`."""
        self.rows.update((kind, number, None, None, None) for number in numbers)

    def demands(self, rows: Iterable[tuple[str, int]]) -> None:
        """Demand of quarter hours that are over: site and start [s] of each."""
        self.rows.update(("demand", start_s, None, None, site) for site, start_s in rows)

    def links(self, database: sqlite3.Connection, last_link: int) -> list[int]:
        """The links of these rows up to `last_link`, in order."""
        rows = database.execute("SELECT link, kind, a, b, c, name FROM link WHERE link <= ? ORDER BY link", (last_link,))
        return [int(link) for link, *key in rows if tuple(key) in self.rows]
