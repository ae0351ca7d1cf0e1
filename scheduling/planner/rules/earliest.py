"""A job does not start before its material is there."""

from __future__ import annotations

from collections.abc import Iterator

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Alternative, Job, Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule, starts_of


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Jobs that start too early."""
    for job, place in plan.places.items():
        if place.start < problem.job[job].earliest:
            yield Breach("earliest", (job,), f"starts at {place.start}, earliest {problem.job[job].earliest}")


def closed_starts(problem: Problem, job: Job, alternative: Alternative) -> Flags:
    """Starts before the earliest one."""
    closed: Flags = starts_of(problem, alternative) < job.earliest
    return closed


RULE = Rule("earliest", breaches, closed_starts)
