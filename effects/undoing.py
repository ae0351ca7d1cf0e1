"""What the site would have drawn without some of the moves: changes of the load, with the cases of how uncertain they are.

In: draws of the jobs that a recommendation moved.  Out: for each case (the first is the middle one) what undoing it adds to the load.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from effects.draws import Draw
from effects.series import Floats, Powers

CASES = 80
"""Beside the middle one."""
SHIFT_SLOTS, FAR_SHIFT_SLOTS, FAR_SHARE = 0.1, 0.8, 0.35
"""Standard deviation of when a job would have begun at its old place [quarter hours]; the second in a share `FAR_SHARE` of cases, in which a machine
broke down or people came late. These and the next as measured on seeds 21 and 22 of the simulated plant, which are not those of the report
(docs/decisions/064-measured-effect.md)."""
CHANCE_SHARE = 0.04
"""Standard deviation of what other loads would have drawn otherwise in a quarter hour in which the job would have run, as a share of the load of the
site: compressors and coolers switch a little earlier or later."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing one recommendation adds to the load of the site."""

    name: str
    first_slot: int
    cases_kw: Floats
    """[kW], shape (1 + cases, quarter hours from `first_slot` on); the first row is the middle one."""

    @property
    def end_slot(self) -> int:
        """First quarter hour after it."""
        return self.first_slot + int(self.cases_kw.shape[1])

    def at(self, slot: int) -> Floats:
        """What it adds in one quarter hour, case by case; zeros outside."""
        if self.first_slot <= slot < self.end_slot:
            return self.cases_kw[:, slot - self.first_slot]
        return np.zeros(self.cases_kw.shape[0])


def chance_kw(load: Powers) -> float:
    """Standard deviation of what the other loads of a site would have drawn otherwise in a quarter hour [kW]."""
    known = load.kw[np.isfinite(load.kw)]
    return CHANCE_SHARE * float(np.median(known)) if len(known) else 0.0


def undoing(name: str, draws: Sequence[Draw], other_kw: float, cases: int = CASES) -> Undoing:
    """What undoing the recommendation `name`, which moved jobs as in `draws`, adds; the same at every call.

    Parameters
    ----------
    other_kw
        `chance_kw` of the site.
    """
    if not draws:
        return Undoing(name, 0, np.zeros((1 + cases, 0)))
    first = min(min(one.real_slot, one.old_slot) for one in draws) - 1
    end = max(max(one.real_slot + len(one.real_kw), one.old_slot + len(one.old_kw)) for one in draws) + 1
    chance = np.random.default_rng(zlib.crc32(name.encode()))
    found = np.zeros((1 + cases, end - first))
    for one in draws:
        found[0] += _old(one, first, end, 1.0, 0.0) - _real(one, first, end, 1.0)
        factors = 1.0 + one.spread * chance.standard_normal(cases)
        shifts = np.where(chance.random(cases) < FAR_SHARE, FAR_SHIFT_SLOTS, SHIFT_SLOTS) * chance.standard_normal(cases)
        noise = other_kw * chance.standard_normal((cases, len(one.old_kw)))
        for case in range(cases):
            old = _old(one, first, end, max(factors[case], 0.0), float(np.clip(shifts[case], -1.0, 1.0)))
            old[one.old_slot - first : one.old_slot - first + len(one.old_kw)] += noise[case]
            found[1 + case] += old - _real(one, first, end, 1.0 if one.is_measured else max(factors[case], 0.0))
    return Undoing(name, first, found)


def _real(draw: Draw, first: int, end: int, factor: float) -> Floats:
    return _laid(draw.real_kw * factor, draw.real_slot, first, end)


def _old(draw: Draw, first: int, end: int, factor: float, shift: float) -> Floats:
    """The job at its old place, begun `shift` quarter hours later."""
    laid = _laid(draw.old_kw * factor, draw.old_slot, first, end)
    share = abs(shift)
    return laid * (1 - share) + np.roll(laid, 1 if shift > 0 else -1) * share


def _laid(kw: Floats, slot: int, first: int, end: int) -> Floats:
    found = np.zeros(end - first)
    found[slot - first : slot - first + len(kw)] = kw
    return found


def interval(cases: Floats) -> tuple[float, float, float]:
    """The middle figure, and the 10 % and 90 % quantiles of the others; the interval holds the middle one."""
    middle = float(cases[0])
    low, high = np.quantile(cases[1:], (0.1, 0.9)) if len(cases) > 1 else (middle, middle)
    return middle, min(float(low), middle), max(float(high), middle)
