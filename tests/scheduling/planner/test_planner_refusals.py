"""Where there is no plan: the jobs and the rule that stand in the way, and what would have to give way."""

from __future__ import annotations

import time

import pytest
from small_problems import document, job, problem_of

from scheduling.planner.answer import Request, Status, plan


def refused(raw, tmp_path):
    found = plan(problem_of(raw, tmp_path), Request(seconds=0), time.monotonic)
    assert found.status is Status.INFEASIBLE
    return found


def conflicts(raw, tmp_path):
    return [(one.rule, one.jobs) for one in refused(raw, tmp_path).conflicts]


def test_only_the_jobs_that_stand_in_each_others_way_are_named(tmp_path):
    jobs = [job(name, "oven", [10.0] * 3, deadline=5) for name in ("A", "B")]
    raw = document([job("C", "mill", [10.0]), *jobs, job("D", "oven", [5.0], due=8)], {})
    assert conflicts(raw, tmp_path) == [("machine", ("A", "B"))]


def test_a_missing_changeover_is_named_rather_than_the_machine(tmp_path):
    jobs = [job("A", "oven", [10.0] * 2, deadline=4), job("B", "oven", [10.0] * 2, deadline=4, family="other")]
    setups = [{"from": "any", "to": "other", "slots": 1}, {"from": "other", "to": "any", "slots": 1}]
    assert conflicts(document(jobs, {}, machines=[{"id": "oven", "setups": setups}]), tmp_path) == [("setup", ("A", "B"))]


def test_two_conflicts_without_a_common_job_are_both_named(tmp_path):
    jobs = [
        job(name, machine, [10.0] * 3, deadline=5) for name, machine in (("A", "oven"), ("B", "oven"), ("C", "mill"), ("D", "mill"))
    ]
    assert sorted(conflicts(document(jobs, {}), tmp_path)) == [("machine", ("A", "B")), ("machine", ("C", "D"))]


def test_given_shifts_without_a_rested_crew_concern_no_job(tmp_path):
    raw = document([job("A", "oven", [10.0])], {})
    raw["working_time"] = {"min_rest_slots": 4, "max_work_slots_in_24_h": 8}
    raw["crews"] = [{"id": "red", "worked": [[-5, -1]]}]
    red = [{"crew": "red", "eur_per_worker_slot": 0.0}]
    raw["shifts"] = [{"id": "early", "skill": "operator", "from": 0, "to": 4, "workers": 1, "optional": False, "crews": red}]
    assert conflicts(raw, tmp_path) == [("rest", ())]


def test_the_cheapest_way_out_comes_first(tmp_path):
    worker = {"crew": {"operator": 1}}
    jobs = [job("A", "oven", [10.0] * 3, deadline=5, **worker), job("B", "mill", [10.0] * 3, deadline=5, **worker)]
    jobs[1]["tardiness_eur_per_slot"] = 9.0
    raw = document(jobs, {})
    raw["shifts"] = [
        {"id": "day", "skill": "operator", "from": 0, "to": 8, "workers": 1, "optional": False},
        {"id": "late", "skill": "operator", "from": 6, "to": 8, "workers": 1, "optional": True, "eur_per_worker_slot": 5.0},
    ]
    found = refused(raw, tmp_path)
    assert [(one.rule, one.jobs) for one in found.conflicts] == [("crew", ("A", "B"))]
    ways = {one.rule: one for one in found.relaxations}
    assert dict(ways["deadline"].amounts) in ({"A": 1}, {"B": 1})
    assert dict(ways["crew"].amounts) == {"operator": 1}
    assert ways["crew"].eur == pytest.approx(5.0)
    assert [one.eur for one in found.relaxations] == sorted(one.eur for one in found.relaxations)
