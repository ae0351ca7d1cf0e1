"""Jobs that are left out."""

from __future__ import annotations

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Job, Problem


def eur(problem: Problem, plan: Plan) -> float:
    """Penalties of all skipped jobs [EUR]."""
    return float(sum(penalty_eur(problem.job[job]) for job in sorted(plan.skipped)))


def penalty_eur(job: Job) -> float:
    """What leaving a job out costs [EUR]."""
    return job.skip_penalty_eur or 0.0
