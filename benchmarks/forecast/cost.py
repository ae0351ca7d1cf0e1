"""What the forecast costs: fit, update, issue, and five hundred meters at once.  CPU time of this process; electricity by `WATTS_PER_CORE`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.forecast.profiles import Profile
from benchmarks.forecast.rolling import LookingStep, intervals_of, plant_of, warm
from domain.units import WATTS_PER_CORE
from forecasting.ensemble import predict
from forecasting.issue import OFFSETS
from forecasting.learning import fit
from forecasting.similar_days import CALENDAR, LIKENESSES, PROFILE, Likeness, candidates, columns, mixture, weigh
from forecasting.state import encode_state
from forecasting.two_step import two_step

GOALS = {"fit_s": 0.5, "update_mean_ms": 1.0, "all_meters_s": 45.0}


@dataclass(frozen=True)
class Cost:
    """CPU time of one series, and of all meters."""

    fit_s: float
    update_mean_ms: float
    update_worst_ms: float
    issue_ms: float
    meters: int
    all_meters_s: float
    state_bytes: int
    joules_a_day: float
    """One series: 96 updates and issues; a fit is due once in weeks."""
    rung_ms: dict[str, float]
    """Of one question to each rung alone."""


def _cpu_ms(work: Callable[[], object], times: int) -> float:
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times * 1e3


def measure(profiles: list[Profile], meters: int = 500, progress: Callable[[str], None] = lambda _: None) -> Cost:
    """Fit, a day of updates and an issue of the first profile; then `meters` series, made of all profiles at other scales."""
    progress("a day of one meter")
    step, state, day = warm(profiles[0], 2)
    step.forecaster.issue(state, day[0].start_utc)  # learns; what follows is a running meter
    updates, issues = [], []
    for record in day[:96]:
        updates.append(_cpu_ms(partial(step.put, state, record), 1))
        issues.append(_cpu_ms(partial(step.forecaster.issue, state, record.end_utc), 1))
    looking = LookingStep(plant_of(profiles[0]))
    again = looking.initial()
    for record in intervals_of(profiles[0]):
        looking.put(again, record)
    looking.forecaster.issue(again, day[-1].end_utc)
    seen = looking.forecaster.seen
    assert seen is not None
    progress("a fit")
    fits = [_cpu_ms(lambda: fit(seen), 1) / 1e3 for _ in range(3)]
    progress(f"{meters} meters")
    return Cost(
        float(np.median(fits)),
        float(np.mean(updates)),
        float(np.max(updates)),
        float(np.median(issues)),
        meters,
        _all_meters(profiles, meters),
        len(encode_state(state)),
        (sum(updates) + sum(issues)) / 1e3 * WATTS_PER_CORE,
        _rungs(looking),
    )


def _all_meters(profiles: list[Profile], meters: int) -> float:
    """CPU seconds to issue 48 h for `meters` warm series, one after the other."""
    warmed = [warm(profile, 2) for profile in profiles[:8]]
    for step, state, day in warmed:
        step.forecaster.issue(state, day[0].start_utc)
    total = 0.0
    for number in range(meters):
        step, state, day = warmed[number % len(warmed)]
        state.ring.load_kw *= np.float32(1.0 + 0.001 * (number % 7))
        total += _cpu_ms(partial(step.forecaster.issue, state, day[0].start_utc), 1)
    return total / 1e3


def _rungs(looking: LookingStep) -> dict[str, float]:
    seen = looking.forecaster.seen
    assert seen is not None
    grid = seen.grid
    requested = columns(grid.origin, OFFSETS)

    def alone(likenesses: tuple[Likeness, ...]) -> None:
        found = candidates(grid, grid.load_kw, grid.origin)
        assert found is not None
        mixture(found, weigh(grid, found, likenesses), requested)

    return {
        "last-week": _cpu_ms(grid.load_kw[grid.origin - 672 :][: len(OFFSETS)].copy, 200),
        "calendar": _cpu_ms(lambda: alone(CALENDAR[:1]), 20),
        "profile": _cpu_ms(lambda: alone(PROFILE[:1]), 20),
        "all similar days": _cpu_ms(lambda: alone(LIKENESSES), 20),
        "two-step": _cpu_ms(lambda: two_step(grid, [grid.origin]), 5),
        "served": _cpu_ms(lambda: predict(grid, seen.base_kw, grid.origin, OFFSETS, {}), 20),
    }
