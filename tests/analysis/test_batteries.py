"""What a battery can do, by hand and against a linear programme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_loads import days, load_of

from analysis.battery import Battery, bound, by_rule, can_hold, dispatch, lowest_level

one_period = np.zeros(4 * 96, dtype=np.int64)


def test_a_battery_takes_the_top_off_by_its_energy():
    """An hour of 300 kW above 100: 50 kWh take 50 kW off."""
    kw = days(1)
    kw[40:44] = 300.0
    assert lowest_level(kw, Battery(50.0, 200.0)) == pytest.approx(250.0, abs=0.01)


def test_a_battery_takes_the_top_off_by_its_power():
    kw = days(1)
    kw[40:44] = 300.0
    assert lowest_level(kw, Battery(1000.0, 30.0)) == pytest.approx(270.0, abs=0.01)


def test_between_two_peaks_it_charges_with_its_losses():
    """Two quarter hours of 300 kW, an hour of 100 between them: at 250 kW it gives 12.5 kWh and gets 36 back."""
    kw = np.array([300.0, 100.0, 100.0, 100.0, 100.0, 300.0])
    battery = Battery(12.5, 100.0, 0.9)
    assert can_hold(kw, 250.0, battery)
    assert not can_hold(kw, 249.0, battery)
    weak = Battery(12.5, 50.0, 0.2)
    assert can_hold(kw, 250.0, weak) is False, "50 kW for an hour at 20 % are 10 kWh"


def test_the_load_behind_a_battery_that_holds_a_level():
    kw = np.array([100.0, 300.0, 300.0, 100.0])
    after, stored, highest = dispatch(kw, 250.0, Battery(20.0, 100.0, 0.5), 20.0)
    assert after.tolist() == [100.0, 250.0, 270.0, 200.0], "12.5 kWh, then the 7.5 that are left; then 100 kW of charging"
    assert (stored, highest) == (12.5, 270.0)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0, 500), min_size=4, max_size=24).map(np.array),
    st.floats(1, 200), st.floats(1, 200), st.sampled_from([0.5, 0.9, 1.0]),
)  # fmt: skip
def test_no_plan_reaches_a_lower_peak(kw, capacity, power, efficiency):
    """The bound equals the optimum of the linear programme: charge, discharge and content of every quarter hour free."""
    battery = Battery(capacity, power, efficiency)
    assert lowest_level(kw, battery) == pytest.approx(_optimum(kw, battery), abs=0.02)


def _optimum(kw, battery):
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver("GLOP")
    peak, stored = solver.NumVar(0, 1e9, "peak"), battery.capacity_kwh
    for load in kw:
        taken, given_out = solver.NumVar(0, battery.power_kw, ""), solver.NumVar(0, battery.power_kw, "")
        content = solver.NumVar(0, battery.capacity_kwh, "")
        solver.Add(content <= stored + battery.efficiency / 4 * taken - given_out / 4)
        solver.Add(peak >= float(load) + taken - given_out)
        solver.Add(float(load) + taken - given_out >= 0)
        stored = content
    solver.Minimize(peak)
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return peak.solution_value()


def test_the_rule_never_does_better_than_foresight_and_learns_from_like_days():
    kw = days(12)
    for day in range(12):
        kw[96 * day + 40 : 96 * day + 44] = 300.0
    load = load_of(kw)
    battery = Battery(50.0, 200.0)
    periods = np.zeros(len(kw), dtype=np.int64)
    best, ruled = bound(load, battery, periods).after, by_rule(load, battery, periods).after
    assert best.kw.max() == pytest.approx(250.0, abs=0.01)
    assert ruled.kw[:96].max() == 300.0, "the first Monday has no like day"
    assert ruled.kw.max() == 300.0, "and it has been billed"
    by_day = by_rule(load, battery, load.day).after
    assert by_day.kw[96:192].max() == pytest.approx(250.0 * 1.03, abs=0.1), "Tuesday is like Monday"
    assert by_day.kw[5 * 96 : 6 * 96].max() == 300.0, "the first Saturday is like none"


def test_the_rule_knows_the_past_only():
    rng = np.random.default_rng(5)
    kw = rng.uniform(50, 300, 20 * 96)
    other = kw.copy()
    other[10 * 96 :] = rng.uniform(50, 300, 10 * 96)
    battery, periods = Battery(60.0, 80.0), np.zeros(20 * 96, dtype=np.int64)
    one, two = (by_rule(load_of(each), battery, periods).after.kw for each in (kw, other))
    assert np.array_equal(one[: 10 * 96], two[: 10 * 96])
