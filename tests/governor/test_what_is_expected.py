"""What the first minutes of a quarter hour say of its mean: machines that switch on and off, jumps, and kinds of quarter hours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governor.cycles import Cycle
from governor.expecting import Expecting, Seen, seen
from governor.flexibility import MINUTES
from governor.learning import Around
from governor.least_peak import Floats

HOURS = 6
DECISIONS = range(5, 9)


def waving(period_min: float, height: float, quarters: int, noise: float, seed: int = 3) -> Floats:
    """Quarter hours of 100 kW (quarters, 15) with a machine that is on for half of each period."""
    minutes = np.arange(quarters * MINUTES)
    on = np.where(minutes / period_min % 1 < 0.5, height, -height)
    loads: Floats = 100 * (1 + on + np.random.default_rng(seed).normal(0, noise, len(minutes))).reshape(-1, MINUTES)
    return loads


def learned(loads: Floats) -> Cycle:
    cycle = Cycle()
    for row in loads:
        cycle.end(row.tolist())
    return cycle


@pytest.mark.parametrize("period_min", [7.3, 12.0, 15.0, 18.4])
def test_a_machine_that_switches_on_and_off_is_foreseen(period_min: float) -> None:
    loads = waving(period_min, 0.04, HOURS * 4 + 1, 0.02)
    still = waving(period_min, 0.04, HOURS * 4 + 1, 0.0)[-1]
    truth = still / still.mean() - 1
    foreseen = learned(loads[:-1]).shape()
    assert np.sqrt(((truth - foreseen) ** 2).mean()) < 0.6 * truth.std()
    assert foreseen.sum() == pytest.approx(0.0, abs=1e-9)


def test_noise_is_hardly_taken_for_a_machine() -> None:
    assert np.abs(learned(waving(10, 0.0, HOURS * 4, 0.02)).shape()).max() < 0.02


def test_nothing_is_foreseen_before_anything_was_seen_or_where_the_load_is_zero() -> None:
    assert np.abs(Cycle().shape()).max() == 0.0
    assert np.abs(learned(np.zeros((4, MINUTES))).shape()).max() == 0.0


@given(st.floats(0.1, 1e4))
def test_the_wave_is_a_share_of_the_load(scale: float) -> None:
    loads = waving(12, 0.04, 8, 0.01)
    np.testing.assert_allclose(learned(loads * scale).shape(), learned(loads).shape(), atol=1e-9)


def test_the_phase_goes_on_through_quarter_hours_that_nobody_saw() -> None:
    loads = waving(11, 0.04, HOURS * 4 + 3, 0.0)
    cycle = learned(loads[:-3])
    cycle.end(None)
    cycle.end(None)
    truth = loads[-1] / loads[-1].mean() - 1
    assert np.corrcoef(truth, cycle.shape())[0, 1] > 0.8


def test_the_level_after_a_jump_is_what_is_seen_since() -> None:
    assert seen([100, 101, 99, 150, 151, 149], 100.0, 200.0) == Seen(mean_kw=125.0, level_kw=150.0, last_kw=149, kind=1)


@pytest.mark.parametrize(("before_kw", "kind"), [(100.0, 0), (120.0, 2), (80.0, 2), (115.0, 0)])
def test_a_quarter_hour_without_a_jump_goes_on_or_began_elsewhere(before_kw: float, kind: int) -> None:
    assert seen([100, 101, 99, 100, 100], before_kw, 200.0).kind == kind


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=14), st.floats(0, 1000), st.integers(-8, 8))
def test_what_is_seen_lies_among_the_minutes_and_scales_with_them(minutes: list[float], before_kw: float, power: int) -> None:
    scale = 2.0**power
    found = seen(minutes, before_kw, 1000.0)
    assert min(minutes) - 1e-6 <= found.level_kw <= max(minutes) + 1e-6
    assert found.mean_kw == pytest.approx(np.mean(minutes))
    scaled = seen([load * scale for load in minutes], before_kw * scale, 1000.0 * scale)
    assert scaled == Seen(found.mean_kw * scale, found.level_kw * scale, found.last_kw * scale, found.kind)


def jumping(cases: int) -> tuple[list[Floats], list[float]]:
    """Quarter hours that begin at 100 kW and in half of the cases jump to 150 kW, two of three times as the plan says; and the plans."""
    rng = np.random.default_rng(5)
    loads, plans = [], []
    for _ in range(cases):
        row, jumps = np.full(MINUTES, 100.0), rng.uniform() < 0.5
        if jumps:
            row[rng.integers(0, 12) :] = 150.0
        loads.append(row * rng.normal(1, 0.01, MINUTES))
        plans.append(130.0 if jumps == (rng.uniform() < 2 / 3) else 100.0)
    return loads, plans


def around(plan_kw: float) -> Around:
    return Around(150.0, 100.0, 100.0, 100.0, [100.0, 100.0, plan_kw, 100.0])


def taught() -> Expecting:
    expecting = Expecting(DECISIONS)
    loads, plans = jumping(1200)
    for number, (row, plan) in enumerate(zip(loads, plans, strict=True)):
        if number == 600:
            expecting.fit(spreads=False)
        expecting.learn(around(plan), row.tolist())
    expecting.fit(spreads=True)
    return expecting


def test_after_a_jump_the_rest_is_expected_at_the_new_level_and_surely() -> None:
    expecting = taught()
    mean, spread = expecting.says(around(130.0), [100.0] * 3 + [150.0] * 5)
    assert mean == pytest.approx((3 * 100 + 12 * 150) / MINUTES, rel=0.03)
    waiting, unsure = expecting.says(around(130.0), [100.0] * 8)
    assert mean > waiting > 100.0
    assert unsure > 2 * spread


def test_a_jump_that_the_plan_foresees_is_expected_higher() -> None:
    expecting = taught()
    (foreseen, _), (other, _) = (expecting.says(around(plan), [100.0] * 5) for plan in (130.0, 100.0))
    assert foreseen > other + 1.0
