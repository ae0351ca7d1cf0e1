"""Marks and gaps: what is missed is known after any kill, and asked for once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from gateway_helpers import TestBroker, reading, write_plant
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.gaps import Gap, GapBook, Note, PastValue, filled_text, request_text
from connectors.gateway.buffer import Buffer
from connectors.gateway.fleet import Fleet, load_fleet
from connectors.gateway.outbox import Outbox
from connectors.gateway.pace import Pace
from connectors.gateway.process import Gateway, GatewaySettings
from connectors.kafka.client import KafkaSettings
from domain.clock import ScaledClock
from domain.codec import decode
from domain.readings import CONNECTION_CHANNEL, GAP_CHANNEL, Reading

KEY = ("press", "energy_import")


def came(
    book: GapBook, observed_ms: int, received_ms: int | None = None, *, lost_before: bool = False, days: float = 7.0
) -> Note | None:
    received = observed_ms if received_ms is None else received_ms
    return book.came(KEY, observed_ms, received, least_ms=1500, back_days=days, lost_before=lost_before)


def gaps_of(note: Note | None) -> list[tuple[int, int]]:
    return [(gap.from_ms, gap.to_ms) for gap in note.gaps] if note is not None else []


def test_the_first_value_ever_has_no_gap_before_it() -> None:
    assert came(GapBook(), 1_000_000) == Note(((KEY, 1_000_000),))


def test_without_an_interruption_a_long_silence_is_no_gap() -> None:
    book = GapBook()
    came(book, 1_000_000)
    assert gaps_of(came(book, 9_000_000)) == []


def test_an_interruption_makes_a_gap_from_the_last_value_to_the_next() -> None:
    book = GapBook()
    came(book, 1_000_000)
    book.interrupt("press")
    assert gaps_of(came(book, 1_001_500)) == []  # as far apart as values are without one
    book.bad(KEY)
    assert gaps_of(came(book, 1_010_000)) == [(1_001_500, 1_010_000)]
    assert gaps_of(came(book, 1_020_000)) == []
    assert gaps_of(came(book, 1_021_000, lost_before=True)) == [(1_020_000, 1_021_000)]


def test_a_value_that_did_not_change_has_missed_nothing() -> None:
    book = GapBook({KEY: 1_000_000})
    assert book.unchanged(KEY, 5_000_000) == Note(((KEY, 5_000_000),))
    assert gaps_of(came(book, 5_060_000)) == []


def test_after_a_start_every_known_register_was_interrupted_and_looks_back_no_further_than_stated() -> None:
    now_ms = 100 * 86_400_000
    assert gaps_of(came(GapBook({KEY: 0}), now_ms, days=2.0)) == [(98 * 86_400_000, now_ms)]


def test_a_clock_that_jumps_ahead_hides_no_gap() -> None:
    book = GapBook({KEY: 1_000_000})
    assert came(book, 9_999_999_999, received_ms=2_000_000) is None
    assert gaps_of(came(book, 2_000_000)) == [(1_000_000, 2_000_000)]


def test_a_register_without_history_gets_no_gaps_any_more() -> None:
    book = GapBook({KEY: 1_000_000})
    came(book, 2_000_000)
    (gap,) = book.open(["press"])
    assert book.without_history([KEY]) == Note(closed=(gap.number,))
    book.interrupt("press")
    assert came(book, 3_000_000) is None
    assert book.open(["press"]) == []


def test_people_are_reported_in_a_sentence() -> None:
    gaps = [Gap(n, "press", name, 0, 0, 0, 10_800_000, 900) for n, name in enumerate(("power", "energy_import"))]
    assert request_text(gaps) == "history requested: 2 registers for 180 min"
    assert filled_text(gaps) == (1800, "history: 1,800 values of 2 registers for 180 min")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=12),
    st.integers(1, 60),
    st.booleans(),
    st.sets(st.integers(0, 30), max_size=4),
)
def test_whatever_is_killed_where_each_value_of_the_gap_comes_once(
    sizes: list[int], count: int, newest_first: bool, kills: set[int]
) -> None:
    """A kill is before a piece is stored, or after: then the next process begins from what was stored."""
    values = [PastValue(1000 + 10 * number, float(number)) for number in range(count)]
    book = GapBook({KEY: 990})
    note = came(book, 1000 + 10 * count, lost_before=True)
    assert note is not None
    marks, stored, turn = dict(note.marks), {gap.number: gap for gap in note.gaps}, 0
    ledger: list[float | int | None] = []
    while stored:
        (gap,) = book.open(["press"])
        left = [value for value in values if gap.from_ms < value.observed_ms < gap.to_ms]
        size = sizes[turn % len(sizes)]
        piece = left[-size:][::-1] if newest_first else left[:size]
        note = book.filled(gap, piece, to_the_end=len(piece) < size, newest_first=newest_first)
        turn += 1
        if turn in kills:
            book = GapBook(marks, stored.values())
            continue
        ledger += [value.value for value in piece]
        stored.update({changed.number: changed for changed in note.gaps})
        for number in note.closed:
            del stored[number]
    assert sorted(v for v in ledger if v is not None) == [float(number) for number in range(count)]


def test_a_note_is_on_disk_with_the_readings_it_concerns_and_not_before(tmp_path: Path) -> None:
    broker = TestBroker()
    broker.there = False
    outbox = Outbox(Buffer(tmp_path / "b.db"), broker.connect, Pace(gather_s=0.001))
    gap = Gap(3, *KEY, 1_000, 9_000, 1_000, 9_000)
    outbox.put(reading(9), False, Note(((KEY, 9_000),), (gap,)))
    outbox.put_all([reading(4), reading(5)], False, Note(gaps=(Gap(3, *KEY, 5_000, 9_000, 1_000, 9_000, 2),)))
    assert outbox.buffered == 3
    unwritten = Buffer(tmp_path / "other.db")
    assert (unwritten.marks(), unwritten.gaps()) == ({}, [])
    unwritten.close()
    outbox.flush_now()
    assert outbox.buffered == 3
    outbox.start()
    outbox.stop(0.0)
    again = Buffer(tmp_path / "b.db")
    assert again.readings == 3
    assert again.marks() == {KEY: 9_000}
    assert again.gaps() == [Gap(3, *KEY, 5_000, 9_000, 1_000, 9_000, 2)]
    again.store([], [], again.next_sequence, [Note(closed=(3,))])
    assert again.gaps() == []
    again.close()


def test_connections_are_reported_with_the_heartbeats_and_gaps_on_a_channel_of_their_own(tmp_path: Path) -> None:
    broker = TestBroker()
    plant = load_fleet(write_plant(tmp_path / "plant")).plant
    settings = GatewaySettings("gateway-1", tmp_path / "b.db", KafkaSettings("127.0.0.1:1"))
    clock = ScaledClock(datetime.now(UTC), datetime(2026, 10, 23, 4, tzinfo=UTC), 6000.0)
    outbox = Outbox(Buffer(tmp_path / "b.db"), broker.connect, Pace(gather_s=0.001))
    outbox.start()

    def on_topic(channel: str) -> list[Reading]:
        return [r for value in list(broker.topic) if (r := decode(Reading, value)).channel == channel]

    async def main() -> None:
        gateway, stop = Gateway(Fleet(plant, (), ()), settings, clock, outbox), asyncio.Event()
        running = asyncio.create_task(gateway.run(stop))
        gateway.report("press", "lost", "no answer")
        gateway.report_gap("press", 12, "history: 12 values of 1 register for 3 min")
        while len(on_topic(CONNECTION_CHANNEL)) < 3:
            await asyncio.sleep(0.01)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(main(), 30))
    outbox.stop(1.0)
    states = on_topic(CONNECTION_CHANNEL)
    assert {(r.meter, r.text) for r in states} == {("press", "lost")}
    assert states[2].observed_ms - states[1].observed_ms >= 60_000 - 1
    assert [(r.meter, r.value, r.text) for r in on_topic(GAP_CHANNEL)] == [
        ("press", 12, "history: 12 values of 1 register for 3 min")
    ]
