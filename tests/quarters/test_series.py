"""The newest revision of each quarter hour, against a dictionary of all rows; and that a maximum comes down with the row that made it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from quarters.numbers import slot_of, slot_start
from quarters.series import MOST_DAYS, QuarterSeries

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
FIRST = slot_of(MONDAY)
MISSING, FAULTY, MEASURED = IntervalQuality.MISSING, IntervalQuality.FAULTY, IntervalQuality.MEASURED


def row(start_utc, kw, revision=0, quality=MEASURED):
    energy = None if quality is MISSING else round(kw * 250_000_000)
    method = IntervalMethod.NONE if quality is MISSING else IntervalMethod.REGISTER
    return Interval("works", "main", "energy_import", start_utc, energy, 1.0, quality, method, revision)


def series(*rows):
    found = QuarterSeries()
    for one in rows:
        found.put(one)
    return found


def test_a_repaired_maximum_gives_way_to_the_next_highest_however_many_were_wrong():
    right = [row(MONDAY + n * QUARTER, 300.0 + n % 7) for n in range(96 * 40)]
    right[500] = row(right[500].start_utc, 612.5)
    wrong = [row(one.start_utc, 1000 * one.power_kw, revision=1) for one in right[1000:3000]]
    repaired = [row(one.start_utc, one.power_kw, revision=2) for one in right[1000:3000]]
    known = series(*right, *wrong)
    assert known.highest(FIRST, FIRST + 96 * 40).power_kw > 300_000
    for one in repaired:
        known.put(one)
    highest = known.highest(FIRST, FIRST + 96 * 40)
    assert (highest.power_kw, slot_start(highest.slot)) == (612.5, right[500].start_utc)


def test_faulty_and_missing_quarter_hours_make_no_maximum_and_the_earliest_of_equals_does():
    known = series(row(MONDAY, 5000.0, quality=FAULTY), row(MONDAY + QUARTER, 0, quality=MISSING))
    assert known.highest(FIRST, FIRST + 96) is None
    assert known.power_kw(FIRST) is None
    for n in (3, 5):
        known.put(row(MONDAY + n * QUARTER, 400.0, quality=IntervalQuality.SUBSTITUTED))
    highest = known.highest(FIRST, FIRST + 96)
    assert (highest.slot, highest.power_kw, highest.quality) == (FIRST + 3, 400.0, "substituted")
    assert known.newest(FIRST + 96) == FIRST + 5
    assert known.newest(FIRST + 2) == FIRST + 1
    assert known.newest(FIRST) is None


def test_a_row_of_a_wrong_year_takes_the_memory_of_a_day_and_bears_on_no_other_span():
    known = series(
        row(datetime(8999, 12, 31, tzinfo=UTC), 9000.0), row(datetime(1000, 1, 1, tzinfo=UTC), 9000.0), row(MONDAY, 400.0)
    )
    assert len(known.to_bytes()) == 3 * (4 + 96 * 11)
    assert known.highest(FIRST - 96, FIRST + 96).power_kw == 400.0
    known.forget(FIRST - 96, FIRST + 96)
    assert len(known.to_bytes()) == 4 + 96 * 11


def test_no_more_than_three_years_are_kept_and_the_oldest_goes_first():
    known = series(*(row(MONDAY + timedelta(days=n), 400.0) for n in range(MOST_DAYS + 10)))
    assert known.power_kw(FIRST + 9 * 96) is None
    assert known.power_kw(FIRST + 10 * 96) == 400.0
    assert not known.put(row(MONDAY, 400.0))


places = st.integers(-100, 100)
rows = st.lists(
    st.tuples(
        places, st.integers(0, 50), st.integers(-1, 3), st.sampled_from([MEASURED, FAULTY, MISSING, IntervalQuality.ESTIMATED])
    ),
    max_size=60,
)


@settings(deadline=None)
@given(rows, places, st.integers(0, 200))
def test_it_says_what_a_dictionary_of_all_rows_says(records, first, count):
    known, expected = QuarterSeries(), {}
    for place, kw, revision, quality in records:
        one = row(MONDAY + place * QUARTER, float(kw), revision, quality)
        newer = place not in expected or expected[place].revision <= revision
        assert known.put(one) == newer
        if newer:
            expected[place] = one
    known = QuarterSeries.from_bytes(known.to_bytes())
    span = range(first, first + count)
    values = {n: expected[n].power_kw for n in span if n in expected and expected[n].quality not in (FAULTY, MISSING)}
    loads = known.loads_kw(FIRST + first, FIRST + first + count)
    np.testing.assert_array_equal(loads, [values.get(n, np.nan) for n in span])
    assert [known.power_kw(FIRST + n) for n in span] == [values.get(n) for n in span]
    highest = known.highest(FIRST + first, FIRST + first + count)
    best = min(values, key=lambda n: (-values[n], n), default=None)
    assert (None if highest is None else (highest.slot - FIRST, highest.power_kw)) == (
        None if best is None else (best, values[best])
    )
    newest = max((n for n in expected if n < first), default=None)
    assert known.newest(FIRST + first) == (None if newest is None else FIRST + newest)


@pytest.mark.parametrize("revision", [2**15 - 1, 2**15, 2**63 - 1])
def test_a_revision_beyond_what_is_kept_is_still_the_newest(revision):
    known = series(row(MONDAY, 400.0, revision))
    assert not known.put(row(MONDAY, 900.0, 5))
    assert known.put(row(MONDAY, 300.0, revision))
    assert known.power_kw(FIRST) == 300.0
