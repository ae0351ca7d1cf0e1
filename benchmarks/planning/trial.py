"""One problem under all rivals, and what it says: cost against the best known plan, time to the first answer and to 1 %."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.planning.plants import current_eur
from benchmarks.planning.rivals import Cores, Reached, planner, solver_alone
from scheduling.planner.problem import Problem

SHARES = (0.1, 0.2, 0.5, 1.0)
"""Of the time: the planner is run once with each."""
NEAR = 1.01


@dataclass(frozen=True, slots=True)
class Trial:
    """What was reached on one problem.

    Attributes
    ----------
    current_eur
        Cost of the plan that the plant has; None: it breaks a rule.
    known_eur
        Best cost known before, where there is one.
    first
        The answer without search: the constructive rule alone.
    planner
        By limit of time; `seconds` are the limits.
    solver
        Each better plan of the solver alone.
    """

    name: str
    jobs: int
    slots: int
    current_eur: float | None
    known_eur: float | None
    first: Reached
    planner: Sequence[Reached]
    solver: Sequence[Reached]

    @property
    def best_eur(self) -> float:
        """The lowest cost known, with what this trial has found."""
        found = [self.known_eur, *(one.cost_eur for one in (self.first, *self.planner, *self.solver))]
        return min(cost_eur for cost_eur in found if cost_eur is not None)

    def to_best(self, reached: Sequence[Reached]) -> float | None:
        """Last cost of a rival as a multiple of the best known; None: it has no plan."""
        if not reached or reached[-1].cost_eur is None:
            return None
        return reached[-1].cost_eur / self.best_eur

    def seconds_to_near(self, reached: Sequence[Reached]) -> float | None:
        """When a rival is within 1 % of the best known cost; None: never."""
        limit_eur = NEAR * self.best_eur
        return next((one.seconds for one in reached if one.cost_eur is not None and one.cost_eur <= limit_eur), None)


def tried(
    name: str, problem: Problem, seconds: float, seed: int, known_eur: float | None, cores: Cores, advance: Callable[[], None]
) -> Trial:
    """Put all rivals to one problem, one after the other; `advance` is called after each run."""
    first = planner(problem, 0.0, seed, cores)
    runs = []
    for share in SHARES:
        runs.append(Reached(share * seconds, planner(problem, share * seconds, seed, cores).cost_eur))
        advance()
    alone = solver_alone(problem, seconds, cores)
    advance()
    return Trial(name, len(problem.jobs), problem.slot_count, current_eur(problem), known_eur, first, runs, alone)
