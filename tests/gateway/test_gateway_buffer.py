"""The buffer on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.gateway.buffer import Buffer, BufferUnusable, Limits, Line


def counter(number: int) -> Line:
    return Line(b"werk/main", b'{"n":%d}' % number, False)


def gauge(number: int) -> Line:
    return Line(b"werk/main", b'{"g":%d}' % number, True)


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
    assert buffer.thinned == 80 - len(gauges)
    assert buffer.readings == len(lines) <= 100
    buffer.close()


def test_counters_alone_are_kept_beyond_the_bound(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "b.db", Limits(readings=10))
    for number in range(30):
        buffer.store([[counter(number)]], [], number)
    assert buffer.readings == 30
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
