"""What the mean of the running quarter hour will be, and how sure that is, at each minute of decision.

Three kinds of quarter hours go on in different ways, so each has lines of its own: one with a jump among its minutes goes on at the level after it;
one that began far from the quarter hour before may have jumped at its begin; in any other a jump may still come, where the plan says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governor.cycles import Cycle
from governor.flexibility import MINUTES
from governor.learning import ROW_INPUTS, SPREAD_INPUTS, Around, Line
from governor.least_peak import Floats

KINDS = 3
_GOES_ON, _JUMPED, _BEGAN_ELSEWHERE = range(KINDS)
_JUMP = 0.113
"""Of the higher level: less of a step than this, times the root of the minutes that show it, is noise."""
_ELSEWHERE = 0.08
"""Of the usual high load: so far from the mean before begins another level."""
_LAST_MINUTES = 5
"""Of a quarter hour that say where the next begins."""
_LEAST_CASES = 100
"""Of a kind, before its own line is better than that of all kinds."""
_SPREAD_OF_MEAN_ERROR = 1.25
"""Standard deviation over mean absolute error, where errors are normal."""
_LEAST_SPREAD = 0.0125
"""Of the usual high load: no line knows a load better."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the first minutes of a quarter hour show [kW]: their mean, the level since their largest step, the last of them, and which kind."""

    mean_kw: float
    level_kw: float
    last_kw: float
    kind: int


def seen(minute_kw: Sequence[float], before_kw: float, usual_kw: float) -> Seen:
    """Read the first minutes (one at least) of a quarter hour after one with the mean `before_kw`, where `usual_kw` is a usual high load."""
    count, total = len(minute_kw), sum(minute_kw)
    mean = total / count
    step, earlier, later, so_far = 0.0, mean, mean, 0.0
    for index, load in enumerate(minute_kw[:-1], 1):
        so_far += load
        first, second = so_far / index, (total - so_far) / (count - index)
        size = abs(second - first) * (index * (count - index) / count) ** 0.5
        if size > step:
            step, earlier, later = size, first, second
    if step > _JUMP * max(earlier, later):
        kind = _JUMPED
    else:
        kind = _BEGAN_ELSEWHERE if abs(mean - before_kw) > _ELSEWHERE * usual_kw else _GOES_ON
    return Seen(mean, later, minute_kw[-1], kind)


class ByKind:
    """A line for each kind of quarter hour, and one for all of them where a kind has been seen too seldom."""

    def __init__(self, inputs: int) -> None:
        self._all = Line(inputs)
        self._lines = [Line(inputs) for _ in range(KINDS)]
        self._cases = [0] * KINDS
        self._own = [False] * KINDS

    @property
    def fitted(self) -> bool:
        """Whether `fit` has been called."""
        return self._all.fitted

    def learn(self, kind: int, row: Floats, value: float) -> None:
        """Take one case; it counts from the next `fit` on."""
        self._all.learn(row, value)
        self._lines[kind].learn(row, value)
        self._cases[kind] += 1

    def fit(self) -> None:
        """Draw the lines through all cases so far."""
        for line in (self._all, *self._lines):
            line.fit()
        self._own = [cases >= _LEAST_CASES for cases in self._cases]

    def says(self, kind: int, row: Floats) -> float:
        """Value for a row of shape ``(inputs,)``."""
        return (self._lines[kind] if self._own[kind] else self._all).says(row)


class Expecting:
    """Expects the running quarter hour's mean; learns from those that have ended.

    Parameters
    ----------
    minutes
        Minutes of decision: how many are over at each.
    """

    def __init__(self, minutes: range) -> None:
        self._minutes = minutes
        self._rests = [ByKind(ROW_INPUTS) for _ in minutes]
        self._spreads = [ByKind(SPREAD_INPUTS) for _ in minutes]
        self._cycle = Cycle()
        self._factors: Floats | None = None

    def fit(self, spreads: bool) -> None:
        """Learn from all that has ended, of how far off the lines are only if `spreads`."""
        for lines in (*self._rests, *(self._spreads if spreads else ())):
            lines.fit()

    def says(self, around: Around, seen_kw: Sequence[float]) -> tuple[float, float]:
        """Mean of the quarter hour and its spread [kW], from as many minutes as a minute of decision says."""
        index = self._minutes.index(len(seen_kw))
        found = seen(self._calm(seen_kw), around.before_kw, around.usual_kw)
        expected = self._mean_kw(index, around, found)
        spread = self._spreads[index].says(found.kind, _spread_row(around, found, expected))
        return expected, max(_SPREAD_OF_MEAN_ERROR * spread, _LEAST_SPREAD * around.usual_kw)

    def learn(self, around: Around, minute_kw: Sequence[float]) -> float | None:
        """The quarter hour has ended: take it as a case. What was expected of it at the first minute of decision [kW]; None: nothing yet."""
        calm, mean = self._calm(minute_kw), sum(minute_kw) / MINUTES
        first = None
        for index, minute in enumerate(self._minutes):
            found = seen(calm[:minute], around.before_kw, around.usual_kw)
            if self._rests[index].fitted:
                expected = self._mean_kw(index, around, found)
                self._spreads[index].learn(found.kind, _spread_row(around, found, expected), abs(mean - expected))
                first = expected if first is None else first
            rest = (mean * MINUTES - found.mean_kw * minute) / (MINUTES - minute)
            self._rests[index].learn(found.kind, _row(around, found), rest)
        return first

    def end(self, minute_kw: Sequence[float] | None) -> float:
        """The next quarter hour begins: where the one with these loads went at its end [kW]; None: they are not known (nan)."""
        last = float("nan") if minute_kw is None else sum(self._calm(minute_kw)[-_LAST_MINUTES:]) / _LAST_MINUTES
        self._cycle.end(minute_kw)
        self._factors = None
        return last

    def _calm(self, minute_kw: Sequence[float]) -> list[float]:
        """The first minutes without the wave of machines that switch on and off."""
        if self._factors is None:
            self._factors = 1 / (1 + np.maximum(self._cycle.shape(), -0.5))
        calm: list[float] = (np.asarray(minute_kw) * self._factors[: len(minute_kw)]).tolist()
        return calm

    def _mean_kw(self, index: int, around: Around, found: Seen) -> float:
        minute = self._minutes[index]
        rest = self._rests[index].says(found.kind, _row(around, found))
        return max((found.mean_kw * minute + rest * (MINUTES - minute)) / MINUTES, 0.0)


def _row(around: Around, found: Seen) -> Floats:
    known = (around.before_kw, around.two_before_kw, around.before_end_kw, found.mean_kw, found.level_kw, found.last_kw)
    return np.array([around.usual_kw, *around.plan_kw, *known], dtype=np.float64)


def _spread_row(around: Around, found: Seen, expected_kw: float) -> Floats:
    """It is far off where plan or load jump, most of all upwards."""
    _, before, now, after = around.plan_kw
    jumps = (abs(now - before), abs(after - now), abs(found.level_kw - found.mean_kw), abs(found.mean_kw - around.before_kw))
    above = (max(now - expected_kw, 0.0), max(before - expected_kw, after - expected_kw, 0.0))
    return np.array([around.usual_kw, *jumps, *above, expected_kw], dtype=np.float64)
