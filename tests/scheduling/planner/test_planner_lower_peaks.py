"""The second worker's stage of merging: any job anywhere, below a peak a little lower than that of the best plan."""

from __future__ import annotations

import time

import pytest
from small_problems import document, job, problem_of

from scheduling.planner.board import board_of
from scheduling.planner.construct import current_solution
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES, breaches
from scheduling.planner.search import Effort, Stage, Task, work
from scheduling.planner.tables import tables_of


def changed_over(tmp_path, **changes):
    """Two furnaces, each with jobs of two families in turns; all heats begin where the machine is free."""
    jobs, current, free = [], {}, {"f0": 0, "f1": 0}
    for number in range(6):
        name, machine = f"J{number}", f"f{number % 2}"
        jobs.append(job(name, machine, [90.0 + number] * 5 + [30.0], family="xy"[number // 2 % 2], due=48))
        current[name] = machine, free[machine]
        free[machine] += 8
    setups = [{"from": "x", "to": "y", "slots": 2}, {"from": "y", "to": "x", "slots": 2}]
    raw = document(
        jobs, current, machines=[{"id": name, "setups": setups} for name in ("f0", "f1")],
        energy_price_eur_per_kwh=[0.2 + 0.01 * (slot % 5) for slot in range(48)],
        base_load={"q50_kw": [100.0] * 48, "q90_kw": [110.0] * 48},
    ) | changes  # fmt: skip
    raw["slots"]["count"] = 48
    return problem_of(raw, tmp_path)


def second_worker(problem):
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    current = current_solution(tables, rosters)
    begin_s = time.monotonic()
    task = Task(problem, (current,) * 3, Stage.MERGING, Effort(begin_s, begin_s + 60.0, seed=3, rounds=3), 1, time.monotonic)
    (found,) = work(task)
    assert not breaches(problem, tables.plan(found.choices, found.roster.opened, found.roster.crews))
    return current, found


def test_from_the_current_plan_with_the_furnaces_at_once_the_peak_falls_by_a_whole_heat(tmp_path):
    problem = changed_over(tmp_path)
    current, found = second_worker(problem)
    tables = tables_of(problem, RULES)
    highest_kw = [float(board_of(tables, one.roster, one.choices).flows.highest_kw()[0]) for one in (current, found)]
    # No two heats of five slots at once in the end, although a merge moves a job by two slots: the lowest heat is gone from the peak.
    assert highest_kw[0] - highest_kw[1] >= 90.0 - 30.0
    assert found.cost_eur < current.cost_eur


def test_the_same_task_gives_the_same_plan(tmp_path):
    problem = changed_over(tmp_path)
    assert second_worker(problem)[1].choices == second_worker(problem)[1].choices


@pytest.mark.parametrize(
    "charges", [[], [{"id": "year", "price_eur_per_kw": 2.0, "incumbent_peak_kw": 900.0}], [{"id": "year", "price_eur_per_kw": 0.0, "incumbent_peak_kw": 1.0}]]
)  # fmt: skip
def test_where_no_peak_costs_anything_plans_are_merged(tmp_path, charges):
    current, found = second_worker(changed_over(tmp_path, demand_charges=charges))
    assert found.cost_eur <= current.cost_eur
