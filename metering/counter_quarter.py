"""One quarter hour of a counter: how much of each step between readings lies in it, and how well that is known. Pure.

A quarter hour's energy is the difference of the register at its boundaries.  Between two readings the register is interpolated: in
proportion to time, or in the shape of reference days where the gap is long.  All of it is in whole micro-watt-hours, so that neighbours sum exactly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from metering.counted import Counted
from metering.rows import MISSING, Row
from metering.rules import LINEAR_MS, REFRESH_SHOWN_MS
from metering.stillness import catches_up, last_of_run, still_from_ms

Weights = list[tuple[int, int]]
"""Of the quarter hours of a long gap: (end or end of gap [ms], cumulated weight)."""
Shape = Callable[[int, int], Weights | None]
"""The weights of a gap from one instant to another [ms]; None where no reference day shows any."""

_AS_MEASURED = (IntervalMethod.REGISTER, IntervalMethod.ROLLOVER)


class Step(NamedTuple):
    """What a register has counted from one instant to another."""

    from_ms: int
    to_ms: int
    seen_from_ms: int
    """The reading before; `from_ms` may lie earlier, where the register stood still and then caught up."""
    advance_uwh: int
    kind: IntervalMethod


def row(counted: Counted, start_ms: int, shape: Shape) -> Row:
    """The quarter hour that begins at `start_ms`."""
    times, known = counted.points.times, counted.known
    if known < 2:
        return MISSING
    first = bisect_right(times, start_ms, 0, known) - 1
    last = bisect_left(times, start_ms + QUARTER_MS, 0, known)
    found = _Sum(counted, start_ms, start_ms + QUARTER_MS, shape)
    for step in _steps(counted, max(first, 0), min(last, known - 1), known):
        found.add(step)
    return found.row() if first >= 0 and last < known else MISSING._replace(coverage=found.coverage)


def _steps(counted: Counted, first: int, last: int, known: int) -> Iterator[Step]:
    """Steps between the readings `first` and `last`, and the one behind them that ends a standing still across `last`."""
    points, breaks, _ = counted
    times, amounts = points.times, points.amounts
    for k in _led_to(counted, first, last, known):
        t0, t1 = times[k - 1], times[k]
        case = breaks.get(t1) if breaks else None
        if case is None:
            from_ms = still_from_ms(counted, k - 1) if catches_up(counted, k) else t0
            yield Step(from_ms, t1, t0, amounts[k] - amounts[k - 1], IntervalMethod.REGISTER)
        else:
            for part_from, part_to, advance in case.parts:
                yield Step(part_from, part_to, part_from, advance, case.kind)


def _led_to(counted: Counted, first: int, last: int, known: int) -> Iterable[int]:
    """Indices of the readings that those steps lead to."""
    amounts = counted.points.amounts
    if last > first and amounts[last] == amounts[last - 1]:
        after = last_of_run(counted, last) + 1
        if after < known and catches_up(counted, after):
            return (*range(first + 1, last + 1), after)
    return range(first + 1, last + 1)


@dataclass(slots=True)
class _Sum:
    """A quarter hour while steps are added to it."""

    counted: Counted
    start_ms: int
    end_ms: int
    shape: Shape
    energy_uwh: int = 0
    seen_ms: int = 0
    method: IntervalMethod = IntervalMethod.REGISTER
    is_divided: bool = False
    """Whether a boundary lies where nothing was seen."""
    is_shaped: bool = False
    """Whether reference days gave the division its shape."""

    def add(self, step: Step) -> None:
        """Add what of a step lies in the quarter hour."""
        t0, t1, seen_from, advance, kind = step
        if t0 == t1:
            self.energy_uwh += advance if self.start_ms < t0 <= self.end_ms else 0
            return
        low, high = max(t0, self.start_ms), min(t1, self.end_ms)
        if high <= low:
            return
        is_gap = t1 - seen_from > self.counted.rules.gap_ms and self.counted.is_gap(seen_from, t1)
        if not is_gap:
            self.seen_ms += max(high - max(seen_from, self.start_ms), 0)
        if kind is not IntervalMethod.REGISTER:
            self.method = kind
        if low == t0 and high == t1:
            self.energy_uwh += advance
        else:
            self._divide(step, low, high, is_gap)

    def _divide(self, step: Step, low_ms: int, high_ms: int, is_gap: bool) -> None:
        """Add of a step that reaches over a boundary only what lies between `low_ms` and `high_ms`."""
        t0, t1, seen_from, advance, _ = step
        stood_long = seen_from > t0 and t1 - t0 > REFRESH_SHOWN_MS
        unseen_from = seen_from if is_gap else t0 if stood_long else t1
        self.is_divided |= unseen_from < self.start_ms < t1 or unseen_from < self.end_ms < t1
        weights = self.shape(t0, t1) if is_gap and t0 == seen_from and t1 - t0 > LINEAR_MS else None
        self.is_shaped |= weights is not None
        self.energy_uwh += _until(high_ms, t0, t1, advance, weights) - _until(low_ms, t0, t1, advance, weights)

    @property
    def coverage(self) -> float:
        """The share of the quarter hour that was seen."""
        return round(self.seen_ms / QUARTER_MS, 6)

    def row(self) -> Row:
        """What is known of the quarter hour, readings before and after which are known."""
        if self.is_divided:
            division = IntervalMethod.LIKE_DAY_SCALED if self.is_shaped else IntervalMethod.INTERPOLATED
            return Row(self.energy_uwh, self.coverage, IntervalQuality.SUBSTITUTED, division)
        quality = IntervalQuality.MEASURED if self.method in _AS_MEASURED else IntervalQuality.CORRECTED
        return Row(self.energy_uwh, self.coverage, quality, self.method)


def _until(at_ms: int, t0: int, t1: int, advance: int, weights: Weights | None) -> int:
    """How much of `advance` lies before `at_ms`; whole micro-watt-hours, so that neighbours sum exactly."""
    if at_ms <= t0:
        return 0
    if at_ms >= t1:
        return advance
    if weights is None:
        return advance * (at_ms - t0) // (t1 - t0)
    at = bisect_left(weights, at_ms, key=lambda weight: weight[0])
    return advance * weights[at][1] // weights[-1][1]


def stood_still(counted: Counted, start_ms: int) -> bool:
    """Whether the register showed one value throughout the quarter hour that begins at `start_ms`."""
    times, amounts = counted.points.times, counted.points.amounts
    first, last = bisect_right(times, start_ms) - 1, bisect_left(times, start_ms + QUARTER_MS)
    is_bracketed = first >= 0 and last < len(times)
    return is_bracketed and amounts[first] == amounts[last] and last_of_run(counted, first) >= last


def long_gaps(counted: Counted) -> Iterator[tuple[int, int]]:
    """Gaps [ms] that take the shape of reference days."""
    times = counted.points.times
    for k in range(1, counted.known):
        if times[k] - times[k - 1] > LINEAR_MS and counted.is_gap(times[k - 1], times[k]):
            yield times[k - 1], times[k]
