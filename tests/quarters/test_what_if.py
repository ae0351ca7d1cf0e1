"""The what-if year: what is known stays, what is supposed comes, the mean stands elsewhere, and a billed peak is sunk in its own time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quarters.what_if import BilledPeak, WhatIfYear

NAN = float("nan")
loads = st.lists(st.one_of(st.just(NAN), st.integers(0, 900).map(float)), min_size=4, max_size=30).map(np.array)


def year(known: list[float], *peaks: BilledPeak, first_slot: int = 100) -> WhatIfYear:
    return WhatIfYear.of(first_slot, np.array(known), peaks)


def test_what_is_neither_known_nor_supposed_is_the_mean_of_what_is_known() -> None:
    assert year([100, 200, NAN, NAN, NAN]).loads_kw(103, np.array([50.0]), 7.0).tolist() == [100, 200, 150, 50, 150]


def test_where_nothing_is_known_both_sides_of_a_comparison_have_the_same_load() -> None:
    assert year([NAN, NAN]).loads_kw(101, np.array([50.0]), 7.0).tolist() == [7, 50]


def test_a_billed_peak_stands_in_an_unknown_quarter_hour_of_its_own_time() -> None:
    found = year([NAN, 100, NAN, 100, NAN], BilledPeak(102, 104, 400)).loads_kw(104, np.array([1.0]), 0.0)
    assert found.tolist() == [100, 100, 400, 100, 1]


def test_the_highest_known_quarter_hour_stands_for_a_peak_whose_time_is_known() -> None:
    assert year([100, 300, 200], BilledPeak(100, 103, 400)).known_kw.tolist() == [100, 400, 200]


def test_a_peak_is_no_part_of_the_mean_and_one_below_what_is_known_changes_nothing() -> None:
    assert year([100, 300, NAN], BilledPeak(100, 103, 900)).mean_kw == 200
    assert year([100, 300], BilledPeak(100, 102, 250)).known_kw.tolist() == [100, 300]


def test_peaks_of_another_time_are_left_out() -> None:
    before, after = BilledPeak(50, 90, 900), BilledPeak(200, 300, 900)
    assert year([100, 300], before, after).known_kw.tolist() == [100, 300]


@given(known=loads, supposed=loads, offset=st.integers(-40, 40), peak=st.integers(0, 999))
def test_every_quarter_hour_has_a_load_and_what_is_known_is_kept_where_nothing_is_supposed(
    known: np.ndarray, supposed: np.ndarray, offset: int, peak: int
) -> None:
    basis = WhatIfYear.of(100, known, [BilledPeak(100, 104, peak)])
    found = basis.loads_kw(100 + offset, supposed, 5.0)
    assert len(found) == len(known)
    assert not np.isnan(found).any()
    for place, load in enumerate(found):
        at = place - offset
        wanted = supposed[at] if 0 <= at < len(supposed) and not np.isnan(supposed[at]) else basis.known_kw[place]
        assert np.isnan(wanted) or load == wanted
