"""What is on its way to the broker, and what is still to be read from disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.gateway.buffer import Batch, Line
from connectors.gateway.flights import Backlog, Flights


def batch(number: int, readings: int = 1) -> Batch:
    return Batch(number, tuple(Line(b"key", b"value", False) for _ in range(readings)))


def test_readings_in_flight_are_counted_until_they_land_and_those_from_disk_beside_them() -> None:
    flights = Flights()
    live, old = flights.begin(batch(7, 3), from_disk=False), flights.begin(batch(2, 5), from_disk=True)
    assert (len(flights), flights.readings, flights.readings_from_disk) == (2, 8, 5)
    flights.land(old)
    assert (len(flights), flights.readings, flights.readings_from_disk) == (1, 3, 0)
    assert flights.is_current(live)
    assert not flights.is_current(old)


def test_an_answer_to_a_flight_that_was_given_up_does_not_count_for_the_one_that_took_its_place() -> None:
    flights = Flights()
    first = flights.begin(batch(7), from_disk=False)
    assert flights.give_up() == [7]
    second = flights.begin(batch(7), from_disk=True)
    assert (flights.is_current(first), flights.is_current(second)) == (False, True)
    assert (flights.readings, flights.readings_from_disk) == (1, 1)


def test_a_batch_that_overtakes_leaves_the_backlog_as_it_is_unless_that_is_empty() -> None:
    waiting, empty = Backlog(done_to=3, ends_at=5), Backlog(done_to=5, ends_at=5)
    waiting.overtaken(9)
    empty.overtaken(9)
    assert waiting == Backlog(3, 5)
    assert empty == Backlog(9, 9)


@given(st.lists(st.integers(1, 50), unique=True, max_size=20), st.integers(0, 60), st.integers(0, 60))
def test_every_batch_that_has_to_go_again_is_read_again(again: list[int], done_to: int, ends_at: int) -> None:
    backlog = Backlog(done_to, ends_at)
    backlog.send_again(again)
    assert all(backlog.done_to < number <= backlog.ends_at for number in again)
    assert backlog.done_to <= done_to
    assert backlog.ends_at >= ends_at
