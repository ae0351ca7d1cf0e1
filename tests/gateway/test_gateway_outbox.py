"""From memory over disk to the broker, with a broker that comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from gateway_helpers import TestBroker, reading

from connectors.gaps import Note
from connectors.gateway.buffer import Batch, Buffer, Line
from connectors.gateway.outbox import Outbox, OutboxDied
from connectors.gateway.pace import Pace
from domain.codec import decode
from domain.readings import Reading

PACE = Pace(gather_s=0.001, in_flight=50, drain_in_flight=20, first_retry_s=0.01, last_retry_s=0.02)


@pytest.fixture
def broker() -> TestBroker:
    return TestBroker()


@pytest.fixture
def outbox(tmp_path: Path, broker: TestBroker) -> Iterator[Outbox]:
    made = Outbox(Buffer(tmp_path / "b.db"), broker.connect, PACE)
    made.start()
    yield made
    made.stop(0.0)


class FaultyBuffer(Buffer):
    """A buffer with a fault of ours in it."""

    is_faulty = True

    def store(
        self, batches: Sequence[Sequence[Line]], acknowledged: Iterable[int], next_sequence: int, notes: Sequence[Note] = ()
    ) -> list[Batch]:
        if self.is_faulty:
            raise ZeroDivisionError
        return super().store(batches, acknowledged, next_sequence, notes)


def on_topic(broker: TestBroker) -> list[Reading]:
    return [decode(Reading, value) for value in list(broker.topic)]


def values(broker: TestBroker) -> list[float | int | None]:
    return [r.value for r in on_topic(broker)]


def test_readings_reach_the_topic_in_order_with_sequence_numbers_from_one(outbox: Outbox, broker: TestBroker) -> None:
    for number in range(1, 101):
        outbox.put(reading(number), False)
    assert outbox.wait_until_empty(20)
    assert values(broker) == [float(n) for n in range(1, 101)]
    assert [r.sequence for r in on_topic(broker)] == list(range(1, 101))


def test_what_came_while_the_broker_was_away_follows_in_order_when_it_is_back(outbox: Outbox, broker: TestBroker) -> None:
    broker.there = False
    assert broker.requested.wait(10)
    for number in range(1, 501):
        outbox.put(reading(number), False)
    broker.there = True
    assert outbox.wait_until_empty(20)
    assert sorted(r.sequence or 0 for r in on_topic(broker)) == list(range(1, 501))


def test_a_broker_that_takes_and_does_not_answer_loses_nothing(outbox: Outbox, broker: TestBroker) -> None:
    outbox.put(reading(1), False)
    assert outbox.wait_until_empty(20)
    broker.requested.clear()
    broker.answers = False
    for number in range(2, 301):
        outbox.put(reading(number), False)
    assert broker.requested.wait(10)
    assert not outbox.wait_until_empty(0.05)
    broker.answers = True
    broker.fail_waiting()
    assert outbox.wait_until_empty(20)
    assert {r.value for r in on_topic(broker)} == {float(n) for n in range(1, 301)}


def test_the_next_gateway_sends_what_the_last_one_could_not_and_counts_on(tmp_path: Path) -> None:
    away, there = TestBroker(), TestBroker()
    away.there = False
    first = Outbox(Buffer(tmp_path / "c.db"), away.connect, PACE)
    first.start()
    for number in range(1, 11):
        first.put(reading(number), False)
    first.stop(0.0)
    second = Outbox(Buffer(tmp_path / "c.db"), there.connect, PACE)
    second.start()
    second.put(reading(11), False)
    assert second.wait_until_empty(20)
    second.stop(0.0)
    assert sorted(r.sequence or 0 for r in on_topic(there)) == list(range(1, 12))
    assert values(there)[:10] == [float(n) for n in range(1, 11)]


def test_a_thread_that_died_is_noticed(tmp_path: Path, broker: TestBroker) -> None:
    buffer = FaultyBuffer(tmp_path / "e.db")
    outbox = Outbox(buffer, broker.connect, PACE)
    ended = threading.Event()
    outbox.check()
    hook, threading.excepthook = threading.excepthook, lambda _: ended.set()
    try:
        outbox.start()
        outbox.put(reading(1), False)
        assert ended.wait(10)
        for thread in [one for one in threading.enumerate() if one.name == "outbox-writer"]:
            thread.join(10)
    finally:
        threading.excepthook = hook
    with pytest.raises(OutboxDied, match="outbox-writer ended unexpectedly"):
        outbox.check()
    buffer.is_faulty = False
    outbox.stop(0.0)


def test_live_readings_do_not_wait_for_the_drain(tmp_path: Path) -> None:
    away, there = TestBroker(), TestBroker()
    away.there = False
    first = Outbox(Buffer(tmp_path / "d.db"), away.connect, PACE)
    first.start()
    for number in range(1, 3001):
        first.put(reading(number), False)
        if number % 10 == 0:
            first.flush_now()
    first.stop(0.0)
    second = Outbox(Buffer(tmp_path / "d.db"), there.connect, PACE)
    live = iter(range(10_000, 10_200))

    original = there.send_bytes

    def send_and_bring_more(key: bytes, value: bytes) -> object:
        number = next(live, None)
        if number is not None:
            second.put(reading(number), False)
            second.flush_now()
        return original(key, value)

    there.send_bytes = send_and_bring_more  # type: ignore[assignment,method-assign]
    second.start()
    assert second.wait_until_empty(30)
    second.stop(0.0)
    sent = values(there)
    assert len(sent) == 3200
    old = [v for v in sent if v is not None and v < 10_000]
    assert old == sorted(old)
    assert sent.index(10_000.0) < 1500
