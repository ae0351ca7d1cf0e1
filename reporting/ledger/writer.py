"""Entries of a batch into tables, kind by kind; one that the database cannot hold is set aside, the others are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.clock import epoch_ms
from domain.codec import decode_stored, encode
from domain.demand import Demand
from domain.intervals import Interval
from domain.readings import Rejection
from domain.texts import printable
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DECISIONS,
    DEMAND,
    EFFECTS,
    FEEDBACK,
    FORECASTS,
    INTERVALS,
    JOB_POWERS,
    MACHINE_HEALTH,
    MEASURES,
    METER_FORECASTS,
    ORDERS,
    OWN_USE,
    PRICES,
    QUALITY,
    RECOMMENDATIONS,
    REJECTED,
    SHIFT_CHANGES,
    Topic,
)
from quarters.newest import FAR
from reporting.ledger.chain import Chain
from reporting.ledger.entries import Entry, LedgerError, OtherSite, Unreadable

_UNREADABLE = "unreadable"
_CANNOT_HOLD = (OverflowError, ValueError, sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError)
"""What is wrong with a record, not with the disk or the lock: repeating it would fail for ever."""


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
    FEEDBACK.name: _Kept(lambda r: f"{r.site}/{r.anomaly}/{r.at_utc.isoformat()}/{r.by}/{r.kind}", _no_revision, lambda r: r.at_utc),
    FORECASTS.name: _Kept(lambda r: f"{r.site}/{r.issued_utc.isoformat()}", _no_revision, lambda r: r.issued_utc),
    METER_FORECASTS.name: _Kept(lambda r: f"{r.site}/{r.meter}/{r.issued_utc.isoformat()}", _no_revision, lambda r: r.issued_utc),
    ORDERS.name: _Kept(lambda r: f"{r.site}/{r.job}", lambda r: r.revision, lambda r: r.at_utc),
    JOB_POWERS.name: _Kept(lambda r: f"{r.site}/{r.machine}/{r.product}", lambda r: r.revision, lambda r: r.at_utc),
    SHIFT_CHANGES.name: _Kept(lambda r: f"{r.site}/{r.shift}/{r.day_local}", lambda r: r.revision, lambda r: r.at_utc),
    PRICES.name: _Kept(lambda r: f"{r.site}/{r.zone}/{r.minutes}/{r.first_start_utc.isoformat()}", lambda r: r.revision, lambda r: r.at_utc),
    QUALITY.name: _Kept(lambda r: f"{r.site}/{r.machine}/{r.event}", lambda r: r.revision, lambda r: r.at_utc),
    MEASURES.name: _Kept(lambda r: f"{r.site}/{r.measure}", lambda r: r.revision, lambda r: r.at_utc),
    RECOMMENDATIONS.name: _Kept(lambda r: f"{r.site}/{r.recommendation}", lambda r: r.revision, lambda r: r.at_utc),
    DECISIONS.name: _Kept(lambda r: f"{r.site}/{r.recommendation}/{r.at_utc.isoformat()}/{r.by}", _no_revision, lambda r: r.at_utc),
    EFFECTS.name: _Kept(lambda r: f"{r.site}/{r.recommendation}", lambda r: r.revision, lambda r: r.at_utc),
    MACHINE_HEALTH.name: _Kept(lambda r: f"{r.site}/{r.machine}/{r.at_utc.isoformat()}", _no_revision, lambda r: r.at_utc),
    OWN_USE.name: _Kept(lambda r: f"{r.site}/{r.from_utc.isoformat()}", _no_revision, lambda r: r.to_utc),
    AUTOPSIES.name: _Kept(lambda r: f"{r.site}/{r.quarter_utc.isoformat()}", lambda r: r.revision, lambda r: r.at_utc),
}  # fmt: skip


def subject_of(topic: Topic, record: Any) -> str:
    """What an entry of `topic` is about, as the ledger names it."""
    return _KEPT[topic.name].subject(record)


class EntryWriter:
    """Writes entries within a transaction of the ledger; numbers of series are remembered between them."""

    def __init__(self, database: sqlite3.Connection, chain: Chain) -> None:
        self._database = database
        self._chain = chain
        self._series: dict[tuple[str, str, str], int] = {}

    def forget(self) -> None:
        """Forget the numbers of series and the chain's head: the transaction that gave them was rolled back."""
        self._series.clear()
        self._chain.forget()

    def write(self, entries: Sequence[Entry], recorded_ms: int) -> None:
        """Write entries that were not taken before."""
        by_kind: dict[str, list[Entry]] = {}
        for entry in entries:
            if not isinstance(entry[3], OtherSite):
                by_kind.setdefault(_UNREADABLE if isinstance(entry[3], Unreadable) else entry[0].name, []).append(entry)
        for kind, some in by_kind.items():
            self._write(kind, some, recorded_ms)

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
            self.forget()
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
        written = self._database.executemany(
            "INSERT INTO interval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(*row, recorded_ms) for row in rows],
        ).rowcount
        if written == len(rows):
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


def _place(entry: Entry) -> str:
    return f"{entry[0].name}/{entry[1]}/{entry[2]}"


def _set_aside(entry: Entry, error: Exception) -> Entry:
    """The same place in the log, as a message that the ledger could not take."""
    reason = f"{type(entry[3]).__name__} that the ledger cannot hold: {error}"
    # Written out by Python, since the codec may be what fails on it.
    return entry[0], entry[1], entry[2], Unreadable(repr(entry[3]).encode("utf-8", "backslashreplace"), printable(reason))
