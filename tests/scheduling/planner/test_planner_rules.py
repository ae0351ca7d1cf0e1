"""Each hard rule notices the plan that breaks it, and lets the one beside it pass."""

from __future__ import annotations

import pytest
from small_problems import document, job, problem_of

from scheduling.planner.plan import Place, Plan
from scheduling.planner.rules import breaches


def broken(raw, tmp_path, places, **more):
    plan = Plan({name: Place(*at) for name, at in places.items()}, **more)
    return [found.rule for found in breaches(problem_of(raw, tmp_path), plan)]


@pytest.fixture
def raw():
    return document([job("A", "oven", [10.0, 10.0]), job("B", "oven", [10.0, 10.0])], {"A": ("oven", 0), "B": ("oven", 4)})


def test_a_job_is_placed_once_or_skipped_if_it_may_be(raw, tmp_path):
    assert broken(raw, tmp_path, {"A": ("oven", 0)}) == ["complete"]
    assert broken(raw, tmp_path, {"A": ("oven", 0)}, skipped=frozenset({"B"})) == ["complete"]
    raw["jobs"][1]["skip_penalty_eur"] = 5.0
    assert broken(raw, tmp_path, {"A": ("oven", 0)}, skipped=frozenset({"B"})) == []


def test_two_jobs_do_not_share_a_machine_and_none_runs_while_it_is_unavailable(raw, tmp_path):
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 1)}) == ["machine"]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 2)}) == []
    raw["machines"][0]["unavailable"] = [[3, 4]]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 2)}) == ["machine"]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 4)}) == []


def test_a_machine_needs_time_to_change_over_also_before_its_first_job(raw, tmp_path):
    raw["jobs"][1]["family"] = "other"
    raw["machines"][0] |= {
        "initial_family": "other",
        "setups": [{"from": "any", "to": "other", "slots": 2}, {"from": "other", "to": "any", "slots": 1}],
    }
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 4)}) == ["setup"]
    assert broken(raw, tmp_path, {"A": ("oven", 1), "B": ("oven", 4)}) == ["setup"]
    assert broken(raw, tmp_path, {"A": ("oven", 1), "B": ("oven", 5)}) == []


def test_a_job_keeps_its_span(raw, tmp_path):
    raw["jobs"][1] |= {"earliest": 3, "deadline": 6}
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 2)}) == ["earliest"]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 5)}) == ["deadline"]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 7)}) == ["horizon", "deadline"]


def test_a_locked_job_stays(raw, tmp_path):
    raw["jobs"][0]["locked"] = {"machine": "oven", "start": 0}
    assert broken(raw, tmp_path, {"A": ("oven", 1), "B": ("oven", 4)}) == ["locked"]


def test_a_job_waits_for_its_predecessor_and_does_not_run_without_it(raw, tmp_path):
    raw["jobs"][1]["predecessors"] = [{"job": "A", "min_gap_slots": 2}]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 3)}) == ["precedence"]
    assert broken(raw, tmp_path, {"A": ("oven", 0), "B": ("oven", 4)}) == []
    raw["jobs"][0]["skip_penalty_eur"] = 1.0
    assert broken(raw, tmp_path, {"B": ("oven", 4)}, skipped=frozenset({"A"})) == ["precedence"]


def test_no_more_jobs_move_than_may(raw, tmp_path):
    raw["changes"]["max_moved_jobs"] = 1
    assert broken(raw, tmp_path, {"A": ("oven", 2), "B": ("oven", 4)}) == []
    assert broken(raw, tmp_path, {"A": ("oven", 2), "B": ("oven", 5)}) == ["moves"]


@pytest.fixture
def staffed():
    raw = document([job("A", "oven", [10.0], crew={"operator": 2})], {"A": ("oven", 0)})
    raw["working_time"] = {"min_rest_slots": 3, "max_work_slots_in_24_h": 5}
    raw["crews"] = [{"id": "red", "worked": [[-4, -2]], "max_work_slots": 5}]
    red = [{"crew": "red", "eur_per_worker_slot": 1.0}]
    raw["shifts"] = [
        {"id": f"s{first}", "skill": "operator", "from": first, "to": first + 2, "workers": 1, "optional": True, "crews": red}
        for first in (0, 1, 3, 6)
    ]
    raw["shifts"].append({"id": "day", "skill": "operator", "from": 0, "to": 8, "workers": 1, "optional": False})
    return raw


def roster_faults(raw, tmp_path, opened):
    shifts, crews = frozenset(opened), dict.fromkeys(opened, "red")
    return set(broken(raw, tmp_path, {"A": ("oven", 3)}, open_shifts=shifts, crew_of_shift=crews)) - {"crew"}


def test_a_crew_rests_long_enough_between_working_days(staffed, tmp_path):
    assert roster_faults(staffed, tmp_path, ["s0"]) == {"rest"}  # two slots after what it has worked before
    assert roster_faults(staffed, tmp_path, ["s1"]) == set()
    assert roster_faults(staffed, tmp_path, ["s3", "s6"]) == {"rest", "working_time"}


def test_shifts_that_adjoin_are_one_working_day(staffed, tmp_path):
    staffed["working_time"]["max_work_slots_in_24_h"] = 6
    assert roster_faults(staffed, tmp_path, ["s1", "s3"]) == set()


def test_a_crew_works_no_longer_in_24_hours_than_it_may_nor_in_the_horizon(staffed, tmp_path):
    assert roster_faults(staffed, tmp_path, ["s1", "s3"]) == {"working_time"}  # two slots before the horizon, four in it
    staffed["working_time"]["max_work_slots_in_24_h"] = 6
    staffed["crews"][0]["max_work_slots"] = 3
    assert roster_faults(staffed, tmp_path, ["s1", "s3"]) == {"working_time"}


def test_workers_are_there_in_every_slot_of_a_job(staffed, tmp_path):
    opened = {"open_shifts": frozenset({"s3"}), "crew_of_shift": {"s3": "red"}}
    assert broken(staffed, tmp_path, {"A": ("oven", 5)}, **opened) == ["crew"]
    assert broken(staffed, tmp_path, {"A": ("oven", 4)}, **opened) == []


def test_a_shift_that_runs_has_one_of_its_crews_and_no_other_has_one(staffed, tmp_path):
    at = {"A": ("oven", 3)}
    assert broken(staffed, tmp_path, at, open_shifts=frozenset({"s3"})) == ["roster"]
    assert broken(staffed, tmp_path, at, crew_of_shift={"s3": "red"}) == ["roster", "crew"]
    assert broken(staffed, tmp_path, at, open_shifts=frozenset({"day"})) == ["shift", "crew"]
    assert broken(staffed, tmp_path, at, open_shifts=frozenset({"s3"}), crew_of_shift={"s3": "red"}) == []
