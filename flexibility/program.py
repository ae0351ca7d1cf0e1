"""A linear program that is solved for several goals, one after the other: what the first reaches is not given up for the second."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from domain.errors import LastgangError

Terms = Mapping[int, float]
"""Column -> coefficient."""
KEPT = 1e-9
"""By how much an earlier goal may be missed for a later one, of its size: rounding."""


class NoOptimum(LastgangError):
    """The solver ended without an optimum. Operator: report it with the plant file and the load; nothing was placed (exit 1)."""


class Program:
    """Columns with bounds, and rows that bound their sums."""

    def __init__(self) -> None:
        self._columns: list[tuple[float, float]] = []
        self._rows: list[tuple[dict[int, float], float, float]] = []

    def column(self, low: float = 0.0, high: float = math.inf) -> int:
        """A new variable; its number."""
        self._columns.append((low, high))
        return len(self._columns) - 1

    def row(self, terms: Terms, low: float = -math.inf, high: float = math.inf) -> None:
        """Bound the sum of `terms`."""
        self._rows.append((dict(terms), low, high))

    def solve(self, goals: Sequence[Terms]) -> list[float]:
        """The values of all columns that make the first goal smallest, and among those the second, and so on.

        Raises
        ------
        NoOptimum
            Where there is none: the program has no solution, or a goal no bound.
        """
        from ortools.linear_solver import pywraplp

        solver = pywraplp.Solver.CreateSolver("CLP")  # GLOP ends abnormally where a goal is kept this exactly
        columns = [solver.NumVar(low, high, "") for low, high in self._columns]
        for terms, low, high in self._rows:
            row = solver.RowConstraint(low, high, "")
            for column, factor in terms.items():
                row.SetCoefficient(columns[column], factor)
        values = [0.0] * len(columns)
        for number, goal in enumerate(goals, start=1):
            objective = solver.Objective()
            objective.Clear()
            for column, factor in goal.items():
                objective.SetCoefficient(columns[column], factor)
            objective.SetMinimization()
            status = solver.Solve()
            if status != pywraplp.Solver.OPTIMAL:
                msg = f"goal {number} of {len(goals)}: the solver ended with status {status}; expected an optimum"
                raise NoOptimum(msg)
            values, reached = [column.solution_value() for column in columns], objective.Value()
            kept = solver.RowConstraint(-math.inf, reached + KEPT * max(1.0, abs(reached)), "")
            for column, factor in goal.items():
                kept.SetCoefficient(columns[column], factor)
        return values
