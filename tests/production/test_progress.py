"""When jobs really ran, by the load of their machine: read off by hand, and what must not be taken for a job."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.intervals import QUARTER, QUARTER_MS
from domain.orders import PROGRESS_SOURCE, Order, OrderStatus
from production.activity import Activity, by_load
from production.progress import LATE_MS, progressed
from quarters.numbers import slot_start
from tests.production.job_samples import MONDAY, loads, order

IDLE_KW, RATED_KW = 20.0, 160.0
ON_KW, OFF_KW = 70.0, 20.0
PLANNED, RUNNING, DONE = OrderStatus.PLANNED, OrderStatus.RUNNING, OrderStatus.DONE
NAN = float("nan")


def planned(job: str, quarter: int, quarters: int = 4, status: OrderStatus = PLANNED, source: str = "") -> Order:
    return order(job, quarter, quarters, status=status, source=source)


def seen(orders: Sequence[Order], kw: Sequence[float]) -> dict[str, tuple[OrderStatus, int, int]]:
    """Job -> status, first quarter hour and length, of those that change."""
    series = loads(kw)
    found = progressed(orders, {}, lambda job: by_load(series, IDLE_KW, RATED_KW, job.profile_kw))
    assert all(one.source == PROGRESS_SOURCE and one.at_utc == slot_start(series.end_slot) for one in found)
    return {one.job: (one.status, (one.start_utc - MONDAY) // QUARTER, one.duration_quarters) for one in found}


def day(*spans: tuple[int, int], length: int = 40) -> list[float]:
    """On in `spans`, else off."""
    kw = [OFF_KW] * length
    for begin, end in spans:
        kw[begin:end] = [ON_KW] * (end - begin)
    return kw


def test_a_job_that_ran_as_planned_is_done() -> None:
    assert seen([planned("A", 8)], day((8, 12))) == {"A": (DONE, 8, 4)}


def test_a_late_job_that_took_longer_is_dated_as_it_ran() -> None:
    assert seen([planned("A", 8)], day((11, 17))) == {"A": (DONE, 11, 6)}


def test_a_job_that_began_early_is_dated_so() -> None:
    assert seen([planned("A", 8)], day((6, 10))) == {"A": (DONE, 6, 4)}


def test_a_running_job_runs_until_its_machine_pauses() -> None:
    assert seen([planned("A", 8)], day((8, 10), length=10)) == {"A": (RUNNING, 8, 4)}
    # Its planned end has passed and it runs on: it takes at least the quarter hour that runs now.
    assert seen([planned("A", 8)], day((8, 14), length=14)) == {"A": (RUNNING, 8, 7)}
    # One quarter hour off may be a change of tools.
    assert seen([planned("A", 8)], day((8, 12), length=13)) == {"A": (RUNNING, 8, 6)}
    assert seen([planned("A", 8)], day((8, 12), length=14)) == {"A": (DONE, 8, 4)}


def test_half_way_quarter_hours_count_where_they_are_more_than_half() -> None:
    kw = day((8, 12))
    kw[7], kw[12] = IDLE_KW + 0.3 * 32, IDLE_KW + 0.6 * 32  # 32 kW are expected of this machine
    assert seen([planned("A", 8)], kw) == {"A": (DONE, 8, 5)}


def test_a_machine_that_is_tried_out_runs_no_job() -> None:
    assert seen([planned("A", 8, 8)], day((8, 9))) == {}
    assert seen([planned("A", 8, 8)], day((8, 9), (14, 22))) == {"A": (DONE, 14, 8)}


def test_a_breakdown_before_half_of_a_job_is_no_end() -> None:
    assert seen([planned("A", 8, 8)], day((8, 11), length=16)) == {"A": (RUNNING, 8, 9)}
    assert seen([planned("A", 8, 8)], day((8, 11), (16, 21))) == {"A": (DONE, 8, 13)}
    assert seen([planned("A", 8, 8)], day((8, 11))) == {"A": (DONE, 8, 3)}  # after four hours it is


def test_jobs_begin_in_the_order_of_their_plan() -> None:
    assert seen([planned("B", 16), planned("A", 8)], day((12, 16), (20, 24))) == {"A": (DONE, 12, 4), "B": (DONE, 20, 4)}


def test_where_a_machine_does_not_pause_the_plan_says_where_one_job_ends() -> None:
    assert seen([planned("A", 8), planned("B", 12)], day((9, 18))) == {"A": (DONE, 9, 4), "B": (DONE, 13, 5)}


def test_a_planned_pause_of_one_quarter_hour_does_not_make_one_job_of_two() -> None:
    kw = day((8, 12), (13, 17))
    assert seen([planned("A", 8), planned("B", 13)], kw) == {"A": (DONE, 8, 4), "B": (DONE, 13, 4)}


def test_a_load_that_was_there_before_shows_no_begin_but_the_planned_one() -> None:
    assert seen([planned("A", 8)], day((0, 12))) == {"A": (DONE, 8, 4)}
    assert seen([planned("A", 8)], day((0, 6), (9, 13))) == {"A": (DONE, 9, 4)}


def test_after_half_a_day_a_job_has_not_run_and_the_next_one_has() -> None:
    late = 8 + LATE_MS // QUARTER_MS + 3
    jobs = [planned("A", 8), planned("B", late)]
    assert seen(jobs, day((late, late + 4), length=120)) == {"B": (DONE, late, 4)}


def test_quarter_hours_that_are_not_known_neither_begin_nor_end_a_job() -> None:
    kw = day((8, 16))
    kw[10:13] = [NAN] * 3
    assert seen([planned("A", 8, 8)], kw) == {"A": (DONE, 8, 8)}
    assert seen([planned("A", 8)], [NAN] * 40) == {}
    kw = day((8, 12), length=12) + [NAN] * 2
    assert seen([planned("A", 8)], kw) == {"A": (RUNNING, 8, 7)}


def test_what_is_over_or_not_planned_stays_as_it_is() -> None:
    cancelled = planned("A", 8, status=OrderStatus.CANCELLED)
    done = planned("B", 8, status=DONE)
    assert seen([cancelled, done], day((8, 12))) == {}


def test_a_job_that_somebody_started_by_hand_keeps_its_begin_and_has_its_end_by_the_load() -> None:
    assert seen([planned("A", 10, 4, RUNNING, "progress")], day((8, 15))) == {"A": (DONE, 10, 5)}


def test_a_typed_curve_is_stretched_to_the_time_that_the_job_really_took() -> None:
    typed = Order(**{**_fields(planned("A", 8)), "quarters": 0, "profile_kw": (60.0, 60.0, 40.0, 40.0)})
    series = loads(day((8, 10), length=12))
    (found,) = progressed([typed], {}, lambda job: by_load(series, IDLE_KW, RATED_KW, job.profile_kw))
    assert (found.profile_kw, found.quarters) == ((60.0, 40.0), 2)


def _fields(one: Order) -> dict[str, object]:
    return {name: getattr(one, name) for name in Order.__dataclass_fields__}


spans = st.lists(st.integers(1, 9), min_size=2, max_size=12)


def applied(orders: list[Order], plan: list[Order], activity: Activity) -> list[Order]:
    newer = {one.job: one for one in progressed(orders, {one.job: one for one in plan}, lambda job: activity)}
    return [newer.get(one.job, one) for one in orders]


@settings(deadline=None)
@given(spans, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 10)), min_size=1, max_size=6), st.integers(1, 60))
def test_the_same_again_publishes_nothing_and_jobs_do_not_overlap(
    lengths: list[int], plan: list[tuple[int, int]], until: int
) -> None:
    kw: list[float] = []
    for number, length in enumerate(lengths):
        kw += [ON_KW if number % 2 else OFF_KW] * length
    jobs = [planned(f"J{number}", *one) for number, one in enumerate(plan)]
    activity = by_load(loads(kw[:until]), IDLE_KW, RATED_KW)
    once = applied(jobs, jobs, activity)
    assert applied(once, jobs, activity) == once
    over = sorted((one.start_utc, one.end_utc) for one in once if one.status is DONE)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(over))
    later = applied(once, jobs, by_load(loads(kw), IDLE_KW, RATED_KW))
    for before, after in zip(once, later, strict=True):
        if before.status is DONE:
            assert after == before


@pytest.mark.parametrize("end", range(8, 30))
def test_a_job_seen_quarter_hour_by_quarter_hour_comes_to_the_same_as_seen_at_once(end: int) -> None:
    kw = day((9, 14), (17, 22), length=30)
    plan = [planned("A", 8), planned("B", 15)]
    jobs = plan
    for until in range(1, end):
        jobs = applied(jobs, plan, by_load(loads(kw[:until]), IDLE_KW, RATED_KW))
    stepwise = applied(jobs, plan, by_load(loads(kw), IDLE_KW, RATED_KW))
    at_once = applied(plan, plan, by_load(loads(kw), IDLE_KW, RATED_KW))
    assert [(o.status, o.start_utc, o.duration_quarters) for o in stepwise] == [
        (o.status, o.start_utc, o.duration_quarters) for o in at_once
    ]
