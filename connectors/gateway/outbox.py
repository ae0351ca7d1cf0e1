"""From readings in memory to the broker's acknowledgement: committed to disk first, then sent, then forgotten.

Two threads, so that neither a slow disk nor a silent broker holds up the devices: one commits what came within a moment, the
other sends it. Live batches go first; what lies on disk alone (the broker was away, or we were) is drained beside them, oldest
first, as far as the broker keeps up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from connectors.gaps import Note
from connectors.gateway.buffer import Batch, Buffer, BufferUnusable
from connectors.gateway.committer import Committer, ReportThinned
from connectors.gateway.pace import Pace
from connectors.gateway.sender import Sender, Transport
from connectors.gateway.waiting import Entry, Refused, Waiting
from domain.errors import LastgangError
from domain.readings import Reading

_log = structlog.get_logger("outbox")


class OutboxDied(LastgangError):
    """The gateway cannot keep what it reads. Operator: start it again and report the traceback; what is on disk is not lost."""


class Outbox:
    """Takes readings from the event loop's thread and sees to it that they reach the topic."""

    def __init__(self, buffer: Buffer, connect: Callable[[], Transport], pace: Pace | None = None) -> None:
        pace = pace if pace is not None else Pace()
        self._buffer = buffer
        self._turn = threading.Lock()
        """Guards the buffer: one thread at a time."""
        self._waiting = Waiting(pace.most_waiting)
        self._committer = Committer(buffer, self._turn, self._waiting, pace.gather_s, self._hand_on)
        self._sender = Sender(buffer, self._turn, connect, pace, self._committer, lambda: self.buffered)
        self._is_stopping = False

    def _hand_on(self, batch: Batch) -> None:
        self._sender.offer(batch)

    def start(self, report_thinned: ReportThinned | None = None) -> None:
        """Begin to commit and to send; `report_thinned` makes the report on what a full buffer drops."""
        self._committer.report_thinned = report_thinned
        self._committer.thread.start()
        self._sender.thread.start()

    def put(self, reading: Reading, may_be_thinned: bool, note: Note | None = None) -> None:
        """Take one reading; its sequence number is given when it is committed, and `note` is stored with it."""
        self.put_all((reading,), may_be_thinned, note)

    def put_all(self, readings: Sequence[Reading], may_be_thinned: bool, note: Note | None = None) -> None:
        """Take some readings (or none) and a note on them: they are committed in one transaction.

        While nothing can be committed and memory is used up they are refused: nothing of them or the note is kept, see `take_refused`.
        """
        if self._waiting.put(Entry(readings, may_be_thinned, note)):
            self._committer.wake()

    def take_refused(self) -> Refused | None:
        """What was refused, once readings are taken again; each is returned once. For the thread that puts."""
        return self._waiting.take_refused()

    def check(self) -> None:
        """Raise `OutboxDied` if a thread of it has ended by a fault of ours: nothing would be kept or sent any more."""
        threads = (self._committer.thread, self._sender.thread)
        dead = [thread.name for thread in threads if thread.ident is not None and not thread.is_alive()]
        if dead and not self._is_stopping:
            msg = f"{' and '.join(dead)} ended unexpectedly (its traceback is in the log); the gateway stops, to be started again"
            raise OutboxDied(msg)

    def flush_now(self) -> None:
        """Commit what is there without waiting for more; for whoever needs batches of a known size."""
        self._committer.commit()

    @property
    def uncommitted(self) -> int:
        """Readings that are in memory only."""
        return self._waiting.readings

    @property
    def buffered(self) -> int:
        """Readings that the broker has not acknowledged."""
        return self._buffer.readings + self._waiting.readings

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Whether everything taken so far was acknowledged within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not self._committer.is_empty and time.monotonic() < deadline:
            self._committer.wait_drained(0.1)
        return self._committer.is_empty

    def stop(self, flush_s: float = 3.0) -> None:
        """Commit what is left, give the broker `flush_s` to take it, let go. What it did not take is sent after the next start."""
        if self._sender.broker_is_there:
            self.wait_until_empty(flush_s)
        self._is_stopping = True
        self._committer.stop()
        self._sender.stop()
        try:
            self._committer.commit()
        except BufferUnusable as error:
            _log.error("readings_not_kept", count=self._waiting.readings, why=str(error))
        with self._turn:
            self._buffer.close()
