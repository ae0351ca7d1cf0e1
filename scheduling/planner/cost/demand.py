"""Demand charges: the highest cautious load in the windows of each charge, above the peak that is billed already."""

from __future__ import annotations

import numpy as np

from scheduling.planner.cost.load import Floats, cautious_base_kw, jobs_kw
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem

NOWHERE_KW = -1e15
"""Stands for the load where a charge does not count."""


def eur(problem: Problem, plan: Plan) -> dict[str, float]:
    """Cost by charge [EUR]."""
    peaks = peaks_kw(problem, plan)
    return {
        charge.id: charge.price_eur_per_kw * max(0.0, peaks[charge.id] - charge.incumbent_peak_kw)
        for charge in problem.demand_charges
    }


def peaks_kw(problem: Problem, plan: Plan) -> dict[str, float]:
    """Highest cautious load in the windows of each charge [kW], not below 0."""
    cautious = cautious_base_kw(problem) + jobs_kw(problem, plan)
    return {
        charge.id: max([0.0, *(float(cautious[slot]) for slot in charge.slots(problem.slot_count))])
        for charge in problem.demand_charges
    }


def peak_kw(problem: Problem, plan: Plan) -> float:
    """Highest cautious load of all slots [kW], not below 0."""
    return max(0.0, float((cautious_base_kw(problem) + jobs_kw(problem, plan)).max()))


def above_incumbent_kw(problem: Problem) -> Floats:
    """Cautious load without jobs above the incumbent peak, a row a charge; far below 0 outside of its windows."""
    rows = np.full((len(problem.demand_charges), problem.slot_count), NOWHERE_KW)
    for row, charge in zip(rows, problem.demand_charges, strict=True):
        slots = charge.slots(problem.slot_count)
        row[slots] = cautious_base_kw(problem)[slots] - charge.incumbent_peak_kw
    return rows
