"""The ledger: SQLite in WAL mode, rows only ever added, Kafka offsets in the same transaction as the rows.

Sent twice is written once: a message whose offset is known is ignored, and so is a record that says what is there already. A record
that says something else under the same identity is no new row but a conflict, kept and counted.

An interval's identity is (site, meter, channel, start, revision). Imported load profiles have revision 0, so what the platform has
metered itself (1 and up) counts before them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.clock import Clock, epoch_ms, process_clock
from domain.codec import decode_stored, encode
from domain.demand import Demand
from domain.intervals import Interval
from domain.newest import FAR
from domain.readings import Rejection
from domain.texts import printable
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    METER_FORECASTS,
    ORDERS,
    RECOMMENDATIONS,
    REJECTED,
    Topic,
)
from reporting.ledger_reading import Conflict, LedgerError, LedgerReading, Place

VERSION = 1
"""`PRAGMA user_version` of the schema that this code reads and writes."""
MIGRATIONS: Mapping[int, str] = {0: (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")}
"""Version found -> the statements that lead to the next one."""
_STATE_TABLES = ("kafka_offset", "running_demand")
_UNREADABLE = "unreadable"
_CANNOT_HOLD = (OverflowError, ValueError, sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError)
"""What is wrong with a record, not with the disk or the lock: repeating it would fail for ever."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no record of their topic; the ledger keeps them with the reason."""

    original: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class OtherSite:
    """A record of another plant on the same topic: only its place in the log is noted."""

    site: str


Entry = tuple[Topic, int, int, Any]
"""Topic, partition, offset, and its record, `Unreadable` or `OtherSite`."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """How records of a topic are identified and dated."""

    subject: Callable[[Any], str]
    revision: Callable[[Any], int]
    at_utc: Callable[[Any], datetime]


def _no_revision(_: Any) -> int:
    return 0


_KEPT: Mapping[str, _Kept] = {
    ANOMALIES.name: _Kept(lambda r: f"{r.site}/{r.anomaly}", lambda r: r.revision, lambda r: r.at_utc),
    FORECASTS.name: _Kept(lambda r: f"{r.site}/{r.issued_utc.isoformat()}", _no_revision, lambda r: r.issued_utc),
    METER_FORECASTS.name: _Kept(lambda r: f"{r.site}/{r.meter}/{r.issued_utc.isoformat()}", _no_revision, lambda r: r.issued_utc),
    ORDERS.name: _Kept(lambda r: f"{r.site}/{r.job}", lambda r: r.revision, lambda r: r.at_utc),
    RECOMMENDATIONS.name: _Kept(lambda r: f"{r.site}/{r.recommendation}", lambda r: r.revision, lambda r: r.at_utc),
    DECISIONS.name: _Kept(lambda r: f"{r.site}/{r.recommendation}/{r.at_utc.isoformat()}/{r.by}", _no_revision, lambda r: r.at_utc),
}  # fmt: skip


class Ledger(LedgerReading):
    """One plant's ledger file; one writer, any number of readers that never hold it up."""

    def __init__(self, database: sqlite3.Connection, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock
        self._series: dict[tuple[str, str, str], int] = {}

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
        while found < VERSION:
            self._migrate(found)
            found = self._version()

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self, found: int) -> None:
        with self._transaction():
            if self._version() != found:
                return
            for statement in _statements(MIGRATIONS[found]):
                self._database.execute(statement)
            self._forbid_changes()
            self._event(f"schema version {found + 1}")
            self._database.execute(f"PRAGMA user_version={found + 1}")

    def _forbid_changes(self) -> None:
        tables = [
            row[0]
            for row in self._database.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        ]
        for table in tables:
            for change in ("UPDATE", "DELETE") if table not in _STATE_TABLES else ():
                self._database.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {table} takes no {change}'); END"
                )

    def _event(self, what: str) -> None:
        self._database.execute("INSERT INTO event (recorded_ms, what) VALUES (?, ?)", (self._now_ms(), what))

    def _now_ms(self) -> int:
        return epoch_ms(self._clock.now_utc())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            self._series.clear()  # numbers given in this transaction are gone
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

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
            fresh, next_offsets = _not_taken(entries, self.offsets())
            recorded_ms = self._now_ms()
            by_kind: dict[str, list[Entry]] = {}
            for entry in fresh:
                if not isinstance(entry[3], OtherSite):
                    by_kind.setdefault(_UNREADABLE if isinstance(entry[3], Unreadable) else entry[0].name, []).append(entry)
            for kind, some in by_kind.items():
                self._write(kind, some, recorded_ms)
            self._database.executemany(
                "INSERT INTO kafka_offset VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset",
                [(*place, offset) for place, offset in next_offsets.items()],
            )
        return len(fresh)

    def _write(self, kind: str, entries: list[Entry], recorded_ms: int) -> None:
        """Write entries of one kind; one that the database cannot hold is set aside with the reason, the others are written."""
        writer = self._writer(kind)
        try:
            with self._savepoint():
                writer(entries, recorded_ms)
            return
        except _CANNOT_HOLD as error:
            if len(entries) == 1:
                self._write_unreadable([_set_aside(entries[0], error)], recorded_ms)
                return
        half = len(entries) // 2
        self._write(kind, entries[:half], recorded_ms)
        self._write(kind, entries[half:], recorded_ms)

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self._database.execute("SAVEPOINT entries")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK TO entries")
            self._database.execute("RELEASE entries")
            self._series.clear()
            raise
        self._database.execute("RELEASE entries")

    def _writer(self, kind: str) -> Callable[[list[Entry], int], None]:
        special = {
            INTERVALS.name: self._write_intervals,
            REJECTED.name: self._write_rejections,
            DEMAND.name: self._write_demand,
            _UNREADABLE: self._write_unreadable,
        }
        if kind in special:
            return special[kind]
        if kind in _KEPT:
            return self._write_entries
        msg = f"the ledger keeps nothing of {kind}; it keeps {sorted({*_KEPT, *special})}"
        raise LedgerError(msg)

    def _write_intervals(self, entries: list[Entry], recorded_ms: int) -> None:
        rows = [self._interval_row(entry[3]) for entry in entries]
        before = self._database.total_changes
        self._database.executemany(
            "INSERT INTO interval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(*row, recorded_ms) for row in rows],
        )
        if self._database.total_changes - before == len(rows):
            return
        for entry, row in zip(entries, rows, strict=True):
            known = self._database.execute(
                "SELECT energy_uwh, coverage, quality, method, readings, origin FROM interval WHERE series=? AND start_s=? AND revision=?",
                row[:3],
            ).fetchone()
            if known != row[3:]:
                record: Interval = entry[3]
                subject = f"{record.site}/{record.meter}/{record.channel}/{record.start_utc.isoformat()}"
                self._write_conflict(entry, subject, record.revision, recorded_ms)

    def _interval_row(self, record: Interval) -> tuple[Any, ...]:
        name = (record.site, record.meter, record.channel)
        if name not in self._series:
            self._database.execute("INSERT INTO series (site, meter, channel) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", name)
            found = self._database.execute("SELECT series FROM series WHERE site=? AND meter=? AND channel=?", name).fetchone()
            self._series[name] = int(found[0])
        return (
            self._series[name], epoch_ms(record.start_utc) // 1000, record.revision, record.energy_uwh, float(record.coverage),
            str(record.quality), str(record.method), record.readings, str(record.origin),
        )  # fmt: skip

    def _write_entries(self, entries: list[Entry], recorded_ms: int) -> None:
        kept = _KEPT[entries[0][0].name]
        for entry in entries:
            topic, record, payload = entry[0], entry[3], encode(entry[3]).decode()
            subject, revision = kept.subject(record), kept.revision(record)
            written = self._database.execute(
                "INSERT INTO entry (topic, subject, revision, at_ms, payload, recorded_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (topic.name, subject, revision, epoch_ms(kept.at_utc(record)), payload, recorded_ms),
            ).rowcount
            if not written and self._payload(topic, subject, revision) != payload:
                self._write_conflict(entry, subject, revision, recorded_ms)

    def _payload(self, topic: Topic, subject: str, revision: int) -> str:
        row = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? AND subject=? AND revision=?", (topic.name, subject, revision)
        ).fetchone()
        return str(row[0])

    def _write_rejections(self, entries: list[Entry], recorded_ms: int) -> None:
        for entry in entries:
            record: Rejection = entry[3]
            payload = encode(record).decode()
            source = record.source or _place(entry)
            at_ms = None if record.at_utc is None else epoch_ms(record.at_utc)
            written = self._database.execute(
                "INSERT INTO rejection (source, meter, reason, at_ms, payload, recorded_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (source, record.meter, str(record.reason), at_ms, payload, recorded_ms),
            ).rowcount
            if not written:
                known = self._database.execute("SELECT payload FROM rejection WHERE source=?", (source,)).fetchone()[0]
                if known != payload:
                    self._write_conflict(entry, source, 0, recorded_ms)

    def _write_demand(self, entries: list[Entry], recorded_ms: int) -> None:
        rows = self._database.execute("SELECT site, payload FROM running_demand")
        running: dict[str, Demand] = {site: decode_stored(Demand, payload) for site, payload in rows}
        for entry in entries:
            demand: Demand = entry[3]
            last = running.get(demand.site)
            # The topic may repeat after a failure of the job; what is a little older than what is known says nothing new.
            # What is much older shows that the known one was dated wrongly: it must not hide all that is right until its date.
            if last is not None and last.at_utc - FAR <= demand.at_utc < last.at_utc:
                continue
            if last is not None and demand.start_utc != last.start_utc:
                self._database.execute(
                    "INSERT INTO demand VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (last.site, epoch_ms(last.start_utc) // 1000, encode(last).decode(), recorded_ms),
                )
            running[demand.site] = demand
        self._database.executemany(
            "INSERT INTO running_demand VALUES (?, ?) ON CONFLICT DO UPDATE SET payload = excluded.payload",
            [(site, encode(demand).decode()) for site, demand in running.items()],
        )

    def _write_unreadable(self, entries: list[Entry], recorded_ms: int) -> None:
        self._database.executemany(
            "INSERT INTO unreadable (topic, partition, offset, reason, original, recorded_ms) VALUES (?, ?, ?, ?, ?, ?)",
            [(topic.name, partition, offset, bad.reason, bad.original, recorded_ms) for topic, partition, offset, bad in entries],
        )

    def _write_conflict(self, entry: Entry, subject: str, revision: int, recorded_ms: int) -> None:
        self._database.execute(
            "INSERT INTO conflict (topic, subject, revision, payload, place, recorded_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (entry[0].name, subject, revision, encode(entry[3]).decode(), _place(entry), recorded_ms),
        )

    def follow_another_log(self, why: str) -> None:
        """Forget the offsets: the log is read from its beginning again. Data stays; what is sent again is recognised."""
        with self._transaction():
            self._event(
                f"follows another log: {why}; offsets were {json.dumps([[*p, n] for p, n in sorted(self.offsets().items())])}"
            )
            self._database.execute("DELETE FROM kafka_offset")


def _place(entry: Entry) -> str:
    return f"{entry[0].name}/{entry[1]}/{entry[2]}"


def _set_aside(entry: Entry, error: Exception) -> Entry:
    """The same place in the log, as a message that the ledger could not take."""
    reason = f"{type(entry[3]).__name__} that the ledger cannot hold: {error}"
    # Written out by Python, since the codec may be what fails on it.
    return entry[0], entry[1], entry[2], Unreadable(repr(entry[3]).encode("utf-8", "backslashreplace"), printable(reason))


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


__all__ = ["Conflict", "Entry", "Ledger", "LedgerError", "OtherSite", "Place", "Unreadable"]
