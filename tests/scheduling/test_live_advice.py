"""From plans to recommendations: groups that can be carried out alone, in the plant as it is by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from planned_works import order_books, planned_works, plants, state_of
from small_works import NOW, forecast, order, tariff, texts_of
from test_live_problems import FEW

from domain.calendars import staffed_spans
from domain.intervals import QUARTER
from domain.orders import OrderStatus, OtherMachine, Workers
from domain.plant import Plant
from domain.recommendations import Action, DecisionKind, Recommendation, RecommendationStatus
from scheduling.live.planning import Beside, LivePlanning
from scheduling.live.problem import Stated, with_advice
from scheduling.planner.answer import Request, plan
from scheduling.planner.plan import Place, Plan
from scheduling.planner.rules import breaches
from scheduling.pricing import Pricing
from scheduling.settings import AdviceSettings
from scheduling.step import AdviceStep


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return tariff(tmp_path_factory.mktemp("tariff"))


class Planned:
    """One plant with its orders; plans are found without a clock, so that they are the same on any machine."""

    def __init__(self, plant: Plant, orders, sheet, most=100, **loads):
        self.plant, self.orders = plant, list(orders)
        self.planning = LivePlanning(Pricing(plant, sheet), AdviceSettings(most_open=most))
        self.state = state_of(self.orders)
        self.loads = {"spread": 5.0, **loads}
        self.beside = Beside(plant)

    @property
    def forecast(self):
        return forecast([one for one in self.orders if one.profile_kw], **self.loads)

    def problem(self) -> Stated:
        found = self.planning.problem(self.state, self.forecast, self.beside)
        assert isinstance(found, Stated), found
        return found

    def solve(self, rounds=2) -> Plan:
        return plan(self.problem().problem, Request(30.0, rounds=rounds), lambda: 0.0).plan

    def advise(self, found: Plan | None = None) -> list[Recommendation]:
        first = self.problem().horizon.start_utc
        return self.planning.answer(self.state, self.forecast, self.beside, first, found or self.solve(), "planner 1")


@settings(FEW, max_examples=25)
@given(plant=plants(), orders=order_books())
def test_each_recommendation_can_be_carried_out_alone_and_with_any_other(sheet, plant, orders):
    planned = Planned(plant, orders, sheet)
    if not isinstance(planned.planning.problem(planned.state, planned.forecast, planned.beside), Stated):
        return
    stated, found = planned.problem(), planned.solve()
    issued = planned.advise(found)
    jobs = [place.job for one in issued for place in one.before.jobs]
    assert len(jobs) == len(set(jobs)), "one job is in one recommendation"
    together = stated.present
    for one in issued:
        assert one.saving_eur is not None
        assert one.saving_eur > 0
        assert one.valid_until_utc >= NOW
        alone = with_advice(stated.problem, stated.horizon, stated.present, one)
        assert alone is not None
        assert breaches(stated.problem, alone) == []
        together = with_advice(stated.problem, stated.horizon, together, one)
        assert together is not None
        assert breaches(stated.problem, together) == []
        assert all(together.places[place.job] == found.places[place.job] for place in one.after.jobs), "as in the plan"
        _in_open_time(plant, one)


def _in_open_time(plant: Plant, advice: Recommendation) -> None:
    """No job is moved where its machine is not staffed, or stands still, unless the shift comes with it."""
    machines = {machine.id: machine for machine in plant.machines}
    for was, then in advice.moves():
        if (was.machine, was.start_utc) == (then.machine, then.start_utc):
            continue
        spans = staffed_spans(machines[then.machine], plant, NOW, NOW + timedelta(days=3))
        spans += [(shift.start_utc, shift.end_utc) for shift in advice.after.shifts]
        assert any(first <= then.start_utc and then.end_utc <= end for first, end in spans), then


def test_a_job_is_moved_off_the_peak_of_another(sheet):
    planned = Planned(planned_works(), [order("A", start=8), order("B", "furnace-2", 8, movable=False)], sheet)
    (advice,) = planned.advise()
    assert (advice.action, advice.subject, advice.needs_works_council) == (Action.MOVE_JOB, "A", False)
    assert (advice.peak_before_kw, advice.peak_after_kw) == (640.0, 520.0)
    assert advice.saving_eur == pytest.approx(100.0 * 120, rel=0.03), (
        "100 EUR/kW for the year, whose other weeks come to 407 kW; other quarter hours come to a little more than 520 kW"
    )
    assert [(one.machine, one.kw) for one in advice.drivers] == [("furnace-1", 120.0), ("furnace-2", 120.0)]
    assert [line.line for line in advice.lines] == ["network"]
    assert {one.key for one in advice.not_checked} >= {"condition.changeover", "condition.material"}


def test_two_jobs_that_take_each_others_place_are_one_recommendation(sheet):
    a, b = order("A", start=8, profile=(20.0,) * 4, due=16), order("B", start=12, profile=(140.0,) * 4, due=16)
    fixed = order("C", "furnace-2", 12, (140.0,) * 4, movable=False)
    a, b = replace(a, earliest_utc=NOW + 8 * QUARTER), replace(b, earliest_utc=NOW + 8 * QUARTER)
    (advice,) = Planned(planned_works(), [a, b, fixed], sheet).advise()
    assert advice.action is Action.SWAP_JOBS
    assert [place.job for place in advice.before.jobs] == ["B", "A"], "the one with more energy first"
    assert [place.start_utc for place in advice.after.jobs] == [NOW + 8 * QUARTER, NOW + 12 * QUARTER]


def test_a_job_goes_to_a_machine_that_needs_less(sheet):
    job = order("A", start=8, earliest=8, due=10, other_machines=(OtherMachine("saw", 2, (30.0, 30.0)),))
    (advice,) = Planned(planned_works(), [job], sheet).advise()
    assert (advice.action, advice.before.jobs[0].machine, advice.after.jobs[0].machine) == (
        Action.OTHER_MACHINE,
        "furnace-1",
        "saw",
    )
    assert advice.reduction_kw == pytest.approx(90.0)


def two_heavy(**more):
    """Two jobs of 150 kW that need a setter each and have but the late shift of Friday, or Saturday."""
    span = {"earliest": 36, "due": 190, "workers": (Workers("setter", 1),)}
    return [order("A", "furnace-1", 40, (150.0,) * 24, **span, **more), order("B", "furnace-2", 40, (150.0,) * 24, **span, **more)]


def test_a_shift_is_opened_with_the_jobs_that_need_it(sheet):
    (advice,) = Planned(planned_works(shift_notice_h=12), two_heavy(), sheet).advise()
    assert advice.action is Action.OPEN_SHIFT
    shift = advice.after.shifts[0]
    assert (shift.shift, shift.day_local, shift.crew) == ("saturday", "2026-10-24", "red")
    assert len(advice.before.jobs) == 1
    assert advice.needs_works_council
    assert advice.cost_eur == pytest.approx(480.0)
    assert advice.saving_eur == pytest.approx(150.0 * 100 - 480.0, rel=0.03)
    assert advice.valid_until_utc == NOW + 39 * QUARTER, "15 minutes before the job would begin on Friday"
    assert "condition.works_council" in {one.key for one in advice.not_checked}
    assert {"condition.workers", "condition.working_time"} <= {one.key for one in advice.checked}


def evening_rush():
    """A job that needs a setter and can run at 21:00 or later, when another must run that is not staffed; the late shift ends at 22:00."""
    job = order("A", "furnace-1", 60, (150.0,) * 4, earliest=60, due=68, workers=(Workers("setter", 1),))
    return [job, order("B", "saw", 60, (150.0,) * 4, movable=False)]


def test_a_shift_begins_later_with_the_job_that_would_meet_another(sheet):
    planned = Planned(planned_works(shift_notice_h=6, may_move_min=120), evening_rush(), sheet)
    (advice,) = planned.advise()
    assert (advice.action, advice.subject, advice.needs_works_council) == (Action.SHIFT_LATER, "late", True)
    was, then = advice.before.shifts[0], advice.after.shifts[0]
    assert (was.start_utc, was.end_utc) == (NOW + 32 * QUARTER, NOW + 64 * QUARTER)
    assert (then.start_utc, then.end_utc) == (NOW + 36 * QUARTER, NOW + 68 * QUARTER)
    assert (was.crew, then.crew, then.day_local) == ("blue", "blue", "2026-10-23")
    assert [place.start_utc for place in advice.after.jobs] == [NOW + 64 * QUARTER]
    assert (advice.reduction_kw, advice.cost_eur) == (150.0, 0.0)
    assert advice.reason[0].key == "advice.shift_move"
    planned.state.notes.recommendations[advice.recommendation] = advice
    assert planned.advise() == [], "what is advised stays"


def test_a_shift_that_may_not_move_stays_and_so_does_its_job(sheet):
    assert Planned(planned_works(shift_notice_h=6), evening_rush(), sheet).advise() == []


def test_a_later_shift_costs_its_surcharge(sheet):
    night = {
        "kind": "night",
        "percent": 25,
        "valid_from": date(2026, 1, 1),
        "from": "22:00",
        "to": "06:00",
        "source": "works agreement",
    }
    plant = planned_works(shift_notice_h=6, may_move_min=120, more={"surcharge": [night]})
    (advice,) = Planned(plant, evening_rush(), sheet).advise()
    assert advice.cost_eur == pytest.approx(2 * 1 * 32.0 * 0.25), "two setters, one hour of the night"


def test_a_moved_shift_is_worked_once(sheet):
    found = Planned(planned_works(shift_notice_h=6, may_move_min=240), evening_rush(), sheet).problem()
    usual = "late@2026-10-23"
    times = {key: one.instance.start_utc for key, one in found.shifts.items() if one.usual == usual}
    begins = {start - NOW for start in times.values()}
    assert begins == {n * QUARTER for n in (28, 32, 36, 40, 44, 48)}, (
        "an hour apart; two, three and four hours earlier there is no notice"
    )
    other = next(key for key in times if key != usual)
    crews = {**found.present.crew_of_shift, other: "blue"}
    both = Plan(found.present.places, frozenset(), found.present.open_shifts | {other}, crews)
    assert "rest" in {one.rule for one in breaches(found.problem, both)}


def test_a_shift_that_costs_more_than_it_saves_is_not_opened(sheet):
    plant = planned_works(shift_notice_h=12)
    jobs = [replace(one, profile_kw=(2.0,) * 24) for one in two_heavy()]
    assert Planned(plant, jobs, sheet).advise() == []


def test_an_opened_shift_that_nobody_needs_is_dropped(sheet):
    change = {"shift": "saturday", "day": (NOW + timedelta(days=1)).date(), "worked": True, "crew": "red"}
    planned = Planned(planned_works(shift_notice_h=12, more={"shift_change": [change]}), [order("A")], sheet)
    (advice,) = planned.advise()
    assert (advice.action, advice.before.shifts[0].shift) == (Action.DROP_SHIFT, "saturday")
    assert advice.cost_eur == pytest.approx(-480.0)
    assert advice.saving_eur == pytest.approx(480.0)


def test_a_plan_that_comes_late_advises_only_what_can_still_be_done(sheet):
    planned = Planned(planned_works(), [order("A", start=8), order("B", "furnace-2", 8, movable=False)], sheet)
    stated, found = planned.problem(), planned.solve()
    moved = order("A", start=8, revision=2, status=OrderStatus.RUNNING)
    planned.state.notes.orders["A"] = moved
    assert planned.planning.answer(planned.state, planned.forecast, planned.beside, stated.horizon.start_utc, found, "p") == []
    planned.state.notes.orders["A"] = order("A", start=8)
    taken = order("C", start=0, profile=(1.0,) * 8, movable=False)
    start = found.places["A"].start + 2
    planned.state.notes.orders["C"] = replace(taken, start_utc=NOW + (start - 1) * QUARTER)
    assert planned.planning.answer(planned.state, planned.forecast, planned.beside, stated.horizon.start_utc, found, "p") == []


def test_open_advice_stays_until_something_better_is_worth_the_change(sheet):
    planned = Planned(planned_works(eur_per_moved_job=25), [order("A", start=8), order("B", "furnace-2", 8, movable=False)], sheet)
    (first,) = planned.advise()
    assert planned.problem().problem.current.places["A"] == planned.solve().places["A"], "the next plan begins with what is advised"
    assert planned.advise() == [], "the same plan says nothing new"
    elsewhere = replace(planned.solve(), places={**planned.solve().places, "A": Place("furnace-1", 20)})
    withdrawn, second = planned.advise(elsewhere)
    assert (withdrawn.recommendation, withdrawn.status) == (first.recommendation, RecommendationStatus.WITHDRAWN)
    assert second.after.jobs[0].start_utc == planned.problem().horizon.instant(20)


def test_a_declined_job_is_left_alone(sheet):
    jobs = [order("A", start=8), order("B", "furnace-2", 8, movable=False), order("C", "saw", 30, (1.0,), due=40)]
    planned = Planned(planned_works(), jobs, sheet)
    (advice,) = planned.advise()
    step = AdviceStep(planned.plant, sheet)
    step.take_decision(planned.state, texts_of(advice.recommendation, DecisionKind.REJECTED))
    assert not planned.problem().is_free("A")
    assert planned.problem().is_free("C")


def test_what_a_plan_advises_lives_through_forecasts_while_it_helps(sheet):
    planned = Planned(planned_works(shift_notice_h=12), two_heavy(), sheet)
    (advice,) = planned.advise()
    step = AdviceStep(planned.plant, sheet)
    later = NOW + QUARTER
    state, issued = step.take_forecast(planned.state, forecast(planned.orders, issued=later, spread=5.0))
    assert issued == []
    assert state.notes.recommendations[advice.recommendation].status is RecommendationStatus.OPEN
    state.notes.orders["A"] = replace(state.notes.orders["A"], revision=2, movable=False)
    state.notes.orders["B"] = replace(state.notes.orders["B"], revision=2, movable=False)
    _, issued = step.take_forecast(state, forecast(planned.orders, issued=later + QUARTER, spread=5.0))
    assert [one.status for one in issued] == [RecommendationStatus.WITHDRAWN]
