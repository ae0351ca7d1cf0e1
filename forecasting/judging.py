"""What each rung adds to one past day: the day's midnight is forecast again with it and without it.

In: the models' quantiles from a midnight, what was learnt until then, and what came.  Out: `DayLoss` by rung, for `forecasting.rungs.Ladder`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from forecasting.ensemble import MODELS, ModelQuantiles
from forecasting.expert_weights import ExpertWeights, Place, mix
from forecasting.place import pinball_kw
from forecasting.rungs import NEAR_PEAK, RUNGS, DayLoss, mask_of
from forecasting.slots import SLOTS_PER_DAY, Bools, Floats, Ints

PEAK_DAYS = 28
FEWEST_KNOWN = 0.5
"""Share of the day's quarter hours that must have been measured."""


@dataclass(frozen=True, slots=True)
class Midnight:
    """One midnight as it is forecast again.

    Attributes
    ----------
    places
        Of the day's quarter hours and its peak alone.
    came_kw
        What came at the requested columns, nan where it was not measured: (columns,).
    on_rest
        1 for columns on a day of rest: (columns,).
    highest_kw
        Of the four weeks before; nan where nothing was measured.
    """

    experts: ExpertWeights
    predicted: ModelQuantiles
    places: list[Place]
    came_kw: Floats
    on_rest: Ints
    unit_kw: float
    highest_kw: float

    def mixed_kw(self, left_out: frozenset[str]) -> Floats:
        """Quantiles of the mixture without the models `left_out`: (levels, columns)."""
        favour = self.predicted.favour * mask_of(MODELS, left_out)
        surprised = self.predicted.surprise_kw != 0
        return mix(self.experts, self.places, self.predicted.kw, favour, self.on_rest, self.unit_kw, surprised).kw


def highest_before(scored_kw: Floats, origin: int) -> float:
    """Highest measured load of the four weeks before index `origin` [kW]; nan where nothing was measured."""
    before = scored_kw[max(origin - PEAK_DAYS * SLOTS_PER_DAY, 0) : origin]
    return float(np.nanmax(before)) if np.isfinite(before).any() else float("nan")


def day_losses(midnight: Midnight) -> dict[str, DayLoss]:
    """Losses with and without each rung that was run, and by itself; empty where too little of the day was measured."""
    offsets = midnight.predicted.requested.offsets
    day = np.flatnonzero(offsets < SLOTS_PER_DAY)
    known = day[np.isfinite(midnight.came_kw[day])]
    if len(known) < FEWEST_KNOWN * len(day):
        return {}
    off = midnight.experts.off
    served_kw = midnight.mixed_kw(off)
    peak = len(offsets)
    sets_peak = _sets_peak(served_kw[2, peak], midnight.came_kw[peak], midnight.highest_kw)
    served = _losses(served_kw, midnight.came_kw, known, peak)
    found = {}
    for rung in RUNGS:
        rows = [MODELS.index(name) for name in rung.models]
        if not _has_answered(midnight.predicted.kw, rows, known):
            continue
        mine = frozenset(rung.models)
        is_served = not mine <= off
        other = _losses(midnight.mixed_kw(off | mine if is_served else off - mine), midnight.came_kw, known, peak)
        with_it, without = (served, other) if is_served else (other, served)
        alone, _ = _losses(midnight.mixed_kw(frozenset(MODELS) - mine), midnight.came_kw, known, peak)
        found[rung.name] = DayLoss(with_it[0], without[0], without[1] - with_it[1] if sets_peak else None, alone)
    return found


def _has_answered(kw: Floats, rows: Collection[int], columns: Ints) -> bool:
    answers: Bools = np.isfinite(kw[list(rows)][:, 1, columns])
    return bool(answers.any(axis=0).all())


def _sets_peak(q90_kw: float, came_kw: float, highest_kw: float) -> bool:
    """Whether a day may be the one that is billed: by what came or by what was forecast."""
    return bool(np.isfinite(came_kw) and np.isfinite(highest_kw) and max(q90_kw, came_kw) >= NEAR_PEAK * highest_kw)


def _losses(mixed_kw: Floats, came_kw: Floats, known: Ints, peak: int) -> tuple[float, float]:
    """Mean quantile loss of the quarter hours, and CRPS of the peak [kW]: twice the mean quantile loss, here over three levels."""
    of_peak = 2 * pinball_kw(mixed_kw[:, peak : peak + 1], came_kw[peak : peak + 1]) if np.isfinite(came_kw[peak]) else 0.0
    return pinball_kw(mixed_kw[:, known], came_kw[known]), of_peak
