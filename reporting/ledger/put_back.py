"""Canonical arrays as rows again: the way back from `reporting.ledger.canonical`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting.ledger.file import Ledger

_COLUMNS: Mapping[str, str] = {
    "entry": "topic, subject, revision, at_ms, payload, recorded_ms",
    "rejection": "source, meter, reason, at_ms, payload, recorded_ms",
    "demand": "site, start_s, payload, recorded_ms",
    "conflict": "topic, subject, revision, payload, place, recorded_ms",
}
_INTERVAL = "series, start_s, revision, energy_uwh, coverage, quality, method, readings, origin, recorded_ms"


def ledger_of(rows: Iterable[Sequence[Any]]) -> Ledger:
    """Rows of evidence as a ledger in memory, recorded when they were; kinds that figures do not rest on, such as `event`, are passed over.

    Raises
    ------
    ValueError
        If a row has not the columns of its kind.
    """
    ledger = Ledger.in_memory()
    ledger.database.execute("BEGIN")
    for row in rows:
        _put_back(ledger.database, row)
    ledger.database.execute("COMMIT")
    return ledger


def _put_back(database: sqlite3.Connection, row: Sequence[Any]) -> None:
    kind, *values = row
    if kind == "interval":
        name, columns = tuple(values[:3]), _INTERVAL
        database.execute("INSERT INTO series (site, meter, channel) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", name)
        found = database.execute("SELECT series FROM series WHERE site=? AND meter=? AND channel=?", name).fetchone()
        values = [found[0], *values[3:]]
    elif kind in _COLUMNS:
        columns = _COLUMNS[kind]
    else:
        return
    if len(values) != columns.count(",") + 1:
        msg = f"found {len(values)} columns of a row {kind}; expected {columns}"
        raise ValueError(msg)
    database.execute(f"INSERT INTO {kind} ({columns}) VALUES ({', '.join('?' * len(values))})", values)
