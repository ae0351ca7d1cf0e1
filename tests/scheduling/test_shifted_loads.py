"""Vehicles are planned after the jobs, on the load that the jobs' plan leads to, and advised as one recommendation."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_works import planned_works
from small_works import NOW, forecast, order, tariff
from test_replanning import Live, plan_for

from domain.intervals import QUARTER
from domain.recommendations import Action, Decision, DecisionKind, RecommendationStatus
from domain.topics import DECISIONS, FORECASTS, PLANNING_PROBLEMS, PLANS, RECOMMENDATIONS
from lastgang.planning.charging import charging_plan
from scheduling.live.charging import known_part
from scheduling.live.shifting import PlannedLoad, planned_loads
from scheduling.planner.reading import problem_in

HOUR = timedelta(hours=1)
TRIPS = [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "leaves": "05:00", "returns": "08:00", "needs_kwh": 45.0},
    {"days": ["mon", "tue", "wed", "thu", "fri"], "leaves": "12:15", "returns": "16:00", "needs_kwh": 80.0},
]
EIGHT = 8
"""The slot of the forecast that begins at 08:00 in Berlin."""
FIRST = EIGHT - 2
"""The same quarter hour in the problem, which begins at 06:30."""


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return tariff(tmp_path_factory.mktemp("tariff"))


def fleet(**vehicle):
    """A truck that is there from 08:00 to 12:00 and has to draw 50 kWh: 45 of its trip less what its 80 % leave open, at 90 %."""
    truck = {"id": "truck", "charge_point": "yard", "capacity_kwh": 100.0, "trip": TRIPS, "from_day": NOW.date(), **vehicle}
    return {"flexible": {"charge_point": [{"id": "yard", "max_kw": 44.0, "efficiency": 0.9}], "vehicle": [truck]}}


def works_with(sheet, orders=(), **vehicle) -> Live:
    return Live(planned_works(extra=False, more=fleet(**vehicle)), sheet, list(orders))


def peak_at_eight():
    """430 kW from 08:00 to 09:00, 400 kW else; 450 kW are billed."""
    return {EIGHT + n: 30.0 for n in range(4)}


def answered(live: Live, **loads):
    """What is advised on loads once the forecast's problem has its plan."""
    problems = live.forecast(**{"spread": 0.0, "at": peak_at_eight(), **loads})[PLANNING_PROBLEMS]
    if not problems:
        return None, []
    plan = plan_for(problems[0])
    issued = live.take(PLANS, plan)[RECOMMENDATIONS]
    return json.loads(plan.body), [one for one in issued if one.action is Action.SHIFT_LOAD]


def kwh(places):
    return sum(place.kw * ((place.end_utc - place.start_utc) / HOUR) for place in places.loads)


def test_a_new_truck_that_would_make_the_peak_charges_after_it(sheet):
    plan, [advice] = answered(works_with(sheet))
    [yard] = plan["charging"]["loads"]
    assert plan["charging"]["unmet"] == []
    assert [round(kw, 1) for kw in yard["before_kw"][FIRST : FIRST + 6]] == [44.0, 44.0, 44.0, 44.0, 24.0, 0.0]
    assert yard["not_in_base_kw"] == yard["before_kw"], "the forecast has not met it yet"
    assert max(yard["after_kw"][FIRST : FIRST + 4]) <= 20.0 + 1e-3, "430 + 20 is what is billed already"
    day = slice(0, FIRST + 16)
    assert sum(yard["before_kw"][day]) == pytest.approx(200.0, abs=0.01), "50 kWh in quarter hours"
    assert sum(yard["after_kw"][day]) == pytest.approx(200.0, abs=0.01)
    assert advice.subject == "yard"
    assert advice.peak_before_kw == 474.0
    assert advice.peak_after_kw <= 450.0
    assert advice.saving_eur == pytest.approx(24 * 100.0, abs=1.0)
    assert advice.valid_until_utc == NOW + 2 * HOUR
    assert {place.load for place in advice.before.loads} == {place.load for place in advice.after.loads} == {"yard"}
    assert kwh(advice.before) == pytest.approx(kwh(advice.after), rel=0.02)
    ends = max(place.end_utc for place in (*advice.before.loads, *advice.after.loads))
    assert ends <= NOW + 6 * HOUR, "the stays of the afternoon and of Monday are planned again before they come"
    assert "advice.shift_load" in {one.key for one in advice.reason}


def test_a_truck_that_needs_less_is_charged_as_full_as_it_would_be_by_itself(sheet):
    trips = [TRIPS[0], {**TRIPS[1], "needs_kwh": 60.0}]
    plan, [advice] = answered(works_with(sheet, trip=trips))
    [yard] = plan["charging"]["loads"]
    assert sum(yard["before_kw"]) == pytest.approx(200.0, abs=0.01), (
        "from 35 to 80 kWh, though 60 were enough; the next stay is planned later"
    )
    assert sum(yard["after_kw"]) == pytest.approx(200.0, abs=0.01)
    assert kwh(advice.before) == pytest.approx(kwh(advice.after), rel=0.01)


def test_where_nothing_is_saved_nothing_is_advised(sheet):
    _, advice = answered(works_with(sheet), at={})
    assert advice == []


def test_the_jobs_come_first_and_the_truck_on_the_load_that_they_leave(sheet):
    """A job of 45 kW leaves the tight hour for one in which 400 and 45 kW are below what is billed; the truck then fits beside it nowhere."""
    batch = order("A", "furnace-1", EIGHT, (45.0,) * 4, earliest=0, due=26)
    plan, _ = answered(works_with(sheet, [batch]))
    [moved] = [job["start"] for job in plan["jobs"] if job["id"] == "A"]
    assert moved >= FIRST + 4 or moved <= FIRST - 4
    [yard] = plan["charging"]["loads"]
    load_kw = [400.0 + (30.0 if FIRST <= slot < FIRST + 4 else 0.0) for slot in range(len(yard["after_kw"]))]
    for slot in range(moved, moved + 4):
        load_kw[slot] += 45.0
    day = slice(0, FIRST + 16)
    assert max(kw + truck for kw, truck in zip(load_kw[day], yard["after_kw"][day], strict=True)) <= 450.0 + 1e-3
    assert sum(yard["after_kw"][day]) == pytest.approx(200.0, abs=0.01)


def test_a_plan_that_is_followed_is_not_replaced_and_one_that_is_declined_does_not_come_again(sheet):
    for kind, status in (
        (DecisionKind.ACCEPTED, RecommendationStatus.ACCEPTED),
        (DecisionKind.REJECTED, RecommendationStatus.REJECTED),
    ):
        live = works_with(sheet)
        _, [advice] = answered(live)
        [decided] = live.take(DECISIONS, Decision("works", advice.recommendation, kind, "anna", NOW + timedelta(minutes=2)))[
            RECOMMENDATIONS
        ]
        assert decided.status is status
        again = live.pass_time(16)
        problems = [*again, *live.take(FORECASTS, forecast(issued=NOW + QUARTER, at=peak_at_eight()))[PLANNING_PROBLEMS]]
        issued = [one for problem in problems for one in live.take(PLANS, plan_for(problem))[RECOMMENDATIONS]]
        assert [one for one in issued if one.action is Action.SHIFT_LOAD] == []


def test_open_advice_on_loads_outlives_a_forecast_and_expires_when_it_is_too_late(sheet):
    live = works_with(sheet)
    _, [advice] = answered(live)
    live.forecast(issued=NOW, at={})
    assert [one.recommendation for one in live.open()] == [advice.recommendation]
    live.pass_time(125)
    assert live.state.notes.recommendations[advice.recommendation].status is RecommendationStatus.EXPIRED


def test_advice_that_is_carried_out_is_closed_after_its_last_span(sheet):
    live = works_with(sheet)
    _, [advice] = answered(live)
    live.take(DECISIONS, Decision("works", advice.recommendation, DecisionKind.ACCEPTED, "anna", NOW + timedelta(minutes=2)))
    live.pass_time(7 * 60)
    assert live.state.notes.recommendations[advice.recommendation].status is RecommendationStatus.CARRIED_OUT


def test_a_vehicle_that_has_been_driven_for_weeks_is_in_the_forecast_already(sheet):
    plant = planned_works(more=fleet(from_day=None))
    [truck] = plant.flexible.vehicles
    assert known_part(truck, plant, NOW) == 1.0
    [new] = planned_works(more=fleet()).flexible.vehicles
    assert [known_part(new, plant, NOW + timedelta(days=days)) for days in (-1, 0, 14, 28, 90)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    live = works_with(sheet, from_day=None)
    plan, [advice] = answered(live, at={EIGHT + n: 74.0 for n in range(4)})
    [yard] = plan["charging"]["loads"]
    assert set(yard["not_in_base_kw"]) == {0.0}
    assert advice.peak_before_kw == 474.0


def test_who_comes_late_or_leaves_early_has_time_to_spare_where_there_is_some(sheet):
    live = works_with(sheet)
    plan, _ = answered(live)
    after_kw = plan["charging"]["loads"][0]["after_kw"]
    assert after_kw[FIRST] == after_kw[FIRST + 1] == 0.0, "the half hour after it usually comes"
    assert after_kw[FIRST + 15] == 0.0, "the last quarter of an hour"
    short = works_with(sheet, max_kw=14.0)
    plan, _ = answered(short)
    assert sum(plan["charging"]["loads"][0]["after_kw"][FIRST : FIRST + 16]) == pytest.approx(200.0, abs=0.1)
    assert plan["charging"]["unmet"] == []


def test_what_cannot_be_had_is_reported(sheet):
    plan, _ = answered(works_with(sheet, max_kw=5.0))
    [unmet] = plan["charging"]["unmet"]
    assert unmet == {"vehicle": "truck", "kwh": pytest.approx(30.0, abs=0.01)}


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=30))
def test_a_change_is_cut_where_it_is_made_up_and_keeps_its_energy(slots):
    before, after = ([float(pair[place]) for pair in slots] for place in (0, 1))
    planned = PlannedLoad("a", tuple(before), tuple(after), tuple(before))
    cut = planned.first_change()
    assert len(cut.before_kw) == len(cut.after_kw) == len(slots)
    assert cut.first_change() == cut
    first = next((n for n, (was, then) in enumerate(slots) if was != then), None)
    if first is None:
        assert cut == planned
        return
    assert cut.after_kw[first] == after[first]
    if cut != planned:
        assert sum(cut.before_kw) == pytest.approx(sum(cut.after_kw))
        assert cut.moved_kwh > 0


def test_a_plan_without_vehicles_has_none_and_a_wrong_one_is_refused(sheet):
    live = Live(planned_works(), sheet, [order("A", "furnace-1", 8, (140.0, 140.0), earliest=0, due=48)])
    [problem] = live.forecast(at={9: 60.0})[PLANNING_PROBLEMS]
    stated = problem_in(problem.body, "problem")
    assert stated.charging is None
    assert charging_plan(stated, stated.current) is None
    assert planned_loads("{}") == []
    with pytest.raises(ValueError, match="as many values"):
        planned_loads('{"charging": {"loads": [{"load": "a", "before_kw": [1], "after_kw": [], "not_in_base_kw": [1]}]}}')
