"""Pieces of energy to rows of quarter hours: boundaries, coverage, quality and method."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from metering.cases import Piece
from metering.rules import Case, RegisterRules

LONG_GAP_MS = 2 * 3_600_000
"""Gaps up to this length are divided in proportion to time, longer ones in the shape of like days."""
STUCK_SHARE = 0.05
STUCK_STEPS = 10
FULL_COVERAGE = 0.99


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one quarter hour of one register."""

    energy_uwh: int | None
    coverage: float
    quality: IntervalQuality
    method: IntervalMethod


MISSING = Row(None, 0.0, IntervalQuality.MISSING, IntervalMethod.NONE)

LikeDayEnergy = Callable[[int], float | None]
"""Mean energy [µWh] of like days in the slot of a quarter hour (by its number since 1970); None where there is no like day."""

_METHOD_OF_CASE = {
    Case.ROLLOVER: (IntervalQuality.MEASURED, IntervalMethod.ROLLOVER),
    Case.RESET: (IntervalQuality.CORRECTED, IntervalMethod.RESET),
    Case.EXCHANGE: (IntervalQuality.CORRECTED, IntervalMethod.EXCHANGE),
    Case.STEP_REMOVED: (IntervalQuality.CORRECTED, IntervalMethod.STEP_REMOVED),
}
_CASE_ORDER = (Case.STEP_REMOVED, Case.RESET, Case.EXCHANGE, Case.ROLLOVER)


class CounterCurve:
    """The lawful count of a register over time, from its pieces."""

    def __init__(self, pieces: Sequence[Piece], like_day: LikeDayEnergy) -> None:
        self._pieces = [piece for piece in pieces if piece.t1 > piece.t0]
        self._ends = [piece.t1 for piece in self._pieces]
        self._counts = [0]
        for piece in self._pieces:
            self._counts.append(self._counts[-1] + piece.energy_uwh)
        self._like_day = like_day
        self._shapes: dict[int, tuple[list[int], list[float]] | None] = {}

    def count_at(self, t: int) -> tuple[int, int | None] | None:
        """Count [µWh] at `t`, and the number of the piece if `t` lies inside a gap; None outside all readings."""
        index = bisect_left(self._ends, t)
        if index == len(self._pieces):
            return None
        piece = self._pieces[index]
        if t < piece.t0:
            return None
        before = self._counts[index]
        if t == piece.t1:
            return before + piece.energy_uwh, None
        if t == piece.t0:
            return before, None
        return before + self._part(index, t), index if piece.is_gap else None

    def _part(self, index: int, t: int) -> int:
        piece = self._pieces[index]
        shape = self.shape(index)
        if shape is None:
            return piece.energy_uwh * (t - piece.t0) // (piece.t1 - piece.t0)
        edges, shares = shape
        return round(piece.energy_uwh * shares[bisect_left(edges, t)])

    def shape(self, index: int) -> tuple[list[int], list[float]] | None:
        """Edges and cumulated shares of a long gap in the shape of like days; None where it is divided by time."""
        if index not in self._shapes:
            self._shapes[index] = self._make_shape(self._pieces[index])
        return self._shapes[index]

    def _make_shape(self, piece: Piece) -> tuple[list[int], list[float]] | None:
        if not piece.is_gap or piece.t1 - piece.t0 <= LONG_GAP_MS:
            return None
        edges, weights = [], []
        for quarter in range(piece.t0 // QUARTER_MS, -(-piece.t1 // QUARTER_MS)):
            mean = self._like_day(quarter)
            if mean is None:
                return None
            start, end = max(piece.t0, quarter * QUARTER_MS), min(piece.t1, (quarter + 1) * QUARTER_MS)
            edges.append(end)
            weights.append(mean * (end - start) / QUARTER_MS)
        total = sum(weights)
        if total <= 0:
            return None
        shares, seen = [], 0.0
        for weight in weights:
            seen += weight
            shares.append(seen / total)
        return edges, shares

    def overlapping(self, start: int, end: int) -> Sequence[Piece]:
        """Pieces that share time with ``[start, end)``."""
        first = bisect_right(self._ends, start)
        last = first
        while last < len(self._pieces) and self._pieces[last].t0 < end:
            last += 1
        return self._pieces[first:last]

    def long_gaps(self) -> list[tuple[int, int]]:
        """``(t0, t1)`` of gaps that like days may shape."""
        return [(p.t0, p.t1) for p in self._pieces if p.is_gap and p.t1 - p.t0 > LONG_GAP_MS]


def counter_row(rules: RegisterRules, curve: CounterCurve, quarter: int, gauge_uwh: int | None) -> Row:
    """The row of a counter's quarter hour; `gauge_uwh` is what the meter's gauge saw of it, None without a gauge."""
    start, end = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
    pieces = curve.overlapping(start, end)
    seen_ms = sum(min(p.t1, end) - max(p.t0, start) for p in pieces if not p.is_gap)
    coverage = min(1.0, seen_ms / QUARTER_MS)
    at_start, at_end = curve.count_at(start), curve.count_at(end)
    if at_start is None or at_end is None:
        return Row(None, coverage, IntervalQuality.MISSING, IntervalMethod.NONE)
    energy = at_end[0] - at_start[0]
    if _is_stuck(rules, energy, gauge_uwh):
        return Row(energy, coverage, IntervalQuality.FAULTY, IntervalMethod.STUCK)
    gaps = [gap for gap in (at_start[1], at_end[1]) if gap is not None]
    if gaps:
        shaped = any(curve.shape(gap) is not None for gap in gaps)
        method = IntervalMethod.LIKE_DAY_SCALED if shaped else IntervalMethod.INTERPOLATED
        return Row(energy, coverage, IntervalQuality.SUBSTITUTED, method)
    cases = {piece.case for piece in pieces}
    for case in _CASE_ORDER:
        if case in cases:
            return Row(energy, coverage, *_METHOD_OF_CASE[case])
    return Row(energy, coverage, IntervalQuality.MEASURED, IntervalMethod.REGISTER)


def _is_stuck(rules: RegisterRules, energy_uwh: int, gauge_uwh: int | None) -> bool:
    """The register stood still while the gauge showed a load that it would have shown."""
    if energy_uwh != 0 or gauge_uwh is None:
        return False
    share = STUCK_SHARE * rules.max_power_kw * QUARTER_MS * (1_000_000_000 / 3_600_000)
    return gauge_uwh > share and gauge_uwh > STUCK_STEPS * rules.resolution_uwh


def gauge_integral(rules: RegisterRules, times: Sequence[int], values: Sequence[int], quarter: int) -> tuple[int, int]:
    """Energy [µWh] that the gauge saw in a quarter hour, and for how long it saw [ms]: each reading holds until the next."""
    start, end = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
    index = max(0, bisect_right(times, start) - 1)
    energy_uw_ms = seen_ms = 0
    while index < len(times) and times[index] < end:
        until = times[index] + rules.hold_ms
        if index + 1 < len(times):
            until = min(until, times[index + 1])
        held = min(until, end) - max(times[index], start)
        if held > 0:
            energy_uw_ms += values[index] * held
            seen_ms += held
        index += 1
    return energy_uw_ms // 3_600_000, seen_ms


def gauge_row(rules: RegisterRules, times: Sequence[int], values: Sequence[int], quarter: int) -> Row:
    """The row of a gauge's quarter hour: the integral over what is covered, divided by the coverage."""
    energy, seen_ms = gauge_integral(rules, times, values, quarter)
    if seen_ms == 0:
        return MISSING
    coverage = seen_ms / QUARTER_MS
    whole = energy * QUARTER_MS // seen_ms
    if coverage >= FULL_COVERAGE:
        return Row(whole, coverage, IntervalQuality.MEASURED, IntervalMethod.INTEGRAL)
    return Row(whole, coverage, IntervalQuality.ESTIMATED, IntervalMethod.COVERED_MEAN)
