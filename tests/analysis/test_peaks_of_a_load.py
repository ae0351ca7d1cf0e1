"""Which peaks there are, and what it takes to cut them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_loads import MONDAY, days, load_of

from analysis.peaks import APART, cut, cut_to, peak_places, peaks_of
from domain.intervals import QUARTER

loads = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1000)), min_size=96, max_size=4 * 96).map(np.array)


def three_peaks():
    """300 kW on Monday at 10:00 with a shoulder of 290 beside it, 280 on Tuesday, 250 on Wednesday."""
    kw = days(4)
    kw[40], kw[41] = 300.0, 290.0
    kw[96 + 40], kw[2 * 96 + 40] = 280.0, 250.0
    return load_of(kw)


def test_a_shoulder_is_no_peak_of_its_own():
    first, second, third = peaks_of(three_peaks(), 3)
    assert (first.start_utc, first.kw, first.above_next_kw, first.quarters_above_next) == (MONDAY + 40 * QUARTER, 300.0, 20.0, 2)
    assert (second.kw, second.above_next_kw, second.quarters_above_next) == (280.0, 30.0, 1)
    assert third.kw == 250.0


def test_what_it_takes_to_cut_the_highest_peak():
    """300 and 290 to 280: 20 + 10 kW for a quarter hour, 7.5 kWh, half an hour in a row on one day."""
    found = cut(three_peaks(), 1)
    assert found is not None
    assert (found.level_kw, found.shifted_kw, found.shifted_kwh, found.longest_h, found.days) == (280.0, 20.0, 7.5, 0.5, 1)
    assert found.after.kw[40] == found.after.kw[41] == 280.0
    assert found.after.kw[:96].sum() == pytest.approx(three_peaks().kw[:96].sum())
    assert found.after.kw[0] == pytest.approx(100.0 + 30.0 / 94), "the other 94 quarter hours of the day take it"


def test_two_peaks_are_cut_to_the_third():
    found = cut(three_peaks(), 2)
    assert found is not None
    assert (found.level_kw, found.days) == (250.0, 2)
    assert found.shifted_kwh == pytest.approx((50 + 40 + 30) / 4)


def test_more_peaks_than_there_are_cannot_be_cut():
    assert cut(load_of([100.0] * 8), 5) is None


@settings(max_examples=60, deadline=None)
@given(loads)
def test_peaks_lie_apart_and_each_is_the_highest_that_is_left(kw):
    places = peak_places(kw, 20)
    assert all(abs(one - other) >= APART for n, one in enumerate(places) for other in places[:n])
    heights = [kw[place] for place in places]
    assert heights == sorted(heights, reverse=True)
    if places:
        assert heights[0] == np.nanmax(kw)


@settings(max_examples=60, deadline=None)
@given(loads, st.floats(1, 1000))
def test_a_cut_load_passes_no_level_and_takes_no_more_energy(kw, level):
    if np.isnan(kw).all():
        return
    load = load_of(kw)
    after = cut_to(load, level).after.kw
    assert np.array_equal(np.isnan(after), np.isnan(kw)), "missing stays missing"
    assert np.nanmax(after) <= level + 1e-9
    for day in np.unique(load.day):
        mine = load.day == day
        before_kwh, after_kwh = np.nansum(kw[mine]), np.nansum(after[mine])
        assert after_kwh <= before_kwh + 1e-6
        there = (~np.isnan(kw[mine])).sum()
        if before_kwh <= level * there - 1e-6:
            assert after_kwh == pytest.approx(before_kwh, rel=1e-9, abs=1e-6), "there was room for it on its day"
