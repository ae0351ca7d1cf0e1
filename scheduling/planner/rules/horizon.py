"""A job lies inside the horizon; starts that do not are never offered."""

from __future__ import annotations

from collections.abc import Iterator

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules.breach import Breach, Rule


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Jobs that start before the horizon or end after it."""
    for job, place in plan.places.items():
        end = problem.job[job].end(place)
        if place.start < 0 or end > problem.slot_count:
            yield Breach("horizon", (job,), f"runs [{place.start}, {end}), the horizon is [0, {problem.slot_count})")


RULE = Rule("horizon", breaches)
