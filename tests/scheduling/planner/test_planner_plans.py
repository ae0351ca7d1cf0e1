"""Plans that the planner finds: the cheapest of all on small problems, never worse than the current plan, the same for the same seed."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_problems import cost_eur, document, every_plan, job, problem_of

from scheduling.planner.annealing import Annealing, Climate
from scheduling.planner.answer import Request, Status, plan
from scheduling.planner.construct import current_solution
from scheduling.planner.cost.total import cost_of
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES, breaches
from scheduling.planner.tables import tables_of

SHORT = Request(seconds=0.3)
UNTIL_PROVED = Request(seconds=60.0)
"""The search ends with the proof; the limit is for a busy machine."""


def planned(problem, request=SHORT):
    return plan(problem, request, time.monotonic)


def cheapest_eur(raw, problem):
    """By trying everything."""
    return min((cost_eur(raw, one) for one in every_plan(raw) if not breaches(problem, one)), default=None)


def test_a_job_moves_off_the_peak(tmp_path):
    raw = document([job("A", "oven", [80.0, 80.0]), job("B", "mill", [60.0, 60.0])], {"A": ("oven", 0), "B": ("mill", 0)})
    found = planned(problem_of(raw, tmp_path), UNTIL_PROVED)
    a, b = found.plan.places["A"].start, found.plan.places["B"].start
    assert abs(a - b) >= 2
    # One move; the peak of 190 kW is 40 kW above the one that is billed already.
    assert found.cost.total_eur == pytest.approx(0.1 * (800 + 160 + 120) + 2 * 40 + 1)
    assert found.status is Status.OPTIMAL


def test_below_the_billed_peak_nothing_moves(tmp_path):
    raw = document([job("A", "oven", [30.0]), job("B", "mill", [10.0])], {"A": ("oven", 0), "B": ("mill", 0)})
    problem = problem_of(raw, tmp_path)
    assert planned(problem).plan.places == problem.current.places


def test_a_cheap_hour_is_taken_where_it_pays_for_the_move(tmp_path):
    raw = document(
        [job("A", "oven", [40.0])], {"A": ("oven", 0)}, energy_price_eur_per_kwh=[0.4, 0.4, 0.4, 0.4, 0.4, 0.1, 0.4, 0.4]
    )
    assert planned(problem_of(raw, tmp_path)).plan.places["A"].start == 5
    raw["changes"]["eur_per_moved_job"] = 3.01  # 10 kWh are 3.00 EUR cheaper
    assert planned(problem_of(raw, tmp_path)).plan.places["A"].start == 0


def test_an_optional_shift_is_opened_where_it_costs_less_than_the_peak(tmp_path):
    raw = document(
        [job("A", "oven", [80.0], crew={"operator": 1}), job("B", "mill", [80.0], crew={"operator": 1})],
        {"A": ("oven", 0), "B": ("mill", 0)},
    )
    raw["shifts"] = [
        {"id": "early", "skill": "operator", "from": 0, "to": 1, "workers": 2, "optional": False},
        {"id": "extra", "skill": "operator", "from": 1, "to": 2, "workers": 1, "optional": True, "eur_per_worker_slot": 20.0},
    ]
    assert planned(problem_of(raw, tmp_path)).plan.open_shifts == {"extra"}
    raw["shifts"][1]["eur_per_worker_slot"] = 200.0
    assert planned(problem_of(raw, tmp_path)).plan.open_shifts == set()


def test_the_crew_that_has_rested_works_the_shift_though_it_costs_more(tmp_path):
    raw = document([job("A", "oven", [10.0], crew={"operator": 1})], {"A": ("oven", 0)})
    raw["working_time"] = {"min_rest_slots": 4, "max_work_slots_in_24_h": 8}
    raw["crews"] = [{"id": "red", "worked": [[-5, -1]]}, {"id": "blue"}]
    crews = [{"crew": "red", "eur_per_worker_slot": 0.0}, {"crew": "blue", "eur_per_worker_slot": 1.0}]
    raw["shifts"] = [{"id": "early", "skill": "operator", "from": 0, "to": 4, "workers": 1, "optional": False, "crews": crews}]
    assert planned(problem_of(raw, tmp_path)).plan.crew_of_shift == {"early": "blue"}


def test_the_first_plan_comes_without_loading_the_solver(tmp_path):
    problem_of(document([job("A", "oven", [80.0, 80.0]), job("B", "mill", [60.0])], {"A": ("oven", 0), "B": ("mill", 0)}), tmp_path)
    script = (
        "import sys; from pathlib import Path; from scheduling.planner.answer import Request, plan; "
        "from scheduling.planner.reading import load_problem; "
        "answer = plan(load_problem(Path(sys.argv[1])), Request(0.0), lambda: 0.0); "
        "print(answer.status, 'ortools' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "problem.json"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["feasible", "False"]


def test_a_chain_that_may_pass_the_limit_of_moves_ends_within_it_and_cheaper(tmp_path):
    jobs = [job(name, f"press {name}", [60.0]) for name in "ABCDEF"]
    raw = document(jobs, {name: (f"press {name}", 0) for name in "ABCDEF"})
    raw["changes"] = {"eur_per_moved_job": 0.0, "max_moved_jobs": 3}
    tables = tables_of(problem_of(raw, tmp_path), RULES)
    rosters = Rosters(tables.problem, RULES)
    start = current_solution(tables, rosters)
    annealing = Annealing(tables, rosters, start, 0, [Climate(0.02, 0.25, moves_over=3, over_eur=1.0)])
    annealing.round(lambda: False, start)
    assert sum(tables.is_moved(one, choice) for one, choice in annealing.best.choices.items()) == 3
    # Three of six jobs stay in the first slot: three jobs' load less.
    assert annealing.best.cost_eur == pytest.approx(start.cost_eur - 2 * 3 * 60.0)


def test_a_current_plan_that_breaks_a_rule_is_repaired_with_few_changes(tmp_path):
    jobs = [job(name, "oven", [10.0, 10.0]) for name in "ABC"]
    raw = document(jobs, {"A": ("oven", 0), "B": ("oven", 2), "C": ("oven", 4)}, machines=[{"id": "oven", "unavailable": [[2, 4]]}])
    found = planned(problem_of(raw, tmp_path), Request(seconds=0))
    assert found.plan.places["B"].start == 6
    assert (found.plan.places["A"].start, found.plan.places["C"].start) == (0, 4)


def test_a_site_without_jobs_or_charges_has_a_plan(tmp_path):
    assert planned(problem_of(document([], {}), tmp_path)).cost.total_eur == pytest.approx(80.0)
    raw = document([job("A", "oven", [80.0])], {"A": ("oven", 0)}, demand_charges=[])
    assert planned(problem_of(raw, tmp_path)).cost.total_eur == pytest.approx(88.0)


def test_more_sun_than_load_leaves_room_below_the_billed_peak(tmp_path):
    raw = document([job("A", "oven", [100.0])], {"A": ("oven", 0)}, changes={"eur_per_moved_job": 0.0, "max_moved_jobs": None})
    raw["demand_charges"][0]["incumbent_peak_kw"] = 110.0
    raw["pv"] = {"q50_kw": [0.0] * 7 + [180.0], "q10_kw": [0.0] * 7 + [180.0], "feed_in_eur_per_kwh": [0.4] * 8}
    found = planned(problem_of(raw, tmp_path))
    assert found.plan.places["A"].start == 7
    assert found.cost.demand_eur == {"year": 0.0}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """Twenty jobs on four machines over a day, all planned at once as soon as the machine is free."""
    jobs, current, free = [], {}, [0, 0, 0, 0]
    for number in range(20):
        powers = [60.0 + 7 * (number % 5)] * 2 + [30.0] * (2 + number % 4)
        jobs.append(job(f"J{number:02}", f"m{number % 4}", powers, due=30 + number, tardiness_eur_per_slot=2.0))
        current[f"J{number:02}"] = f"m{number % 4}", free[number % 4]
        free[number % 4] += len(powers)
    raw = document(
        jobs, current, energy_price_eur_per_kwh=[0.2 + 0.01 * (slot % 11) for slot in range(96)],
        base_load={"q50_kw": [100.0 + slot % 7 for slot in range(96)], "q90_kw": [115.0 + slot % 7 for slot in range(96)]},
        changes={"eur_per_moved_job": 1.0, "max_moved_jobs": 12},
    )  # fmt: skip
    raw["slots"]["count"] = 96
    return problem_of(raw, tmp_path_factory.mktemp("crowded"))


def test_the_first_plan_costs_less_than_the_current_one_and_more_time_never_makes_it_worse(crowded):
    current_eur = cost_of(crowded, crowded.current).total_eur
    first = planned(crowded, Request(seconds=0)).cost.total_eur
    searched = planned(crowded, Request(seconds=0.5)).cost.total_eur
    assert searched <= first < current_eur


def test_the_same_seed_and_rounds_give_the_same_plan(crowded):
    request = Request(seconds=60, rounds=2, seed=7)
    first, again = planned(crowded, request), planned(crowded, request)
    assert first == again


def test_the_search_ends_in_time(crowded):
    begin_s = time.monotonic()
    planned(crowded, Request(seconds=1.0))
    assert time.monotonic() - begin_s < 3.0


# -- any small problem -------------------------------------------------------------------------------------------------


@st.composite
def problems(draw):
    """Two or three jobs on two machines with whatever rules there are."""
    jobs, current = [], {}
    for name in "ABC"[: draw(st.integers(2, 3))]:
        one = job(
            name, draw(st.sampled_from(["oven", "mill"])), draw(st.lists(st.integers(0, 90).map(float), min_size=1, max_size=3))
        )
        one |= {"earliest": draw(st.integers(0, 3)), "due": draw(st.integers(2, 8)), "family": draw(st.sampled_from(["x", "y"]))}
        if draw(st.booleans()):
            one["deadline"] = draw(st.integers(3, 8))
        if draw(st.booleans()):
            one["skip_penalty_eur"] = float(draw(st.integers(0, 30)))
        if draw(st.booleans()):
            one["alternatives"][0]["phases"][0]["crew"] = {"operator": draw(st.integers(1, 2))}
        if jobs and draw(st.booleans()):
            one["predecessors"] = [{"job": jobs[-1]["id"], "min_gap_slots": draw(st.integers(0, 2))}]
        jobs.append(one)
        if draw(st.booleans()):
            current[name] = one["alternatives"][0]["machine"], draw(st.integers(0, 5))
    setups = [{"from": "x", "to": "y", "slots": draw(st.integers(0, 2))}, {"from": "y", "to": "x", "slots": 1}]
    raw = document(jobs, current)
    raw["machines"] = [{"id": "oven", "initial_family": "x", "setups": setups}, {"id": "mill", "unavailable": [[3, 4]]}]
    raw["shifts"] = [
        {"id": "day", "skill": "operator", "from": 0, "to": 5, "workers": 2, "optional": False},
        {"id": "more", "skill": "operator", "from": 4, "to": 8, "workers": 1, "optional": True, "eur_per_worker_slot": 2.0},
    ]
    raw["changes"] = {"eur_per_moved_job": 1.5, "max_moved_jobs": draw(st.sampled_from([None, 1, 2]))}
    raw["energy_price_eur_per_kwh"] = draw(st.lists(st.integers(-5, 40).map(lambda cents: cents / 100), min_size=8, max_size=8))
    if draw(st.booleans()):
        feed_in = [min(0.05, price) for price in raw["energy_price_eur_per_kwh"]]
        raw["pv"] = {"q50_kw": [130.0] * 8, "q10_kw": [20.0] * 8, "feed_in_eur_per_kwh": feed_in}
    return raw


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(problems())
def test_any_small_problem_is_solved_as_well_as_by_trying_everything(tmp_path, raw):
    problem = problem_of(raw, tmp_path)
    best_eur, found = cheapest_eur(raw, problem), planned(problem, replace(SHORT, seconds=2.0))
    if best_eur is None:
        assert found.status is Status.INFEASIBLE
        assert found.conflicts
        return
    assert breaches(problem, found.plan) == []
    assert found.cost.total_eur == pytest.approx(cost_eur(raw, found.plan))
    assert found.cost.total_eur == pytest.approx(best_eur, abs=0.01), found.plan
    if not breaches(problem, problem.current):
        assert found.cost.total_eur <= cost_of(problem, problem.current).total_eur + 1e-6
