"""When the advice states a planning problem, and what it makes of the plan that comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planned_works import order_books, planned_works, plants
from small_works import NOW, SITE, TARIFF, demand, forecast, interval, order, tariff, texts_of

from domain.contracts import EXAMPLES
from domain.intervals import QUARTER
from domain.job_power import JobPower, PowerSource
from domain.orders import OtherMachine
from domain.planning import PlanningCause, PlanningProblem, PlanStatus, ProposedPlan
from domain.prices import Prices
from domain.readings import RejectionReason
from domain.recommendations import DecisionKind, RecommendationStatus
from domain.shift_changes import ShiftChange
from domain.topics import (
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    JOB_POWERS,
    ORDERS,
    PLANNING_PROBLEMS,
    PLANS,
    PRICES,
    RECOMMENDATIONS,
    REJECTED,
    SHIFT_CHANGES,
)
from lastgang.planning.answering import solved
from lastgang.planning.answers import Effort, answer_to
from scheduling.advice import Advice
from scheduling.planner.reading import problem_in
from scheduling.planner.rules import breaches
from scheduling.replan_notes import MOST_POWERS, ReplanNotes

MINUTE = timedelta(minutes=1)
SPOT_TARIFF = TARIFF.replace('price = "14.00 ct/kWh"', 'spot = { zone = "DE-LU", adder = "2.00 ct/kWh" }')


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return tariff(tmp_path_factory.mktemp("tariff"))


class Live:
    """The step of the advice, stored and read again after each record, and all that it gives."""

    def __init__(self, plant, sheet, orders=(), history=96 * 3):
        self.advice, self.orders, self.outputs = Advice(plant, sheet), list(orders), []
        self.state = self.advice.initial(SITE)
        for one in self.orders:
            self.take(ORDERS, one)
        for back in range(history, 0, -1):
            self.state, _ = self.advice.take(SITE, self.state, [(INTERVALS, interval(NOW - back * QUARTER))])
        self.take(DEMAND, demand(NOW))

    def take(self, topic, record):
        """Give it one record; what comes of it by topic."""
        self.state = self.advice.decode(SITE, self.advice.encode(self.state))
        self.state, out = self.advice.take(SITE, self.state, [(topic, record)])
        self.outputs += out
        return {to: [made for other, made in out if other is to] for to in (RECOMMENDATIONS, PLANNING_PROBLEMS, REJECTED)}

    def forecast(self, issued=NOW, **loads):
        """A forecast of the load with the jobs where they are planned."""
        return self.take(
            FORECASTS, forecast([one for one in self.orders if one.profile_kw], issued=issued, **{"spread": 5.0, **loads})
        )

    def pass_time(self, minutes, since=NOW):
        """The running quarter hour, minute by minute, with quarter hours and forecasts as they come; the problems that are stated."""
        found = []
        for minute in range(1, minutes + 1):
            now = since + minute * MINUTE
            if minute % 15 == 0:
                found += self.take(INTERVALS, interval(now - QUARTER))[PLANNING_PROBLEMS]
                found += self.forecast(issued=now)[PLANNING_PROBLEMS]
            found += self.take(DEMAND, demand(now))[PLANNING_PROBLEMS]
        return found

    def open(self):
        return self.state.notes.with_status(RecommendationStatus.OPEN)


def two_at_once(**changes):
    """Two jobs of 140 kW at 08:00; the first could start later."""
    return [order("A", "furnace-1", 8, (140.0, 140.0), **changes), order("B", "furnace-2", 8, (140.0, 140.0), movable=False)]


def live(sheet, orders=None, **plant) -> Live:
    return Live(planned_works(eur_per_moved_job=0.0, **plant), sheet, two_at_once() if orders is None else orders)


def plan_for(problem: PlanningProblem) -> ProposedPlan:
    """What the planner answers."""
    return answer_to(problem, solved(problem.body, Effort(2.0, 1)), 0.1)


def test_a_forecast_leads_to_a_problem_its_plan_to_advice_and_the_same_plan_again_to_nothing(sheet):
    works = live(sheet, [order("A", "furnace-1", 8, (140.0, 140.0), other_machines=(OtherMachine("furnace-2", 2, (60.0, 60.0)),))])
    works.advice._step._advising._settings = replace(works.advice._step._advising._settings, most_open=0)  # no single moves
    [problem] = works.forecast(at={9: 60.0})[PLANNING_PROBLEMS]
    assert (problem.cause, problem.at_utc, problem.first_start_utc) == (PlanningCause.HOUR, NOW, NOW + 2 * QUARTER)
    assert (problem.versions.orders, problem.versions.planner) == (1, "")
    stated = problem_in(problem.body, "problem")
    assert breaches(stated, stated.current) == []
    plan = plan_for(problem)
    assert plan.status is PlanStatus.OPTIMAL
    [advice] = works.take(PLANS, plan)[RECOMMENDATIONS]
    assert advice.changes("A")
    assert advice.saving_eur > 0
    assert advice.versions.planner == plan.planner
    assert works.open() == [advice]
    assert works.take(PLANS, plan)[RECOMMENDATIONS] == []


def test_without_events_there_is_one_problem_in_each_plant_hour(sheet):
    works = live(sheet, [order("A", "saw", 30)])
    first = works.forecast()[PLANNING_PROBLEMS]
    later = works.pass_time(150)
    assert [problem.at_utc for problem in [*first, *later]] == [NOW, NOW + 60 * MINUTE, NOW + 120 * MINUTE]
    assert {problem.cause for problem in [*first, *later]} == {PlanningCause.HOUR}


def events(works: Live):
    """Cause -> a record that is one."""
    opened = works.open()[0].recommendation if works.open() else "none"
    power = JobPower(SITE, "saw", "gear", 1, (1.0,), (2.0,), (3.0,), 5, PowerSource.SUB_METER, 0.1, NOW)
    return {
        PlanningCause.ORDER: (ORDERS, order("C", "saw", 20)),
        PlanningCause.DECISION: (DECISIONS, texts_of(opened, DecisionKind.REJECTED)),
        PlanningCause.SHIFT: (SHIFT_CHANGES, ShiftChange(SITE, "saturday", "2026-10-24", 1, True, NOW)),
        PlanningCause.POWER: (JOB_POWERS, power),
    }


@pytest.mark.parametrize("cause", [PlanningCause.ORDER, PlanningCause.DECISION, PlanningCause.SHIFT, PlanningCause.POWER])
def test_an_event_leads_to_a_problem_at_the_next_record_that_carries_time_and_its_repetition_to_none(sheet, cause):
    works = live(sheet, [*two_at_once(), order("D", "saw", 20)])
    works.forecast(at={9: 100.0})
    topic, record = events(works)[cause]
    assert works.take(topic, record)[PLANNING_PROBLEMS] == []
    [problem] = works.take(DEMAND, demand(NOW + 2 * MINUTE))[PLANNING_PROBLEMS]
    assert problem.cause is cause
    works.take(topic, record)
    assert works.take(DEMAND, demand(NOW + 4 * MINUTE))[PLANNING_PROBLEMS] == []


def test_day_ahead_prices_that_the_tariff_bills_by_are_an_event(tmp_path):
    works = live(tariff(tmp_path, SPOT_TARIFF))
    works.forecast()
    works.take(PRICES, Prices(SITE, "DE-LU", NOW, 1, 60, (80.0,) * 48, NOW))
    [problem] = works.take(DEMAND, demand(NOW + 2 * MINUTE))[PLANNING_PROBLEMS]
    assert problem.cause is PlanningCause.PRICE
    assert json.loads(problem.body)["energy_price_eur_per_kwh"][0] == pytest.approx(0.10)


def test_a_forecast_whose_peak_moved_is_an_event_and_one_that_did_not_is_none(sheet):
    works = live(sheet)
    works.forecast()
    works.take(INTERVALS, interval(NOW))
    assert works.forecast(issued=NOW + QUARTER, base=401.0)[PLANNING_PROBLEMS] == []
    works.take(INTERVALS, interval(NOW + QUARTER))
    [problem] = works.forecast(issued=NOW + 2 * QUARTER, base=480.0)[PLANNING_PROBLEMS]
    assert problem.cause is PlanningCause.FORECAST


def test_a_hundred_events_in_a_minute_are_one_problem(sheet):
    works = live(sheet)
    works.forecast()
    stated = []
    for number in range(100):
        works.take(ORDERS, order("C", "saw", 20, revision=number + 1))
        stated += works.take(DEMAND, demand(NOW + timedelta(seconds=number)))[PLANNING_PROBLEMS]
    assert [problem.at_utc - NOW for problem in stated] == [MINUTE]


def test_a_shift_change_is_in_the_next_problem_and_a_learned_power_too(sheet):
    works = live(sheet, [*two_at_once(), order("C", "saw", 20, (), quarters=2)])
    [problem] = works.forecast()[PLANNING_PROBLEMS]
    before = json.loads(problem.body)
    works.take(SHIFT_CHANGES, ShiftChange(SITE, "late", "2026-10-23", 1, False, NOW))
    works.take(JOB_POWERS, JobPower(SITE, "saw", "gear", 1, (1.0,), (77.0,), (90.0,), 5, PowerSource.SUB_METER, 0.1, NOW))
    [problem] = works.take(DEMAND, demand(NOW + 2 * MINUTE))[PLANNING_PROBLEMS]
    after = json.loads(problem.body)
    on_friday = {shift["id"] for shift in before["shifts"] if shift["id"].startswith("late@2026-10-23")}
    assert on_friday
    assert on_friday & {shift["id"] for shift in after["shifts"]} == set()
    powers = {job["id"]: job["alternatives"][0]["phases"][0]["power_kw"] for job in after["jobs"]}
    assert powers["C"] == pytest.approx(77.0)


def test_without_a_tariff_there_is_no_problem(sheet):
    works = Live(planned_works(), None, two_at_once())
    assert works.forecast()[PLANNING_PROBLEMS] == []


def test_an_old_plan_an_older_one_than_the_last_and_one_of_another_site_say_nothing(sheet):
    works = live(sheet)
    [problem] = works.forecast(at={9: 100.0})[PLANNING_PROBLEMS]
    plan = plan_for(problem)
    for other in (
        replace(plan, at_utc=NOW - timedelta(hours=2)),
        replace(plan, at_utc=NOW + timedelta(hours=2)),
        replace(plan, site="x"),
    ):
        assert works.take(PLANS, other)[RECOMMENDATIONS] == []
    works.take(PLANS, plan)
    assert works.take(PLANS, replace(plan, problem="before", at_utc=NOW - MINUTE))[RECOMMENDATIONS] == []


@pytest.mark.parametrize("status", [PlanStatus.INFEASIBLE, PlanStatus.NO_ANSWER])
def test_an_answer_without_a_plan_advises_nothing(sheet, status):
    works = live(sheet)
    [problem] = works.forecast()[PLANNING_PROBLEMS]
    body = json.dumps({"status": status, "reason": "too tight"})
    outputs = works.take(PLANS, replace(plan_for(problem), status=status, body=body))
    assert outputs[RECOMMENDATIONS] == outputs[REJECTED] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "jobs", "start", "machine", "open_shifts"]), inner),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=st.text(max_size=20) | JSON.map(json.dumps) | st.dictionaries(st.sampled_from(["jobs", "open_shifts", "crew_of_shift"]), JSON)
    .map(lambda found: json.dumps({"status": "feasible", **found})))  # fmt: skip
def test_what_is_no_plan_is_rejected_or_advises_nothing_and_never_stops_the_step(sheet, body):
    works = Live(planned_works(), sheet, two_at_once(), history=8)
    [problem] = works.forecast()[PLANNING_PROBLEMS]
    example: ProposedPlan = EXAMPLES[PLANS.name]
    outputs = works.take(
        PLANS, replace(example, site=SITE, problem=problem.problem, at_utc=NOW, first_start_utc=NOW + QUARTER, body=body)
    )
    assert outputs[RECOMMENDATIONS] == []
    assert {one.reason for one in outputs[REJECTED]} <= {RejectionReason.UNPARSABLE}


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plant=plants(), orders=order_books())
def test_a_job_is_never_in_two_open_recommendations(sheet, plant, orders):
    works = Live(plant, sheet, orders, history=96)
    for quarter in range(3):
        now = NOW + quarter * QUARTER
        works.take(INTERVALS, interval(now - QUARTER))
        works.take(DEMAND, demand(now))
        for problem in works.forecast(issued=now, at={12: 90.0})[PLANNING_PROBLEMS]:
            works.take(PLANS, plan_for(problem))
        jobs = [place.job for advice in works.open() for place in advice.before.jobs]
        assert len(jobs) == len(set(jobs))
        works.take(ORDERS, order("new", "saw", 30 + quarter, revision=quarter + 1))


def test_of_learned_powers_the_newest_revision_counts_and_a_flood_is_bounded():
    notes = ReplanNotes()
    power = JobPower(SITE, "saw", "gear", 2, (1.0,), (2.0,), (3.0,), 5, PowerSource.SUB_METER, 0.1, NOW)
    assert notes.learn(power)
    assert not notes.learn(replace(power, revision=1))
    assert not notes.learn(power)
    assert notes.learn(replace(power, revision=3, at_utc=NOW + MINUTE))
    for number in range(MOST_POWERS + 5):
        notes.learn(replace(power, product=f"p{number}", at_utc=NOW + MINUTE * (number - 10)))
    assert len(notes.powers) == MOST_POWERS
    assert max(one.at_utc for one in notes.powers) == NOW + MINUTE * (MOST_POWERS - 6)
