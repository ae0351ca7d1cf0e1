"""Readings on disk until the broker has them: SQLite in WAL mode, written in batches.

A batch is what came within a moment. It is committed before it is sent and deleted when the broker has acknowledged all of it, so
that a reading is in here or on the topic, whichever process is killed; after a restart it may be in both, with the same
sequence number. Numbers are given in the transaction that stores them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.gaps import Gap, Key, Note
from domain.errors import LastgangError
from domain.readings import CONTROL_CHANNELS

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, readings INTEGER NOT NULL, bytes INTEGER NOT NULL,
    thinned INTEGER NOT NULL DEFAULT 0, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS marks (
    device TEXT NOT NULL, channel TEXT NOT NULL, known_to_ms INTEGER NOT NULL, PRIMARY KEY (device, channel)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gaps (
    number INTEGER PRIMARY KEY, device TEXT NOT NULL, channel TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    began_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, filled INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS thinned (
    meter TEXT NOT NULL, channel TEXT NOT NULL, readings INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    PRIMARY KEY (meter, channel)
) WITHOUT ROWID;
"""
_VERSION = 1
_TOTALS = ("next_sequence", "readings", "bytes", "thinned_to")
"""What table `meta` holds: number of the next reading, readings and bytes kept, the batch up to which no gauge is left to thin."""
THINNED_AT_ONCE = 1_000
"""Batches that one transaction thins: the next readings wait for it in memory."""
_MAY_GO, _STAYS = b"g", b"c"


class BufferUnusable(LastgangError):
    """The buffer file cannot be used. Operator: the message says why; a damaged file can be moved away, losing what it holds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One encoded reading. `may_be_thinned` marks samples of gauges, which a full buffer drops oldest first."""

    key: bytes
    value: bytes
    may_be_thinned: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings that were committed together."""

    id: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Thinned:
    """What a full buffer dropped of one channel."""

    readings: int
    from_ms: int
    """The first of them was observed then [ms since 1970]."""
    to_ms: int


MeterChannel = tuple[str, str]
"""A meter and one of its channels."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be kept."""

    readings: int = 2_000_000
    bytes: int = 500_000_000

    def exceeded(self, readings: int, size: int) -> bool:
        """Whether so much is too much."""
        return readings > self.readings or size > self.bytes


class Buffer:
    """The file. Whoever shares it between threads takes turns by a lock of its own."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self._limits = limits if limits is not None else Limits()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
            # Ours alone while we run: a second gateway on the same file would give the same sequence numbers.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            # Not synced at each commit: a kill of the process loses nothing, a power cut the last moments (decision 020).
            self._db.execute("PRAGMA synchronous=NORMAL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                msg = (
                    f"{path}: buffer of version {version}, this gateway writes {_VERSION}; drain it with the version that wrote it"
                )
                raise BufferUnusable(msg)
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version={_VERSION}")
            totals = dict(self._db.execute("SELECT name, value FROM meta"))
            if "readings" not in totals:
                counted = self._db.execute("SELECT coalesce(sum(readings), 0), coalesce(sum(bytes), 0) FROM batches").fetchone()
                totals |= {"readings": counted[0], "bytes": counted[1]}
            thinned = self._db.execute("SELECT meter, channel, readings, from_ms, to_ms FROM thinned").fetchall()
        except sqlite3.DatabaseError as error:
            msg = f"{path}: {error}; is it a gateway's buffer, is the disk full, does another gateway use it?"
            raise BufferUnusable(msg) from error
        self._path = path
        self._totals = totals
        self.next_sequence: int = totals.get("next_sequence", 1)
        """Number of the next reading of this gateway."""
        self.readings: int = totals["readings"]
        """Readings kept."""
        self._bytes: int = totals["bytes"]
        self._thinned_to: int = totals.get("thinned_to", 0)
        self._is_thinning = False
        self.thinned: Mapping[MeterChannel, Thinned] = {(meter, channel): Thinned(*row) for meter, channel, *row in thinned}
        """What was dropped because the buffer was full, and is not reported yet."""

    @property
    def is_thinning(self) -> bool:
        """Whether the next transaction drops more."""
        return self._is_thinning

    def store(
        self, batches: Sequence[Sequence[Line]], acknowledged: Iterable[int], next_sequence: int, notes: Sequence[Note] = ()
    ) -> list[Batch]:
        """In one transaction: keep `batches` and their notes, forget the acknowledged, remember the next sequence number."""
        kept: list[Batch] = []
        before = (self.readings, self._bytes, self._thinned_to, self._is_thinning, self.thinned)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for lines in batches:
                payload = _pack(lines)
                cursor = self._db.execute(
                    "INSERT INTO batches (readings, bytes, payload) VALUES (?, ?, ?)", (len(lines), len(payload), payload)
                )
                kept.append(Batch(int(cursor.lastrowid or 0), tuple(lines)))
                self.readings += len(lines)
                self._bytes += len(payload)
            for number in acknowledged:
                self._forget(number)
            self._remember(notes)
            if any(note.reports_thinned for note in notes):
                self._db.execute("DELETE FROM thinned")
                self.thinned = {}
            if self._is_thinning or self._limits.exceeded(self.readings, self._bytes):
                self._thin()
            totals = dict(zip(_TOTALS, (next_sequence, self.readings, self._bytes, self._thinned_to), strict=True))
            changed = [(name, value) for name, value in totals.items() if self._totals.get(name) != value]
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", changed)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.readings, self._bytes, self._thinned_to, self._is_thinning, self.thinned = before
            msg = f"{self._path}: {error}; readings are not safe until this is put right (is the disk full?)"
            raise BufferUnusable(msg) from error
        self._totals = totals
        self.next_sequence = next_sequence
        return kept

    def _remember(self, notes: Sequence[Note]) -> None:
        marks: dict[Key, int] = {}
        gaps: dict[int, Gap | None] = {}
        for note in notes:
            marks.update(note.marks)
            gaps.update((gap.number, gap) for gap in note.gaps)
            gaps.update((number, None) for number in note.closed)
        if marks:
            self._db.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", [(*key, ms) for key, ms in marks.items()])
        for number, gap in gaps.items():
            if gap is None:
                self._db.execute("DELETE FROM gaps WHERE number = ?", (number,))
            else:
                row = (number, gap.device, gap.channel, gap.from_ms, gap.to_ms, gap.began_ms, gap.ended_ms, gap.values)
                self._db.execute("INSERT OR REPLACE INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def marks(self) -> dict[Key, int]:
        """Per register the last instant [ms since 1970] of which it is known."""
        return {(row[0], row[1]): row[2] for row in self._db.execute("SELECT device, channel, known_to_ms FROM marks")}

    def gaps(self) -> list[Gap]:
        """Gaps that are not filled yet."""
        return [Gap(*row) for row in self._db.execute("SELECT * FROM gaps ORDER BY number")]

    def _forget(self, number: int) -> None:
        row = self._db.execute("DELETE FROM batches WHERE id = ? RETURNING readings, bytes", (number,)).fetchone()
        if row is not None:
            self.readings -= row[0]
            self._bytes -= row[1]

    def _thin(self) -> None:
        """Drop gauge samples from the oldest batches until a tenth of the room is free; counters, states and counts stay.

        Some batches at once: what is left to do is done in the next transactions.
        """
        goal = Limits(self._limits.readings * 9 // 10, self._limits.bytes * 9 // 10)
        dropped: dict[MeterChannel, Thinned] = dict(self.thinned)
        rows = self._db.execute(
            "SELECT id, payload FROM batches WHERE id > ? ORDER BY id LIMIT ?", (self._thinned_to, THINNED_AT_ONCE)
        ).fetchall()
        for number, payload in rows:
            if not goal.exceeded(self.readings, self._bytes):
                break
            self._thin_batch(number, payload, dropped)
            self._thinned_to = number
        self._is_thinning = bool(rows) and goal.exceeded(self.readings, self._bytes)
        self._db.executemany(
            "INSERT OR REPLACE INTO thinned VALUES (?, ?, ?, ?, ?)",
            [(*channel, t.readings, t.from_ms, t.to_ms) for channel, t in dropped.items()],
        )
        self.thinned = dropped

    def _thin_batch(self, number: int, payload: bytes, dropped: dict[MeterChannel, Thinned]) -> None:
        lines = _unpack(payload)
        left = [line for line in lines if not line.may_be_thinned]
        if len(left) == len(lines):
            return
        packed = _pack(left)
        if left:
            self._db.execute(
                "UPDATE batches SET readings = ?, bytes = ?, payload = ? WHERE id = ?", (len(left), len(packed), packed, number)
            )
        else:
            self._db.execute("DELETE FROM batches WHERE id = ?", (number,))
        self.readings -= len(lines) - len(left)
        self._bytes -= len(payload) - len(packed)
        for line in lines:
            if line.may_be_thinned:
                _note_dropped(line, dropped)

    def after(self, number: int, limit: int, most_readings: int = 1_000_000) -> list[Batch]:
        """The oldest batches later than `number`: at most `limit`, and no more than `most_readings` where that is more than one."""
        found: list[Batch] = []
        readings = 0
        rows = self._db.execute("SELECT id, readings, payload FROM batches WHERE id > ? ORDER BY id LIMIT ?", (number, limit))
        for batch, count, payload in rows:
            readings += count
            if found and readings > most_readings:
                break
            found.append(Batch(batch, tuple(_unpack(payload))))
        return found

    def last_id(self) -> int:
        """Number of the newest batch, 0 if there is none."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM batches").fetchone()[0])

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        self._db.close()


def size_of(lines: Sequence[Line]) -> int:
    """Bytes that a batch of `lines` takes, as `Limits` counts them."""
    return len(_pack(lines))


def _pack(lines: Sequence[Line]) -> bytes:
    # Keys and JSON as our codec writes it hold neither tab nor line feed.
    return b"\n".join(b"\t".join((_MAY_GO if line.may_be_thinned else _STAYS, line.key, line.value)) for line in lines)


def _note_dropped(line: Line, dropped: dict[MeterChannel, Thinned]) -> None:
    reading = json.loads(line.value)
    channel = (reading["meter"], reading["channel"])
    if channel[1] in CONTROL_CHANNELS:
        return  # an old heartbeat says nothing
    known, at_ms = dropped.get(channel), reading["observed_ms"]
    if known is None:
        dropped[channel] = Thinned(1, at_ms, at_ms)
    else:
        dropped[channel] = Thinned(known.readings + 1, min(known.from_ms, at_ms), max(known.to_ms, at_ms))


def _unpack(payload: bytes) -> list[Line]:
    lines: list[Line] = []
    for packed in payload.split(b"\n") if payload else ():
        flag, key, value = packed.split(b"\t", 2)
        lines.append(Line(key, value, flag == _MAY_GO))
    return lines
