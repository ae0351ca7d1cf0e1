"""What is advised and written into the plan holds by what is known now: changed shifts, other jobs, powers, notice, deadlines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from planned_works import planned_works
from small_works import NOW, SITE, demand, forecast, interval, order, tariff, texts_of, works

from domain.intervals import QUARTER
from domain.job_power import JobPower, PowerSource
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import Recommendation, RecommendationStatus
from domain.shift_changes import ShiftChange
from domain.topics import (
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    JOB_POWERS,
    ORDERS,
    PLANNING_PROBLEMS,
    RECOMMENDATIONS,
    SHIFT_CHANGES,
    Topic,
)
from scheduling.advice import Advice

PROMISED = order("B", "furnace-2", movable=False)


class Driven:
    """The step of the advice with its state."""

    def __init__(self, folder: Path, plant: Plant, *orders: Order) -> None:
        self.step = Advice(plant, tariff(folder))
        self.state = self.step.initial(SITE)
        for one in orders:
            self.take(ORDERS, one)
        for quarters in range(3 * 96, 0, -1):
            self.take(INTERVALS, interval(NOW - quarters * QUARTER))
        self.take(DEMAND, demand(NOW))

    def take(self, topic: Topic, record: Any) -> list[tuple[Topic, Any]]:
        self.state, found = self.step.take(SITE, self.state, [(topic, record)])
        return found

    def advised(self, *orders: Order, **loads: Any) -> list[Recommendation]:
        found = self.take(FORECASTS, forecast(orders, **{"spread": 5.0, **loads}))
        return [record for topic, record in found if topic is RECOMMENDATIONS]

    def with_status(self, status: RecommendationStatus) -> list[str]:
        return [one.recommendation for one in self.state.notes.with_status(status)]


def revised(found: list[tuple[Topic, Any]]) -> list[Order]:
    return [record for topic, record in found if topic is ORDERS]


def test_a_single_move_stays_within_a_shift_as_it_was_changed(tmp_path):
    driven = Driven(tmp_path, works(), order("A"), PROMISED)
    driven.take(SHIFT_CHANGES, ShiftChange(SITE, "early", "2026-10-23", 1, True, NOW - timedelta(hours=1), to_local="10:30"))
    high_until_the_end = dict.fromkeys(range(18), 90.0)
    ends = [place.end_utc for one in driven.advised(order("A"), PROMISED, at=high_until_the_end) for place in one.after.jobs]
    assert all(end <= NOW + 18 * QUARTER for end in ends), "06:00 is NOW; the shift ends at 10:30"


def test_a_single_move_keeps_the_notice_of_the_plant_file(tmp_path):
    plant = works(more={"planning": {"notice_min": 120, "decide_min": 60}})
    driven = Driven(tmp_path, plant, order("A", start=6), order("B", "furnace-2", 6, movable=False))
    for one in driven.advised(order("A", start=6), order("B", "furnace-2", 6, movable=False)):
        assert min(place.start_utc for place in (*one.before.jobs, *one.after.jobs)) >= NOW + timedelta(minutes=180)


def test_a_single_move_ends_by_the_deadline(tmp_path):
    job = order("A", earliest=8, deadline_utc=NOW + 11 * QUARTER)
    driven = Driven(tmp_path, works(), job, PROMISED)
    assert all(
        place.end_utc <= NOW + 11 * QUARTER for one in driven.advised(job, PROMISED, at={10: 0.0}) for place in one.after.jobs
    )


@pytest.mark.parametrize("what", ["its place is taken", "it takes twice as long"])
def test_advice_that_no_longer_fits_is_withdrawn_and_accepting_it_changes_nothing(tmp_path, what):
    driven = Driven(tmp_path, works(), order("A"), PROMISED)
    (advice,) = driven.advised(order("A"), PROMISED)
    at_utc = NOW + timedelta(minutes=1)
    if what == "its place is taken":
        driven.take(ORDERS, replace(order("X", movable=False), start_utc=advice.after.jobs[0].start_utc, at_utc=at_utc))
    else:
        driven.take(ORDERS, order("A", profile=(120.0,) * 4, revision=2, at_utc=at_utc))
    assert driven.with_status(RecommendationStatus.OPEN) == []
    assert revised(driven.take(DECISIONS, texts_of(advice.recommendation))) == []


def test_what_is_accepted_is_written_into_the_plan(tmp_path):
    driven = Driven(tmp_path, works(), order("A"), PROMISED)
    (advice,) = driven.advised(order("A"), PROMISED)
    (written,) = revised(driven.take(DECISIONS, texts_of(advice.recommendation)))
    assert (written.start_utc, written.revision, written.reason) == (advice.after.jobs[0].start_utc, 2, advice.recommendation)
    own_system = works(more={"planning": {"revises_plan": False}})
    other = Driven(tmp_path, own_system, order("A"), PROMISED)
    (advice,) = other.advised(order("A"), PROMISED)
    assert revised(other.take(DECISIONS, texts_of(advice.recommendation))) == []
    assert other.with_status(RecommendationStatus.ACCEPTED) == [advice.recommendation]


def base_of(found: list[tuple[Topic, Any]], slot: int) -> float:
    """The load that nobody schedules, by the problem among `found`, in the quarter hour `slot` after `NOW`."""
    (problem,) = [record for topic, record in found if topic is PLANNING_PROBLEMS]
    return json.loads(problem.body)["base_load"]["q50_kw"][slot - (problem.first_start_utc - NOW) // QUARTER]


def test_two_revisions_between_two_forecasts_leave_no_trace_in_the_load_that_nobody_schedules(tmp_path):
    jobs = [order("A", profile=(140.0, 140.0), due=60), order("B", "saw", 30, (20.0, 20.0), due=60)]
    driven = Driven(tmp_path, planned_works(), *jobs)
    driven.advised(*jobs)
    for revision, start in ((2, 16), (3, 20)):
        moved = replace(jobs[0], revision=revision, start_utc=NOW + start * QUARTER, at_utc=NOW + timedelta(seconds=20 * revision))
        driven.take(ORDERS, moved)
    found = driven.take(DEMAND, demand(NOW + timedelta(minutes=2)))
    assert [base_of(found, slot) for slot in (8, 16, 20)] == pytest.approx([400.0, 400.0, 400.0])


def test_a_learned_power_counts_in_the_load_as_a_typed_one(tmp_path):
    power = JobPower(
        SITE, "furnace-1", "gear", 1, (140.0, 140.0), (140.0, 140.0), (140.0, 140.0), 5, PowerSource.SUB_METER, 1.0, NOW
    )
    jobs = [order("A", profile=(), quarters=2, due=60), order("B", "saw", 30, (20.0, 20.0), due=60)]
    driven = Driven(tmp_path, planned_works(), *jobs)
    driven.take(JOB_POWERS, power)
    driven.advised(order("A", profile=(140.0, 140.0)), jobs[1])
    driven.take(ORDERS, replace(jobs[0], revision=2, start_utc=NOW + 16 * QUARTER, at_utc=NOW + timedelta(minutes=1)))
    found = driven.take(DEMAND, demand(NOW + timedelta(minutes=2)))
    assert [base_of(found, slot) for slot in (8, 16)] == pytest.approx([400.0, 400.0])


def test_advice_about_a_shift_is_over_once_a_person_enters_that_shift(tmp_path):
    driven = Driven(tmp_path, planned_works(), order("A"), PROMISED)
    driven.advised(order("A"), PROMISED)
    before = driven.with_status(RecommendationStatus.OPEN)
    change = ShiftChange(SITE, "early", "2026-10-24", 1, False, NOW)
    assert driven.take(SHIFT_CHANGES, change) == []
    assert driven.with_status(RecommendationStatus.OPEN) == before, "it is about no shift"


def test_a_single_move_knows_a_learned_power(tmp_path):
    power = JobPower(
        SITE, "furnace-1", "gear", 1, (120.0, 120.0), (120.0, 120.0), (120.0, 120.0), 5, PowerSource.SUB_METER, 1.0, NOW
    )
    untyped = order("A", profile=(), quarters=2)
    driven = Driven(tmp_path, works(), untyped, PROMISED)
    assert driven.advised(order("A"), PROMISED) == [], "what A draws is not known"
    driven = Driven(tmp_path, works(), untyped, PROMISED)
    driven.take(JOB_POWERS, power)
    (advice,) = driven.advised(order("A"), PROMISED)
    assert advice.changes("A")
    assert advice.reduction_kw == pytest.approx(120.0, abs=1.0)
