"""Tardiness: each slot that a job ends after it is due."""

from __future__ import annotations

import numpy as np

from scheduling.planner.cost.load import Floats
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Alternative, Job, Problem


def eur(problem: Problem, plan: Plan) -> float:
    """Cost of all delays [EUR]."""
    jobs = ((problem.job[job], place) for job, place in plan.places.items())
    return float(sum(job.tardiness_eur_per_slot * max(0, job.end(place) - job.due) for job, place in jobs))


def by_start_eur(problem: Problem, job: Job, alternative: Alternative) -> Floats:
    """Cost of a job's delay by its start [EUR]."""
    ends = np.arange(alternative.duration_slots, problem.slot_count + 1)
    return job.tardiness_eur_per_slot * np.maximum(0, ends - job.due)
