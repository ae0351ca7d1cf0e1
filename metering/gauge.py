"""A gauge's readings as an integral: each holds until the next, but not for long."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from domain.intervals import QUARTER_MS, IntervalMethod, IntervalQuality
from domain.readings import RejectionReason
from metering.points import Origin, Points
from metering.rows import MISSING, Row
from metering.rules import MS_PER_HOUR, GaugeRules

MEASURED_COVERAGE = 0.99


class GaugeTrack:
    """The readings of one gauge, and the integrals of quarter hours that are sealed."""

    __slots__ = ("integrals", "points", "rules")

    def __init__(self, rules: GaugeRules) -> None:
        self.rules = rules
        self.points = Points()
        self.integrals: dict[int, int] = {}
        """Energy [uWh] of sealed quarter hours, which were seen whole."""

    def take(self, time_ms: int, value: float, origin: Origin) -> tuple[tuple[int, int] | None, RejectionReason | None]:
        """Put one reading in its place: the span whose integral may have changed [ms], or why it was refused."""
        points, times = self.points, self.points.times
        amount = self.rules.amount(value)
        if not -self.rules.most_uw <= amount <= self.rules.most_uw:
            return None, RejectionReason.IMPOSSIBLE_POWER
        if not times or time_ms > times[-1]:
            index = len(times)
        else:
            if time_ms < points.floor_ms:
                return None, RejectionReason.BEYOND_HORIZON
            index = bisect_left(times, time_ms)
            if times[index] == time_ms:
                return self._same_instant(index, value, amount, origin), RejectionReason.DUPLICATE
            if time_ms // QUARTER_MS in points.sealed:
                return None, RejectionReason.DUPLICATE
        points.insert(index, time_ms, value, amount, origin)
        return (times[max(index - 1, 0)], time_ms + self.rules.hold_ms), None

    def _same_instant(self, index: int, value: float, amount: int, origin: Origin) -> tuple[int, int] | None:
        """Of two readings of one instant the higher stays, whichever came first."""
        points = self.points
        if amount <= points.amounts[index]:
            return None
        points.values[index], points.amounts[index], points.origins[index] = value, amount, origin
        return points.times[index], points.times[index] + self.rules.hold_ms

    def integral(self, start_ms: int) -> tuple[int, int]:
        """Energy [uWh] and time [ms] covered in the quarter hour that begins at `start_ms`."""
        sealed = self.integrals.get(start_ms // QUARTER_MS)
        if sealed is not None:
            return sealed, QUARTER_MS
        times, amounts, end_ms = self.points.times, self.points.amounts, start_ms + QUARTER_MS
        hold_ms = self.rules.hold_ms
        uw_ms = seen_ms = 0
        for k in range(max(bisect_right(times, start_ms) - 1, 0), bisect_left(times, end_ms)):
            stop = times[k] + hold_ms
            if k + 1 < len(times) and times[k + 1] < stop:
                stop = times[k + 1]
            held_ms = min(stop, end_ms) - max(times[k], start_ms)
            if held_ms > 0:
                uw_ms += amounts[k] * held_ms
                seen_ms += held_ms
        return round(uw_ms / MS_PER_HOUR) if abs(uw_ms) < 1 << 52 else uw_ms // MS_PER_HOUR, seen_ms

    def row(self, start_ms: int) -> Row:
        """The quarter hour that begins at `start_ms`: the mean of what was seen stands for the whole."""
        energy, seen_ms = self.integral(start_ms)
        if seen_ms == 0:
            return MISSING
        coverage = seen_ms / QUARTER_MS
        whole = energy * QUARTER_MS // seen_ms
        if coverage >= MEASURED_COVERAGE:
            return Row(whole, round(coverage, 6), IntervalQuality.MEASURED, IntervalMethod.INTEGRAL)
        return Row(whole, round(coverage, 6), IntervalQuality.ESTIMATED, IntervalMethod.COVERED_MEAN)

    def can_seal(self, quarter: int) -> bool:
        """Whether nothing that may still come can change `quarter`."""
        return self.points.is_complete(quarter, self.rules.dense_ms)

    def seal(self, quarter: int) -> None:
        """Keep of `quarter` its integral only, and what its neighbours need."""
        energy, _ = self.integral(quarter * QUARTER_MS)
        self.integrals[quarter] = energy
        self.points.seal(quarter)

    def freeze_before(self, floor_ms: int) -> None:
        """Forget what is beyond the horizon."""
        self.points.freeze_before(floor_ms)
        first = floor_ms // QUARTER_MS
        if self.integrals and next(iter(self.integrals)) < first:
            self.integrals = {quarter: energy for quarter, energy in self.integrals.items() if quarter >= first}
