"""The decision of each minute of a quarter hour, from what has been seen by then. Knows neither files nor topics.

A quarter hour is begun, looked at in its minutes of decision, and ended; `Governor` keeps what must be remembered between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governor.choosing import Outlook, best_shift_kw
from governor.flexibility import MINUTES, Flexibility
from governor.held import Held
from governor.learning import AHEAD_INPUTS, ROW_INPUTS, Around, Cases, Line, marks
from governor.least_peak import Floats
from governor.level import Level

SLOTS_OF_DAY = 96
_FIRST_SLOTS = 14 * SLOTS_OF_DAY
"""Quarter hours without advice at the beginning."""
_SEEN_BEFORE = 2
"""Quarter hours in a row without a gap before advice is given or a quarter hour teaches."""
_USUAL_SLOTS = 28 * SLOTS_OF_DAY
_USUAL_QUANTILE = 0.95
_HIGH = 0.6
"""Times the usual high load: what lies above it teaches."""
_LEAST_CASES = 200
_MOST_CASES = 4000
_LIKE_CASES = 32
_NEAR = 1.1
"""A quarter hour is looked at where its plan or its load, times this, reaches the level."""
_SPREADS = 3.0
_SMALLEST = 0.01
"""Of the load: less is not worth a block."""
_LAST_MINUTES = 3
_IMPERFECT = 1.05
"""The quarter hours that follow, times this: they will not be governed as well as hindsight could."""


@dataclass(frozen=True, slots=True)
class Block:
    """Hold `shift_kw` back from one minute of the running quarter hour to its end; below zero: give it back."""

    issued_min: int
    start_min: int
    shift_kw: float
    projected_kw: float
    """Mean of the quarter hour that is expected without this block."""
    level_kw: float
    """What it should stay below."""


class Governor:
    """Decides minute by minute. Slots are numbers of quarter hours from any origin; all loads are those that nothing would be held of [kW].

    Parameters
    ----------
    plan_kw
        Planned mean of each slot (slots,), known ahead; what lies beyond its end is expected as its last value.
    """

    def __init__(self, flexibility: Flexibility, plan_kw: Floats) -> None:
        self.flexibility = flexibility
        self.held = Held(flexibility)
        self.level = Level(flexibility.share, flexibility.delay_slots)
        self._ahead_slots = 2 * flexibility.delay_slots + 8
        self._plan_slots = len(plan_kw)
        self._plan_kw = np.concatenate([plan_kw[:1], plan_kw[:1], plan_kw, np.repeat(plan_kw[-1:], self._ahead_slots + 2)])
        self._minutes = flexibility.decision_minutes
        self._lines = [Line(ROW_INPUTS) for _ in self._minutes]
        self._outlook = Line(AHEAD_INPUTS)
        self._cases = Cases(_MOST_CASES, len(self._minutes), self._ahead_slots)
        self._spread_kw = np.zeros(len(self._minutes))
        self._loads_kw: list[float] = []
        self._usual_kw = 0.0
        self._seen_slots = 0
        self._open_quarter(0)

    def _planned(self, first: int, last: int) -> Floats:
        """Plan of the slots ``[first, last)``, which may begin two before the first."""
        planned: Floats = self._plan_kw[first + 2 : last + 2]
        return planned

    def _open_quarter(self, slot: int) -> None:
        self._slot = slot
        self._hold_kw, self._back_kw = np.zeros(MINUTES), np.zeros(MINUTES)
        self._asked_kw = 0.0
        self._owed_kw = self.held.owed_kw(slot * MINUTES, self._ahead_slots + 1)
        before = [*([0.0, 0.0] if len(self._loads_kw) < 2 else []), *self._loads_kw][-2:]
        self._around = Around(self._usual_kw, before[1], before[0], self._planned(slot - 2, slot + 2).tolist())

    def new_day(self, end_slot: int) -> None:
        """Before a day's first quarter hour: learn from the days before, and look at the plan until the billing period's end."""
        known = min(end_slot, self._plan_slots)
        self.level.plan(self._planned(self._slot, known), to_the_end=known == end_slot)
        if self._loads_kw:
            self._usual_kw = float(np.quantile(self._loads_kw[-_USUAL_SLOTS:], _USUAL_QUANTILE))
        if len(self._loads_kw) > SLOTS_OF_DAY:
            for line in (*self._lines, self._outlook):
                line.fit()
            if len(self._cases):
                self._spread_kw = self._cases.spread_kw()
        self._open_quarter(self._slot)

    @property
    def ready(self) -> bool:
        """Whether enough has been seen to advise: the weeks before, and the last quarter hours without a gap."""
        enough = len(self._loads_kw) >= _FIRST_SLOTS and len(self._cases) >= _LEAST_CASES
        return enough and self._seen_slots >= _SEEN_BEFORE

    def look(self, seen_kw: Sequence[float]) -> Block | None:
        """Decide on the running quarter hour, whose first minutes had the loads `seen_kw`; as many of them as a minute of decision says."""
        minute = len(seen_kw)
        if minute not in self._minutes or not self.ready or not self._worth_a_look(seen_kw):
            return None
        index = minute - self._minutes.start
        last = index == len(self._minutes) - 1
        mean, last_minutes = float(np.mean(seen_kw)), float(np.mean(seen_kw[-_LAST_MINUTES:]))
        expected = self._expected_kw(index, minute, mean, last_minutes)
        levels = self.level.levels_kw
        smallest = _SMALLEST * expected
        owed = float(self._owed_kw[1:].sum())
        most_back = owed if last and owed > smallest else 0.0
        projected = expected + float(self._owed_kw[0]) - self._asked_kw
        if not most_back and projected + _SPREADS * self._spread_kw[index] < levels[0]:
            return None
        most_hold = self.flexibility.most_kw(expected, minute, self._asked_kw)
        outlook = self._what_may_come(index, expected, last_minutes, projected - expected, levels)
        shift = best_shift_kw(outlook, most_hold if most_hold > smallest else 0.0, most_back, self._asked_kw > 0)
        if shift == 0.0:
            return None
        return self._advise(
            Block(minute, minute + self.flexibility.dead_min, self._power_kw(shift, minute), projected, float(levels[0])), shift
        )

    def _worth_a_look(self, seen_kw: Sequence[float]) -> bool:
        highest = max(*self._around.plan_kw[1:], self._around.before_kw, float(np.mean(seen_kw[-_LAST_MINUTES:])))
        return not self.held.empty or highest * _NEAR > self.level.levels_kw[0]

    def _expected_kw(self, index: int, minute: int, mean_kw: float, last_kw: float) -> float:
        rest = float(self._lines[index].says(self._around.row(mean_kw, last_kw)))
        return max((mean_kw * minute + rest * (MINUTES - minute)) / MINUTES, 0.0)

    def _what_may_come(self, index: int, expected_kw: float, last_kw: float, shifted_kw: float, levels_kw: Floats) -> Outlook:
        errors, ahead_errors = self._cases.like(index, marks(expected_kw, last_kw, self._around), _LIKE_CASES)
        slots = np.arange(self._slot + 1, self._slot + 1 + self._ahead_slots)
        ahead = np.maximum(self._outlook.says(self._ahead_rows(slots)) + ahead_errors, 0.0) * _IMPERFECT
        owed = self._owed_kw[1:].copy()
        owed[self.flexibility.delay_slots - 1] += self._asked_kw
        now = np.maximum(expected_kw + errors, 0.0) + shifted_kw
        return Outlook(now, ahead, owed, levels_kw, self.flexibility.share, self.flexibility.delay_slots)

    def _ahead_rows(self, slots: NDArray[np.int64]) -> Floats:
        plans = [self._plan_kw[slots + 2 + lag] for lag in (-1, 0, 1)]
        return np.stack([np.full(len(slots), self._usual_kw), *plans], axis=-1)

    def _power_kw(self, shift_kw: float, minute: int) -> float:
        return shift_kw * MINUTES / self.flexibility.left_min(minute)

    def _advise(self, block: Block, shift_kw: float) -> Block:
        (self._hold_kw if shift_kw > 0 else self._back_kw)[block.start_min :] += abs(block.shift_kw)
        self._asked_kw += max(shift_kw, 0.0)
        return block

    def end(self, minute_kw: Sequence[float]) -> float:
        """The quarter hour has ended with these loads (15 minutes): its mean [kW] with what was held and what came back; nan where a minute is missing (nan)."""
        if not np.isfinite(minute_kw).all():
            return self._end_unseen()
        mean = sum(minute_kw) / MINUTES
        held, back = 0.0, 0.0
        if self._asked_kw or not self.held.empty:
            held, back = self.held.pass_quarter(self._slot * MINUTES, minute_kw, self._hold_kw.tolist(), self._back_kw.tolist())
        self.level.peak_kw = max(self.level.peak_kw, mean - held + back)
        self._learn(np.asarray(minute_kw), mean)
        self._seen_slots += 1
        self._loads_kw.append(mean)
        self._open_quarter(self._slot + 1)
        return mean - held + back

    def _end_unseen(self) -> float:
        """Some of its minutes are missing: it teaches nothing, and its plan stands in its place where a load before is asked for."""
        planned = float(self._planned(self._slot, self._slot + 1)[0])
        self.held.pass_quarter(self._slot * MINUTES, [planned] * MINUTES, self._hold_kw.tolist(), self._back_kw.tolist())
        self._seen_slots = 0
        self._cases.followed(self._slot, 0.0)
        self._loads_kw.append(planned)
        self._open_quarter(self._slot + 1)
        return float("nan")

    def _learn(self, minute_kw: Floats, mean_kw: float) -> None:
        rows = self._ahead_rows(np.array([self._slot]))
        if self._outlook.fitted:
            self._cases.followed(self._slot, mean_kw - float(self._outlook.says(rows)[0]))
        around = self._around
        if (
            not self._usual_kw
            or self._seen_slots < _SEEN_BEFORE
            or max(mean_kw, around.plan_kw[2], around.before_kw) <= _HIGH * self._usual_kw
        ):
            return
        self._outlook.learn(rows[0], mean_kw)
        found, errors = [], []
        for index, minute in enumerate(self._minutes):
            mean, last = float(minute_kw[:minute].mean()), float(minute_kw[max(minute - _LAST_MINUTES, 0) : minute].mean())
            if self._lines[index].fitted:
                expected = self._expected_kw(index, minute, mean, last)
                found.append(marks(expected, last, around))
                errors.append(mean_kw - expected)
            self._lines[index].learn(around.row(mean, last), float(minute_kw[minute:].mean()))
        if found:
            self._cases.add(self._slot, np.array(found), np.array(errors))

    def loads_kw(self, first: int, last: int) -> list[float]:
        """Loads of the slots ``[first, last)`` that have ended [kW]."""
        return self._loads_kw[first:last]
