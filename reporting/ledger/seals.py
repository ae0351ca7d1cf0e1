"""Seals: signed statements over runs of the ledger's links, at least one for each UTC day with rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Protocol

from domain.clock import instant
from reporting.ledger.chain import NO_HEAD, Linked, linked, next_head
from reporting.ledger.entries import LedgerError
from reporting.ledger.merkle import root_of

SEAL = "lastgang-seal-1"
NOTHING_BEFORE = "0" * 64


class Signer(Protocol):
    """Who signs for a plant."""

    @property
    def site(self) -> str:
        """The plant."""

    @property
    def fingerprint(self) -> str:
        """Of its key: hex SHA-256."""

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as it stands in the ledger."""

    number: int
    first_link: int
    last_link: int
    statement: str
    signature: str
    """Hex."""

    @property
    def statement_sha256(self) -> str:
        """Hex."""
        return sha256(self.statement.encode("ascii")).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Of the key that signed it, hex."""
        return str(json.loads(self.statement)[9])


def seals_of(database: sqlite3.Connection) -> list[Seal]:
    """All seals, in their order."""
    return [
        Seal(*row) for row in database.execute("SELECT seal, first_link, last_link, statement, signature FROM seal ORDER BY seal")
    ]


def day_of(recorded_ms: int) -> str:
    """The UTC day of an instant."""
    return instant(recorded_ms).astimezone(UTC).date().isoformat()


class Sealing:
    """Makes the seals of one open ledger, within its transactions."""

    def __init__(self, database: sqlite3.Connection, signer_of: Callable[[], Signer | None]) -> None:
        self._database = database
        self._signer_of = signer_of

    def seal_days_before(self, now_ms: int) -> None:
        """Seal what was written up to now if it is of an earlier UTC day than `now_ms`.

        Raises
        ------
        LedgerError
            As `seal`.
        """
        last = last_link(self._database)
        if last > self._sealed_until()[1] and self._day_of_link(last) < day_of(now_ms):
            self.seal()

    def seal(self) -> Seal | None:
        """Seal what no seal covers yet; gives the last seal, None where there is none and nobody signs.

        Raises
        ------
        LedgerError
            If a row is not what it was when it was written: no seal is put under that.
        """
        number, until, before, head = self._sealed_until()
        last = last_link(self._database)
        # Looked for each time: a key may have been made, or followed by another, since the ledger was opened.
        signer = self._signer_of() if last > until else None
        if signer is not None:
            rows = list(as_written(self._database, until + 1, last, head))
            leaves = [row.leaf for row in rows]
            day = self._day_of_link(last)
            parts = [
                SEAL, signer.site, number + 1, day, until + 1, last, root_of(leaves).hex(), rows[-1].head.hex(), before, signer.fingerprint,
            ]  # fmt: skip
            statement = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
            signature = signer.sign(statement.encode("ascii")).hex()
            self._database.execute("INSERT INTO seal VALUES (?, ?, ?, ?, ?)", (number + 1, until + 1, last, statement, signature))
        return next(reversed(seals_of(self._database)), None)

    def _sealed_until(self) -> tuple[int, int, str, bytes]:
        """Number and last link of the last seal, SHA-256 of its statement, and the head that it covers."""
        row = self._database.execute(
            "SELECT seal, first_link, last_link, statement, signature FROM seal ORDER BY seal DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return 0, 0, NOTHING_BEFORE, NO_HEAD
        seal = Seal(*row)
        return seal.number, seal.last_link, seal.statement_sha256, bytes.fromhex(json.loads(seal.statement)[7])

    def _day_of_link(self, link: int) -> str:
        (row,) = linked(self._database, link, link)
        if not isinstance(row, Linked):
            raise LedgerError(_not_as_written(row.link, "gone"))
        values = json.loads(row.row)
        return day_of(values[1] if values[0] == "event" else values[-1])


def as_written(database: sqlite3.Connection, first: int, last: int, head: bytes) -> Iterator[Linked]:
    """Links `first` to `last` with their rows; `head` covers what is before them.

    Raises
    ------
    LedgerError
        At the first row that is not what it was when it was written.
    """
    for row in linked(database, first, last):
        if not isinstance(row, Linked):
            raise LedgerError(_not_as_written(row.link, "gone"))
        head = next_head(head, row.leaf)
        if head != row.head:
            raise LedgerError(_not_as_written(row.link, f"changed: it is {row.row.decode()[:300]}"))
        yield row


def head_before(database: sqlite3.Connection, link: int) -> bytes:
    """The head that covers everything before a link."""
    row = database.execute("SELECT head FROM link WHERE link = ?", (link - 1,)).fetchone()
    return NO_HEAD if row is None else bytes(row[0])


def last_link(database: sqlite3.Connection) -> int:
    """The last link; 0 where there is none."""
    return int(database.execute("SELECT coalesce(max(link), 0) FROM link").fetchone()[0])


def _not_as_written(link: int, how: str) -> str:
    return (
        f"row {link} of the ledger is {how} since it was written, or one before it was put in or taken out: nothing is sealed. "
        f"`lastgang verify LEDGER` lists what differs; take the ledger from a backup, or read the log again into a new one"
    )
