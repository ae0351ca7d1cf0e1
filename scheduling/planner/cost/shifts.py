"""Shifts: wages of opened ones, and what the crew of a shift costs where the plan says who works it."""

from __future__ import annotations

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem


def eur(problem: Problem, plan: Plan) -> float:
    """Cost of opened shifts and of crews [EUR]."""
    paid = sorted(plan.open_shifts | plan.crew_of_shift.keys())
    return float(sum(problem.shift[shift].cost_eur(plan.crew_of_shift.get(shift)) for shift in paid))
