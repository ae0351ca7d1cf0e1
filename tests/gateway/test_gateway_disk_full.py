"""A disk without room: the gateway keeps what memory holds, counts the rest, tells it, and goes on by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from gateway_helpers import TestBroker, reading

from connectors.gaps import Note
from connectors.gateway.buffer import Batch, Buffer, BufferUnusable, Line
from connectors.gateway.outbox import Outbox
from connectors.gateway.pace import Pace
from connectors.gateway.waiting import Refused
from domain.codec import decode
from domain.readings import Reading


class SmallDisk(Buffer):
    """A buffer whose disk may be full."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_full = False
        self.tried = threading.Event()

    def store(
        self, batches: Sequence[Sequence[Line]], acknowledged: Iterable[int], next_sequence: int, notes: Sequence[Note] = ()
    ) -> list[Batch]:
        # SQLite itself refuses the page, as it does where the file system has none.
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        self._db.execute(f"PRAGMA max_page_count={pages if self.is_full else 2**30}")
        try:
            return super().store(batches, acknowledged, next_sequence, notes)
        except BufferUnusable:
            self.tried.set()
            raise


@pytest.fixture
def disk(tmp_path: Path) -> SmallDisk:
    return SmallDisk(tmp_path / "b.db")


@pytest.fixture
def broker() -> TestBroker:
    return TestBroker()


@pytest.fixture
def outbox(disk: SmallDisk, broker: TestBroker) -> Iterator[Outbox]:
    made = Outbox(disk, broker.connect, Pace(gather_s=0.001, most_waiting=1_000))
    made.start()
    yield made
    made.stop(0.0)


def test_what_memory_cannot_hold_is_counted_and_reported_once_and_everything_else_arrives(
    disk: SmallDisk, broker: TestBroker, outbox: Outbox
) -> None:
    outbox.put(reading(1), False)
    assert outbox.wait_until_empty(20)
    disk.is_full = True
    for number in range(2, 3_002):
        outbox.put(reading(number), False)
    assert disk.tried.wait(10)
    assert outbox.take_refused() is None, "nothing is reported while there is no room to keep the report"
    disk.is_full = False
    assert outbox.wait_until_empty(20)
    reported = outbox.take_refused()
    assert reported is not None
    assert reported == Refused(reported.count, reported.from_ms, 1_000 * 3_001 + 5)
    assert 1_000 <= reported.count <= 2_000
    assert outbox.take_refused() is None
    on_topic = [decode(Reading, value) for value in broker.topic]
    assert len(on_topic) == 3_001 - reported.count
    assert sorted(r.sequence or 0 for r in on_topic) == list(range(1, len(on_topic) + 1))


def test_an_outbox_that_is_stopped_with_a_full_disk_ends_in_good_order(disk: SmallDisk, broker: TestBroker) -> None:
    outbox = Outbox(disk, broker.connect, Pace(gather_s=0.001, most_waiting=1_000))
    outbox.start()
    disk.is_full = True
    for number in range(2_000):
        outbox.put(reading(number), False)
    assert disk.tried.wait(10)
    outbox.stop(0.0)
