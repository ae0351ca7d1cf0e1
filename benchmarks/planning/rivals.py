"""Ways to plan one problem: the planner with more and more time, and the solver alone on the whole problem."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ortools.sat.python import cp_model

from scheduling.planner.answer import Request, plan
from scheduling.planner.construct import current_solution
from scheduling.planner.cost.total import cost_of
from scheduling.planner.exact import Limits, empty_board, new_solver
from scheduling.planner.model import Model
from scheduling.planner.problem import Problem
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES
from scheduling.planner.search import SideBySide, one_after_the_other
from scheduling.planner.solver import has_plan
from scheduling.planner.tables import Tables, tables_of


@dataclass(frozen=True, slots=True)
class Reached:
    """Cost of the best plan after some seconds; None: no plan yet."""

    seconds: float
    cost_eur: float | None


@dataclass(frozen=True, slots=True)
class Cores:
    """What every rival may use: how many cores, and how the planner's searches share them."""

    number: int = 1
    side_by_side: SideBySide = one_after_the_other


ONE_CORE = Cores()


def planner(problem: Problem, seconds: float, seed: int, cores: Cores = ONE_CORE) -> Reached:
    """The planner with a limit of time; `seconds` of the answer are what it really took."""
    begin_s = time.perf_counter()
    answer = plan(problem, Request(seconds, seed, None, cores.number), time.monotonic, cores.side_by_side)
    return Reached(time.perf_counter() - begin_s, None if answer.cost is None else answer.cost.total_eur)


def solver_alone(problem: Problem, seconds: float, cores: Cores = ONE_CORE) -> list[Reached]:
    """Each better plan that CP-SAT finds with one model of the whole problem, from the current plan on where it keeps the rules.

    The same model as the planner's, the same time, and as many workers.
    """
    begin_s = time.perf_counter()
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    model = Model(empty_board(tables), range(len(tables.of_job)), free_shifts=True)
    model.price()
    if (current := current_solution(tables, rosters)) is not None:
        model.hint(current.choices, current.roster)
    solver = new_solver(Limits(seconds - (time.perf_counter() - begin_s), seconds * 100))
    solver.parameters.num_workers = cores.number
    watch = _Watch(begin_s)
    if not has_plan(solver.solve(model.solver, watch)):
        return []
    last_eur = _cost_eur(tables, model, solver)
    # The objective is rounded and leaves out a constant, which the last plan shows.
    offset_eur = last_eur - solver.objective_value / model.parts_per_eur
    return [Reached(seconds, value / model.parts_per_eur + offset_eur) for seconds, value in watch.seen]


def _cost_eur(tables: Tables, model: Model, solver: cp_model.CpSolver) -> float:
    roster = model.roster(solver)
    return cost_of(tables.problem, tables.plan(model.chosen(solver), roster.opened, roster.crews)).total_eur


class _Watch(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
    def __init__(self, begin_s: float) -> None:
        super().__init__()
        self.seen: list[tuple[float, float]] = []
        self._begin_s = begin_s

    def on_solution_callback(self) -> None:
        self.seen.append((time.perf_counter() - self._begin_s, self.objective_value))
