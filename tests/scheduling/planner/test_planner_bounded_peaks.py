"""The solver below a highest load: the cheapest of all plans that keep it, and none where no plan does."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_problems import cost_eur, document, every_plan, job, problem_of

from scheduling.planner.board import board_of
from scheduling.planner.construct import current_solution
from scheduling.planner.cost.demand import peaks_kw
from scheduling.planner.cost.total import cost_of
from scheduling.planner.exact import Limits, below_peak, empty_board, merged, new_solver
from scheduling.planner.model import Model
from scheduling.planner.neighbourhoods import Neighbourhoods
from scheduling.planner.roster import Rosters
from scheduling.planner.ruins import Ruins
from scheduling.planner.rules import RULES, breaches
from scheduling.planner.solver import has_plan
from scheduling.planner.tables import tables_of

INCUMBENT_KW = 150.0
LIMITS = Limits(60.0, 60.0)


def two_machines(powers_kw):
    jobs = [
        job(name, "oven" if number % 2 else "mill", power_kw)
        for number, (name, power_kw) in enumerate(zip("ABC", powers_kw, strict=False))
    ]
    starts = {"A": ("mill", 0), "B": ("oven", 0), "C": ("mill", 4)}
    return document(jobs, {one["id"]: starts[one["id"]] for one in jobs})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(st.integers(1, 90).map(float), min_size=1, max_size=2), min_size=2, max_size=3), st.integers(0, 100))
def test_the_cheapest_plan_below_a_highest_load_is_found(tmp_path, powers_kw, above_kw):
    raw = two_machines(powers_kw)
    problem = problem_of(raw, tmp_path)
    tables = tables_of(problem, RULES)
    kept = [
        one for one in every_plan(raw)
        if not breaches(problem, one) and peaks_kw(problem, one)["year"] <= INCUMBENT_KW + above_kw + 1e-9
    ]  # fmt: skip
    model = Model(empty_board(tables), range(len(tables.of_job)), free_shifts=True, most_kw=np.array([float(above_kw)]))
    model.price()
    solver = new_solver(LIMITS)
    if not kept:
        assert not has_plan(solver.solve(model.solver))
        return
    assert has_plan(solver.solve(model.solver))
    found = tables.plan(model.chosen(solver), frozenset(), {})
    assert peaks_kw(problem, found)["year"] <= INCUMBENT_KW + above_kw + 1e-9
    assert cost_of(problem, found).total_eur == pytest.approx(min(cost_eur(raw, one) for one in kept), abs=0.01)


def test_a_merge_below_a_load_that_no_plan_keeps_gives_the_first_plan_back(tmp_path):
    problem = problem_of(two_machines([[80.0], [60.0]]), tmp_path)
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    start = current_solution(tables, rosters)
    assert merged(tables, rosters, [start], LIMITS, most_kw=np.array([1.0])) is start


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(st.integers(1, 90).map(float), min_size=1, max_size=2), min_size=2, max_size=3), st.integers(0, 100))
def test_below_a_peak_the_whole_problem_has_its_cheapest_plan_or_none(tmp_path, powers_kw, above_kw):
    raw = two_machines(powers_kw)
    problem = problem_of(raw, tmp_path)
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    most_kw = INCUMBENT_KW + above_kw + 1e-9
    kept = [one for one in every_plan(raw) if not breaches(problem, one) and peaks_kw(problem, one)["year"] <= most_kw]
    start = current_solution(tables, rosters)
    found = below_peak(tables, rosters, start, np.array([float(above_kw)]), LIMITS)
    if not kept:
        assert found is None
        return
    chosen = tables.plan(found.choices, frozenset(), {})
    assert not breaches(problem, chosen)
    assert peaks_kw(problem, chosen)["year"] <= most_kw
    assert cost_of(problem, chosen).total_eur == pytest.approx(min(cost_eur(raw, one) for one in kept), abs=0.01)


def test_a_plan_below_a_lower_peak_may_cost_more_than_the_one_it_begins_with(tmp_path):
    raw = two_machines([[80.0, 80.0], [60.0, 60.0]])
    raw["changes"]["eur_per_moved_job"] = 1000.0
    tables, rosters = tables_of(problem_of(raw, tmp_path), RULES), Rosters(problem_of(raw, tmp_path), RULES)
    start = current_solution(tables, rosters)
    # The peak falls from 100 to 40 kW above the incumbent one, at 2 EUR/kW, for one move.
    found = below_peak(tables, rosters, start, np.array([99.0]), LIMITS)
    assert found.cost_eur == pytest.approx(start.cost_eur - 2 * 60 + 1000)


def test_a_merge_reaches_as_many_slots_beside_as_it_may(tmp_path):
    problem = problem_of(two_machines([[80.0, 80.0], [60.0, 60.0]]), tmp_path)
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    start = current_solution(tables, rosters)
    # Both run in the first two slots: one slot beside, one of two slots still has both.
    assert merged(tables, rosters, [start], LIMITS).cost_eur == pytest.approx(start.cost_eur, abs=1e-6)
    # One move costs 1 EUR; the peak falls from 100 to 40 kW above the incumbent one.
    assert merged(tables, rosters, [start], LIMITS, slots_beside=2).cost_eur == pytest.approx(start.cost_eur - 2 * 60 + 1)


def test_neighbourhoods_never_raise_the_cost_and_untie_two_machines(tmp_path):
    problem = problem_of(two_machines([[80.0, 80.0], [60.0, 60.0], [70.0, 70.0]]), tmp_path)
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    start = current_solution(tables, rosters)
    search = Neighbourhoods(tables, start, 3)
    costs = [start.cost_eur]
    for _ in range(6):
        search.step(60.0)
        costs.append(search.best.cost_eur)
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == pytest.approx(start.cost_eur - 2 * 60 + 1)


@given(st.integers(0, 1000), st.integers(1, 6))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_jobs_of_two_machines_are_free_ones_of_at_most_two_machines(tmp_path, seed, count):
    jobs = [job(f"J{number}", f"m{Random(seed + number).randrange(4)}", [10.0]) for number in range(8)]
    current = {one["id"]: (one["alternatives"][0]["machine"], number) for number, one in enumerate(jobs)}
    jobs[0]["locked"] = {"machine": current["J0"][0], "start": 0}
    tables = tables_of(problem_of(document(jobs, current), tmp_path), RULES)
    start = current_solution(tables, Rosters(tables.problem, RULES))
    board = board_of(tables, start.roster, start.choices)
    drawn = Ruins(tables, np.random.default_rng(seed)).on_two_machines(board, count)
    assert 1 <= len(drawn) <= count
    assert len(set(drawn)) == len(drawn)
    assert 0 not in drawn
    assert len({tables.ways[board.choices[one].way].machine for one in drawn}) <= 2
