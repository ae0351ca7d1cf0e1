"""One record of any date, of any kind, at any place among right ones changes nothing of the advice on live days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_works import NOW, Advised, demand, forecast, interval, order, texts_of, two_furnaces

from domain.instants import NEVER_UTC
from domain.intervals import QUARTER, IntervalOrigin
from domain.orders import OrderStatus
from domain.recommendations import RecommendationStatus
from quarters.numbers import quarter_start
from scheduling.now import JUMP, now_of
from scheduling.state import decode_state, encode_state

FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, 23, 45, tzinfo=UTC)
DAY = timedelta(days=1)
FOLDER = Path(mkdtemp())


def live_day(with_demand=True):
    """What comes while two furnaces are planned at once and three hours pass."""
    jobs = two_furnaces()
    yield from (interval(NOW - n * QUARTER) for n in range(96, 0, -1))
    yield from jobs
    for n in range(12):
        at = NOW + n * QUARTER
        if with_demand:
            yield demand(at - timedelta(seconds=1))
        yield forecast(jobs, base=400.0 + 6 * (n % 2), issued=at, slots=192)
        yield interval(at)


def heard(records, stored=False):
    """Everything that is published on `records`, the state stored and read before each where wanted."""
    advised = Advised(FOLDER, history=False)
    for record in records:
        if stored:
            advised.state = decode_state(encode_state(advised.state))
        advised.take(record)
    return advised


@cache
def right(with_demand=True):
    found = heard(live_day(with_demand)).heard
    assert {one.status for one in found} >= {RecommendationStatus.OPEN, RecommendationStatus.EXPIRED}
    return found


def of_date(kind, at):
    """A record of `kind` that is dated `at`."""
    at = quarter_start(at)
    job = order("C", "furnace-1", at_utc=at, movable=False)
    return {
        "imported": lambda: interval(at, 100.0, origin=IntervalOrigin.IMPORT),
        "live": lambda: interval(at, 100.0),
        "missing": lambda: interval(at, None),
        "forecast": lambda: replace(forecast(), issued_utc=at, first_start_utc=at),
        "begins": lambda: replace(forecast(), first_start_utc=at),
        "demand": lambda: demand(at, 9_000.0),
        "decision": lambda: texts_of("nobody's", at_utc=at),
        "start": lambda: replace(job, start_utc=at),
        "earliest": lambda: replace(job, start_utc=NEVER_UTC, earliest_utc=at, movable=True),
        "due": lambda: replace(job, start_utc=NEVER_UTC, due_utc=at, movable=True),
        "planned": lambda: replace(job, start_utc=NEVER_UTC, at_utc=at),
    }[kind]()


KINDS = ["imported", "live", "missing", "forecast", "begins", "demand", "decision", "start", "earliest", "due", "planned"]
dates = st.timedeltas(timedelta(0), LAST - FIRST).map(lambda since: FIRST + since).filter(lambda at: at.year != NOW.year)
"""A quarter hour of the same year belongs into its bill."""


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(KINDS), at=dates, place=st.integers(0, 133), with_demand=st.booleans())
def test_one_record_of_any_date_changes_nothing_that_is_published(kind, at, place, with_demand):
    records = list(live_day(with_demand))
    records.insert(place, of_date(kind, at))
    found = heard(records)
    assert found.heard == right(with_demand), (kind, at, place)
    assert len(encode_state(found.state)) < 40_000, "and takes hardly any memory"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("year", [1000, 2027, 2062, 8999])
@pytest.mark.parametrize("place", [0, 97, 101])
def test_nor_does_it_where_the_state_is_stored_after_each_record(kind, year, place):
    records = list(live_day())
    records.insert(place, of_date(kind, datetime(year, 2, 1, tzinfo=UTC)))
    assert heard(records, stored=True).heard == right()


def test_a_mistyped_year_that_was_repaired_as_missing_is_forgotten():
    wrong = datetime(2062, 3, 1, tzinfo=UTC)
    repaired = [
        interval(wrong, 400.0, 0, origin=IntervalOrigin.IMPORT), interval(wrong, None, 1, origin=IntervalOrigin.IMPORT),
    ]  # fmt: skip
    assert heard([*repaired, *live_day()]).heard == right()
    assert heard([*list(live_day())[:-4], *repaired, *list(live_day())[-4:]]).heard == right()


def test_a_thousand_rows_of_all_years_take_no_more_memory_than_is_kept():
    rows = [interval(FIRST + n * ((LAST - FIRST) // 5_000), 100.0, origin=IntervalOrigin.IMPORT) for n in range(5_000)]
    advised = heard([replace(row, start_utc=quarter_start(row.start_utc)) for row in rows])
    assert len(encode_state(advised.state)) < 2_000_000
    for record in live_day():
        advised.take(record)
    assert advised.heard == right()
    assert len(encode_state(advised.state)) < 40_000


@pytest.mark.parametrize("sentinel", [NEVER_UTC, FIRST])
@pytest.mark.parametrize("field", ["start_utc", "earliest_utc", "due_utc"])
@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_that_is_not_planned_or_not_released_yet_stands_in_nobodys_way(field, status, sentinel):
    """ERP systems write 9999-12-31, and some 1000-01-01, for "no date"."""
    job = replace(order("C", "furnace-1", profile=(120.0,) * 8), status=status, movable=False)
    job = replace(job, **{"start_utc": NEVER_UTC, field: sentinel})
    assert heard([job, *live_day()]).heard == right()


def test_a_plan_that_is_dated_ahead_is_not_added_to_a_load_that_has_it_already():
    jobs = [replace(job, at_utc=LAST) for job in two_furnaces()]
    advised = Advised(FOLDER, *jobs)
    [advice] = advised.take(forecast(jobs))
    assert advice.peak_before_kw == 640.0, "not 880"


def test_a_decision_or_a_plan_with_a_wrong_date_does_not_date_the_recommendation():
    jobs = two_furnaces()
    advised = Advised(FOLDER, *jobs)
    [advice] = advised.take(forecast(jobs))
    [accepted] = advised.take(texts_of(advice.recommendation, at_utc=FIRST))
    assert accepted.at_utc == NOW
    advised = Advised(FOLDER, *jobs)
    advised.take(forecast(jobs))
    [withdrawn] = advised.take(replace(jobs[0], revision=2, status=OrderStatus.CANCELLED, at_utc=LAST))
    assert (withdrawn.status, withdrawn.at_utc) == (RecommendationStatus.WITHDRAWN, NOW)


def test_after_a_weekend_without_power_the_first_records_are_believed():
    advised = heard(live_day())
    monday = NOW + 3 * DAY
    jobs = [
        replace(job, revision=2, start_utc=job.start_utc + 3 * DAY, earliest_utc=monday, due_utc=job.due_utc + 3 * DAY)
        for job in two_furnaces()
    ]
    for job in jobs:
        advised.take(job)
    advised.take(demand(monday - timedelta(seconds=1)))
    for n in range(288 - 12, 0, -1):
        advised.take(interval(monday - n * QUARTER, None if n > 4 else 400.0))
    loads = tuple(640.0 if n in (8, 9) else 400.0 for n in range(192))
    advice = advised.take(replace(forecast(issued=monday), q10_kw=loads, q50_kw=loads, q90_kw=loads))
    assert [one.status for one in advice] == [RecommendationStatus.OPEN]


moments = st.timedeltas(-3 * DAY, 3 * DAY).map(lambda off: NOW + off)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["forecast", "demand", "interval"]), moments), dates)
def test_time_is_what_two_sources_agree_on_whatever_the_third_says(clocks, wrong):
    now = now_of(clocks)
    assert (now is None) == (not clocks)
    if now is not None:
        assert now in clocks.values()
    if len(clocks) == 3:
        two = dict(list(clocks.items())[:2])
        one, other = two.values()
        if abs(one - other) <= JUMP:
            assert now_of({**two, "third": wrong}) == max(one, other)
