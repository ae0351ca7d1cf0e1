"""What a product draws, from the runs on its machine's own meter: numbers worked by hand, laws, and what must not count."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.job_power import PowerSource, stretched
from production.learning import Subject, is_news, power_from_runs, with_runs
from production.profiles import HALF_AFTER, MOST_RUNS, profile_of, recency_weights, standard_error, weighted_quantile
from production.runs import Run, idle_kw, run_of, spans_of
from tests.production.job_samples import MONDAY, loads, order

FURNACE = Subject("works", "furnace", "rings")
IDLE = [20.0] * 8
HEATS = ([80.0, 70.0, 50.0, 40.0], [90.0, 70.0, 54.0, 40.0], [84.0, 76.0, 50.0, 46.0])
"""Three batches in a furnace that draws 20 kW between them: it heats up, then holds."""
LOAD = [*IDLE, *HEATS[0], *IDLE, *HEATS[1], *IDLE, *HEATS[2], *IDLE]
JOBS = [order("J1", 8), order("J2", 20), order("J3", 32)]


def learned(kw: list[float] = LOAD):
    series, spans = loads(kw), spans_of(JOBS)
    idle = idle_kw(series, spans)
    assert idle is not None
    runs = [run_of(job, series, idle) for job in JOBS]
    return idle, [run for run in runs if run is not None]


def test_three_batches_of_a_furnace_by_hand() -> None:
    idle, runs = learned()
    assert idle == 20.0
    assert [run.above_idle_kw for run in runs] == [(60, 50, 30, 20), (70, 50, 34, 20), (64, 56, 30, 26)]
    power = power_from_runs(FURNACE, with_runs((), runs), idle)
    assert power is not None
    assert power.q50_kw == (64.0, 50.0, 30.0, 20.0)
    assert power.q10_kw == (60.0, 50.0, 30.0, 20.0)
    assert power.q90_kw == (70.0, 56.0, 34.0, 26.0)
    assert (power.runs, power.source, power.idle_kw) == (3, PowerSource.SUB_METER, 20.0)
    assert power.at_utc == MONDAY + timedelta(hours=9)  # the third batch has ended
    # Means 40, 43.5, 44 with weights 0.841, 0.917, 1: mean 42.617, variance 3.041; 2.985 runs, so sqrt(3.041 / 1.985).
    assert power.error_kw == pytest.approx(1.238, abs=0.001)


def test_a_quarter_hour_that_is_not_known_leaves_its_run_out_and_is_never_zero() -> None:
    gap = list(LOAD)
    gap[21] = float("nan")
    idle, runs = learned(gap)
    assert [run.job for run in runs] == ["J1", "J3"]
    assert power_from_runs(FURNACE, runs, idle) is None  # two runs are no spread


def test_what_a_machine_draws_between_jobs_is_seen_next_to_them_and_not_on_its_days_off() -> None:
    off = [0.0] * 96
    series = loads([*off, *LOAD, *off])
    spans = [(begin + 96, end + 96) for begin, end in spans_of(JOBS)]
    # In the eight quarter hours before the first job and after the last it is on, further away it is off.
    assert idle_kw(series, spans) == 20.0
    assert idle_kw(series, []) is None


def test_half_way_quarter_hours_next_to_a_job_are_no_idle_power() -> None:
    early = list(LOAD)
    for begin in (8, 20, 32):
        early[begin - 1] = early[begin + 4] = 55.0
    assert idle_kw(loads(early), spans_of(JOBS)) == 20.0


def test_a_run_in_which_another_job_of_the_machine_ran_is_left_out() -> None:
    series = loads(LOAD)
    assert run_of(JOBS[0], series, 20.0, spans_of([order("J9", 10)])) is None
    assert run_of(JOBS[0], series, 20.0, spans_of([order("J9", 12)])) is not None


def test_a_run_that_is_not_all_measured_yet_is_no_run() -> None:
    assert run_of(order("J4", 42), loads(LOAD), 20.0) is None
    assert run_of(order("J0", -2), loads(LOAD), 20.0) is None


def test_runs_of_other_lengths_are_stretched_to_the_usual_one() -> None:
    runs = [Run(f"J{n}", 10 * n, (50.0, 20.0) if n % 2 else (50.0, 50.0, 20.0, 20.0)) for n in range(6)]
    profile = profile_of([*runs, Run("J7", 70, (50.0, 50.0, 20.0, 20.0))])
    assert profile is not None
    assert profile.q10_kw == profile.q50_kw == profile.q90_kw == (50.0, 50.0, 20.0, 20.0)
    assert profile.error_kw == pytest.approx(0.0, abs=1e-9)


def test_a_machine_that_drifts_is_followed() -> None:
    """After as many runs as are counted half, new ones outweigh the old."""
    old = [Run(f"A{n}", n, (40.0,)) for n in range(30)]
    new = [Run(f"B{n}", 100 + n, (60.0,)) for n in range(HALF_AFTER + 1)]
    profile = profile_of([*old, *new])
    assert profile is not None
    assert profile.q50_kw == (60.0,)
    assert (profile.q10_kw, profile.q90_kw) == ((40.0,), (60.0,))
    assert recency_weights(HALF_AFTER + 1)[0] == 0.5


def test_one_odd_run_moves_no_median() -> None:
    runs = [Run(f"J{n}", n, (40.0 + n % 3,)) for n in range(20)]
    odd = profile_of([*runs[:-1], Run("J19", 19, (900.0,))])
    assert odd is not None
    assert 40.0 <= odd.q50_kw[0] <= 42.0


def test_a_job_that_is_measured_again_counts_once_and_old_runs_go() -> None:
    runs = with_runs((), [Run(f"J{n:02}", n, (float(n),)) for n in range(MOST_RUNS + 5)])
    assert [runs[0].job, len(runs)] == ["J05", MOST_RUNS]
    again = with_runs(runs, [Run("J20", 20, (99.0,))])
    assert [run.above_idle_kw for run in again if run.job == "J20"] == [(99.0,)]
    assert len(again) == MOST_RUNS


def test_only_what_is_more_than_noise_is_published() -> None:
    idle, runs = learned()
    first = power_from_runs(FURNACE, runs, idle)
    assert first is not None
    assert is_news(None, first)
    same = [Run(f"K{n}", run.start_slot + 50, run.above_idle_kw) for n, run in enumerate(runs[:1])]
    fourth = power_from_runs(FURNACE, with_runs(runs, same), idle, first)
    assert fourth is not None
    assert not is_news(first, fourth)
    assert fourth.revision > first.revision
    hotter = [Run(f"K{n}", runs[-1].end_slot + 10 * n, tuple(kw + 15 for kw in runs[0].above_idle_kw)) for n in range(4)]
    drifted = power_from_runs(FURNACE, with_runs(runs, hotter), idle, first)
    assert drifted is not None
    assert is_news(first, drifted)


def test_a_revision_is_above_all_that_a_job_without_its_state_published_before() -> None:
    idle, runs = learned()
    before = power_from_runs(FURNACE, runs, idle)
    later = power_from_runs(FURNACE, [*runs, Run("J9", runs[-1].end_slot + 10, (60.0,) * 4)], idle)
    assert before is not None
    assert later is not None
    assert later.revision > before.revision


powers = st.floats(1.0, 500.0)


@given(
    shape=st.lists(powers, min_size=1, max_size=12),
    batches=st.lists(st.floats(0.95, 1.05), min_size=3, max_size=20),
    idle=st.floats(0.0, 80.0),
)
def test_what_the_profile_says_for_all_runs_is_what_was_metered_less_idle(
    shape: list[float], batches: list[float], idle: float
) -> None:
    """Batches differ by 5 % at most, so a median run is no further than that from the mean of them."""
    length = len(shape)
    kw, jobs = [idle] * 8, []
    for number, size in enumerate(batches):
        jobs.append(order(f"J{number}", len(kw), length))
        kw += [idle + size * one for one in shape] + [idle] * 8
    series, spans = loads(kw), spans_of(jobs)
    found = idle_kw(series, spans)
    assert found == pytest.approx(idle)
    runs = [run for job in jobs if (run := run_of(job, series, found)) is not None]
    power = power_from_runs(FURNACE, runs, found)
    assert power is not None
    metered_kwh = sum(kw) / 4 - idle * len(kw) / 4
    assert sum(power.q50_kw) / 4 * len(runs) == pytest.approx(metered_kwh, rel=0.11)
    for low, middle, high in zip(power.q10_kw, power.q50_kw, power.q90_kw, strict=True):
        assert low <= middle <= high


@given(st.lists(powers, min_size=1, max_size=30), st.integers(1, 40))
def test_a_run_keeps_its_mean_power_however_it_is_stretched(curve: list[float], quarters: int) -> None:
    assert np.mean(stretched(tuple(curve), quarters)) == pytest.approx(np.mean(curve))


@given(st.lists(st.tuples(powers, st.floats(0.1, 1.0)), min_size=1, max_size=20), st.sampled_from((0.1, 0.5, 0.9)))
def test_a_quantile_is_a_measured_value_that_enough_weight_does_not_exceed(rows: list[tuple[float, float]], share: float) -> None:
    values, weights = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    (found,) = weighted_quantile(values[:, None], weights, share)
    assert found in values
    assert weights[values <= found].sum() >= share * weights.sum() * (1 - 1e-9)
    assert weights[values < found].sum() < share * weights.sum() * (1 + 1e-9)


def test_with_equal_weights_the_standard_error_is_that_of_the_textbook() -> None:
    values = [4.0, 7.0, 13.0, 16.0]  # variance 30 with n - 1
    assert standard_error(values, np.ones(4)) == pytest.approx(np.sqrt(30 / 4))
