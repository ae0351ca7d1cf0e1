"""What became of recommendations: each judged alone by the measured load, and what is stated in the light of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_works import NOW, interval, order

from domain.intervals import QUARTER
from quarters.numbers import slot_of
from quarters.series import QuarterSeries
from scheduling.problem import place_of
from scheduling.track import MOST_OUTCOMES, Outcome, Track

FIRST = slot_of(NOW)
COUNT = 32


def change(from_place: int, to_place: int, kw: float = 120.0):
    found = np.zeros(COUNT)
    found[from_place] -= kw
    found[to_place] += kw
    return found


def stated(track: Track, job: str, from_place: int, to_place: int, chance: float = 0.5, kw: float = 120.0):
    """A recommendation of one quarter hour's job; the order as it is planned."""
    planned = order(job, start=from_place, profile=(kw,))
    then = NOW + to_place * QUARTER
    track.state(job, ((place_of(planned), place_of(planned, then)),), chance, FIRST, change(from_place, to_place, kw))
    return planned, replace(planned, start_utc=then, revision=2)


def measured(at, base: float = 400.0, gap: int | None = None) -> QuarterSeries:
    known = QuarterSeries()
    for n in range(COUNT):
        known.put(interval(NOW + n * QUARTER, None if n == gap else base + at.get(n, 0.0)))
    return known


def test_a_job_that_was_moved_is_put_back():
    track = Track()
    _, moved = stated(track, "A", 8, 20)
    track.replan(moved)
    track.settle(measured({8: 120.0, 20: 120.0}), FIRST + COUNT - 1)
    assert track.outcomes == [], "its day is not over"
    track.settle(measured({8: 120.0, 20: 120.0}), FIRST + COUNT)
    assert track.outcomes == [Outcome(0.5, True)], "640 kW would have come"
    assert track.without_kw == {"A": 640.0}
    assert track.pending == {}


def test_a_job_that_was_not_moved_is_put_where_it_was_advised():
    track = Track()
    stated(track, "A", 8, 20)
    stated(track, "B", 8, 21, chance=0.25)
    track.settle(measured({8: 240.0, 12: 150.0, 21: 130.0}), FIRST + COUNT)
    # Without A 520 kW remain at 8, and 550 at 12; B at 21 comes to 650.
    assert track.outcomes == [Outcome(0.5, True), Outcome(0.25, False)]
    assert track.without_kw == {}


def test_of_two_moves_that_share_a_peak_each_is_judged_beside_the_other():
    track = Track()
    for job, to_place in (("A", 20), ("B", 22)):
        track.replan(stated(track, job, 8, to_place)[1])
    # Both are gone from 8; 500 kW came elsewhere. Alone each would have made 520 at 8, both together 640.
    track.settle(measured({12: 100.0}), FIRST + COUNT)
    assert [one.came_true for one in track.outcomes] == [True, True]
    assert track.without_kw == {"A": 640.0, "B": 640.0}


def test_a_job_that_went_elsewhere_and_a_gap_say_nothing():
    track = Track()
    planned, _ = stated(track, "A", 8, 20)
    track.replan(replace(planned, start_utc=NOW + 25 * QUARTER, revision=2))
    stated(track, "B", 8, 21)
    track.settle(measured({8: 240.0}, gap=9), FIRST + COUNT)
    assert (track.outcomes, track.pending) == ([], {})


def test_a_job_that_came_back_counts_as_not_moved():
    track = Track()
    planned, moved = stated(track, "A", 8, 20)
    track.replan(moved)
    track.replan(replace(planned, revision=3))
    track.settle(measured({8: 120.0}), FIRST + COUNT)
    assert track.outcomes == [Outcome(0.5, False)], "520 kW at 8 or at 20 are alike"
    assert track.without_kw == {}


def test_without_a_record_the_days_are_believed_as_far_as_plants_in_general_show():
    """Log odds of 0.8 are 1.386; -0.3 and three quarters of them are 0.74: 67.7 %."""
    assert Track().confidence(0.8) == pytest.approx(0.677, abs=0.001)
    assert Track().confidence(0.5) == pytest.approx(1 / (1 + np.exp(0.3)))


def test_a_long_record_counts_more_than_the_days():
    track = Track(outcomes=[Outcome(0.8, n % 4 == 0) for n in range(150)])
    assert track.confidence(0.8) == pytest.approx(0.25, abs=0.05)
    assert track.confidence(0.2) < 0.2, "what is too sure of the likely is too sure of the unlikely"


def test_a_record_that_comes_as_stated_is_found_to():
    rng = np.random.default_rng(3)
    chances = rng.uniform(0.05, 0.95, 200)
    track = Track(outcomes=[Outcome(float(one), bool(rng.random() < one)) for one in chances])
    for chance in (0.2, 0.5, 0.8):
        assert track.confidence(chance) == pytest.approx(chance, abs=0.12)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_what_is_likelier_by_the_days_is_never_less_sure(record, one, other):
    track = Track(outcomes=[Outcome(*each) for each in record])
    low, high = sorted((one, other))
    assert track.confidence(low) <= track.confidence(high) + 1e-9


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60), st.floats(0, 1))
def test_confidence_is_a_share(record, chance):
    found = Track(outcomes=[Outcome(*one) for one in record]).confidence(chance)
    assert -1e-9 <= found <= 1 + 1e-9


def test_the_record_is_bounded():
    track = Track(outcomes=[Outcome(0.5, True)] * 300)
    track.settle(measured({}), FIRST)
    assert len(track.outcomes) == MOST_OUTCOMES
    for n in range(100):
        stated(track, f"J{n}", 8, 20)
    assert len(track.pending) <= 60
    track.forget(set(), FIRST - 1)
    assert track.pending == {}
