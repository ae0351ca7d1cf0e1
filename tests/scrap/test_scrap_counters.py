"""Counters of good pieces and scrap become records of quarter hours: resets, rollovers, dips, lost connections, late counts."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import epoch_ms
from domain.intervals import QUARTER_MS
from domain.quality import QualityEvent, newest_events
from domain.readings import ReadingQuality
from domain.topics import INTERVALS, ORDERS, READINGS
from scrap.counters import KEPT_MS, Counted, Counter, counted
from scrap.step import Scrap
from tests.scrap.scrap_site import PLANT, SITE, at, connection, count, driven, events, interval, order

MIN_MS = 60_000


def counter(*rows: tuple[float, float]) -> Counter:
    """Counts by minute."""
    made = Counter()
    for minute, value in rows:
        made.put(round(minute * MIN_MS), value)
    return made


def test_a_counter_advances_in_the_quarter_hour_in_which_it_is_read() -> None:
    assert counter((0, 100), (5, 110), (14, 118), (16, 121), (29, 130)).advances([]) == [
        (0, 1, 10),
        (0, 1, 8),
        (1, 2, 3),
        (1, 2, 9),
    ]


@pytest.mark.parametrize(
    ("rows", "pieces"),
    [
        (((0, 500), (10, 3)), 3),  # set back
        (((0, 65_530), (10, 4)), 10),  # 16 bit
        (((0, 4_294_967_290), (10, 4)), 10),  # 32 bit
        (((0, 500), (5, 0), (6, 503)), 3),  # a wrong zero
        (((0, 500), (5, 0), (30, 20)), 20),  # a real one
        (((0, 5), (10, 3e12)), 0),  # no counter of pieces
    ],
)
def test_what_went_back_is_set_back_ran_over_or_was_wrong(rows: tuple[tuple[float, float], ...], pieces: int) -> None:
    assert sum(n for _, _, n in counter(*rows).advances([])) == pieces


def test_what_was_counted_while_out_of_reach_is_one_span() -> None:
    good, scrap = counter((0, 100), (10, 110), (200, 400), (210, 410)), counter((0, 5), (200, 9))
    lost = [12 * MIN_MS]
    assert counted({"good": good, "scrap": scrap}, lost) == [Counted(0, 14, 300, 4, None), Counted(14, 15, 10, 0, None)]


def test_a_counter_that_was_not_heard_is_not_zero() -> None:
    assert counted({"good": counter((0, 1), (1, 2)), "scrap": counter((50, 1))}, []) == [Counted(0, 1, 1, None, None)]
    assert counted({"good": counter((0, 1), (1, 2)), "scrap": counter((0, 7))}, []) == [Counted(0, 1, 1, 0, None)]


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 40)), min_size=2, max_size=60, unique_by=lambda row: row[0]),
    st.randoms(),
)
def test_pieces_are_conserved_in_any_order_of_arrival_however_much_is_thinned(steps: list[tuple[int, int]], chance: Random) -> None:
    steps.sort()
    rows, value = [], 0
    for minute, more in steps:
        value += more
        rows.append((minute, value))
    straight = counter(*rows)
    chance.shuffle(rows)
    mixed = counter(*rows)
    total = sum(n for _, _, n in straight.advances([]))
    assert total == sum(more for _, more in steps[1:])
    by_slot: dict[int, int] = {}
    for _, end, pieces in mixed.advances([]):
        by_slot[end] = by_slot.get(end, 0) + pieces
    assert sum(by_slot.values()) == total


def test_a_week_of_counts_is_kept_in_little_room() -> None:
    made = Counter()
    for minute in range(7 * 24 * 60):
        made.put(minute * MIN_MS, minute // 2)
    assert len(made.times_ms) < KEPT_MS / QUARTER_MS + 40
    assert not made.put(0, 3)


# -- the step ---------------------------------------------------------------------------------------------------------


def morning(quarters: int = 8, first: int = 0) -> list[tuple[Any, Any]]:
    """A count a minute, two pieces a minute and one bad one at each tenth minute; at the end of each quarter hour its interval."""
    rows: list[tuple[Any, Any]] = [(ORDERS, order("J1", 0, 32, "housing"))]
    for minute in range(first * 15, quarters * 15):
        now = at(minute / 15)
        rows += [(READINGS, count(now, "good", 1000 + 2 * minute)), (READINGS, count(now, "scrap", 50 + minute // 10))]
        if minute % 15 == 14:
            rows.append((INTERVALS, interval(minute // 15, 40.0)))
    return rows


def test_each_quarter_hour_is_one_record_with_its_product_once_it_is_over() -> None:
    _, outputs = driven(Scrap(PLANT, None), morning(3))
    made = newest_events(events(outputs))
    assert [(event.start_utc, event.end_utc, event.good, event.scrap, event.rework) for event in made] == [
        (at(0), at(1), 28, 1, None), (at(1), at(2), 30, 1, None), (at(2), at(3), 30, 2, None),
    ]  # fmt: skip
    assert {(event.product, event.job, event.source) for event in made} == {("housing", "J1", "counter")}
    assert [event.revision for event in events(outputs)] == [0, 0, 0]


def test_the_same_in_other_batches_and_with_a_restart_in_between() -> None:
    rows = morning(8)
    step = Scrap(PLANT, None)
    _, whole = driven(step, rows)
    state, first = driven(step, rows[:77], size=5)
    again = step.decode(SITE, step.encode(state))
    assert step.encode(again) == step.encode(state)
    _, second = driven(Scrap(PLANT, None), rows[77:], again, size=7)
    assert newest_events([*events(first), *events(second)]) == newest_events(events(whole))


def test_what_is_read_afterwards_cuts_the_gap_into_quarter_hours_and_nothing_is_counted_twice() -> None:
    rows = morning(8)
    begin, end = (epoch_ms(at(quarter)) for quarter in (2, 5))
    gap = [row for row in rows if not (row[0] is READINGS and begin <= row[1].observed_ms < end)]
    place = next(n for n, (topic, record) in enumerate(gap) if topic is READINGS and record.observed_ms >= end)
    lost = [*gap[:place], (READINGS, connection(at(2), "lost")), *gap[place:]]
    step = Scrap(PLANT, None)
    state, outputs = driven(step, lost)
    blind = newest_events(events(outputs))
    assert sum(event.good or 0 for event in blind) == 2 * (8 * 15 - 1)
    assert [(event.start_utc, event.end_utc) for event in blind][:3] == [(at(0), at(1)), (at(1), at(6)), (at(6), at(7))]
    missing = [(topic, replace(record, origin="history")) for topic, record in (row for row in rows if row not in gap)]
    _, late = driven(step, missing, state)
    healed = newest_events([*events(outputs), *events(late)])
    _, straight = driven(step, rows)
    assert [(e.start_utc, e.good, e.scrap) for e in healed] == [
        (e.start_utc, e.good, e.scrap) for e in newest_events(events(straight))
    ]


def test_values_that_cannot_be_counts_say_nothing() -> None:
    bad = [
        replace(count(at(0.5), "good", 5e5), quality=ReadingQuality.BAD), count(at(0.5), "good", float("nan")), count(at(0.5), "good", -4),
        replace(count(at(0.5), "good", 0.0), value=None), count(at(0.5), "nobody-reads-this", 7), replace(count(at(0.5), "good", 9e5), site="other"),
    ]  # fmt: skip
    rows = morning(2)
    _, clean = driven(Scrap(PLANT, None), rows)
    _, dirty = driven(Scrap(PLANT, None), [*rows[:10], *((READINGS, one) for one in bad), *rows[10:]])
    assert events(dirty) == events(clean)


def test_a_quarter_hour_without_a_piece_is_no_record_and_a_product_that_is_not_known_is_empty() -> None:
    rows: list[tuple[Any, Any]] = [(READINGS, count(at(0), "good", 7)), (READINGS, count(at(0), "scrap", 0))]
    rows += [(INTERVALS, interval(quarter, 2.0)) for quarter in range(4)]
    rows += [(READINGS, count(at(4.5), "good", 9)), (INTERVALS, interval(4, 30.0))]
    _, outputs = driven(Scrap(PLANT, None), rows)
    (event,) = events(outputs)
    assert isinstance(event, QualityEvent)
    assert (event.start_utc, event.good, event.scrap, event.product, event.job) == (at(4), 2, 0, "", "")
