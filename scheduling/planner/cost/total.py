"""All lines of a plan's cost together, and the peaks behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scheduling.planner.cost import changes, demand, energy, shifts, skipped, tardiness
from scheduling.planner.plan import Plan
from scheduling.planner.problem import Problem


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a plan [EUR] by line, and the peaks that it leads to [kW]."""

    energy_eur: float
    demand_eur: Mapping[str, float]
    tardiness_eur: float
    shifts_eur: float
    skipped_eur: float
    changes_eur: float
    peak_kw: float
    demand_peaks_kw: Mapping[str, float]

    @property
    def total_eur(self) -> float:
        """Sum of all lines."""
        lines = self.tardiness_eur + self.shifts_eur + self.skipped_eur + self.changes_eur
        return self.energy_eur + sum(self.demand_eur.values()) + lines

    def as_json(self) -> dict[str, Any]:
        """The keys of a plan file that state what it costs."""
        lines = asdict(self)
        peaks = {name: lines.pop(name) for name in ("peak_kw", "demand_peaks_kw")}
        return {"cost": {**lines, "total_eur": self.total_eur}, **peaks}


def cost_of(problem: Problem, plan: Plan) -> Cost:
    """What a plan costs; recomputed from the problem alone."""
    return Cost(
        energy_eur=energy.eur(problem, plan),
        demand_eur=demand.eur(problem, plan),
        tardiness_eur=tardiness.eur(problem, plan),
        shifts_eur=shifts.eur(problem, plan),
        skipped_eur=skipped.eur(problem, plan),
        changes_eur=changes.eur(problem, plan),
        peak_kw=demand.peak_kw(problem, plan),
        demand_peaks_kw=demand.peaks_kw(problem, plan),
    )
