"""A ledger in a file or in memory: opened, brought to this version, written in transactions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from domain.clock import Clock, epoch_ms, process_clock
from domain.errors import LastgangError
from reporting.ledger.chain import CHAIN_SQL, Chain, begin_chain
from reporting.ledger.entries import Entry, LedgerError, Place
from reporting.ledger.questions import log
from reporting.ledger.reader import LedgerReader
from reporting.ledger.seals import Seal, Sealing, Signer, day_of
from reporting.ledger.writer import EntryWriter

VERSION = 2
"""`PRAGMA user_version` of the schema that this code reads and writes."""
MIGRATIONS: Mapping[int, str] = {0: (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"), 1: CHAIN_SQL}
"""Version found -> the statements that lead to the next one."""
_STATE_TABLES = ("kafka_offset", "running_demand")


class Ledger(LedgerReader):
    """One plant's ledger file; one writer, any number of readers that never hold it up."""

    def __init__(self, database: sqlite3.Connection, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock
        self._chain = Chain(database)
        self._writer = EntryWriter(database, self._chain)
        self._sealing: Sealing | None = None
        self._day = ""

    @classmethod
    def open(cls, path: Path, readonly: bool = False, clock: Clock | None = None) -> Ledger:
        """The ledger at `path`; a writer makes it or brings it to this version.

        Parameters
        ----------
        clock
            Stamps each row's `recorded` instant; the process's clock if None.

        Raises
        ------
        LedgerError
            If it is absent (readers), no ledger, or of a newer version than this program.
        """
        if readonly and not path.is_file():
            msg = f"no ledger at {path}; `lastgang historian` makes it, or name another file"
            raise LedgerError(msg)
        if not readonly:
            path.parent.mkdir(parents=True, exist_ok=True)
        where = f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}"
        database = sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False, timeout=30.0)
        ledger = cls(database, clock or process_clock())
        try:
            ledger._prepare(path, readonly)
        except sqlite3.DatabaseError as error:
            database.close()
            msg = f"{path} is no ledger that can be opened: {error}"
            raise LedgerError(msg) from error
        except LedgerError:
            database.close()
            raise
        return ledger

    @property
    def database(self) -> sqlite3.Connection:
        """For what reads rows with their links."""
        return self._database

    @contextmanager
    def reading_one_state(self) -> Iterator[None]:
        """Whatever is read within is of one moment, whoever writes meanwhile; nothing can be written within."""
        self._database.execute("BEGIN")
        try:
            yield
        finally:
            self._database.execute("ROLLBACK")

    def sign_with(self, signer_of: Callable[[], Signer | None]) -> None:
        """From now on seal what each UTC day has brought, when the first row of another day comes, by who signs then."""
        self._sealing = Sealing(self._database, signer_of)

    def seal(self) -> Seal | None:
        """Seal what no seal covers yet; gives the last seal, None where nobody signs.

        Raises
        ------
        LedgerError
            If a row is not what it was when it was written.
        """
        if self._sealing is None:
            return None
        with self._transaction():
            return self._sealing.seal()

    def note_documents(self, files: Mapping[str, bytes]) -> None:
        """Keep files of the plant's configuration (name -> content) that are others than those kept last."""
        known = "SELECT name, sha256 FROM document WHERE document IN (SELECT max(document) FROM document GROUP BY name)"
        digests = {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
        if digests.items() <= dict(self._database.execute(known)).items():
            return
        with self._transaction():
            before = dict(self._database.execute(known))
            for name, digest in digests.items():
                content = files[name]
                if before.get(name) != digest:
                    row = (name, digest, content, self._now_ms())
                    self._database.execute("INSERT INTO document (name, sha256, content, recorded_ms) VALUES (?, ?, ?, ?)", row)

    def note_report(self, name: str, version: int, manifest_sha256: str) -> None:
        """Keep that a version of a report was made."""
        with self._transaction():
            row = (name, version, manifest_sha256, self._now_ms())
            self._database.execute("INSERT INTO report (name, version, manifest_sha256, recorded_ms) VALUES (?, ?, ?, ?)", row)

    @classmethod
    def in_memory(cls, clock: Clock | None = None) -> Ledger:
        """An empty ledger that is nowhere but in memory: for readers until there is a file, and for tests that fill it."""
        database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        ledger = cls(database, clock or process_clock())
        ledger._bring_to_version()
        return ledger

    def _prepare(self, path: Path, readonly: bool) -> None:
        if readonly:
            self._database.execute("PRAGMA query_only=ON")
        else:
            self._database.execute("PRAGMA journal_mode=WAL")
            # After a power failure the last transactions may be gone, rows and offsets together: they are read again from the log.
            self._database.execute("PRAGMA synchronous=NORMAL")
        found = self._version()
        if found > VERSION or (readonly and found < VERSION):
            advice = "use the program that wrote it" if found > VERSION else "start `lastgang historian` on it once"
            msg = f"{path} is a ledger of version {found}, this program knows {VERSION}; {advice}"
            raise LedgerError(msg)
        self._bring_to_version()

    def _bring_to_version(self) -> None:
        while (found := self._version()) < VERSION:
            self._migrate(found)

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self, found: int) -> None:
        with self._transaction():
            if self._version() != found:
                return
            for statement in _statements(MIGRATIONS[found]):
                self._database.execute(statement)
            before = begin_chain(self._database) if found == 1 else None
            _forbid_changes(self._database)
            if before is not None:
                self._event(f"chain begins with {before} rows that were there before")
            self._event(f"schema version {found + 1}")
            self._database.execute(f"PRAGMA user_version={found + 1}")

    def _event(self, what: str) -> None:
        self._database.execute("INSERT INTO event (recorded_ms, what) VALUES (?, ?)", (self._now_ms(), what))

    def _now_ms(self) -> int:
        return epoch_ms(self._clock.now_utc())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        self._chain.forget()  # another writer may have added rows
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            self._writer.forget()  # numbers given in this transaction are gone
            raise
        self._database.execute("COMMIT")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def append(self, entries: Sequence[Entry]) -> int:
        """Write what is new of `entries` (in order within each partition) and where to go on, in one transaction.

        Returns
        -------
        int
            How many entries had not been taken before, by their offsets.
        """
        with self._transaction():
            self._seal_days_before(now_ms := self._now_ms())
            fresh, next_offsets = _not_taken(entries, self.offsets())
            self._writer.write(fresh, now_ms)
            self._database.executemany(
                "INSERT INTO kafka_offset VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset",
                [(*place, offset) for place, offset in next_offsets.items()],
            )
        return len(fresh)

    def _seal_days_before(self, now_ms: int) -> None:
        """Once a day; rows that were changed are reported and stop nothing else."""
        if self._sealing is None or day_of(now_ms) == self._day:
            return
        self._day = day_of(now_ms)
        try:
            self._sealing.seal_days_before(now_ms)
        except LastgangError as error:
            log.error("not_sealed", reason=str(error))

    def follow_another_log(self, why: str) -> None:
        """Forget the offsets: the log is read from its beginning again. Data stays; what is sent again is recognised."""
        with self._transaction():
            self._event(
                f"follows another log: {why}; offsets were {json.dumps([[*p, n] for p, n in sorted(self.offsets().items())])}"
            )
            self._database.execute("DELETE FROM kafka_offset")


def _forbid_changes(database: sqlite3.Connection) -> None:
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")]
    for table in tables:
        for change in ("UPDATE", "DELETE") if table not in _STATE_TABLES else ():
            database.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {table} takes no {change}'); END"
            )


def _not_taken(entries: Iterable[Entry], offsets: Mapping[Place, int]) -> tuple[list[Entry], dict[Place, int]]:
    """The entries at or after the known offsets, and the offsets after them."""
    fresh: list[Entry] = []
    reached: dict[Place, int] = {}
    for entry in entries:
        place = (entry[0].name, entry[1])
        if entry[2] >= reached.get(place, offsets.get(place, 0)):
            fresh.append(entry)
            reached[place] = entry[2] + 1
    return fresh, reached


def _statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one: `executescript` would commit before it begins."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
