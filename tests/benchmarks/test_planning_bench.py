"""The planner's benchmark: plants that can be planned, and figures that follow from what each rival has reached."""

from __future__ import annotations

import pytest

from benchmarks.planning import page
from benchmarks.planning.plants import PLANTS, Plant, problem_of
from benchmarks.planning.rivals import Reached, planner, solver_alone
from benchmarks.planning.trial import Trial
from scheduling.planner.cost.total import cost_of
from scheduling.planner.rules import breaches

EVERY_PLANT = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)


@EVERY_PLANT
def test_what_the_plant_has_planned_keeps_every_rule_and_only_what_found_no_room_is_new(plant: Plant) -> None:
    problem = problem_of(plant)
    assert {breach.rule for breach in breaches(problem, problem.current)} <= {"complete"}
    assert len(problem.current.places) >= plant.jobs - 1


def test_a_seed_makes_the_same_plant_each_time() -> None:
    assert problem_of(PLANTS[0]) == problem_of(PLANTS[0])


@pytest.mark.parametrize("plant", [PLANTS[0], PLANTS[2], PLANTS[3]], ids=lambda plant: plant.name)
def test_the_first_answer_saves_money_already_where_every_job_was_planned(plant: Plant) -> None:
    problem = problem_of(plant)
    cost_eur = planner(problem, 0.0, 0).cost_eur
    assert cost_eur is not None
    assert cost_eur < 0.95 * cost_of(problem, problem.current).total_eur


def test_the_solver_alone_reports_the_cost_of_whole_plans_and_each_is_cheaper_than_the_one_before() -> None:
    problem = problem_of(Plant("small", 7, 5, 3, 1, 12))
    costs_eur = [one.cost_eur for one in solver_alone(problem, 3.0)]
    optimum_eur = planner(problem, 3.0, 0).cost_eur
    assert costs_eur == sorted(costs_eur, reverse=True)
    assert costs_eur[-1] == pytest.approx(optimum_eur, rel=0.02)


def test_best_known_is_the_lowest_of_all_and_a_rival_is_near_from_its_first_plan_within_one_percent() -> None:
    planned = [Reached(1.0, 120.0), Reached(2.0, 100.5), Reached(10.0, 100.0)]
    trial = Trial("a", 5, 96, None, 99.8, Reached(0.01, 200.0), planned, [])
    assert trial.best_eur == 99.8
    assert trial.seconds_to_near(planned) == 2.0
    assert trial.to_best(trial.solver) is None
    assert "planner" in page.picture([trial])
