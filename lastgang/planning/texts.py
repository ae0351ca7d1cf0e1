"""A planner's answer as JSON and in words."""

from __future__ import annotations

from typing import Any

from scheduling.planner.answer import Answer
from scheduling.planner.conflicts import Conflict
from scheduling.planner.problem import Problem


def answer_as_json(problem: Problem, answer: Answer, language: str) -> dict[str, Any]:
    """The plan file."""
    plan = answer.plan
    placed = [{"id": job, "machine": place.machine, "start": place.start} for job, place in plan.places.items()]
    skipped = [{"id": job, "skipped": True} for job in sorted(plan.skipped)]
    found: dict[str, Any] = {
        "status": str(answer.status),
        "jobs": placed + skipped,
        "open_shifts": sorted(plan.open_shifts),
        "conflicts": [_conflict(problem, conflict, language) for conflict in answer.conflicts],
    }
    if problem.crews:
        found["crew_of_shift"] = dict(sorted(plan.crew_of_shift.items()))
    if answer.cost is not None:
        found |= answer.cost.as_json()
    return found


def _conflict(problem: Problem, conflict: Conflict, language: str) -> dict[str, Any]:
    return {"rule": conflict.rule, "jobs": list(conflict.jobs), "text": f"{conflict.rule} {conflict.jobs}"}


def summary(answer: Answer) -> str:
    """One line for the terminal."""
    if answer.cost is None:
        return f"no plan: {len(answer.conflicts)} conflicts"
    return f"{answer.status} plan of {answer.cost.total_eur:,.2f} EUR"
