"""The load that a plan leads to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem

Floats = npt.NDArray[np.float64]


def jobs_kw(problem: Problem, plan: Plan) -> Floats:
    """Power of all placed jobs together [kW], by slot."""
    load_kw = np.zeros(problem.slot_count)
    for job, place in plan.places.items():
        alternative = problem.job[job].on[place.machine]
        load_kw[place.start : place.start + alternative.duration_slots] += alternative.power_kw
    return load_kw


def cautious_base_kw(problem: Problem) -> Floats:
    """Upper quantile of the load less the lower one of the generation, without jobs [kW], by slot."""
    sun = np.array(problem.pv.q10_kw) if problem.pv else 0.0
    return np.array(problem.base_load.q90_kw) - sun
