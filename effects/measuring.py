"""What accepted recommendations changed, by measurement.

In: the measured load of the site, what each recommendation was to move, where its jobs ran and what they drew, a tariff.  Out: figures of each.

The counterfactual is the measured load, less what the moved jobs drew, plus the same at their old places. An effect in kW is by how much the
highest quarter hour of the billing period is lower than it would have been, an effect in EUR the difference of two bills, each with its interval:
the 10 % and 90 % quantiles over cases of what is not known (`effects.undoing`). What several moves change together they share (`effects.sharing`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from billing.tariff import Tariff
from domain.effects import Figure
from domain.plant import Plant
from effects.bills import Bills
from effects.series import Floats, Ints, Powers
from effects.sharing import OF_A_CASE, WHOLE, Peaks, Share, groups, shared
from effects.undoing import Undoing, interval
from quarters.numbers import slot_of, slot_start
from quarters.periods import BillingPeriod, billing_period, known_peak_kw

MONEY_CASES = 20
"""Of the cases of a load, those that are billed."""
DOUBT_SPREAD = 0.10
"""Standard deviation of a substituted or estimated quarter hour of the billing meter, as a share of it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one recommendation changed; None where it is not known."""

    relief_kw: Figure | None = None
    reduction_kw: Figure | None = None
    saving_eur: Figure | None = None
    shared_with: tuple[str, ...] = ()
    sampled: bool = False
    gap: bool = False
    """Whether a quarter hour of the billing meter is missing where a job ran or would have run."""
    in_doubt: bool = False
    """Whether one of them is a substitute or an estimate."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What all recommendations of a span changed."""

    figures: Mapping[str, Figures]
    without_kw: Powers
    """The load as it would have been without any of them: the middle case."""
    saving_eur: Figure | None
    """What all changed together [EUR]: the sum of their shares."""


@dataclass(frozen=True, slots=True)
class Work:
    """The load of the site with moves done and undone, case by case."""

    load: Powers
    places: Ints
    """Of the quarter hours of `load` that a move touches, shape (touched,)."""
    changes: Mapping[str, Floats]
    """What undoing each move adds in them [kW], shape (1 + cases, touched)."""
    chance: Floats
    """Standard normal draws for the quarter hours in doubt, case by case; 0 in the middle one."""

    @staticmethod
    def of(load: Powers, undoings: Sequence[Undoing], seed: int) -> Work:
        """Of moves whose quarter hours all have a load."""
        cases = undoings[0].cases_kw.shape[0]
        touched = sorted({one.first_slot + int(place) for one in undoings for place in _touched(one)})
        places = np.array(touched, dtype=np.int64) - load.first_slot
        changes = {
            one.name: np.stack([one.at(slot) for slot in touched], axis=1) if touched else np.zeros((cases, 0)) for one in undoings
        }
        chance = np.random.default_rng(seed).standard_normal(cases)
        chance[0] = 0.0
        return Work(load, places, changes, chance)

    @property
    def slots(self) -> list[int]:
        """The touched quarter hours."""
        return [int(slot) for slot in self.load.first_slot + self.places]

    def touched_kw(self, done: Iterable[str], case: int) -> Floats:
        """The load of the touched quarter hours with only the moves `done` [kW]."""
        kept = set(done)
        found = self.measured_kw(case)[self.places]
        for name, change in self.changes.items():
            if name not in kept:
                found = found + change[case]
        return np.maximum(found, 0.0)

    def load_kw(self, done: Iterable[str], case: int) -> Floats:
        """The whole load with only the moves `done` [kW]; missing where it was not measured."""
        found = self.measured_kw(case)
        found[self.places] = self.touched_kw(done, case)
        return found

    def measured_kw(self, case: int) -> Floats:
        """The load as it was, with what is in doubt as it may have been."""
        strays: Floats = DOUBT_SPREAD * self.chance[case] * self.load.in_doubt
        return self.load.kw * (1.0 + strays)

    def of_case(self, names: Iterable[str], case: int) -> dict[str, Floats]:
        """What undoing each of `names` adds in one case."""
        return {name: self.changes[name][case] for name in names}


def _touched(one: Undoing) -> Ints:
    """Places of the quarter hours that undoing changes in some case."""
    return np.flatnonzero(np.abs(one.cases_kw).max(axis=0) > 0) if one.cases_kw.size else np.empty(0, np.int64)


def measured(plant: Plant, tariff: Tariff | None, load: Powers, undoings: Sequence[Undoing], named: Mapping[str, int]) -> Measured:
    """What each of `undoings` changed.

    Parameters
    ----------
    load
        The billing meter's import. What it does not hold is missing.
    named
        The quarter hour that each was to relieve.
    """
    states = {one.name: _state(load, one) for one in undoings}
    whole = [one for one in undoings if len(_touched(one)) and not states[one.name][0]]
    figures = {one.name: _untouched(one, states) for one in undoings if one not in whole}
    if not whole:
        return Measured(figures, load, Figure(0.0, 0.0, 0.0) if tariff is not None else None)
    work = Work.of(load, whole, _seed(plant.site.id))
    reductions = _reductions(plant, work, named)
    savings, total = _savings(plant, tariff, work)
    for one in whole:
        gap, doubt = states[one.name]
        share, reduction = reductions[one.name]
        share, saving = savings.get(one.name, (share, None))
        relief = _figure(one.at(named[one.name]), 3)
        figures[one.name] = Figures(relief, reduction, saving, share.with_, share.sampled, gap, doubt)
    return Measured(figures, Powers(load.first_slot, work.load_kw((), 0), load.in_doubt), total)


def _seed(name: str) -> int:
    return zlib.crc32(name.encode())


def _state(load: Powers, one: Undoing) -> tuple[bool, bool]:
    """Whether a quarter hour that undoing changes is missing, and whether one is in doubt."""
    there = load.between(one.first_slot, one.end_slot)
    return bool(np.isnan(there.kw[_touched(one)]).any()), bool(there.in_doubt[_touched(one)].any())


def _untouched(one: Undoing, states: Mapping[str, tuple[bool, bool]]) -> Figures:
    """Of a move that changed nothing, or of which a quarter hour is missing: unknown is not zero."""
    gap, doubt = states[one.name]
    nothing = None if gap else Figure(0.0, 0.0, 0.0)
    return Figures(nothing, nothing, nothing, gap=gap, in_doubt=doubt)


def _figure(cases: Floats, digits: int) -> Figure:
    value, low, high = (round(one, digits) + 0.0 for one in interval(cases))
    return Figure(value, low, high)


# Kilowatts.


def _reductions(plant: Plant, work: Work, named: Mapping[str, int]) -> dict[str, tuple[Share, Figure]]:
    """The share of each in what the highest quarter hour of its billing period is lower by."""
    of_period: dict[BillingPeriod, list[str]] = {}
    for name in work.changes:
        of_period.setdefault(billing_period(plant.site, slot_start(named[name])), []).append(name)
    found: dict[str, tuple[Share, Figure]] = {}
    for period, names in of_period.items():
        one = _Period.of(work, period, known_peak_kw(plant.site, period.start_utc), names)
        cases = [one.shares(case, _seed(plant.site.id)) for case in range(len(work.chance))]
        for name in names:
            found[name] = cases[0][name], _figure(np.array([float(case[name].value) for case in cases]), 3)
    return found


@dataclass(frozen=True, slots=True)
class _Period:
    """Moves of one billing period; those of others stay done."""

    work: Work
    peaks: Peaks
    names: list[str]

    @staticmethod
    def of(work: Work, period: BillingPeriod, floor_kw: float, names: list[str]) -> _Period:
        slots = work.load.first_slot + np.arange(len(work.load.kw))
        within = (slots >= slot_of(period.start_utc)) & (slots < slot_of(period.end_utc))
        inside = within[work.places]
        within[work.places] = False
        beside = work.load.kw[within & np.isfinite(work.load.kw)]
        return _Period(work, Peaks(inside, max(floor_kw, float(beside.max()) if len(beside) else 0.0)), names)

    def shares(self, case: int, seed: int) -> dict[str, Share]:
        """The share of each move in one case [kW]."""
        work, others = self.work, self.work.changes.keys() - set(self.names)
        parts = groups(work.of_case(self.names, case), work.touched_kw(work.changes, case), [self.peaks])
        values: dict[frozenset[str], Fraction] = {}

        def value(done: frozenset[str]) -> Fraction:
            if done not in values:
                loads = work.touched_kw([*done, *others], case)[self.peaks.inside]
                peak = max(self.peaks.floor_kw, float(loads.max()) if len(loads) else 0.0)
                values[done] = -Fraction(round(peak * 10**6), 10**6)
            return values[done]

        return shared(parts, value, seed, dict.fromkeys(self.names, Fraction(0)), OF_A_CASE if case else WHOLE)


# Money.


def _savings(plant: Plant, tariff: Tariff | None, work: Work) -> tuple[dict[str, tuple[Share, Figure]], Figure | None]:
    """The share of each in ``bill(without) - bill(with)``; nothing where it cannot be priced."""
    bills = Bills.of(plant, tariff, work.load, work.slots)
    if bills is None:
        return {}, None
    seed = _seed(plant.site.id)
    peaks = bills.peaks(work.places)
    cases = [_money_shares(work, bills, peaks, 0, seed, None)]
    idle = {name: share.value for name, share in cases[0].items() if not share.with_}
    count = min(MONEY_CASES + 1, len(work.chance))
    cases += [_money_shares(work, bills, peaks, case, seed, idle) for case in range(1, count)]
    values = {name: np.array([float(case[name].value) for case in cases]) for name in work.changes}
    found = {name: (cases[0][name], _figure(values[name], 2)) for name in work.changes}
    return found, _figure(np.sum(list(values.values()), axis=0), 2)


def _money_shares(
    work: Work, bills: Bills, peaks: Sequence[Peaks], case: int, seed: int, idle: Mapping[str, Fraction] | None
) -> dict[str, Share]:
    parts = groups(work.of_case(work.changes, case), work.touched_kw(work.changes, case), peaks)
    values: dict[frozenset[str], Fraction] = {}

    def value(done: frozenset[str]) -> Fraction:
        if done not in values:
            values[done] = -bills.eur(work.load_kw(done, case))
        return values[done]

    return shared(parts, value, seed, idle, OF_A_CASE if case else WHOLE)
