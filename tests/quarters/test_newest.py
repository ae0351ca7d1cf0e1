"""Which records move time: hand-made cases, then laws for one wrong date anywhere among right ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codec import decode, encode
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from quarters.newest import FAR, OTHERS_THAT_FOLLOW, Newest, admit

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
LIVE, IMPORT, CALCULATED = IntervalOrigin.METERING, IntervalOrigin.IMPORT, IntervalOrigin.CALCULATED
WRONG_YEARS = [datetime(year, 3, 1, tzinfo=UTC) for year in (1000, 1026, 2062, 8999)]


def row(start_utc: datetime, origin: IntervalOrigin = LIVE, heard: bool = True) -> Interval:
    """A quarter hour of 10 kWh, or one of which nothing was heard."""
    quality, method = (
        (IntervalQuality.MEASURED, IntervalMethod.REGISTER) if heard else (IntervalQuality.MISSING, IntervalMethod.NONE)
    )
    energy = 10_000_000_000 if heard else None
    return Interval("werk", "grid", "energy_import", start_utc, energy, float(heard), quality, method, 0, origin=origin)


def rows(first: int, count: int, origin: IntervalOrigin = LIVE) -> list[Interval]:
    """`count` quarter hours from number `first` after Monday on."""
    return [row(MONDAY + n * QUARTER, origin) for n in range(first, first + count)]


def taken(
    records: Iterable[Interval], now_utc: datetime | None = None, newest: Newest | None = None
) -> tuple[Newest, list[Interval]]:
    """All that count of `records`."""
    newest = newest or Newest()
    found: list[Interval] = []
    for record in records:
        newest, more = admit(newest, record, now_utc)
        found += more
    return newest, found


def test_rows_in_order_all_count_and_move_time() -> None:
    history, live = rows(-96, 96, IMPORT), rows(0, 8)
    newest, found = taken([*history, *live])
    assert found == [*history, *live]
    assert newest == Newest(live[-1].start_utc, live[-1].start_utc)


def test_late_and_restated_rows_count_and_move_nothing() -> None:
    newest, _ = taken(rows(0, 8))
    after, found = taken([row(MONDAY), row(MONDAY - timedelta(days=400), IMPORT)], newest=newest)
    assert len(found) == 2
    assert after == newest


@pytest.mark.parametrize("wrong_utc", WRONG_YEARS)
@pytest.mark.parametrize("count", [1, 4, 40])
@pytest.mark.parametrize("origin", [IMPORT, CALCULATED])
def test_rows_of_a_wrong_year_do_not_move_time_before_the_first_live_one(
    wrong_utc: datetime, count: int, origin: IntervalOrigin
) -> None:
    history = rows(-96 * 28, 96 * 28, IMPORT)
    wrong = [row(wrong_utc + n * QUARTER, origin) for n in range(count)]
    newest, found = taken([*history, *wrong, *rows(0, 4)])
    assert newest.start_utc == MONDAY + 3 * QUARTER
    assert [one for one in found if abs(one.start_utc - MONDAY) < timedelta(days=100)] == [*history, *rows(0, 4)]


def test_an_imported_row_never_moves_time_more_than_a_day_beyond_what_is_live() -> None:
    newest, _ = taken(rows(0, 8))
    after, found = taken(rows(8, 96 * 60, IMPORT), newest=newest)
    assert after.start_utc is not None and newest.live_utc is not None
    assert after.start_utc == newest.live_utc + FAR
    assert len(found) == 96


def test_by_the_clock_an_import_fills_what_the_stack_slept_through_and_goes_no_further() -> None:
    newest, _ = taken(rows(0, 8))
    now = MONDAY + timedelta(days=120)
    _, found = taken(rows(8, 96 * 130, IMPORT), now, newest)
    assert found[-1].start_utc == now


def test_imported_history_may_have_a_gap_longer_than_a_day() -> None:
    early, late = rows(-96 * 90, 96, IMPORT), rows(-96 * 20, 2 * 96, IMPORT)
    _, found = taken([*early, *late])
    assert found == [*early, *late]


def test_a_live_row_far_ahead_waits_until_another_follows() -> None:
    newest, _ = taken(rows(0, 8))
    later = rows(96 * 40, 2)
    waits, found = taken(later[:1], newest=newest)
    assert (waits.start_utc, found) == (newest.start_utc, [])
    _, found = taken(later[1:], newest=waits)
    assert found == later, "the one that waited is not lost"


def test_rows_of_which_nothing_was_heard_confirm_nothing() -> None:
    """A clock that was 36 days ahead for one poll: one quarter hour, and all those before it written as missing."""
    newest, _ = taken(rows(0, 8))
    now = MONDAY + 8 * QUARTER
    missing = [row(MONDAY + n * QUARTER, heard=False) for n in range(8, 96 * 36)]
    poisoned, _ = taken([*missing, row(MONDAY + 36 * timedelta(days=1))], now, newest)
    assert poisoned.start_utc is not None and poisoned.start_utc <= now + timedelta(hours=1)
    _, found = taken(rows(8, 8), now + 8 * QUARTER, poisoned)
    assert found == rows(8, 8)


def test_time_that_was_moved_too_far_is_taken_back_by_the_next_live_row() -> None:
    too_far, _ = taken(rows(96 * 36, 8))
    now = MONDAY + 8 * QUARTER
    newest, found = taken(rows(7, 1), now, too_far)
    assert (newest.start_utc, len(found)) == (MONDAY + 7 * QUARTER, 1)


def test_a_late_row_takes_time_back_to_the_clock_and_not_to_its_own_date() -> None:
    too_far, _ = taken(rows(96 * 36, 8))
    now = MONDAY + 8 * QUARTER
    newest, _ = taken([row(MONDAY - timedelta(days=9))], now, too_far)
    assert newest.start_utc == now - timedelta(hours=1)


def test_a_clock_that_is_behind_silences_nobody() -> None:
    """The cluster's clock is three hours slow: what is measured goes on, at most one quarter hour later."""
    newest = Newest()
    for live in rows(0, 96):
        newest, found = admit(newest, live, live.end_utc - timedelta(hours=3))
        assert newest.start_utc == live.start_utc and found == (live,)
    newest, found = admit(newest, rows(96, 1)[0], MONDAY + timedelta(days=1))
    newest, more = admit(newest, rows(97, 1)[0], MONDAY)
    assert [*found, *more] == rows(96, 2)


def test_what_waits_is_stored_with_the_state() -> None:
    newest, _ = taken([*rows(0, 2), *rows(96 * 40, 1)])
    assert len(newest.waiting) == 1
    assert decode(Newest, encode(newest)) == newest


FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, 23, 45, tzinfo=UTC)
dates = st.integers(0, (LAST - FIRST) // QUARTER).map(lambda number: FIRST + number * QUARTER)
origins = st.sampled_from([LIVE, IMPORT, CALCULATED])


@given(at=dates, origin=origins, place=st.integers(1, 60), heard=st.booleans(), clock=st.booleans())
def test_one_row_of_any_date_never_holds_up_the_live_ones(
    at: datetime, origin: IntervalOrigin, place: int, heard: bool, clock: bool
) -> None:
    live = rows(0, 62)
    wrong = row(at, origin, heard)
    now = live[-1].end_utc if clock else None
    newest, found = taken([*live[:place], wrong, *live[place:]], now)
    assert [one for one in found if one is not wrong] == live
    if not live[-1].start_utc < at <= live[-1].start_utc + FAR:
        assert newest.start_utc == live[-1].start_utc


@given(st.lists(st.tuples(dates, origins, st.booleans()), max_size=300), st.one_of(st.none(), dates))
def test_any_rows_at_all_are_taken_without_an_exception_and_few_wait(
    dated: list[tuple[datetime, IntervalOrigin, bool]], now_utc: datetime | None
) -> None:
    newest = Newest()
    for at, origin, heard in dated:
        newest, found = admit(newest, row(at, origin, heard), now_utc)
        assert len(newest.waiting) < OTHERS_THAT_FOLLOW
        assert all(one.start_utc <= newest.start_utc for one in found if newest.start_utc is not None)
