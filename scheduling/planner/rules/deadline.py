"""A job has ended by its deadline."""

from __future__ import annotations

from collections.abc import Iterator

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Alternative, Job, Problem
from scheduling.planner.rules.breach import Breach, Flags, Rule, starts_of


def breaches(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Jobs that end too late."""
    for job, place in plan.places.items():
        deadline, end = problem.job[job].deadline, problem.job[job].end(place)
        if deadline is not None and end > deadline:
            yield Breach("deadline", (job,), f"ends at {end}, deadline {deadline}")


def closed_starts(problem: Problem, job: Job, alternative: Alternative) -> Flags:
    """Starts from which the job ends too late."""
    deadline = problem.slot_count if job.deadline is None else job.deadline
    closed: Flags = starts_of(problem, alternative) + alternative.duration_slots > deadline
    return closed


RULE = Rule("deadline", breaches, closed_starts)
