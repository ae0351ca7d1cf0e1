"""Topics into the ledger: takes batches as they come, commits rows and offsets together, may be killed at any instant.

In: `TOPICS_KEPT`.  Out: rows of the ledger.  The places reached are kept in the ledger alone; the broker knows of no group.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from domain.codec import UnreadableRecord
from domain.topics import FINDINGS, GOVERNING, PLANNING_PROBLEMS, PLANS, READINGS, TOPICS, Topic
from reporting.ledger import Entry, Ledger, LedgerError, OtherSite, Place, Unreadable

TOPICS_KEPT = tuple(topic for topic in TOPICS if topic not in (READINGS, PLANNING_PROBLEMS, PLANS, GOVERNING, FINDINGS))
"""Readings stay in the log; what was made of them, and every one that was set aside, is in the ledger. So do the planner's questions and
answers, which are long and made again each hour: what they lead to are recommendations; and what the governor states of itself, which holds for
the running quarter hour. What single watches found is kept as the anomalies that were made of it."""


DOCUMENTS_EVERY_S = 60.0
"""How often it looks whether a file of the configuration has become another [real s]."""


class Message(Protocol):
    """One record and its place in the log."""

    @property
    def topic(self) -> Topic: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def value(self) -> bytes: ...
    def record(self) -> Any: ...


class Consumer(Protocol):
    """Reads the log from places of our choice; `connectors.kafka.client.RecordConsumer` is one."""

    def poll(self, timeout_s: float) -> Sequence[Message]: ...
    def end_offsets(self) -> Mapping[Place, int]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a batch is written: after this many records, or this long after its first one."""

    records: int = 5_000
    after_s: float = 0.3


@dataclass(slots=True)
class Batch:
    """Entries that wait to be written."""

    rhythm: Rhythm = field(default_factory=Rhythm)
    entries: list[Entry] = field(default_factory=list)
    since_s: float | None = None

    def add(self, entries: Sequence[Entry], now_s: float) -> None:
        """Put more behind what waits."""
        if entries and self.since_s is None:
            self.since_s = now_s
        self.entries += entries

    def is_due(self, now_s: float) -> bool:
        """Whether it should be written now."""
        return self.since_s is not None and (
            len(self.entries) >= self.rhythm.records or now_s - self.since_s >= self.rhythm.after_s
        )

    def take(self) -> list[Entry]:
        """What waited; the batch is empty after it."""
        entries, self.entries, self.since_s = self.entries, [], None
        return entries


def entry_of(message: Message, site: str) -> Entry:
    """A message as the ledger takes it; of other sites only the place in the log is noted."""
    record: Any
    try:
        record = message.record()
    except UnreadableRecord as error:
        record = Unreadable(message.value, str(error))
    if getattr(record, "site", site) != site:
        record = OtherSite(record.site)
    return message.topic, message.partition, message.offset, record


def places_beyond(known: Mapping[Place, int], ends: Mapping[Place, int]) -> dict[Place, int]:
    """Places that the ledger has read further than the log goes: it is not the log that the ledger was made from."""
    return {place: offset for place, offset in known.items() if place in ends and offset > ends[place]}


def run_historian(
    open_consumer: Callable[[Mapping[Place, int]], Consumer],
    ledger: Ledger,
    site: str,
    stop: threading.Event,
    ready: Callable[[], None],
    rhythm: Rhythm | None = None,
    new_log: bool = False,
    documents: Callable[[], Mapping[str, bytes]] = dict,
) -> int:
    """Follow the topics until `stop` is set; gives the number of records written.

    Parameters
    ----------
    open_consumer
        Makes a consumer of `TOPICS_KEPT` that begins at the given places, elsewhere at the beginning of the log.
    documents
        Reads the files of the plant's configuration, by name; each one that has become another is a row from then on.

    Raises
    ------
    LedgerError
        If the log ends before the place that the ledger has reached, unless `new_log` says that it is another log.
    """
    log = structlog.get_logger()
    batch, written = Batch(rhythm or Rhythm()), 0
    consumer = _consumer(open_consumer, ledger, new_log)
    try:
        ready()
        next_look_s = time.monotonic()
        while not stop.is_set():
            if time.monotonic() >= next_look_s:
                _note_documents(ledger, documents, log)
                next_look_s = time.monotonic() + DOCUMENTS_EVERY_S
            batch.add([entry_of(message, site) for message in consumer.poll(0.2)], time.monotonic())
            if batch.is_due(time.monotonic()):
                written += _write(ledger, batch.take(), log)
        written += _write(ledger, batch.take(), log)
    finally:
        consumer.close()
    return written


def _note_documents(ledger: Ledger, documents: Callable[[], Mapping[str, bytes]], log: Any) -> None:
    """A folder that cannot be read stops no record."""
    try:
        ledger.note_documents(documents())
    except OSError as error:
        log.warning("configuration_unreadable", reason=str(error))


def _write(ledger: Ledger, entries: list[Entry], log: Any) -> int:
    for topic, partition, offset, record in entries:
        if isinstance(record, Unreadable):
            log.warning("unreadable_record", topic=topic.name, partition=partition, offset=offset, reason=record.reason)
    return ledger.append(entries) if entries else 0


def _consumer(open_consumer: Callable[[Mapping[Place, int]], Consumer], ledger: Ledger, new_log: bool) -> Consumer:
    consumer = open_consumer(ledger.offsets())
    beyond = places_beyond(ledger.offsets(), consumer.end_offsets())
    if not beyond:
        return consumer
    consumer.close()
    beyond_the_end = ", ".join(f"{topic}/{partition} at {offset}" for (topic, partition), offset in sorted(beyond.items()))
    if not new_log:
        msg = (
            f"the ledger has read further than the broker's log goes ({beyond_the_end}): this is another log than the ledger was made from. If "
            f"the broker's data was lost or replaced, start once with --new-log: it is read from its beginning, nothing is written "
            f"twice. If not, repair the broker's address or the namespace"
        )
        raise LedgerError(msg)
    ledger.follow_another_log(f"beyond its end: {beyond_the_end}")
    return open_consumer({})
