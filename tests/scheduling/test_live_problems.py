"""The planning problem of a plant: what is in it, and that the present plan always keeps its rules."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planned_works import NOW, forecast, order, order_books, planned_works, plants, state_of
from small_works import tariff

from domain.intervals import QUARTER
from domain.orders import OrderStatus, Predecessor, Workers
from domain.plant import Plant
from scheduling.live.planning import Beside, LivePlanning
from scheduling.live.problem import Nothing, Stated
from scheduling.planner.answer import Request, plan
from scheduling.planner.plan import Plan
from scheduling.planner.reading import load_problem
from scheduling.planner.rules import breaches
from scheduling.planner.validity import problem_faults
from scheduling.pricing import Pricing
from scheduling.settings import AdviceSettings

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return tariff(tmp_path_factory.mktemp("tariff"))


def stated_of(plant: Plant, orders, sheet, **loads) -> Stated | Nothing:
    planning = LivePlanning(Pricing(plant, sheet), sheet, AdviceSettings())
    known = [one for one in orders if one.profile_kw]
    return planning.state_problem(state_of(list(orders)), forecast(known, **{"spread": 20.0, **loads}), Beside(plant))


def stated(plant: Plant, orders, sheet, **loads) -> Stated:
    found = stated_of(plant, orders, sheet, **loads)
    assert isinstance(found, Stated), found
    return found


@FEW
@given(plant=plants(), orders=order_books())
def test_the_present_plan_of_any_plant_is_a_plan_of_its_problem(sheet, plant, orders):
    found = stated_of(plant, orders, sheet)
    if isinstance(found, Nothing):
        return
    assert not list(problem_faults(found.problem))
    assert breaches(found.problem, found.present) == []
    begun = {one.job for one in orders if one.start_utc < found.horizon.start_utc or not one.movable or not one.profile_kw}
    assert not any(found.is_free(job) for job in begun), "a job that has begun, is promised or of unknown power stays where it is"


@FEW
@given(plant=plants(), orders=order_books())
def test_the_load_of_a_problem_is_the_forecast(sheet, plant, orders):
    found = stated_of(plant, orders, sheet)
    if isinstance(found, Nothing):
        return
    problem, loads = found.problem, forecast([one for one in orders if one.profile_kw], spread=20.0)
    first = (found.horizon.start_utc - loads.first_start_utc) // QUARTER
    total = list(problem.base_load.q50_kw)
    for job, place in found.present.places.items():
        for slot, power in enumerate(problem.job[job].on[place.machine].power_kw, start=place.start):
            total[slot] += power
    assert total == pytest.approx(loads.q50_kw[first : first + found.horizon.count]), (
        "jobs are counted once, with unknown ones in the base"
    )


def test_a_problem_is_read_back_as_it_was(sheet, tmp_path: Path):
    found = stated(planned_works(changeover_min=30), [order("A", workers=(Workers("setter", 1),))], sheet)
    path = tmp_path / "problem.json"
    path.write_text(found.problem.model_dump_json(by_alias=True), encoding="utf-8")
    assert load_problem(path) == found.problem


def test_slot_0_is_the_first_that_people_can_still_decide_on(sheet):
    found = stated(planned_works(notice_min=30, decide_min=20), [order("A", start=20)], sheet)
    assert found.horizon.start_utc == NOW + timedelta(minutes=60), "50 minutes ahead begins no quarter hour"
    assert found.problem.slots.start_utc == "2026-10-23T05:00:00Z"


def test_a_machine_is_closed_outside_its_shifts_and_in_a_shutdown(sheet):
    plant = planned_works(extra=False, more={"shutdown": [{"from": date(2026, 10, 24), "to": date(2026, 10, 24)}]})
    machines = {one.id: one for one in stated(plant, [order("A")], sheet).problem.machines}
    assert machines["furnace-1"].unavailable == ((62, 190),), "from Friday 22:00 on"
    assert machines["saw"].unavailable == ((70, 166),), "the Saturday of the shutdown"


def test_an_optional_shift_is_offered_with_its_crews_and_what_it_costs(sheet):
    found = stated(planned_works(shift_notice_h=12), [order("A", workers=(Workers("setter", 1),))], sheet)
    shift = found.problem.shift["saturday@2026-10-24"]
    assert shift.optional
    assert found.present.open_shifts == frozenset()
    assert {crew: shift.cost_eur(crew) for crew in ("red", "blue")} == pytest.approx({"red": 2 * 8 * 30.0, "blue": 2 * 8 * 32.0})
    assert shift.workers_by_skill == {"setter": 2, "machines of early+late+saturday": 2}


def test_a_shift_whose_cost_is_not_known_is_not_offered(sheet):
    plant = planned_works(shift_notice_h=12, more={"crew": [{"id": "red"}, {"id": "blue"}]})
    assert not any(shift.optional for shift in stated(plant, [order("A")], sheet).problem.shifts)


def test_a_shift_is_not_offered_to_a_crew_that_would_not_rest(sheet):
    jobs = [order(name, machine, 40, (150.0,) * 8, due=190) for name, machine in (("A", "furnace-1"), ("B", "furnace-2"))]
    found = stated(planned_works(shift_notice_h=0), jobs, sheet)
    opened = Plan(
        found.present.places,
        frozenset(),
        frozenset({"saturday@2026-10-24"}),
        {**found.present.crew_of_shift, "saturday@2026-10-24": "blue"},
    )
    assert "rest" in {one.rule for one in breaches(found.problem, opened)}, "the late shift ends at 22:00, eight hours before"


def test_a_running_job_is_what_is_left_of_it(sheet):
    running = order("A", start=-2, profile=(10.0, 20.0, 30.0, 40.0, 50.0, 60.0), status=OrderStatus.RUNNING)
    job = stated(planned_works(), [running, order("B", "furnace-2")], sheet).problem.job["A"]
    assert job.locked is not None
    assert (job.locked.start, job.on["furnace-1"].power_kw) == (0, (50.0, 60.0)), "slot 0 begins half an hour from now"


def test_a_job_of_unknown_power_keeps_its_place_and_is_named(sheet):
    found = stated(planned_works(), [order("A", profile=(), quarters=4), order("B", "furnace-2")], sheet)
    assert found.unknown_power == ("A",)
    assert not found.is_free("A")


def test_a_job_waits_for_one_that_ends_before_the_horizon_and_makes_way_for_one_after_it(sheet):
    done = order("A", start=-4, profile=(1.0,) * 4)
    waits = order("B", start=20, predecessors=(Predecessor("A", 120),))
    later = order("C", start=200, due=230, predecessors=(Predecessor("B", 60 * 44),))
    job = stated(planned_works(), [done, waits, later], sheet).problem.job["B"]
    assert job.earliest == 6, "two hours after A, half an hour of which is over"
    assert job.deadline == 22, "44 hours before C begins, at slot 198; it is due at slot 30"


def test_without_a_price_or_a_job_there_is_nothing_to_plan(sheet):
    assert stated_of(planned_works(extra=False), [order("A", movable=False)], sheet) is Nothing.NOTHING_MOVES
    assert stated_of(planned_works(), [order("A")], None) is Nothing.NO_PRICE
    assert stated_of(planned_works(), [order("A")], sheet, slots=1) is Nothing.NO_HORIZON


@settings(FEW, max_examples=15)
@given(plant=plants(), orders=order_books(), seed=st.integers(0, 3))
def test_no_plan_is_more_expensive_than_the_present_one(sheet, plant, orders, seed):
    found = stated_of(plant, orders, sheet)
    if isinstance(found, Nothing):
        return
    answer = plan(found.problem, Request(5.0, seed, rounds=1), lambda: 0.0)
    assert answer.cost is not None, json.dumps([str(one) for one in answer.conflicts])
