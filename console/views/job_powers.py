"""What jobs draw, as learned: one row a product and machine."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from console.views.scene import Scene
from domain.job_power import JobPower

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class PowerRow:
    """One learned power."""

    machine: str
    """Name of the machine."""
    power: JobPower

    @property
    def mean_kw(self) -> float:
        """Mean of the middle profile."""
        return fmean(self.power.q50_kw)


@dataclass(frozen=True, slots=True)
class LearnedPowers:
    """The powers with most runs behind them, by machine and product."""

    rows: tuple[PowerRow, ...]
    left_out: int
    """How many more there are."""


def learned_powers(scene: Scene) -> LearnedPowers:
    """What the page shows."""
    labels = {machine.id: machine.label for machine in scene.plant.machines}
    powers = sorted(scene.ledger.job_powers(), key=lambda power: -power.runs)
    shown = [PowerRow(labels.get(power.machine, power.machine), power) for power in powers[:MOST_ROWS]]
    return LearnedPowers(tuple(sorted(shown, key=lambda row: (row.machine, row.power.product))), max(0, len(powers) - MOST_ROWS))
