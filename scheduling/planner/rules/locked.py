"""A job that has begun, or is promised, stays where it is."""

from __future__ import annotations

from collections.abc import Iterator

from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import Alternative, Job, Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule, starts_of


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Locked jobs that are elsewhere."""
    for job, place in plan.places.items():
        locked = problem.job[job].locked
        if locked is not None and place != Place(locked.machine, locked.start):
            yield Breach(
                "locked", (job,), f"starts at {place.start} on {place.machine}, locked to {locked.start} on {locked.machine}"
            )


def closed_starts(problem: Problem, job: Job, alternative: Alternative) -> Flags:
    """Every start but the locked one."""
    starts = starts_of(problem, alternative)
    if job.locked is None:
        closed: Flags = starts < 0
    elif job.locked.machine != alternative.machine:
        closed = starts >= 0
    else:
        closed = starts != job.locked.start
    return closed


RULE = Rule("locked", breaches, closed_starts)
