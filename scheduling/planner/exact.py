"""What the solver is for: a plan where the constructive rule finds none, the proof that there is none, and the proof that none is cheaper."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from scheduling.planner.board import Board, board_of
from scheduling.planner.model import Model
from scheduling.planner.roster import Roster, Rosters
from scheduling.planner.solution import Solution, cheaper, solution_of
from scheduling.planner.solver import has_none, has_plan, is_proved, library
from scheduling.planner.tables import Choice, Floats, Tables

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

MOST_OPTIONS = 3_000
"""Starts of all jobs together up to which the solver is given large parts of the problem; beyond, annealing is faster."""
QUICK_OPTIONS = 1_000
QUICK_SHARE = 0.05
"""Of the time, for a proof before any search begins: most small problems need no more."""


class Feasibility(Enum):
    """Whether some jobs have a plan."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the solver may work: seconds of the clock, and its own count of work (about as many seconds), which is the same on any machine."""

    seconds: float
    work: float


def options(tables: Tables) -> int:
    """Starts of all jobs together, beside what the rules close by themselves."""
    return sum(tables.freedom)


def feasibility(tables: Tables, jobs: Collection[int], limit_s: float) -> Feasibility:
    """Whether some jobs alone have a plan, with the shifts staffed as well as the rules allow."""
    model = Model(empty_board(tables), jobs, free_shifts=True)
    return _feasibility(new_solver(Limits(limit_s, limit_s)).solve(model.solver))


def _feasibility(status: int) -> Feasibility:
    if has_plan(status):
        return Feasibility.YES
    return Feasibility.NO if has_none(status) else Feasibility.UNKNOWN


def any_solution(tables: Tables, rosters: Rosters, limit_s: float) -> tuple[Feasibility, Solution | None]:
    """Some plan of all jobs, or whether there is none."""
    model = Model(empty_board(tables), range(len(tables.of_job)), free_shifts=True)
    solver = new_solver(Limits(limit_s, limit_s))
    status = solver.solve(model.solver)
    return _feasibility(status), _solution(model, solver, rosters) if has_plan(status) else None


def cheapest(tables: Tables, rosters: Rosters, start: Solution, limits: Limits) -> tuple[Solution, bool]:
    """The cheapest plan that the solver finds from `start` on, and whether it has proved that none is cheaper."""
    return _cheapest(Model(empty_board(tables), range(len(tables.of_job)), free_shifts=True), rosters, start, limits)


def merged(
    tables: Tables, rosters: Rosters, solutions: Sequence[Solution], limits: Limits, *, slots_beside: int = 1, most_kw: Floats | None = None,
    lean: bool = False,
) -> Solution:  # fmt: skip
    """The cheapest plan in which every job is where the current plan or one of several others has it, or a few slots beside.

    It costs no more than the first of them.

    Parameters
    ----------
    slots_beside
        How far from such a place a job may be.
    most_kw
        Highest load above the incumbent peak that the solver looks at, by charge; None: any.
    lean
        Without the solver's linear relaxation where there is a highest load (see `new_solver`).
    """
    plans = [tables.current, *(one.choices for one in solutions)]
    among = {job: {near for plan in plans for near in _near(plan.get(job), slots_beside)} for job in solutions[0].choices}
    model = Model(empty_board(tables), range(len(tables.of_job)), free_shifts=True, among=among, most_kw=most_kw)
    return _cheapest(model, rosters, solutions[0], limits, lean=most_kw is not None and lean)[0]


def below_peak(tables: Tables, rosters: Rosters, near: Solution, most_kw: Floats, limits: Limits) -> Solution | None:
    """The cheapest plan that the solver finds with no load above `most_kw` over the incumbent peak, by charge; None: no plan in time.

    Each job may be anywhere. `near` is only where the solver begins: it may cost less than what is found, and its peak may be higher.
    """
    model = Model(empty_board(tables), range(len(tables.of_job)), free_shifts=True, most_kw=most_kw)
    return _solve(model, rosters, near, new_solver(limits, lean=True))[0]


def _near(choice: Choice | None, slots: int) -> Iterator[Choice]:
    if choice is not None:
        yield from (Choice(choice.way, choice.start + shift) for shift in range(-slots, slots + 1))


def _cheapest(model: Model, rosters: Rosters, start: Solution, limits: Limits, *, lean: bool = False) -> tuple[Solution, bool]:
    found, is_best = _solve(model, rosters, start, new_solver(limits, lean=lean))
    return (start, False) if found is None else (cheaper(found, start), is_best)


def _solve(model: Model, rosters: Rosters, start: Solution, solver: cp_model.CpSolver) -> tuple[Solution | None, bool]:
    """What the solver finds from `start` on, and whether it has proved that nothing in the model is cheaper."""
    model.price()
    model.hint(start.choices, start.roster)
    status = solver.solve(model.solver)
    return (_solution(model, solver, rosters) if has_plan(status) else None), is_proved(status)


def least_amount(
    tables: Tables, jobs: Collection[int], amount: Callable[[int, Choice | None], int], limit_s: float
) -> dict[int, Choice | None] | None:
    """Choices of some jobs alone that go beyond a rule by the least amount together; None where there are none."""
    model = Model(empty_board(tables), jobs, free_shifts=True)
    amounts = [(amount(job, choice), literal) for job in model.jobs for choice, literal in model.choices_of(job)]
    model.solver.minimize(sum(most * literal for most, literal in amounts))
    solver = new_solver(Limits(limit_s, limit_s))
    return model.chosen(solver) if has_plan(solver.solve(model.solver)) else None


def with_extra_workers(tables: Tables, jobs: Collection[int], extra: Collection[str], limit_s: float) -> frozenset[str] | None:
    """The fewest of the `extra` shifts that some jobs alone need; None where they have no plan even so."""
    model = Model(empty_board(tables), jobs, free_shifts=True)
    model.solver.minimize(sum(model.opened[shift] for shift in extra))
    solver = new_solver(Limits(limit_s, limit_s))
    if not has_plan(solver.solve(model.solver)):
        return None
    return model.roster(solver).opened & frozenset(extra)


def empty_board(tables: Tables) -> Board:
    """Nothing but workers, those of all optional shifts included: the model takes away what it does not open."""
    return Board(tables, Roster(frozenset(shift.id for shift in tables.problem.shifts if shift.optional)))


def _solution(model: Model, solver: cp_model.CpSolver, rosters: Rosters) -> Solution:
    roster = model.roster(solver)
    found = rosters.cheapest(roster.opened)
    if found is not None and found.cost_eur < roster.cost_eur:
        roster = found
    return solution_of(board_of(model.board.tables, roster, model.chosen(solver)))


def new_solver(limits: Limits, *, lean: bool = False) -> cp_model.CpSolver:
    """A solver that ends at the limits and answers the same input with the same plan.

    `lean` leaves out the linear relaxation and the expensive parts of the presolve. Below a bounded peak the relaxation says little, and with
    it the solver meets a few dozen conflicts in a second, without it thousands: it finds more, but proves less.
    """
    solver: cp_model.CpSolver = library().CpSolver()
    solver.parameters.num_workers = 1  # with more of them the same input gives different plans
    solver.parameters.random_seed = 1
    solver.parameters.max_time_in_seconds = max(0.01, limits.seconds)
    solver.parameters.max_deterministic_time = max(0.01, limits.work)
    if lean:
        solver.parameters.linearization_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.merge_at_most_one_work_limit = 0.0
    return solver
