"""The buffer on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway_helpers import reading
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.gaps import Note
from connectors.gateway import buffer as buffer_module
from connectors.gateway.buffer import Buffer, BufferUnusable, Limits, Line, Thinned
from domain.codec import encode


def counter(number: int) -> Line:
    return Line(b"werk/main", b'{"n":%d}' % number, False)


def gauge(number: int, channel: str = "power") -> Line:
    return Line(b"werk/main", encode(reading(number, channel)), True)


def kept(buffer: Buffer) -> list[Line]:
    return [line for batch in buffer.after(0, 1_000_000) for line in batch.lines]


def test_what_was_stored_is_there_after_a_restart_in_its_order(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db")
    buffer.store([[counter(1), gauge(2)]], [], 3)
    buffer.store([[counter(3)]], [], 4)
    buffer.close()
    again = Buffer(tmp_path / "b.db")
    assert kept(again) == [counter(1), gauge(2), counter(3)]
    assert (again.readings, again.next_sequence) == (3, 4)
    again.close()


def test_sequence_numbers_go_on_when_everything_was_acknowledged(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db")
    (batch,) = buffer.store([[counter(1)]], [], 2)
    buffer.store([], [batch.id], 2)
    assert (buffer.readings, kept(buffer)) == (0, [])
    buffer.close()
    again = Buffer(tmp_path / "b.db")
    assert again.next_sequence == 2
    again.close()


def test_a_full_buffer_drops_the_oldest_gauges_and_never_a_counter(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db", Limits(readings=100))
    for number in range(80):
        buffer.store([[counter(number), gauge(number)]], [], 2 * number)
    lines = kept(buffer)
    assert [line for line in lines if not line.may_be_thinned] == [counter(number) for number in range(80)]
    gauges = [line for line in lines if line.may_be_thinned]
    assert gauges == [gauge(number) for number in range(80 - len(gauges), 80)]
    assert buffer.thinned == {("main", "power"): Thinned(80 - len(gauges), 0, 1_000 * (79 - len(gauges)))}
    assert buffer.readings == len(lines) <= 100
    buffer.close()


def test_counters_alone_are_kept_beyond_the_bound(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db", Limits(readings=10))
    for number in range(30):
        buffer.store([[counter(number)]], [], number)
    assert buffer.readings == 30
    buffer.close()


def test_what_was_dropped_is_known_after_a_restart_until_it_is_reported(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db", Limits(readings=20))
    for number in range(30):
        buffer.store([[gauge(number), counter(number)]], [], number)
    dropped = buffer.thinned
    assert dropped[("main", "power")].readings >= 10
    buffer.close()
    again = Buffer(tmp_path / "b.db", Limits(readings=20))
    assert again.thinned == dropped
    again.store([[counter(99)]], [], 99, [Note(reports_thinned=True)])
    assert again.thinned == {}
    again.close()
    last = Buffer(tmp_path / "b.db", Limits(readings=20))
    assert last.thinned == {}
    last.close()


def test_a_great_deal_is_dropped_in_pieces_so_that_the_next_readings_do_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer_module, "THINNED_AT_ONCE", 10)
    buffer = Buffer(tmp_path / "b.db")
    buffer.store([[gauge(number)] for number in range(1_000)], [], 1_000)
    buffer.close()
    small = Buffer(tmp_path / "b.db", Limits(readings=500))
    left = []
    while not left or small.is_thinning:
        small.store([[counter(1)]], [], 1_001)
        left.append(small.readings)
    assert left[0] == 1_000 + 1 - 10
    assert left[-1] <= 450
    assert small.thinned[("main", "power")] == Thinned(1_000 + len(left) - left[-1], 0, 1_000 * (999 + len(left) - left[-1]))
    small.close()


def test_totals_are_remembered_and_an_older_file_without_them_is_counted(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db")
    (first, _) = buffer.store([[counter(1), counter(2)], [counter(3)]], [], 4)
    buffer.store([], [first.id], 4)
    buffer._db.execute("DELETE FROM meta WHERE name IN ('readings', 'bytes')")
    buffer.close()
    for _ in range(2):
        again = Buffer(tmp_path / "b.db")
        assert again.readings == 1
        again.store([[counter(4)]], [again.last_id()], 5)
        again.close()


def test_no_more_is_read_than_there_is_room_for(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db")
    buffer.store([[counter(number)] * 10 for number in range(10)], [], 100)
    assert [len(buffer.after(0, limit, most)) for limit, most in ((3, 1_000), (100, 35), (100, 5))] == [3, 3, 1]
    buffer.close()


def test_two_gateways_do_not_share_a_file(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db")
    buffer.store([[counter(1)]], [], 2)
    with pytest.raises(BufferUnusable, match="does another gateway use it"):
        Buffer(tmp_path / "b.db")
    buffer.close()


def test_a_file_that_is_no_buffer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.db").write_bytes(b"not a database, but long enough to be looked at " * 20)
    with pytest.raises(BufferUnusable, match="is it a gateway's buffer"):
        Buffer(tmp_path / "b.db")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.tuples(st.binary(max_size=30), st.booleans()), min_size=1), max_size=6))
def test_any_lines_without_breaks_come_back_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[bytes, bool]]]
) -> None:
    clean = [[Line(b"k", v.replace(b"\n", b"").replace(b"\t", b""), f) for v, f in batch] for batch in batches]
    buffer = Buffer(tmp_path_factory.mktemp("b") / "b.db")
    buffer.store(clean, [], 1)
    assert kept(buffer) == [line for batch in clean for line in batch]
    buffer.close()
