"""Rules of a whole plan: it names only what the problem has, each job once, and a crew for each shift that runs and needs one."""

from __future__ import annotations

from collections.abc import Iterator

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem
from scheduling.planner.rules.breach import Breach


def known(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Only jobs, machines, shifts and crews of the problem; a job on one of its machines, a shift with one of its crews."""
    for shift, crew in plan.crew_of_shift.items():
        if shift not in problem.shift or crew not in problem.shift[shift].crew_prices:
            yield Breach("known", (), f"shift {shift} cannot be worked by {crew}")
    for job in sorted(plan.places.keys() | plan.skipped):
        if job not in problem.job:
            yield Breach("known", (job,), "is not a job of the problem")
        elif job in plan.places and plan.places[job].machine not in problem.job[job].on:
            yield Breach("known", (job,), f"cannot run on {plan.places[job].machine}")


def complete(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Every job runs once, unless it is optional and skipped."""
    for job in problem.jobs:
        if not plan.knows(job.id):
            yield Breach("complete", (job.id,), "is neither placed nor skipped")
        if job.id in plan.skipped and job.skip_penalty_eur is None:
            yield Breach("complete", (job.id,), "is skipped, but is not optional")


def shift(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """Only optional shifts are opened."""
    for name in sorted(plan.open_shifts - {shift.id for shift in problem.shifts if shift.optional}):
        yield Breach("shift", (), f"{name} is not an optional shift")


def roster(problem: Problem, plan: Plan) -> Iterator[Breach]:
    """A shift that runs and has crews is worked by one; no other shift is."""
    for one in problem.shifts:
        runs = not one.optional or one.id in plan.open_shifts
        if runs and one.crews and one.id not in plan.crew_of_shift:
            yield Breach("roster", (), f"nobody works shift {one.id}")
        if not runs and one.id in plan.crew_of_shift:
            yield Breach("roster", (), f"{plan.crew_of_shift[one.id]} works shift {one.id}, which is not opened")
