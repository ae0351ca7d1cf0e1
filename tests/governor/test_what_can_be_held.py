"""Laws of the least peak and of what is held."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from governed import followed_kw
from hypothesis import given, settings
from hypothesis import strategies as st

from governor.backtest import Past
from governor.flexibility import MINUTES, Flexibility
from governor.held import Held
from governor.least_peak import least_peak_kw, least_peaks_kw

POWERS = st.floats(0, 500, allow_nan=False)
LOADS = st.lists(POWERS, min_size=2, max_size=20)


def stays_below(limit: float, load: list[float], share: float, delay: int) -> bool:
    """Whether drawing what waits as early as the limit lets it keeps every deadline."""
    waiting: deque[list[float]] = deque()
    for slot, kw in enumerate(load):
        waiting.append([slot + delay, share * kw])
        room = limit - (1 - share) * kw
        if room < 0:
            return False
        while waiting and room > 0:
            part = min(room, waiting[0][1])
            room -= part
            waiting[0][1] -= part
            if waiting[0][1] > 1e-12:
                break
            waiting.popleft()
        if waiting and waiting[0][0] <= slot and waiting[0][1] > 1e-9:
            return False
    return True


@settings(deadline=None)
@given(LOADS, st.floats(0.01, 0.5), st.integers(1, 6))
def test_the_least_peak_can_be_kept_and_nothing_below_it(load: list[float], share: float, delay: int) -> None:
    peak = least_peak_kw(np.array(load), share, delay)
    assert stays_below(peak + 1e-6, load, share, delay)
    assert peak < 0.01 or not stays_below(peak * 0.999 - 1e-6, load, share, delay)


@settings(deadline=None)
@given(LOADS, st.floats(0.01, 0.5), st.integers(1, 6))
def test_many_scenarios_are_answered_as_each_alone(load: list[float], share: float, delay: int) -> None:
    both = np.array([load, load[::-1]])
    found = least_peaks_kw(both, share, delay, np.zeros((1, len(load))))
    assert found[:, 0] == pytest.approx([least_peak_kw(row, share, delay) for row in both])


@settings(deadline=None)
@given(LOADS, st.floats(0.01, 0.5), st.integers(1, 6), st.floats(0, 100))
def test_owing_more_never_lowers_the_least_peak(load: list[float], share: float, delay: int, owed: float) -> None:
    ways = np.zeros((2, len(load)))
    ways[1, min(delay, len(load)) - 1 :] = owed
    without, with_debt = least_peaks_kw(np.array([load]), share, delay, ways)[0]
    assert with_debt >= without - 1e-9


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(POWERS, min_size=15, max_size=15), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
    st.sampled_from([15, 30, 60]),
)
def test_what_is_held_comes_back_in_order_and_in_time(quarters: list[list[float]], random, longest_min: int) -> None:  # type: ignore[no-untyped-def]
    flexibility = Flexibility(0.2, longest_min)
    load = np.array(quarters)
    hold, back = (np.array([random.choice([0.0, 50.0]) for _ in range(load.size)]) for _ in range(2))
    held = Held(flexibility)
    passed = [
        held.pass_quarter(n * MINUTES, row.tolist(), *(asked[n * MINUTES : (n + 1) * MINUTES].tolist() for asked in (hold, back)))
        for n, row in enumerate(load)
    ]
    expected = followed_kw(Past(0, load, load[:, 0]), hold, back, 0.2, longest_min)
    for found, wanted in zip(np.array(passed).T, expected, strict=True):
        assert found == pytest.approx(wanted.reshape(-1, MINUTES).mean(axis=1), abs=1e-6)
    owed = held.owed_kw(len(load) * MINUTES, longest_min // MINUTES)
    assert owed.sum() == pytest.approx(sum(h - b for h, b in passed), abs=1e-6)


def test_the_last_minute_at_which_the_whole_share_can_be_held() -> None:
    flexibility = Flexibility(share=0.2, longest_min=60)
    assert list(flexibility.decision_minutes) == [5, 6, 7, 8]
    assert flexibility.most_kw(100.0, 5, 0.0) == pytest.approx(20.0)
    assert flexibility.most_kw(100.0, 8, 0.0) == pytest.approx(2 * 20 * 5 / 15)
    assert flexibility.most_kw(100.0, 5, 25.0) == 0.0
