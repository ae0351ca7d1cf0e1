"""The hash chain over the ledger's rows: a trigger makes the link of each row that is added, in the same transaction.

Whoever adds a row without this program finds that SQLite does not know `lastgang_head`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from reporting.ledger.canonical import KINDS, beginning_of_interval, canonical

NO_HEAD = bytes(32)
"""`head(0)`."""
CHAIN_SQL = (Path(__file__).parent / "chain.sql").read_text(encoding="utf-8")


def leaf_of(row: bytes) -> bytes:
    """The hash of a row's canonical bytes as a leaf of a tree (RFC 6962)."""
    return sha256(b"\x00" + row).digest()


def next_head(head: bytes, leaf: bytes) -> bytes:
    """The head after one more row."""
    return sha256(head + leaf).digest()


class Chain:
    """The chain of one open ledger; `forget` whenever a transaction begins or is rolled back."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._head: bytes | None = None
        self._names: dict[int, str] = {}
        database.create_function("lastgang_head", -1, self._add)

    def forget(self) -> None:
        """What is remembered of the database may not be so any more."""
        self._head = None
        self._names.clear()

    def names(self, series: int) -> str:
        """The canonical beginning of the quarter hours of a series."""
        found = self._names.get(series)
        if found is None:
            row = self._database.execute("SELECT site, meter, channel FROM series WHERE series=?", (series,)).fetchone()
            found = self._names[series] = beginning_of_interval(*row)
        return found

    def _add(self, kind: str, *values: Any) -> bytes:
        if self._head is None:
            row = self._database.execute("SELECT head FROM link ORDER BY link DESC LIMIT 1").fetchone()
            self._head = NO_HEAD if row is None else bytes(row[0])
        self._head = next_head(self._head, leaf_of(canonical(kind, values, self.names)))
        return self._head


def begin_chain(database: sqlite3.Connection) -> int:
    """Link the rows that there are, and have every further row linked; gives how many were linked."""
    for name, kind in KINDS.items():
        keys, values = kind.key.split(", "), kind.columns
        insert = f"INSERT INTO link (kind, a, b, c, name, head) SELECT '{name}', {kind.key}, lastgang_head('{name}', {values})"
        database.execute(f"{insert} FROM {name} ORDER BY {kind.key}")
        new_keys, new_values = (", ".join(_of_new(column) for column in columns) for columns in (keys, values.split(", ")))
        database.execute(
            f"CREATE TRIGGER {name}_linked AFTER INSERT ON {name} BEGIN INSERT INTO link (kind, a, b, c, name, head) "
            f"VALUES ('{name}', {new_keys}, lastgang_head('{name}', {new_values})); END"
        )
    return int(database.execute("SELECT count(*) FROM link").fetchone()[0])


def _of_new(column: str) -> str:
    return column if column == "NULL" else f"NEW.{column}"


@dataclass(frozen=True, slots=True)
class Linked:
    """A row as the chain has it."""

    link: int
    row: bytes
    """Canonical."""
    head: bytes

    @property
    def leaf(self) -> bytes:
        """Its leaf in the tree of a seal."""
        return leaf_of(self.row)


@dataclass(frozen=True, slots=True)
class NoRow:
    """A link whose row is not there any more."""

    link: int
    kind: str
    head: bytes


def linked(database: sqlite3.Connection, first: int, last: int) -> Iterator[Linked | NoRow]:
    """Links `first` to `last` with their rows, in order; rows are read as they are now."""
    names: dict[int, str] = {
        number: beginning_of_interval(site, meter, channel)
        for number, site, meter, channel in database.execute("SELECT series, site, meter, channel FROM series")
    }
    for begin in range(first, last + 1, _AT_ONCE):
        yield from _some(database, begin, min(begin + _AT_ONCE - 1, last), names)


_AT_ONCE = 10_000


def _some(database: sqlite3.Connection, first: int, last: int, names: dict[int, str]) -> Iterable[Linked | NoRow]:
    found: list[Linked | NoRow] = []
    for name, kind in KINDS.items():
        a, b, c, text = kind.key.split(", ")
        on = " AND ".join(
            f"r.{column} = l.{of}" for column, of in ((a, "a"), (b, "b"), (c, "c"), (text, "name")) if column != "NULL"
        )
        columns = ", ".join(f"r.{column}" for column in kind.columns.split(", "))
        rows = database.execute(
            f"SELECT l.link, l.head, r.{a} IS NULL, {columns} FROM link l LEFT JOIN {name} r ON {on} "
            f"WHERE l.link BETWEEN ? AND ? AND l.kind = '{name}'",
            (first, last),
        )
        for link, head, gone, *values in rows:
            if gone or (name == "interval" and values[0] not in names):
                found.append(NoRow(link, name, bytes(head)))
            else:
                found.append(Linked(link, canonical(name, values, names.__getitem__), bytes(head)))
    return sorted(found, key=lambda one: one.link)
