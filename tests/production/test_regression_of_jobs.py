"""What jobs add to a meter that is not theirs alone: against statsmodels, against a known truth, and where it cannot be known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import statsmodels.api as sm

from production.regression import FEWEST_RUNS, Coefficient, JobSpans, job_coefficients

DAYS = 35
COUNT = DAYS * 96
SLOTS = np.arange(COUNT)
LEVELS = SLOTS // 4 % 168
DAY_OF = SLOTS // 96
MILL, OVEN, PUMP = ("mill", "flour"), ("oven", "bread"), ("pump", "water")


def spans(random: np.random.Generator, count: int, quarters: int) -> JobSpans:
    """Jobs at any hour, none upon another."""
    starts = np.sort(random.choice(COUNT // 12, count, replace=False)) * 12
    return JobSpans(tuple((int(s), int(s) + quarters) for s in starts))


def site(random: np.random.Generator, jobs: dict[tuple[str, str], tuple[JobSpans, float]], noise_kw: float = 8.0) -> np.ndarray:
    """A week's shape, remainders that stay for hours, and the jobs."""
    remainder = np.zeros(COUNT)
    for before, now in pairwise(range(COUNT)):
        remainder[now] = 0.9 * remainder[before] + random.normal(0, noise_kw * np.sqrt(1 - 0.81))
    load = 200 + 60 * np.sin(2 * np.pi * SLOTS / 96) + 40 * (LEVELS < 120) + remainder
    for job, kw in jobs.values():
        for begin, end in job.spans:
            load[begin:end] += kw
    return load


def of(jobs: dict[tuple[str, str], tuple[JobSpans, float]]) -> dict[tuple[str, str], JobSpans]:
    return {name: job for name, (job, _) in jobs.items()}


def scene(seed: int) -> tuple[np.ndarray, dict[tuple[str, str], tuple[JobSpans, float]]]:
    random = np.random.default_rng(seed)
    jobs = {MILL: (spans(random, 60, 8), 45.0), OVEN: (spans(random, 50, 6), 90.0)}
    return site(random, jobs), jobs


def test_powers_and_errors_are_those_of_statsmodels_with_days_as_clusters() -> None:
    load, jobs = scene(1)
    found = job_coefficients(load, LEVELS, DAY_OF, of(jobs))
    running = np.zeros((COUNT, 2))
    for column, (job, _) in enumerate(jobs.values()):
        for begin, end in job.spans:
            running[begin:end, column] = 1
    terms = (LEVELS[:, None] == np.arange(168)[None, :]).astype(float)
    fit = sm.OLS(load, np.hstack([running, terms])).fit(
        cov_type="cluster", cov_kwds={"groups": DAY_OF, "use_correction": False}, use_t=False
    )
    for column, name in enumerate(jobs):
        assert found[name].mean_kw == pytest.approx(fit.params[column], rel=1e-6)
        assert found[name].error_kw == pytest.approx(fit.bse[column] * np.sqrt(DAYS / (DAYS - 1)), rel=1e-6)


def test_the_truth_lies_within_two_standard_errors_as_often_as_stated() -> None:
    """Remainders stay for hours: errors of single quarter hours would be too small by far."""
    inside, total, naive = 0, 0, 0
    for seed in range(40):
        load, jobs = scene(seed)
        for name, one in job_coefficients(load, LEVELS, DAY_OF, of(jobs)).items():
            inside += abs(one.mean_kw - jobs[name][1]) <= 2 * one.error_kw
            naive += abs(one.mean_kw - jobs[name][1]) <= 2 * 8.0 / np.sqrt(sum(e - b for b, e in jobs[name][0].spans))
            total += 1
    assert total == 80
    assert 0.88 <= inside / total <= 1.0
    assert naive < inside


def test_the_band_holds_the_batches() -> None:
    random = np.random.default_rng(5)
    job = spans(random, 60, 8)
    load = site(random, {}, noise_kw=1.0)
    sizes = random.uniform(30, 60, len(job.spans))
    for (begin, end), kw in zip(job.spans, sizes, strict=True):
        load[begin:end] += kw
    found = job_coefficients(load, LEVELS, DAY_OF, {MILL: job})[MILL]
    low, high = np.quantile(sizes, [0.1, 0.9])
    assert found.q10_kw == pytest.approx(low, abs=3.0)
    assert found.q90_kw == pytest.approx(high, abs=3.0)


def test_two_products_that_always_run_together_cannot_be_separated_and_leave_the_third_alone() -> None:
    load, jobs = scene(3)
    twin, (job, kw) = {**of(jobs), PUMP: jobs[OVEN][0]}, jobs[MILL]
    found = job_coefficients(load, LEVELS, DAY_OF, twin)
    assert set(found) == {MILL}
    assert abs(found[MILL].mean_kw - kw) <= 3 * found[MILL].error_kw
    assert found[MILL].runs == len(job.spans)


def test_a_job_at_the_same_hours_of_every_week_cannot_be_separated_from_them() -> None:
    weekly = JobSpans(tuple((week * 672 + 40, week * 672 + 48) for week in range(5)))
    load, jobs = scene(4)
    assert set(job_coefficients(load, LEVELS, DAY_OF, {**of(jobs), PUMP: weekly})) == {MILL, OVEN}


def test_quarter_hours_that_are_not_known_count_for_nothing() -> None:
    load, jobs = scene(6)
    whole = job_coefficients(load, LEVELS, DAY_OF, of(jobs))
    gaps = load.copy()
    gaps[np.random.default_rng(0).random(COUNT) < 0.1] = np.nan
    found = job_coefficients(gaps, LEVELS, DAY_OF, of(jobs))
    for name in (MILL, OVEN):
        assert found[name].mean_kw == pytest.approx(whole[name].mean_kw, abs=3 * whole[name].error_kw)
    begin, end = jobs[MILL][0].spans[0]
    gaps = load.copy()
    gaps[begin:end] = np.nan
    assert job_coefficients(gaps, LEVELS, DAY_OF, of(jobs))[MILL].runs == whole[MILL].runs - 1


@pytest.mark.parametrize("days", [1, 9])
def test_a_few_days_teach_nothing(days: int) -> None:
    load, jobs = scene(7)
    short = {name: JobSpans(tuple(span for span in job.spans if span[1] <= days * 96)) for name, job in of(jobs).items()}
    assert job_coefficients(load[: days * 96], LEVELS[: days * 96], DAY_OF[: days * 96], short) == {}


def test_too_few_runs_teach_nothing_and_no_job_at_all_is_no_fault() -> None:
    load, jobs = scene(8)
    few = {**of(jobs), PUMP: JobSpans(((500, 508),) * 1 + ((900, 908),) * (FEWEST_RUNS - 2))}
    assert PUMP not in job_coefficients(load, LEVELS, DAY_OF, few)
    assert job_coefficients(load, LEVELS, DAY_OF, {}) == {}
    assert job_coefficients(np.full(COUNT, np.nan), LEVELS, DAY_OF, of(jobs)) == {}


def test_a_coefficient_lies_in_its_band() -> None:
    load, jobs = scene(9)
    for one in job_coefficients(load, LEVELS, DAY_OF, of(jobs)).values():
        assert isinstance(one, Coefficient)
        assert one.q10_kw <= one.mean_kw <= one.q90_kw
