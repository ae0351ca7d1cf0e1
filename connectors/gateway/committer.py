"""From memory to disk: what came within a moment is committed in one transaction, and what the broker has is deleted in the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import structlog

from connectors.gaps import Note
from connectors.gateway.buffer import Batch, Buffer, BufferUnusable, Line, MeterChannel, Thinned
from connectors.gateway.waiting import Entry, Waiting
from domain.codec import encode
from domain.readings import Reading
from domain.topics import READINGS

_log = structlog.get_logger("outbox")

UNUSABLE_PAUSE_S = 1.0
"""Wait on the wall clock before a disk that could not be written is tried again."""

ReportThinned = Callable[[Mapping[MeterChannel, Thinned]], Reading]
"""Makes the reading that reports what the full buffer dropped, per meter and channel."""


def numbered(entries: Iterable[Entry], first: int) -> list[Line]:
    """The readings of `entries` as lines of one batch, with sequence numbers from `first` on."""
    lines: list[Line] = []
    for entry in entries:
        for reading in entry.readings:
            record = replace(reading, sequence=first + len(lines))
            lines.append(Line(READINGS.key_bytes(record), encode(record), entry.may_be_thinned))
    return lines


class Committer:
    """Commits on a thread of its own, and hands each batch on. `turn` guards the buffer: one thread at a time."""

    def __init__(
        self, buffer: Buffer, turn: threading.Lock, waiting: Waiting, gather_s: float, hand_on: Callable[[Batch], None]
    ) -> None:
        self._buffer, self._turn, self._waiting, self._gather_s, self._hand_on = buffer, turn, waiting, gather_s, hand_on
        self._acknowledged: set[int] = set()
        """Batches that the broker has and the disk still holds."""
        self._fresh = threading.Event()
        self._stopping = threading.Event()
        self._drained = threading.Event()
        self.report_thinned: ReportThinned | None = None
        """What it makes is committed in the transaction that marks the dropped samples as reported."""
        self.thread = threading.Thread(target=self._run, name="outbox-writer", daemon=True)

    def wake(self) -> None:
        """There is something to commit or to delete."""
        self._fresh.set()

    def stop(self) -> None:
        """End the thread; what waits still can be committed by the caller's."""
        self._stopping.set()
        self._fresh.set()
        if self.thread.ident is not None:
            self.thread.join(5.0)

    def acknowledge(self, batch: int) -> None:
        """The broker has the batch of this number: it is deleted with the next commit."""
        self._acknowledged.add(batch)

    def is_acknowledged(self, batch: int) -> bool:
        """Whether the broker has a batch that the disk still holds."""
        return batch in self._acknowledged

    @property
    def is_empty(self) -> bool:
        """Whether neither memory nor disk holds a reading."""
        return self._waiting.is_empty and self._buffer.readings == 0

    def wait_drained(self, timeout_s: float) -> None:
        """Return as soon as the disk may have become empty."""
        self._drained.clear()
        if not self.is_empty:
            self._drained.wait(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._fresh.wait()
            self._stopping.wait(self._gather_s)
            self._fresh.clear()
            try:
                self.commit()
            except BufferUnusable as error:
                _log.error("buffer_unusable", why=str(error), waiting=self._waiting.readings)
                self._stopping.wait(UNUSABLE_PAUSE_S)
                self._fresh.set()
                continue
            if self._buffer.readings == 0:
                self._drained.set()

    def commit(self) -> None:
        """Store what waits, delete what the broker has, hand the new batch on.

        Raises
        ------
        BufferUnusable
            If the disk cannot be written: everything goes on waiting.
        """
        with self._turn:
            batch = self._commit()
        if batch is not None:
            self._hand_on(batch)

    def _commit(self) -> Batch | None:
        entries, report = self._waiting.entries(), self._thinned_report()
        own = [] if report is None else [Entry((report,), False, Note(reports_thinned=True))]
        first = self._buffer.next_sequence
        lines = numbered((*entries, *own), first)
        notes = [entry.note for entry in (*entries, *own) if entry.note is not None]
        done = list(self._acknowledged)
        if not lines and not done and not notes:
            return None
        kept = self._buffer.store([lines] if lines else [], done, first + len(lines), notes)
        self._waiting.stored(entries)
        self._acknowledged.difference_update(done)
        if report is not None:
            _log.warning("buffer_full", what=report.text, kept=self._buffer.readings)
        return kept[0] if kept else None

    def _thinned_report(self) -> Reading | None:
        """The report on what was dropped, once the buffer has dropped all that it must for now."""
        if self.report_thinned is None or not self._buffer.thinned or self._buffer.is_thinning:
            return None
        return self.report_thinned(self._buffer.thinned)
