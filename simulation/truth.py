"""What really happened, and where the simulation stands: one SQLite file, whole after any kill.

Energies are whole micro-watt-hours by meter, channel and quarter hour. The stored state and the quarter hours up to it are
written in one transaction; what came after the last one is simulated again, to the same values.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.codec import decode, encode
from domain.instants import instant_text
from domain.orders import Order
from domain.units import UWH_PER_KWH
from simulation.factory import QuarterHour

_TABLES = """
CREATE TABLE IF NOT EXISTS truth (
  start_s INTEGER, meter TEXT, channel TEXT, energy_uwh INTEGER, PRIMARY KEY (start_s, meter, channel)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS orders (job TEXT, revision INTEGER, record TEXT, PRIMARY KEY (job, revision)) WITHOUT ROWID;
"""


class TruthFile:
    """The simulation's own record."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_TABLES)

    def store(self, quarters: Iterable[QuarterHour], state: dict[str, Any]) -> None:
        """Quarter hours that are complete, and the state after them."""
        rows = [(q.start_s, meter, channel, energy) for q in quarters for (meter, channel), energy in q.energy_uwh.items()]
        with self._transaction():
            self._database.executemany("INSERT OR REPLACE INTO truth VALUES (?, ?, ?, ?)", rows)
            self._put(state)

    def store_orders(self, orders: Iterable[Order], state: dict[str, Any]) -> None:
        """Revisions of orders as they are made, with what the desk knows by then."""
        rows = [(order.job, order.revision, encode(order).decode()) for order in orders]
        with self._transaction():
            self._database.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", rows)
            self._put(state)

    def _put(self, state: dict[str, Any]) -> None:
        rows = [(name, json.dumps(value)) for name, value in state.items()]
        self._database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows)

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)

    def state(self, name: str) -> Any:
        """A stored value, None if there is none."""
        row = self._database.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def orders(self) -> list[Order]:
        """Every revision of every order, in order."""
        return [decode(Order, row[0]) for row in self._database.execute("SELECT record FROM orders ORDER BY job, revision")]

    def quarter_hours(self) -> dict[tuple[str, str], dict[datetime, int]]:
        """Energy [µWh] by (meter, channel) and start of the quarter hour."""
        found: dict[tuple[str, str], dict[datetime, int]] = {}
        for start_s, meter, channel, energy in self._database.execute("SELECT * FROM truth ORDER BY start_s"):
            found.setdefault((meter, channel), {})[datetime.fromtimestamp(start_s, UTC)] = energy
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class _Transaction:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *rest: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def read_truth(path: Path) -> dict[tuple[str, str], dict[datetime, int]]:
    """Energy [µWh] by (meter, channel) and start of the quarter hour, from a truth file."""
    truth = TruthFile(path)
    try:
        return truth.quarter_hours()
    finally:
        truth.close()


def read_run(path: Path) -> tuple[list[Order], Any]:
    """Every revision of every order, and the factory's state as it was stored last (None: never), from a truth file."""
    truth = TruthFile(path)
    try:
        return truth.orders(), truth.state("factory")
    finally:
        truth.close()


def write_long_csv(path: Path, site: str, rows: Iterable[tuple[str, str, datetime, int]]) -> None:
    """Rows (meter, channel, start, energy [µWh]) as ``site,meter,channel,start_utc,energy_kwh``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["site", "meter", "channel", "start_utc", "energy_kwh"])
        for meter, channel, start, energy in rows:
            writer.writerow([site, meter, channel, instant_text(start), f"{energy / UWH_PER_KWH:.6f}"])
