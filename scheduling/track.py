"""Its own record: what became of recommendations whose day is over, and what is stated in the light of it.

In: what each recommendation stated, orders as they were revised, the measured load.  Out: how sure similar ones may be, and what peak would
have come without any of them.

A job that was moved as advised stands in the measured load where it was moved to; put back, it shows the peak that did not come. One that was
not moved is put where it was advised. All other jobs stay where they were: each recommendation is judged alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

import numpy as np

from domain.orders import Order
from domain.recommendations import JobPlace, Recommendation
from domain.units import Power, Share
from quarters.series import QuarterSeries
from scheduling.problem import Load, is_at
from scheduling.scenarios import PASSES_BY_KW

MOST_PENDING = 60
MOST_OUTCOMES = 200
"""The newest count."""
LEVEL, SLOPE = -0.3, 0.75
"""How sure plants in general turn out to be: log odds of what came true over those of `scheduling.scenarios`, level and slope."""
LEVEL_STRAYS, SLOPE_STRAYS = 0.5, 0.25
"""By how much a plant may differ from that [standard deviations]."""
SUREST = 0.99
STEPS = 30
Places = tuple[tuple[JobPlace, JobPlace], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a recommendation says, until its day is over; the quarter hours are ``[first_slot, first_slot + len(change_kw))``."""

    places: Places
    """Of each job: where it is, and where it is advised to be."""
    chance: Share
    """By the days of `scheduling.scenarios`."""
    first_slot: int
    change_kw: tuple[Power, ...]
    """What following it changes in the load."""
    moved: tuple[str, ...] = ()
    """Jobs that are planned as advised."""
    is_void: bool = False
    """Whether one of its jobs went somewhere else."""

    @property
    def end_slot(self) -> int:
        """First quarter hour after its day."""
        return self.first_slot + len(self.change_kw)

    def after(self, order: Order) -> Statement:
        """The same once `order` is known."""
        for before, then in self.places:
            if before.job == order.job and is_at(order, then):
                return replace(self, moved=tuple(sorted({*self.moved, order.job})))
            if before.job == order.job and is_at(order, before):
                return replace(self, moved=tuple(job for job in self.moved if job != order.job))
            if before.job == order.job:
                return replace(self, is_void=True)
        return self

    @property
    def was_followed(self) -> bool | None:
        """Whether its jobs were moved; None where only some were, or elsewhere."""
        if self.is_void or 0 < len(self.moved) < len(self.places):
            return None
        return bool(self.moved)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recommendation."""

    chance: Share
    came_true: bool


@dataclass(slots=True)
class Track:
    """Of one site. Changed in place."""

    pending: dict[str, Statement] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    """Oldest first."""
    without_kw: dict[str, Power] = field(default_factory=dict)
    """By recommendation: the peak of its day as it would have come without any that was followed."""

    def confidence(self, chance_share: float) -> float:
        """How often what was as likely came true by its own record, 0..1.

        Log odds are taken to be a straight line over those of the days of `scheduling.scenarios` (Platt scaling), drawn towards that of plants in
        general while little is known.
        """
        level, slope = _line([one.chance for one in self.outcomes], [one.came_true for one in self.outcomes])
        return float(_share(level + slope * _odds(chance_share)))

    def state(self, name: str, places: Places, chance_share: float, first_slot: int, change_kw: Load) -> None:
        """Remember what the recommendation `name` says now."""
        if name in self.pending or len(self.pending) < MOST_PENDING:
            rounded = tuple(float(kw) for kw in np.round(change_kw, 1) + 0.0)
            self.pending[name] = Statement(places, round(chance_share, 4), first_slot, rounded)

    def replan(self, order: Order) -> None:
        """Learn where a job is planned now."""
        self.pending = {name: one.after(order) for name, one in self.pending.items()}

    def settle(self, known: QuarterSeries, now_slot: int) -> None:
        """Judge the recommendations whose day is over at `now_slot`."""
        over = {name: one for name, one in self.pending.items() if one.end_slot <= now_slot}
        for name, one in over.items():
            loads = known.loads_kw(one.first_slot, one.end_slot)
            followed = one.was_followed
            if followed is None or bool(np.isnan(loads).any()):
                continue
            change = np.array(one.change_kw)
            without, with_it = (loads - change, loads) if followed else (loads, loads + change)
            self.outcomes.append(Outcome(one.chance, bool(without.max() - with_it.max() > PASSES_BY_KW)))
            if followed:
                self.without_kw[name] = round(float((loads - self._all_followed(one)).max()), 1)
        del self.outcomes[:-MOST_OUTCOMES]
        self.pending = {name: one for name, one in self.pending.items() if name not in over}

    def _all_followed(self, one: Statement) -> Load:
        """What all recommendations that were followed changed in the quarter hours of one of them [kW]."""
        found = np.zeros(len(one.change_kw))
        for other in self.pending.values():
            if other.was_followed:
                first, end = max(one.first_slot, other.first_slot), min(one.end_slot, other.end_slot)
                if first < end:
                    part = other.change_kw[first - other.first_slot : end - other.first_slot]
                    found[first - one.first_slot : end - one.first_slot] += part
        return found

    def forget(self, names: set[str], latest_slot: int) -> None:
        """Drop peaks of recommendations that are not remembered any more, and statements of no time that can be now."""
        self.without_kw = {name: kw for name, kw in self.without_kw.items() if name in names}
        self.pending = {name: one for name, one in self.pending.items() if one.first_slot <= latest_slot}


def places_of(advice: Recommendation) -> Places:
    """Where its jobs are, and where they are advised to be."""
    return tuple(advice.moves())


def _line(chances: Sequence[float], came_true: Sequence[bool]) -> tuple[float, float]:
    """Level and slope of the line of log odds that are most likely by a record and by what plants in general show (Newton's method)."""
    line, usual = np.array([LEVEL, SLOPE]), np.array([LEVEL, SLOPE])
    pull = np.diag([LEVEL_STRAYS**-2, SLOPE_STRAYS**-2])
    x = np.stack([np.ones(len(chances)), np.array([_odds(one) for one in chances])], axis=1)
    came = np.array(came_true, dtype=float)
    for _ in range(STEPS):
        share = _share(x @ line)
        gradient = x.T @ (came - share) - pull @ (line - usual)
        step = np.linalg.solve(x.T @ (x * (share * (1 - share))[:, None]) + pull, gradient)
        line = line + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < 1e-9:
            break
    return float(line[0]), max(float(line[1]), 0.0)


def _odds(share: float) -> float:
    """Log odds of a share, which is taken to lie between ``1 - SUREST`` and `SUREST`."""
    kept = min(max(share, 1 - SUREST), SUREST)
    return log(kept / (1 - kept))


def _share(odds: Any) -> Any:
    return 1 / (1 + np.exp(-odds))
