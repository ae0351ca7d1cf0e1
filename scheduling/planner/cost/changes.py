"""Changes: jobs that the current plan has elsewhere, or otherwise; a new job is no change."""

from __future__ import annotations

import numpy as np

from scheduling.planner.cost.load import Floats
from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import Alternative, Job, Problem


def eur(problem: Problem, plan: Plan) -> float:
    """Cost of all changes [EUR]."""
    return problem.changes.eur_per_moved_job * len(moved_jobs(problem, plan))


def moved_jobs(problem: Problem, plan: Plan) -> list[str]:
    """Jobs of the current plan that have another machine or start, are skipped, or no longer skipped."""
    current = problem.current
    return [job for job in sorted(current.places.keys() | current.skipped) if plan.decision(job) != current.decision(job)]


def change_eur(problem: Problem, job: Job, place: Place | None) -> float:
    """What placing a job at `place` (None: skipping it) costs as a change [EUR]."""
    is_moved = problem.current.knows(job.id) and problem.current.decision(job.id) != place
    return problem.changes.eur_per_moved_job if is_moved else 0.0


def by_start_eur(problem: Problem, job: Job, alternative: Alternative) -> Floats:
    """Cost of the change by start [EUR]."""
    count = max(0, problem.slot_count - alternative.duration_slots + 1)
    cost_eur = np.zeros(count)
    if problem.current.knows(job.id):
        cost_eur += problem.changes.eur_per_moved_job
        now = problem.current.decision(job.id)
        if now is not None and now.machine == alternative.machine and 0 <= now.start < count:
            cost_eur[now.start] = 0.0
    return cost_eur
