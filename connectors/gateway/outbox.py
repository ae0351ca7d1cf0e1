"""From readings in memory to the broker's acknowledgement: committed to disk first, then sent, then forgotten.

Two threads, so that neither a slow disk nor a silent broker holds up the devices: one commits what came within a moment, the
other sends it. Live batches go first; what lies on disk alone (the broker was away, or we were) is drained beside them, oldest
first, as far as the broker keeps up.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from connectors.gaps import Note
from connectors.gateway.buffer import Batch, Buffer, BufferUnusable, Line, MeterChannel, Thinned
from domain.codec import encode
from domain.errors import LastgangError
from domain.readings import Reading
from domain.topics import READINGS

_log = structlog.get_logger("outbox")


class Transport(Protocol):
    """What the outbox needs of a producer."""

    def send_bytes(self, key: bytes, value: bytes) -> Any:
        """Queue bytes; a future with ``add_callback`` and ``add_errback`` comes back."""

    def close(self, timeout_s: float) -> None:
        """Let go; unacknowledged sends fail."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the outbox works. Seconds are of the wall clock."""

    gather_s: float = 0.02
    """What comes within this long is committed together."""
    in_flight: int = 3_000
    """Readings sent and not acknowledged; more wait on disk."""
    drain_in_flight: int = 1_000
    """Of these, readings from disk: the rest is room for live ones."""
    first_retry_s: float = 0.25
    last_retry_s: float = 5.0
    most_waiting: int = 100_000
    """Readings in memory while the disk cannot be written; what comes beyond is refused, counted and told."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Readings that could not be kept, because the disk was full for longer than memory lasts."""

    count: int
    from_ms: int
    """When the first of them was received [ms since 1970]."""
    to_ms: int
    """The last of them."""

    def and_more(self, count: int, at_ms: int) -> Refused:
        """The same with some that came later."""
        return Refused(self.count + count, self.from_ms, at_ms)


class OutboxDied(LastgangError):
    """The gateway cannot keep what it reads. Operator: start it again and report the traceback; what is on disk is not lost."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Readings and a note that are committed together."""

    readings: Sequence[Reading]
    may_be_thinned: bool
    note: Note | None


ReportThinned = Callable[[Mapping[MeterChannel, Thinned]], Reading]
"""Makes the reading that reports what the full buffer dropped, per meter and channel."""


class _InFlight:
    """A batch on its way."""

    __slots__ = ("batch", "from_disk", "left")

    def __init__(self, batch: Batch, from_disk: bool) -> None:
        self.batch, self.from_disk, self.left = batch, from_disk, len(batch.lines)


class Outbox:
    """Takes readings from the event loop's thread and sees to it that they reach the topic."""

    def __init__(self, buffer: Buffer, connect: Callable[[], Transport], pace: Pace | None = None) -> None:
        self._buffer, self._connect, self._pace = buffer, connect, pace if pace is not None else Pace()
        self._turn = threading.Lock()
        """Guards the buffer: one thread at a time."""
        self._pending: deque[_Entry] = deque()
        self._taken = self._stored = 0
        """Readings put in by the one thread, and committed by the other."""
        self._refused: Refused | None = None
        self.report_thinned: ReportThinned | None = None
        """Set before the start; what it makes is committed in the transaction that marks the dropped samples as reported."""
        self._fresh = threading.Event()
        self._live: deque[Batch] = deque()
        self._results: deque[tuple[_InFlight, bool]] = deque()
        self._acknowledged: set[int] = set()
        """Batches that the broker has and the disk still holds."""
        self._why = ""
        """What the client said when it last failed."""
        self._work = threading.Event()
        self._stopping = threading.Event()
        self._drained = threading.Event()
        self._in_flight: dict[int, _InFlight] = {}
        self._in_flight_readings = self._in_flight_from_disk = 0
        oldest = buffer.after(0, 1)
        self._cursor = oldest[0].id - 1 if oldest else 0
        """Batches on disk up to here are in flight or gone."""
        self._on_disk_to = buffer.last_id()
        """Batches up to here and after the cursor are to be read from disk."""
        self._transport: Transport | None = None
        self._broker_is_there = False
        self._writer = threading.Thread(target=self._write_forever, name="outbox-writer", daemon=True)
        self._sender = threading.Thread(target=self._send_forever, name="outbox-sender", daemon=True)

    def start(self) -> None:
        """Begin to commit and to send."""
        self._writer.start()
        self._sender.start()

    def put(self, reading: Reading, may_be_thinned: bool, note: Note | None = None) -> None:
        """Take one reading; its sequence number is given when it is committed, and `note` is stored with it."""
        self.put_all((reading,), may_be_thinned, note)

    def put_all(self, readings: Sequence[Reading], may_be_thinned: bool, note: Note | None = None) -> None:
        """Take some readings (or none) and a note on them: they are committed in one transaction.

        While nothing can be committed and memory is used up they are refused: nothing of them or the note is kept, see `take_refused`.
        """
        if self._is_full(len(readings)):
            self._refuse(readings)
            return
        self._taken += len(readings)
        self._pending.append(_Entry(readings, may_be_thinned, note))
        self._fresh.set()

    def _is_full(self, more: int = 1) -> bool:
        return self._taken - self._stored + more > max(self._pace.most_waiting, more)

    def _refuse(self, readings: Sequence[Reading]) -> None:
        if not readings:
            return
        at_ms = readings[-1].received_ms
        if self._refused is None:
            _log.error(
                "readings_refused", why="the buffer cannot be written and memory is used up", waiting=self._pace.most_waiting
            )
            self._refused = Refused(0, readings[0].received_ms, at_ms)
        self._refused = self._refused.and_more(len(readings), at_ms)

    def take_refused(self) -> Refused | None:
        """What was refused, once readings are taken again; each is told once. For the thread that puts."""
        if self._refused is None or self._is_full():
            return None
        refused, self._refused = self._refused, None
        _log.warning("readings_not_kept", count=refused.count, from_ms=refused.from_ms, to_ms=refused.to_ms)
        return refused

    def check(self) -> None:
        """Raise `OutboxDied` if a thread of it has ended by a fault of ours: nothing would be kept or sent any more."""
        dead = [thread.name for thread in (self._writer, self._sender) if thread.ident is not None and not thread.is_alive()]
        if dead and not self._stopping.is_set():
            msg = f"{' and '.join(dead)} ended unexpectedly (its traceback is in the log); the gateway stops, to be started again"
            raise OutboxDied(msg)

    def flush_now(self) -> None:
        """Commit what is there without waiting for more; for whoever needs batches of a known size."""
        with self._turn:
            batch = self._commit()
        if batch is not None:
            self._live.append(batch)
            self._work.set()

    @property
    def buffered(self) -> int:
        """Readings that the broker has not acknowledged."""
        return self._buffer.readings + self._taken - self._stored

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Whether everything taken so far was acknowledged within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self._drained.clear()
            if not self._pending and self._buffer.readings == 0:
                return True
            self._drained.wait(0.1)
        return not self._pending and self._buffer.readings == 0

    def stop(self, flush_s: float = 3.0) -> None:
        """Commit what is left, give the broker `flush_s` to take it, let go. What it did not take is sent after the next start."""
        if self._broker_is_there:
            self.wait_until_empty(flush_s)
        self._stopping.set()
        self._fresh.set()
        self._work.set()
        self._writer.join(5.0)
        self._sender.join(5.0)
        with self._turn:
            try:
                self._commit()
            except BufferUnusable as error:
                _log.error("readings_not_kept", count=self._taken - self._stored, why=str(error))
            self._buffer.close()

    # Committing

    def _write_forever(self) -> None:
        while not self._stopping.is_set():
            self._fresh.wait()
            self._stopping.wait(self._pace.gather_s)
            self._fresh.clear()
            try:
                with self._turn:
                    batch = self._commit()
            except BufferUnusable as error:
                _log.error("buffer_unusable", why=str(error), waiting=len(self._pending))
                self._stopping.wait(1.0)
                self._fresh.set()
                continue
            if batch is not None:
                self._live.append(batch)
                self._work.set()
            if self._buffer.readings == 0:
                self._drained.set()

    def _commit(self) -> Batch | None:
        count = len(self._pending)
        entries = [self._pending[place] for place in range(count)]
        report = self._thinned_report()
        sequence = self._buffer.next_sequence
        if report is not None:
            entries.append(_Entry((report,), False, Note(reports_thinned=True)))
        lines: list[Line] = []
        for entry in entries:
            for reading in entry.readings:
                numbered = replace(reading, sequence=sequence + len(lines))
                lines.append(Line(READINGS.key_bytes(numbered), encode(numbered), entry.may_be_thinned))
        notes = [entry.note for entry in entries if entry.note is not None]
        done = list(self._acknowledged)
        if not lines and not done and not notes:
            return None
        kept = self._buffer.store([lines] if lines else [], done, sequence + len(lines), notes)
        for _ in range(count):
            self._pending.popleft()
        self._stored += len(lines) - (report is not None)
        self._acknowledged.difference_update(done)
        if report is not None:
            _log.warning("buffer_full", what=report.text, kept=self._buffer.readings)
        return kept[0] if kept else None

    def _thinned_report(self) -> Reading | None:
        """The report on what was dropped, once the buffer has dropped all that it must for now."""
        if self.report_thinned is None or not self._buffer.thinned or self._buffer.is_thinning:
            return None
        return self.report_thinned(self._buffer.thinned)

    # Sending

    def _send_forever(self) -> None:
        retry_s = self._pace.first_retry_s
        while not self._stopping.is_set():
            if self._transport is None:
                try:
                    self._transport = self._connect()
                except LastgangError as error:
                    if self._broker_is_there or retry_s == self._pace.first_retry_s:
                        _log.warning("broker_away", why=str(error), buffered=self.buffered)
                    self._broker_is_there = False
                    self._live_to_disk()
                    self._stopping.wait(retry_s)
                    retry_s = min(2 * retry_s, self._pace.last_retry_s)
                    continue
            self._take_results()
            if self._transport is None:
                continue
            retry_s = self._pace.first_retry_s
            self._send_live()
            self._send_from_disk()
            self._work.wait(0.25)
            self._work.clear()
        if self._transport is not None:
            self._transport.close(1.0)
            self._take_results()

    def _live_to_disk(self) -> None:
        """Leave the waiting live batches to the drain: they are on disk, and memory has a bound."""
        while self._live:
            self._on_disk_to = max(self._on_disk_to, self._live.popleft().id)

    def _send_live(self) -> None:
        if not self._broker_is_there and (self._in_flight or self._cursor < self._on_disk_to):
            self._live_to_disk()  # the oldest goes first, as a question whether the broker is there
            return
        while self._live:
            batch = self._live.popleft()
            if batch.id <= self._cursor:
                continue  # the drain was faster
            if self._in_flight_readings + len(batch.lines) > self._pace.in_flight:
                self._on_disk_to = max(self._on_disk_to, batch.id)
                continue
            if self._cursor >= self._on_disk_to:
                self._cursor = self._on_disk_to = batch.id
            self._send(batch, from_disk=False)

    def _send_from_disk(self) -> None:
        while self._cursor < self._on_disk_to and not self._stopping.is_set():
            if self._live and self._broker_is_there:
                self._send_live()
            if not self._broker_is_there and self._in_flight:
                return  # one batch asks whether the broker is there
            room = self._pace.drain_in_flight - self._in_flight_from_disk
            if self._in_flight_from_disk and room <= 0:
                return
            with self._turn:
                batches = self._buffer.after(self._cursor, 200 if self._broker_is_there else 1, room)
            batches = [batch for batch in batches if batch.id <= self._on_disk_to]
            if not batches:
                self._cursor = self._on_disk_to
                return
            for batch in batches:
                if self._in_flight_from_disk and len(batch.lines) + self._in_flight_from_disk > self._pace.drain_in_flight:
                    return
                self._cursor = batch.id
                if batch.id not in self._in_flight and batch.id not in self._acknowledged:
                    self._send(batch, from_disk=True)

    def _send(self, batch: Batch, from_disk: bool) -> None:
        assert self._transport is not None
        flight = _InFlight(batch, from_disk)
        self._in_flight[batch.id] = flight
        self._in_flight_readings += len(batch.lines)
        self._in_flight_from_disk += len(batch.lines) if from_disk else 0
        for line in batch.lines:
            try:
                future = self._transport.send_bytes(line.key, line.value)
            except Exception as error:  # any trouble of the client's is the broker's being away; the reading is on disk
                self._finished(flight, False, error)
                return
            future.add_callback(lambda _, flight=flight: self._finished(flight, True))
            future.add_errback(lambda error, flight=flight: self._finished(flight, False, error))

    def _finished(self, flight: _InFlight, well: bool, error: object = None) -> None:
        # Called from the client's thread.
        self._results.append((flight, well))
        if not well:
            self._why = str(error)
        self._work.set()

    def _take_results(self) -> None:
        failed: set[int] = set()
        finished = False
        while self._results:
            flight, well = self._results.popleft()
            if self._in_flight.get(flight.batch.id) is not flight:
                continue  # of a client that was given up; its batch goes again
            flight.left -= 1
            if not well:
                failed.add(flight.batch.id)
            elif flight.left == 0:
                self._land(flight)
                self._acknowledged.add(flight.batch.id)
                finished = True
        if finished:
            if not self._broker_is_there:
                _log.info("broker_there", buffered=self.buffered)
            self._broker_is_there = True
            self._fresh.set()
        if failed and self._transport is not None:
            self._give_up()

    def _land(self, flight: _InFlight) -> None:
        del self._in_flight[flight.batch.id]
        self._in_flight_readings -= len(flight.batch.lines)
        self._in_flight_from_disk -= len(flight.batch.lines) if flight.from_disk else 0

    def _give_up(self) -> None:
        """The client failed a send: start over with a new one, everything unacknowledged from disk."""
        _log.warning("broker_lost", why=self._why, buffered=self.buffered)
        self._broker_is_there = False
        numbers = list(self._in_flight)
        transport, self._transport = self._transport, None
        self._in_flight.clear()
        self._in_flight_readings = self._in_flight_from_disk = 0
        if numbers:
            self._on_disk_to = max(self._on_disk_to, *numbers)
            self._cursor = min(self._cursor, min(numbers) - 1)
        self._live_to_disk()
        if transport is not None:
            transport.close(0.0)
        self._stopping.wait(self._pace.first_retry_s)
