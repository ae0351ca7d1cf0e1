"""From a problem to an answer: a plan with its cost, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import LastgangError
from scheduling.planner.conflicts import Conflict, conflicts_of
from scheduling.planner.construct import current_solution, first_solutions
from scheduling.planner.cost.total import Cost, cost_of
from scheduling.planner.exact import QUICK_OPTIONS, QUICK_SHARE, Feasibility, Limits, any_solution, cheapest, options
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.relaxations import Relaxation, relaxations_of
from scheduling.planner.roster import Rosters
from scheduling.planner.rules import RULES, breaches
from scheduling.planner.search import Clock, Effort, SideBySide, one_after_the_other, search
from scheduling.planner.solution import Solution, cheaper
from scheduling.planner.solver import library
from scheduling.planner.tables import Tables, tables_of

GRACE_S = 4.0
"""Longer than it was given the planner works only where it has neither a plan nor the proof that there is none."""


class Status(StrEnum):
    """Of an answer; optimal only where it is proved."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan and what it costs; or, where there is none, the rules in conflict and what would have to give way."""

    status: Status
    plan: Plan
    cost: Cost | None = None
    conflicts: tuple[Conflict, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()


class NoAnswer(LastgangError):
    """Neither a plan nor a proof in time. Planner: give more seconds, or a smaller problem."""


@dataclass(frozen=True, slots=True)
class Request:
    """How to plan: the time [s], the seed of all draws, how many rounds at most, and on how many cores."""

    seconds: float
    seed: int = 0
    rounds: int | None = None
    workers: int = 1


def plan(problem: Problem, request: Request, clock: Clock, side_by_side: SideBySide = one_after_the_other) -> Answer:
    """The cheapest plan that is found in time, never more expensive than the current one.

    Raises
    ------
    NoAnswer
        If the rules are so tight that neither a plan nor a proof is found in time.
    """
    if request.seconds > 0:
        library()  # not in the time of the search
    begun_s = clock()
    tables, rosters = tables_of(problem, RULES), Rosters(problem, RULES)
    current = current_solution(tables, rosters)
    found = first_solutions(tables, rosters, current)
    if not found:
        state, first = any_solution(tables, rosters, request.seconds + GRACE_S)
        if state is Feasibility.UNKNOWN:
            msg = f"{problem.site}: neither a plan nor a proof that there is none within {request.seconds + GRACE_S:g} s; give more seconds"
            raise NoAnswer(msg)
        if first is None:
            return _refusal(problem)
        found = [first]
    starts = found if current is None else [cheaper(current, found[0]), current, *found[1:]]
    if request.seconds <= 0:
        return _answer(tables, starts[0], is_proved=False)
    if options(tables) <= QUICK_OPTIONS:
        starts[0], is_proved = cheapest(tables, rosters, starts[0], _quick(request))
        if is_proved:
            return _answer(tables, starts[0], is_proved=True)
    effort = Effort(clock(), begun_s + request.seconds, request.seed, request.rounds)
    return _answer(tables, search(problem, starts, effort, request.workers, clock, side_by_side), is_proved=False)


def _quick(request: Request) -> Limits:
    work = request.seconds if request.rounds is None else float(request.rounds)
    return Limits(request.seconds * QUICK_SHARE, work * QUICK_SHARE)


def _answer(tables: Tables, solution: Solution, *, is_proved: bool) -> Answer:
    chosen = tables.plan(solution.choices, solution.roster.opened, solution.roster.crews)
    broken = breaches(tables.problem, chosen)
    if broken:
        msg = f"{tables.problem.site}: the plan breaks the rule {broken[0].rule} ({', '.join(broken[0].jobs)}: {broken[0].text})"
        raise AssertionError(msg)
    return Answer(Status.OPTIMAL if is_proved else Status.FEASIBLE, chosen, cost_of(tables.problem, chosen))


def _refusal(problem: Problem) -> Answer:
    conflicts = conflicts_of(problem)
    return Answer(Status.INFEASIBLE, Plan({}), None, conflicts, relaxations_of(problem, conflicts))
