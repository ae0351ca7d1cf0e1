"""Problem files that cannot be planned are refused with every fault at once: where, what was found, what was expected."""

from __future__ import annotations

import json

import pytest
from small_problems import document, job, problem_of

from domain.errors import InputFaults
from scheduling.planner.reading import load_problem


@pytest.fixture
def raw():
    raw = document([job("A", "oven", [80.0], crew={"operator": 1}), job("B", "oven", [60.0])], {"A": ("oven", 0)})
    raw["shifts"] = [{"id": "day", "skill": "operator", "from": 0, "to": 8, "workers": 1, "optional": False}]
    return raw


def set_at(raw, path, value):
    *parents, last = path
    for part in parents:
        raw = raw[part]
    raw[last] = value


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["format"], "v0", "format: found 'v0'"),
        (["surprise"], 1, "surprise: found 1; expected no such key"),
        (["jobs", 1, "dead_line"], 5, r"jobs\[B\].dead_line: found 5; expected no such key"),
        (["jobs", 0, "alternatives", 0, "phases", 0, "power_kw"], "80 kW", r"jobs\[A\].alternatives\[oven\].phases\[0\].power_kw: found '80 kW'"),
        (["jobs", 0, "alternatives", 0, "phases", 0, "power_kw"], -1.0, r"jobs\[A\].*power_kw: found -1.0; expected .*greater than or equal to 0"),
        (["jobs", 0, "earliest"], 2.0, r"jobs\[A\].earliest: found 2.0; expected .*valid integer"),
        (["jobs", 0, "earliest"], True, r"jobs\[A\].earliest: found True"),
        (["jobs", 0, "earliest"], 8, r"jobs\[A\].earliest: found 8; expected a slot of the horizon"),
        (["jobs", 0, "alternatives"], [], r"jobs\[A\].alternatives: found none"),
        (["jobs", 1, "id"], "A", r"jobs: found 'A' 2 times"),
        (["jobs", 1, "predecessors"], [{"job": "Z", "min_gap_slots": 0}], r"jobs\[B\].predecessors: found 'Z'; expected a job"),
        (["jobs", 1, "predecessors"], [{"job": "B", "min_gap_slots": 0}], "the cycle B -> B"),
        (["jobs", 1, "locked"], {"machine": "saw", "start": 0}, r"jobs\[B\].locked.machine: found 'saw'; expected one of its alternatives \['oven'\]"),
        (["slots", "minutes"], 60, "slots.minutes: found 60; expected .*15"),
        (["slots", "start_utc"], "2026-10-12T04:10:00Z", "slots.start_utc: found '2026-10-12T04:10:00Z'"),
        (["slots", "start_utc"], "2026-10-12T04:00:00+02:00", "a quarter hour of UTC"),
        (["slots", "timezone"], "Europe/Nowhere", "slots.timezone: found 'Europe/Nowhere'"),
        (["energy_price_eur_per_kwh"], [0.4] * 7, "energy_price_eur_per_kwh: found 7 values; expected 8"),
        (["base_load", "q90_kw", 3], 99.0, r"base_load.q90_kw\[3\]: found 99.0, below base_load.q50_kw 100.0"),
        (["base_load", "q50_kw", 3], float("nan"), r"base_load.q50_kw\[3\]: found nan"),
        (["shifts", 0, "to"], 9, r"shifts\[day\]: found \[0, 9\]; expected a span inside \[0, 8\]"),
        (["shifts", 0, "eur_per_worker_slot"], 1.0, r"shifts\[day\].eur_per_worker_slot: found 1.0; expected no price"),
        (["shifts", 0, "skill"], "setter", r"jobs\[A\].*workers of skill 'operator'"),
        (["shifts", 0, "crews"], [{"crew": "red", "eur_per_worker_slot": 1.0}], r"shifts\[day\].crews: found 'red'"),
        (["crews"], [{"id": "red"}], "crews: found crews without working_time; expected both or neither"),
        (["machines", 0, "unavailable"], [[4, 4]], r"machines\[oven\].unavailable: found \[4, 4\]"),
        (["current_plan", "open_shifts"], ["day"], "current_plan.open_shifts: found 'day'; expected an optional shift"),
        (["current_plan", "jobs", 0, "machine"], "saw", r"current_plan.jobs\[A\].machine: found 'saw'"),
        (["current_plan", "jobs", 0], {"id": "A", "machine": "oven"}, r"current_plan.jobs\[A\]: .*expected machine and start, or skipped"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(raw, tmp_path, path, value, expected):
    set_at(raw, path, value)
    with pytest.raises(InputFaults, match=expected):
        problem_of(raw, tmp_path)


def test_all_faults_are_named_at_once(raw, tmp_path):
    raw["shifts"][0]["to"] = 9
    raw["jobs"][1]["earliest"] = 99
    with pytest.raises(InputFaults) as raised:
        problem_of(raw, tmp_path)
    assert [fault.field for fault in raised.value.faults] == ["shifts[day]", "jobs[B].earliest"]


def test_no_json_is_named_with_its_line(tmp_path):
    path = tmp_path / "problem.json"
    path.write_text('{\n "format": "x",\n}')
    with pytest.raises(InputFaults, match=r"problem\.json:3: file: found no JSON"):
        load_problem(path)


def test_a_key_twice_in_one_object_is_a_fault(raw, tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(raw).replace('"site": "small"', '"site": "small", "site": "large"'))
    with pytest.raises(InputFaults, match="site: found the key twice"):
        load_problem(path)


def test_what_merely_has_no_plan_is_no_fault(raw, tmp_path):
    raw["jobs"][0]["deadline"] = 0
    raw["jobs"][0]["alternatives"][0]["phases"][0]["slots"] = 99
    assert problem_of(raw, tmp_path).job["A"].deadline == 0
