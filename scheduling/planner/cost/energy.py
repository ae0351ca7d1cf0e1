"""Energy: what is drawn at the price of its slot, less what is fed in at the feed-in price; from the expected (median) load."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scheduling.planner.cost.load import jobs_kw
from scheduling.planner.plan import Plan
from scheduling.planner.problem import SLOT_H, Alternative, Problem, Series

Floats = npt.NDArray[np.float64]


def eur(problem: Problem, plan: Plan) -> float:
    """Cost of the energy of the whole site over the horizon [EUR]."""
    expected = expected_kw(problem) + jobs_kw(problem, plan)
    price = np.array(problem.energy_price_eur_per_kwh)
    feed_in = np.array(problem.pv.feed_in_eur_per_kwh) if problem.pv else np.zeros(problem.slot_count)
    return float((price * np.maximum(expected, 0.0) + feed_in * np.minimum(expected, 0.0)).sum() * SLOT_H)


def expected_kw(problem: Problem) -> Floats:
    """Median load without jobs [kW], by slot."""
    sun = np.array(problem.pv.q50_kw) if problem.pv else 0.0
    return np.array(problem.base_load.q50_kw) - sun


def by_start_eur(problem: Problem, alternative: Alternative) -> Floats:
    """What the energy of a job costs by its start, all of it bought [EUR]."""
    price = np.array(problem.energy_price_eur_per_kwh)
    if alternative.duration_slots > len(price):
        return np.zeros(0)
    return np.correlate(price, np.array(alternative.power_kw)) * SLOT_H


def export_loss_eur_per_kwh(problem: Problem) -> Series:
    """By how much what is fed in earns less than it costs to buy, by slot; without photovoltaics nothing is earned."""
    if problem.pv is None:
        return problem.energy_price_eur_per_kwh
    return tuple(
        price - reward for price, reward in zip(problem.energy_price_eur_per_kwh, problem.pv.feed_in_eur_per_kwh, strict=True)
    )
